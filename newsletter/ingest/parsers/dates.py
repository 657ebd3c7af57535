"""Dates as note apps write them."""

import re
from collections.abc import Iterable
from datetime import date

# By their first letters, which no two months share in the languages read here.
_MONTHS = (
    ("jan", "ene", "gen", "sty"),
    ("feb", "fév", "fev", "lut"),
    ("mar", "mär", "maa", "mrt"),
    ("apr", "avr", "abr", "kwi"),
    ("may", "mai", "mei", "mag", "maj"),
    ("jun", "juin", "giu", "cze"),
    ("jul", "juil", "lug", "lip"),
    ("aug", "aoû", "aou", "ago", "sie"),
    ("sep", "set", "wrz"),
    ("oct", "okt", "out", "ott", "paź"),
    ("nov", "lis"),
    ("dec", "dez", "déc", "dic", "gru"),
)
_ISO = re.compile(r"\b([0-9]{4})[-/.]([0-9]{1,2})[-/.#]([0-9]{1,2})(?![0-9])")
_ASIAN = re.compile(r"([0-9]{4}) ?年 ?([0-9]{1,2}) ?月 ?([0-9]{1,2}) ?日")
_DAY_FIRST = re.compile(
    r"\b([0-9]{1,2})(?:st|nd|rd|th|er|\.|º)?,? (?:de |of )?([^\W\d_]{3,12})\.?,?"
    r" (?:de |del )?([0-9]{4})\b"
)
_MONTH_FIRST = re.compile(r"\b([^\W\d_]{3,12})\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})\b")
_SHORT_YEAR = re.compile(r"[^\W\d_]{2,10}\.?, ([0-9]{1,2}) ([^\W\d_]{3,12})\.? '?([0-9]{2})\b(?!:)")
_NUMBERS = re.compile(r"\b([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})\b")
_TOGETHER = re.compile(r"^([0-9]{4})([0-9]{2})([0-9]{2})$")
_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN = {"st", "nd", "rd", "th", "er", "de", "of", "del", "the", "am", "den"}
# By their first letters, in English, German, French, Spanish, Italian, Portuguese and Dutch.
_WEEKDAYS = tuple(
    """
    mon tue wed thu fri sat sun montag dienstag mittwoch donnerstag freitag samstag sonntag
    lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves
    viernes sábado domingo luned marted mercoled gioved venerd sabato segunda terça quarta
    quinta sexta feira maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
    year week""".split()
)
_LONGEST = 100
_MONTHS_A_YEAR = 12


def any_day(text: str) -> date | None:
    """The date in a short text; None where there is none, or where its order is not known.

    3/4/2026 may be in March or in April, 3.4.2026 is in April.
    """
    text = text[:_LONGEST]
    if match := _ISO.search(text) or _ASIAN.search(text):
        return _date(*match.groups())
    if match := _DAY_FIRST.search(text):
        return _date(match[3], _month(match[2]), match[1])
    if match := _MONTH_FIRST.search(text):
        return _date(match[3], _month(match[1]), match[2])
    if match := _SHORT_YEAR.search(text):
        return _date(2000 + int(match[3]), _month(match[2]), match[1])
    if match := _NUMBERS.search(text):
        return _numbers(int(match[1]), match[2], int(match[3]), match[4])
    return None


def month_first(texts: Iterable[str]) -> bool | None:
    """Whether days that stand together ("2/11/2026", "1/28/2026") have the month in front; None
    where none of them shows it, or two of them differ."""
    pairs = [(int(match[1]), int(match[3])) for text in texts if (match := _slashed(text))]
    first = any(second > _MONTHS_A_YEAR for _, second in pairs)
    last = any(first > _MONTHS_A_YEAR for first, _ in pairs)
    return None if first == last else first


def iso(text: str, *, in_front: bool | None) -> str:
    """A day in numbers as ISO date, or the text as it is. ``in_front``: the month stands first."""
    match = None if in_front is None else _slashed(text)
    if not match:
        return text
    month, day = (match[1], match[3]) if in_front else (match[3], match[1])
    return f"{match[4]}-{month:0>2}-{day:0>2}"


def _slashed(text: str) -> re.Match[str] | None:
    return _NUMBERS.match(text.strip()[:_LONGEST])


def is_day(text: str) -> bool:
    """Whether it names a day and nothing else: "Friday, 14 March 2026", "2026_03_14"."""
    plain = _TOGETHER.sub(r"\1-\2-\3", text.strip().replace("_", "-"))
    words = (word.lower() for word in _WORD.findall(plain))
    return any_day(plain) is not None and all(map(_of_a_day, words))


def _of_a_day(word: str) -> bool:
    return word in _BETWEEN or word.startswith(_WEEKDAYS) or _month(word) > 0


def _numbers(first: int, sign: str, second: int, year: str) -> date | None:
    if sign == "." or first > 12 or first == second:
        return _date(year, second, first)
    return _date(year, first, second) if second > 12 else None


def _month(name: str) -> int:
    return next(
        (number for number, starts in enumerate(_MONTHS, 1) if name.lower().startswith(starts)), 0
    )


def _date(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
