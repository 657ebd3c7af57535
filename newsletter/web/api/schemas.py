"""The queries, bodies and answers of the API, as its OpenAPI document describes them."""

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from newsletter.domain.model import Frequency

Limit = Annotated[int, Meta(ge=1, le=500)]

Words = Annotated[str, Meta(max_length=1_000)]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

Hour = Annotated[int, Meta(ge=0, le=23)]

Id = Annotated[int, Meta(ge=1, le=2**31 - 1)]

Cursor = Annotated[int, Meta(ge=0, le=2**53)]


class Changes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Fields of a subscriber; those left out stay as they are. ``paused_until`` of null ends a
    pause; who reads weekly has one of ``weekdays``, the first."""

    name: Words | None = None
    timezone: Words | None = None
    hour: Hour | None = None
    interests: Words | None = None
    weekdays: Annotated[list[Weekday], Meta(min_length=1, max_length=7)] | None = None
    paused_until: dt.date | UnsetType | None = UNSET
    frequency: Frequency | None = None
    language: Words | None = None


class NewSubscriber(Changes, frozen=True, kw_only=True):
    """``resubscribe`` brings back who left, at their own wish."""

    address: Words
    resubscribe: bool = False


class Reader(msgspec.Struct, frozen=True):
    """A subscriber, with the id that a cursor counts by."""

    id: int
    address: str
    name: str
    timezone: str
    hour: int
    interests: str
    state: str
    weekdays: list[Weekday]
    paused_until: dt.date | None
    frequency: Frequency
    language: str


class Added(msgspec.Struct, frozen=True):
    result: str
    subscriber: Reader


class Page(msgspec.Struct, frozen=True):
    """``next`` is the cursor of the next page; null at the end."""

    items: list[Reader]
    next: int | None


class Delivery(msgspec.Struct, frozen=True):
    id: int
    address: str
    date: dt.date
    state: str
    reason: str | None
    attempts: int
    answer: str
    changed_at: dt.datetime


class Deliveries(msgspec.Struct, frozen=True):
    items: list[Delivery]
    next: int | None


class ListQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: Words = ""
    cursor: Cursor = 0
    limit: Limit = 100


class DeliveryQuery(ListQuery, frozen=True):
    date: dt.date | None = None


class IssueQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``cursor`` is a date: that of the next page, as an answer names it."""

    cursor: dt.date | None = None
    limit: Limit = 100


class IssueDates(msgspec.Struct, frozen=True):
    items: list[dt.date]
    next: dt.date | None


class SearchQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    q: Annotated[str, Meta(min_length=1, max_length=500)]
    limit: Limit = 20


class InterestsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    phrases: Annotated[str, Meta(min_length=1, max_length=1_000)]
    limit: Limit = 20


class Done(msgspec.Struct, frozen=True):
    done: bool
