"""What a reader asked for, phrase by phrase: wanted or not, and how much each weighs."""

import re
from dataclasses import dataclass

_NEGATIONS = ("not ", "-")
_LEAST, _FALL = 0.5, 0.8


@dataclass(frozen=True, slots=True)
class Phrase:
    """``text`` is the reader's own, without the "not" of one that they do not want."""

    text: str
    weight: float = 1.0
    negative: bool = False


def parse(interests: str) -> tuple[Phrase, ...]:
    """Phrases parted by commas or semicolons. "not crypto" is a negative; earlier phrases weigh
    more: the first 1, the second 0.9, and none less than 0.5."""
    wanted: list[Phrase] = []
    unwanted: list[Phrase] = []
    for part in re.split("[,;]", interests):
        text = " ".join(part.split())
        negation = next((sign for sign in _NEGATIONS if text.lower().startswith(sign)), "")
        text = text[len(negation) :].strip()
        if text and negation:
            unwanted.append(Phrase(text, negative=True))
        elif text:
            weight = _LEAST + (1 - _LEAST) * _FALL ** len(wanted)
            wanted.append(Phrase(text, round(weight, 6)))
    return (*wanted, *unwanted)
