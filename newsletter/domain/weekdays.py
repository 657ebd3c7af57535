"""The days of the week on which a reader gets an issue: a set in one number, as people write it.

Monday is bit 0, as ``date.weekday`` counts.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from newsletter.domain.errors import UsageError

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = (1 << len(NAMES)) - 1
_EVERY_DAY = "every day"
_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def bit(day: date) -> int:
    return 1 << day.weekday()


def weekday_set(numbers: Iterable[int]) -> int:
    """From numbers of 0, Monday, to 6."""
    days = 0
    for number in numbers:
        days |= 1 << number
    return days


def numbers(days: int) -> list[int]:
    return [number for number in range(len(NAMES)) if days >> number & 1]


def first_of(days: int) -> int:
    """The set of the first day alone; a week begins on Monday."""
    return days & -days


def written(days: int) -> str:
    """Such as "mon thu", and "every day" for all seven; ``parse`` reads it."""
    return _EVERY_DAY if days == EVERY_DAY else " ".join(NAMES[number] for number in numbers(days))


def parse(text: str) -> int:
    """Names in English or their first three letters, spans such as "mon-fri", "every day".

    Raises UsageError for anything else, and for no day at all.
    """
    plain = " ".join(text.casefold().split())
    if plain in (_EVERY_DAY, "all", "daily"):
        return EVERY_DAY
    spans = re.sub(r"\s*[-–]\s*", "-", plain)
    days = [number for part in re.split(r"[\s,;/+]+", spans) if part for number in _span(part)]
    if not days:
        raise UsageError(f"weekdays {text!r} names no day", _ADVICE)
    return weekday_set(days)


_ADVICE = 'write such as "mon wed fri", "mon-fri" or "every day"'


def _span(text: str) -> Iterator[int]:
    first, _, last = text.partition("-")
    start, end = _number(first), _number(last or first)
    yield from (number % 7 for number in range(start, end + 1 + 7 * (end < start)))


def _number(name: str) -> int:
    for number, full in enumerate(_FULL):
        if len(name) >= 3 and full.startswith(name):
            return number
    raise UsageError(f"{name!r} is no day of the week", _ADVICE)
