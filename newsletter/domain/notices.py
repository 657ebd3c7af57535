"""Notices: messages to one reader that are no issues, each asked for once in its window."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from newsletter.domain.model import State
from newsletter.domain.tokens import link_token


class Purpose(StrEnum):
    """What a notice is for. The values stand in the database and in what commands print."""

    CONFIRM = "confirm"
    """Somebody asked for the newsletter: is it this address's owner?"""
    LINK = "link"
    """The way to a reader's preferences."""
    ERASE = "erase"
    """A reader asked that all about them is erased: is it really them?"""
    STILL_THERE = "still there"
    """A reader gave no sign for long: do they still want it?"""


LASTS = {
    Purpose.CONFIRM: timedelta(hours=48),
    Purpose.LINK: timedelta(hours=48),
    Purpose.ERASE: timedelta(hours=48),
    Purpose.STILL_THERE: timedelta(days=60),
}
"""For how long its link works, counted from asking; it is not sent any more after that. Who is
still there is asked twice in four weeks, and may come back by the same link for as long again."""

TO: dict[Purpose, tuple[State, ...]] = {
    Purpose.CONFIRM: ("pending", "unsubscribed"),
    Purpose.LINK: ("active",),
    Purpose.ERASE: ("pending", "active", "unsubscribed"),
    Purpose.STILL_THERE: ("active",),
}
"""The states of those who may get it. Who bounced or complained gets none."""

PATHS = {
    Purpose.CONFIRM: "confirm",
    Purpose.LINK: "p",
    Purpose.ERASE: "erase",
    Purpose.STILL_THERE: "still",
}
"""The first part of the path that its link leads to; the token is the second."""

PREFERENCES = "preferences"
"""What a ``link_token`` with a reader's id is for that opens their preferences."""

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to ``address``, in its reader's ``language`` (empty: the newsletter's); its link
    works from ``asked_at`` to ``expires_at``. ``wishes`` is what was asked for with it, and stands
    in no message."""

    id: int
    subscriber_id: int
    address: str
    purpose: Purpose
    asked_at: datetime
    expires_at: datetime
    wishes: Mapping[str, Any] = field(default_factory=dict, compare=False)
    language: str = ""


def message_id(notice: Notice, domain: str) -> str:
    """The same at every try."""
    return f"<notice.{notice.id}.{asked(notice.asked_at)}@{domain}>"


def numbers(message_id: str) -> tuple[int, int] | None:
    """The id and ``asked`` of the notice that has this Message-ID, with or without its brackets."""
    match = re.fullmatch(r"<?notice\.([0-9]{1,9})\.([0-9]{1,19})@[^@]*", message_id)
    return (int(match[1]), int(match[2])) if match else None


def path(secret: bytes, notice: Notice) -> str:
    """Where its link leads to, such as ``/confirm/TOKEN``. The address is not in it."""
    until = notice.expires_at
    if notice.purpose is Purpose.LINK:
        token = link_token(secret, PREFERENCES, notice.subscriber_id, until=until)
    else:
        numbers = notice.id, asked(notice.asked_at)
        token = link_token(secret, notice.purpose.value, *numbers, until=until)
    return f"/{PATHS[notice.purpose]}/{token}"


def asked(instant: datetime) -> int:
    """In microseconds. A token names it beside the notice's id: where an older database was put
    back, that id may become another reader's, and never at the same instant."""
    return (instant - _EPOCH) // _MICROSECOND
