"""What makes a quote worth a reader's time: a sum of weights for what can be said of its words.

A strong form, or two weak ones, are needed to reach ``LEAST``; the rest takes away from it. The
weights were set by hand on judged quotes and measured once on others: a table that was fitted to
them ranked the quotes of other shows no better (docs/decisions/0061-forms-of-a-claim.md).
"""

import re
from collections.abc import Callable, Mapping, Sequence

from newsletter.ingest.quote_forms import STRONG, WEAK, forms, is_empty
from newsletter.ingest.quote_rules import phrases, words

LEAST = 0.7

_HEDGE = phrases(
    "probably|maybe|perhaps|might|could|i think|i believe|sort of|kind of|almost|somewhat"
    "|potentially|possibl[ey]|to some (?:extent|degree)|seems?"
)
_OF_ITS_TIME = phrases(
    r"this year|20\d\d|these days|nowadays|already|(?:is|are|'re|'s) going to|will be"
    r"|next few years"
    r"|still|anymore|today|(?:has|have|'ve) been \w+ing"
)
_VAGUE = phrases(
    "interesting|fascinating|important|exciting|incredibl[ey]|amazing|huge|really|very|pretty"
    "|challenging|crazy|remarkable|different|difficult|great|a lot of|bunch of|things?|something"
)
_DEFINITE = re.compile(
    r"\b(?:the|those|these) (\w+)(?! (?:of|that|who|which|to|in|for|you)\b)", re.I
)
_KNOWN = frozenset(
    "same more less best world brain way time only most idea rest people body".split()
)
_BACK = phrases("(?:(?:and|but|so) )*(?:that|this|that's|these|those)", before="")
_SHORT = 9  # words


def merit(sentences: Sequence[str]) -> float:
    """The more, the likelier a reader wants it; ``LEAST`` for a quote."""
    plain = [sentence.replace("’", "'") for sentence in sentences]
    return sum(weight * FEATURES[name](plain) for name, weight in WEIGHTS.items())


def _count(pattern: re.Pattern[str], most: int) -> Callable[[Sequence[str]], float]:
    return lambda sentences: min(most, len(pattern.findall(" ".join(sentences))))


def _unexplained(sentences: Sequence[str]) -> float:
    """Things with "the" that were not named before."""
    text = " ".join(sentences).lower()
    found = _DEFINITE.finditer(text)
    return min(3, sum(m[1] not in _KNOWN and m[1] not in text[: m.start()] for m in found))


def _ends_on_a_pronoun(sentences: Sequence[str]) -> float:
    return len(sentences) > 1 and bool(_BACK.match(sentences[-1]))


FEATURES: Mapping[str, Callable[[Sequence[str]], float]] = {
    "strong forms": lambda sentences: min(2, len(forms(sentences, STRONG))),
    "weak forms": lambda sentences: min(2, len(forms(sentences, WEAK))),
    "empty": is_empty,
    "hedge": _count(_HEDGE, 3),
    "of its time": _count(_OF_ITS_TIME, 1),
    "vague": _count(_VAGUE, 3),
    "unexplained": _unexplained,
    "short": lambda sentences: len(words(" ".join(sentences))) <= _SHORT,
    "two": lambda sentences: len(sentences) == 2,
    "back": _ends_on_a_pronoun,
}
WEIGHTS: Mapping[str, float] = {
    "strong forms": 1.0,
    "weak forms": 0.5,
    "empty": -2.0,
    "hedge": -0.1,
    "of its time": -0.3,
    "vague": -0.1,
    "unexplained": -0.1,
    "short": -0.5,
    "two": -0.2,
    "back": -0.5,
}
