"""Subscribe, change a subscription, unsubscribe; and the checks of a subscriber's fields."""

import unicodedata
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from newsletter.domain import weekdays
from newsletter.domain.addresses import mailbox, new_mailbox
from newsletter.domain.errors import UsageError
from newsletter.domain.model import FREQUENCIES, STATES, Subscriber
from newsletter.domain.timezones import parse_hour, respelt, zone_fault
from newsletter.domain.tokens import erased_key
from newsletter.language import available, base
from newsletter.storage import Connection, Store, personal_data, subscriber_states, subscribers

_FIRST = ("address", "name", "timezone", "hour", "interests", "state")
FIELDS = tuple(dict.fromkeys((*_FIRST, *(field.name for field in fields(Subscriber)[1:]))))
"""The fields that are imported, exported and shown, in this order."""

# A name must fit a greeting and a To: header; nobody follows more phrases than this.
_MAX_LETTERS = {"interests": 1_000}
_USUAL_MAX_LETTERS = 100
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
    secret: bytes,
) -> tuple[Subscriber, Result]:
    """Add a subscriber, or change these fields of one who is there.

    Raises UsageError for an invalid value, and for a reader who left, or had all about them erased
    (``secret`` tells), unless ``resubscribe``.
    """
    box = mailbox(address)
    with store.writing() as db:
        before = subscribers.find(db, box.key)
        if before is None:
            refuse_erased(db, box.key, secret, resubscribe=resubscribe)
        new = before or defaults.subscriber(new_mailbox(address).address)
        subscriber = check(settled(replace(new, **changes), before, changes), before)
        added = subscribers.add(db, box.key, subscriber, now, resubscribe=resubscribe)
        if not added and before and (differing := differences(before, subscriber)):
            subscribers.change(db, box.key, now, **differing)
    result = Result.ADDED if added else Result.CHANGED if changes else Result.UNCHANGED
    return replace(subscriber, state="active"), result


def change(
    store: Store,
    reader: Subscriber,
    changes: Mapping[str, Any],
    defaults: Defaults,
    now: datetime,
    secret: bytes,
) -> Subscriber:
    """Change these fields of an active reader. Raises UsageError for any other."""
    if reader.state != "active":
        raise UsageError(f"{reader.address} is {reader.state}: only who is active can be changed")
    return subscribe(store, reader.address, changes, defaults, now, secret=secret)[0]


def refuse_erased(db: Connection, key: str, secret: bytes, *, resubscribe: bool) -> None:
    """Raises UsageError where the reader with this key had all about them erased, unless they
    asked to come back; and always where they had complained."""
    hashed = erased_key(secret, key)
    if personal_data.complained_before(db, hashed):
        raise UsageError(f"{key} complained of a message: they get no mail again, whoever asks")
    if not resubscribe and personal_data.erased_among(db, [hashed]):
        raise UsageError(f"{key} {WAS_ERASED}")


WAS_ERASED = (
    "had everything about them erased: they come back by signing up themselves, or with"
    " `subscribers add --resubscribe`, when they asked for it"
)


def leave(store: Store, subscriber: Subscriber, now: datetime) -> None:
    """Unsubscribe. The row stays, so that no import brings the reader back."""
    with store.writing() as db:
        subscriber_states.leave(db, subscriber.id, now, "by the operator")


def settled(
    new: Subscriber, before: Subscriber | None = None, changes: Container[str] = ()
) -> Subscriber:
    """With weekdays that fit: who reads weekly has one, the first; who reads weekly no more has all
    of them where ``changes`` names none."""
    if new.weekly:
        return replace(new, weekdays=weekdays.first_of(new.weekdays))
    if before and before.weekly and "weekdays" not in changes:
        return replace(new, weekdays=weekdays.EVERY_DAY)
    return new


def differences(before: Subscriber, after: Subscriber) -> dict[str, Any]:
    """The fields of ``after`` that are others."""
    return {
        name: value for name in FIELDS if (value := getattr(after, name)) != getattr(before, name)
    }


def as_text(subscriber: Subscriber, field: str) -> str:
    """A field as files and tables have it; ``from_text`` reads it."""
    value = getattr(subscriber, field)
    if field == "weekdays":
        return weekdays.written(value)
    return "" if value is None else str(value)


def from_text(field: str, text: str) -> Any:
    """The value of a field that was written in a file. Raises UsageError."""
    return _READERS[field](text) if field in _READERS else text


def _date(text: str) -> date | None:
    if text in ("", "none"):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"paused_until {text!r} is no date", "write one such as 2026-12-24"
        ) from None


_READERS: Mapping[str, Callable[[str], Any]] = {
    "timezone": respelt,
    "hour": parse_hour,
    "weekdays": weekdays.parse,
    "paused_until": _date,
    "frequency": str.lower,
    "language": base,
}


def check(subscriber: Subscriber, before: Subscriber | None = None) -> Subscriber:
    """Raises UsageError for an invalid value; one unchanged since ``before`` may be too long."""
    if fault := _fault(subscriber, before):
        raise UsageError(f"{subscriber.address}: {fault}")
    return subscriber


def _fault(subscriber: Subscriber, before: Subscriber | None) -> str:
    return next(iter(faults(subscriber, before).values()), "")


def faults(subscriber: Subscriber, before: Subscriber | None = None) -> dict[str, str]:
    """What is wrong, by field."""
    hour, pause = subscriber.hour, subscriber.paused_until
    faults = {
        "timezone": zone_fault(subscriber.timezone),
        "hour": "" if 0 <= hour <= 23 else f"hour {hour} is not between 0 and 23",
        **{name: _choice_fault(subscriber, name, allowed) for name, allowed in _CHOICES.items()},
        "weekdays": "" if subscriber.weekdays else "weekdays: none is left",
        "paused_until": _pause_fault(pause) if pause else "",
        **{
            name: _text_fault(getattr(subscriber, name), name, getattr(before, name, None))
            for name in _TEXTS
        },
    }
    return {name: fault for name, fault in faults.items() if fault}


_CHOICES: Mapping[str, Sequence[str]] = {
    "state": STATES,
    "frequency": FREQUENCIES,
    "language": ("", *available()),
}
_TEXTS = [
    field.name
    for field in fields(Subscriber)
    if field.type is str and field.name not in ("address", "timezone", *_CHOICES)
]


def _choice_fault(subscriber: Subscriber, field: str, allowed: Sequence[str]) -> str:
    value = getattr(subscriber, field)
    if value in allowed:
        return ""
    return f"{field} {value!r} is none of {', '.join(filter(None, allowed))}"


def _pause_fault(pause: date) -> str:
    if 1900 <= pause.year <= 2999:
        return ""
    return f"paused_until {pause} lies too far off: write a year from 1900 to 2999"


def _text_fault(text: str, field: str, before: str | None) -> str:
    if any(map(_is_control, text)):
        return f"a line break or a control character in the {field}"
    most = _MAX_LETTERS.get(field, _USUAL_MAX_LETTERS)
    if len(text) > most and text != before:
        return f"{len(text):,} characters in the {field}: shorten to {most:,}"
    return ""


def _is_control(letter: str) -> bool:
    is_direction = unicodedata.bidirectional(letter) in _DIRECTIONS
    return is_direction or unicodedata.category(letter) in _CONTROLS
