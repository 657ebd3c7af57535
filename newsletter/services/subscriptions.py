"""Subscribe, change a subscription, unsubscribe; and the checks of a subscriber's fields."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from newsletter.domain.addresses import mailbox, new_mailbox
from newsletter.domain.errors import UsageError
from newsletter.domain.model import STATES, Subscriber
from newsletter.domain.timezones import zone_fault
from newsletter.storage import Store, subscribers

FIELDS = ("address", "name", "timezone", "hour", "interests", "state")
"""The fields that are imported, exported and shown, in this order."""

# A name must fit a greeting and a To: header; nobody follows more phrases than this.
_MAX_LETTERS = {"name": 100, "interests": 1_000}
_CONTROLS = ("Cc", "Cs", "Zl", "Zp")
# They change the direction of text beyond the value they are in.
_DIRECTIONS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


class Result(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "was there already"


@dataclass(frozen=True)
class Defaults:
    """The time zone and hour of new subscribers."""

    timezone: str
    hour: int

    def subscriber(self, address: str) -> Subscriber:
        return Subscriber(0, address, self.timezone, self.hour)


def subscribe(
    store: Store,
    address: str,
    changes: Mapping[str, Any],
    defaults: Defaults,
    now: datetime,
    *,
    resubscribe: bool = False,
) -> tuple[Subscriber, Result]:
    """Add a subscriber, or change these fields of one who is there.

    Raises UsageError for an invalid value, and for a reader who left unless ``resubscribe``.
    """
    box = mailbox(address)
    with store.writing() as db:
        before = subscribers.find(db, box.key)
        new = before or defaults.subscriber(new_mailbox(address).address)
        subscriber = check(replace(new, **changes), before)
        added = subscribers.add(db, box.key, subscriber, now, resubscribe=resubscribe)
        if not added and changes:
            subscribers.change(db, box.key, **changes)
    result = Result.ADDED if added else Result.CHANGED if changes else Result.UNCHANGED
    return replace(subscriber, state="active"), result


def leave(store: Store, subscriber: Subscriber, now: datetime) -> None:
    """Unsubscribe. The row stays, so that no import brings the reader back."""
    with store.writing() as db:
        subscribers.leave(db, subscriber.id, now, "by the operator")


def check(subscriber: Subscriber, before: Subscriber | None = None) -> Subscriber:
    """Raises UsageError for an invalid value; one unchanged since ``before`` may be too long."""
    if fault := _fault(subscriber, before):
        raise UsageError(f"{subscriber.address}: {fault}")
    return subscriber


def _fault(subscriber: Subscriber, before: Subscriber | None) -> str:
    if fault := zone_fault(subscriber.timezone):
        return fault
    if not 0 <= subscriber.hour <= 23:
        return f"hour {subscriber.hour} is not between 0 and 23"
    if subscriber.state not in STATES:
        return f"state {subscriber.state!r} is none of {', '.join(STATES)}"
    faults = (
        _text_fault(getattr(subscriber, field), field, getattr(before, field, None))
        for field in _MAX_LETTERS
    )
    return next(filter(None, faults), "")


def _text_fault(text: str, field: str, before: str | None) -> str:
    if any(map(_is_control, text)):
        return f"a line break or a control character in the {field}"
    if len(text) > _MAX_LETTERS[field] and text != before:
        return f"{len(text):,} characters in the {field}: shorten to {_MAX_LETTERS[field]:,}"
    return ""


def _is_control(letter: str) -> bool:
    is_direction = unicodedata.bidirectional(letter) in _DIRECTIONS
    return is_direction or unicodedata.category(letter) in _CONTROLS
