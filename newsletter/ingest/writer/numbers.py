"""The quantities in an English text: digits and number words, with percent, money and units.

"1,200", "twelve hundred" and "1.2 thousand" are the same; so are "half" and "50 percent".
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newsletter.domain.model import normalise

PERCENT = "%"
TIMES = "x"
_NTH = "th"


@dataclass(frozen=True, slots=True)
class Quantity:
    """``unit`` is empty where none is known; ``alone``: no word follows that it could count."""

    value: float
    unit: str = ""
    alone: bool = False

    def agrees(self, other: "Quantity") -> bool:
        """The same value. A unit may be missing on one side; percent only where what ``other``
        counts was left out ("from eighty percent to sixteen")."""
        if abs(self.value - other.value) > 1e-6 * max(1.0, abs(self.value)):
            return False
        if {self.unit, other.unit} & {PERCENT, _NTH}:
            return self.unit == other.unit or (other.alone and self.unit == PERCENT)
        return self.unit == other.unit or not (self.unit and other.unit)


_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+|[%$€£¥°]|[–—-]|[.,;:!?()]")
_SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {
    word: value * 10
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_TENS |= {f"{word[:-1]}ies": value for word, value in _TENS.items()}  # the nineties
_WORDS = _SMALL | _TENS
_SCALES = {
    "dozen": 12, "dozens": 12, "hundred": 100, "hundreds": 100, "thousand": 1e3, "thousands": 1e3,
    "k": 1e3, "million": 1e6, "millions": 1e6, "mn": 1e6, "billion": 1e9, "billions": 1e9,
    "bn": 1e9, "trillion": 1e12, "trillions": 1e12,
}  # fmt: skip
_NTHS = {
    word: value
    for value, word in enumerate("third fourth fifth sixth seventh eighth ninth tenth".split(), 3)
}
_PARTS = {"half": 2, "halves": 2, "quarter": 4, "quarters": 4}
_PARTS |= _NTHS | {f"{word}s": value for word, value in _NTHS.items()}
_MULTIPLES = {
    "twice": 2, "double": 2, "doubled": 2, "doubles": 2, "doubling": 2, "twofold": 2, "triple": 3,
    "tripled": 3, "triples": 3, "tripling": 3, "threefold": 3, "quadruple": 4, "quadrupled": 4,
    "tenfold": 10,
}  # fmt: skip
_ALONE = {word: Quantity(float(value), TIMES) for word, value in _MULTIPLES.items()}
_ALONE |= {word: Quantity(float(value), _NTH) for word, value in _NTHS.items()}
_MONEY = {
    "$": "$", "€": "€", "£": "£", "¥": "¥", "dollar": "$", "buck": "$", "usd": "$", "euro": "€",
    "eur": "€", "yen": "¥", "cent": "cent", "penny": "cent", "pence": "cent",
}  # fmt: skip
_SIGNS = {sign: sign for sign in "$€£¥"}
_UNITS = _MONEY | {
    "%": PERCENT, "percent": PERCENT, "percentage": PERCENT, "pct": PERCENT,
    "times": TIMES, "fold": TIMES, "x": TIMES, "sec": "second", "second": "second",
    "min": "minute", "minute": "minute", "h": "hour", "hr": "hour", "hour": "hour", "day": "day",
    "week": "week", "month": "month", "year": "year", "decade": "decade", "century": "century",
    "centuries": "century", "generation": "generation", "mm": "millimetre",
    "millimetre": "millimetre", "millimeter": "millimetre", "cm": "centimetre",
    "centimetre": "centimetre", "centimeter": "centimetre", "m": "metre", "metre": "metre",
    "meter": "metre", "km": "kilometre", "kilometre": "kilometre", "kilometer": "kilometre",
    "mile": "mile", "foot": "foot", "feet": "foot", "inch": "inch", "inches": "inch",
    "yard": "yard", "mg": "milligram", "milligram": "milligram", "g": "gram", "gram": "gram",
    "kg": "kilo", "kilo": "kilo", "kilogram": "kilo", "pound": "pound", "ounce": "ounce",
    "ton": "ton", "tonne": "ton", "litre": "litre", "liter": "litre", "gallon": "gallon",
    "degree": "degree", "°": "degree", "watt": "watt", "kilowatt": "kilowatt",
    "megawatt": "megawatt", "gigawatt": "gigawatt", "volt": "volt", "calorie": "calorie",
    "hertz": "hertz", "decibel": "decibel",
}  # fmt: skip
_BETWEEN = {"to", "or", "and", "-", "–", "—"}
_STOPS = {*".,;:!?()", ""}
_NO_THING = frozenset("the a it they we you he she so but and which that is was when if in".split())
_LOOK = 3


def quantities(text: str) -> list[Quantity]:
    """In their order. A plain "one", "first" and "second" are words like others."""
    tokens = _TOKEN.findall(normalise(text).replace("per cent", "percent"))
    return [quantity for quantity in _read(tokens) if quantity.value != 1 or quantity.unit]


def unsupported(claim: str, support: Iterable[Quantity]) -> list[Quantity]:
    """The quantities of the claim that none of the support agrees with."""
    there = list(support)
    return [quantity for quantity in quantities(claim) if not any(map(quantity.agrees, there))]


def _read(tokens: list[str]) -> Iterator[Quantity]:
    at = 0
    while at < len(tokens):
        end, quantity = _quantity(tokens, at)
        if quantity:
            yield quantity
        at = max(end, at + 1)


def _quantity(tokens: list[str], at: int) -> tuple[int, Quantity | None]:
    """The one that begins at ``at``, and where it ends."""
    word = tokens[at]
    if alone := _ALONE.get(word):
        return at + 1, alone
    if word in ("a", "an", "half", "quarter", "one") and (part := _part(tokens, at)):
        return part
    end, value = _number(tokens, at)
    return (at + 1, None) if value is None else _followed(tokens, at, end, value)


def _followed(tokens: list[str], at: int, end: int, value: float) -> tuple[int, Quantity]:
    """A number with what the next words make of it: "two thirds", "19th", "18 minutes"."""
    if (parts := _PARTS.get(_get(tokens, end))) and value < parts and not tokens[at][0].isdigit():
        return end + 1, Quantity(float(round(100 * value / parts)), PERCENT)
    if _get(tokens, end) in ("st", "nd", "rd", "th"):
        return end + 1, Quantity(value, _NTH)
    return _counted(tokens, end, value, _SIGNS.get(_get(tokens, at - 1), ""))


def _counted(tokens: list[str], end: int, value: float, sign: str) -> tuple[int, Quantity]:
    """With what it counts: "$3m", "five dollars eighty six", "18 long minutes"."""
    follower = _get(tokens, end)
    if sign and follower == "m":
        return end + 1, Quantity(value * 1e6, sign)
    if money := _MONEY.get(follower.removesuffix("s")):
        after, cents = _plain(tokens, end + 1)
        priced = _get(tokens, after) in ("a", "an", "per")
        if cents and 10 <= cents < 100 and (priced or not _unit(tokens, after)):
            return after, Quantity(value + cents / 100, money)
    unit = sign or _unit(tokens, end)
    return end, Quantity(value, unit, not unit and (follower in _STOPS or follower in _NO_THING))


def _part(tokens: list[str], at: int) -> tuple[int, Quantity] | None:
    """ "half", "a third", "one quarter": a share, as percent."""
    name = at if tokens[at] in _PARTS else at + 1
    parts = _PARTS.get(_get(tokens, name))
    return (name + 1, Quantity(float(round(100 / parts)), PERCENT)) if parts else None


def _number(tokens: list[str], at: int) -> tuple[int, float | None]:
    """Digits or number words with their scales: "2.5 million", "two hundred and five"."""
    end, value = _plain(tokens, at)
    if value is None:
        return at, None
    if tokens[end : end + 3] == ["and", "a", "half"]:
        end, value = end + 3, value + 0.5
    total = 0.0
    while True:
        while scale := _SCALES.get(_get(tokens, end)):
            value, end = value * scale, end + 1
        total += value
        follows = end + (_get(tokens, end) == "and")
        after, more = _plain(tokens, follows)
        below = _SCALES.get(tokens[end - 1], 0)
        if more is None or not below or more >= below or tokens[follows][0].isdigit():
            break
        end, value = after, more
        if (scale := _SCALES.get(_get(tokens, end))) and scale > below:
            total, value = 0.0, total + more
    return end, total


def _plain(tokens: list[str], at: int) -> tuple[int, float | None]:
    """Without scales: "1,200", "forty-two", "nineteen eighty four", "three point five"."""
    word = _get(tokens, at)
    if word[:1].isdigit():
        return at + 1, _digits(word)
    if word == "a" and _get(tokens, at + 1) in _SCALES:
        return at + 1, 1.0
    if word not in _WORDS:
        return at, None
    end, value = _under_hundred(tokens, at)
    if 10 <= value < 100 and _get(tokens, end) in _WORDS and tokens[at:end] != ["-"]:
        after, low = _under_hundred(tokens, end)
        if low >= 10:
            return after, float(value * 100 + low)
    if _get(tokens, end) == "point" and _get(tokens, end + 1) in _SMALL:
        end, digits = end + 1, ""
        while _get(tokens, end) in _SMALL:
            end, digits = end + 1, digits + str(_SMALL[tokens[end]])
        return end, float(f"{value}.{digits}")
    return end, float(value)


def _under_hundred(tokens: list[str], at: int) -> tuple[int, int]:
    value, end = _WORDS[tokens[at]], at + 1
    if value < 20:
        return end, value
    last = end + (_get(tokens, end) == "-")
    if 0 < _SMALL.get(_get(tokens, last), 0) < 10:
        return last + 1, value + _SMALL[tokens[last]]
    return end, value


def _digits(token: str) -> float:
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", token):
        token = token.replace(",", "")
    whole, _, rest = token.replace(":", ".").replace(",", ".").partition(".")
    return float(f"{whole[:300]}.{rest.replace('.', '') or 0}")


def _unit(tokens: list[str], at: int) -> str:
    """Among the next words, up to a stop; of "30 to 40 percent" both have it."""
    for place in range(at, min(at + _LOOK, len(tokens))):
        token = tokens[place]
        if token in _STOPS:
            return ""
        if unit := _UNITS.get(token) or (len(token) > 3 and _UNITS.get(token.removesuffix("s"))):
            return unit
        end, value = _number(tokens, place)
        if value is not None:
            joined = place > at and tokens[place - 1] in _BETWEEN
            return _unit(tokens, end) if joined else ""
    return ""


def _get(tokens: list[str], at: int) -> str:
    return tokens[at] if 0 <= at < len(tokens) else ""
