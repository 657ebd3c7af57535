"""What makes a quote worth a reader's time: a sum of weights for what can be said of its words.

The weights were set by hand and checked against judged quotes: a table that was fitted to them
ranked the quotes of other shows no better (docs/decisions/0055-whole-quotes.md).
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence

from newsletter.ingest.quote_rules import claim, phrases, words
from newsletter.ranking.similarity.background import SHARES
from newsletter.ranking.similarity.terms import words as stems

_CONTRAST = phrases(
    "rather than|instead of|not (?:just|only|because|about|to say|so much)|isn't|aren't"
    r"|doesn't|don't|can't|unlike|whereas|but|yet|although|even though|however|the opposite"
    r"|as opposed to"
    r"|(?:more|less|better|worse|\w+er) (?:\w+ ){0,3}?than"
)
_CAUSE = phrases(
    "because|leads? to|causes?|which means|as a result|depends? on|makes? (?:it|you|people|them)"
    "|so that|the reason|turns into|comes? from|results? in|unless|in order to|that's why"
    "|therefore|requires?|allows?|helps?|forces?|the more .* the more"
)
_GENERAL = phrases(
    "most|every|everyone|everybody|all|never|always|nobody|no one|nothing|any|anyone|tends? to"
    r"|usually|often|rarely|none|many|half|percent|\d+"
    "|the (?:best|worst|hardest|biggest|easiest|only)"
)
_HEDGE = phrases(
    "probably|maybe|perhaps|might|could|i think|i believe|sort of|kind of|almost|somewhat"
    "|potentially|possibl[ey]|to some (?:extent|degree)|seems?"
)
_OF_ITS_TIME = phrases(
    r"this year|20\d\d|these days|nowadays|already|(?:is|are|'re|'s) going to|will be"
    r"|next few years"
    "|still|anymore|today"
)
_EMPTY = phrases(
    "interesting|fascinating|important|exciting|incredibl[ey]|amazing|huge|really|very|pretty"
    "|challenging|crazy|remarkable|different|difficult|great|a lot of|bunch of|things?|something"
)
_ADVICE = phrases(
    "you should|shouldn't|should (?:be|never|always|only)|better to|the best way to"
    "|(?<![a-z,] )don't (?:have|do|make|try|start|wait|build|use|let|ask|be)"
)
_NO_SUBJECT = phrases(
    "if|when|whenever|once|as|unless|before|after|while|although|even|you|your|you're|there|there's|it"
    "|it's|the|a|an|what|whatever|how|why|where|one|don't|in|to",
    before="",
)
_THE_GENERAL = phrases(
    "the (?:more|less|better|best|worst|hardest|biggest|easiest|only way|way|difference|opposite"
    "|key|secret|reason|goal|purpose|human|world)|there's (?:this|an?) (?:idea|notion|concept|term)"
    "|there's more",
    before="",
)
_DEFINITE = re.compile(
    r"\b(?:the|those|these) (\w+)(?! (?:of|that|who|which|to|in|for|you)\b)", re.I
)
_KNOWN = frozenset(
    "same more less best world brain way time only most idea rest people body".split()
)
_RARE = 4.0  # as rare as one text in fifty
_UNSEEN = 0.0005


def merit(sentences: Sequence[str]) -> float:
    """The more, the likelier a reader wants it."""
    plain = [sentence.replace("’", "'") for sentence in sentences]
    return INTERCEPT + sum(
        weight * FEATURES[name](plain) for name, weight in WEIGHTS.items() if weight
    )


def _count(pattern: re.Pattern[str], most: int) -> Callable[[Sequence[str]], float]:
    return lambda sentences: min(most, len(pattern.findall(" ".join(sentences))))


def _names_its_subject(sentences: Sequence[str]) -> float:
    """Like "Insurance", "Most robots", "The best way"; unlike "You", "The team", "There is"."""
    opening = claim(sentences[0])
    return bool(_THE_GENERAL.match(opening)) or not _NO_SUBJECT.match(opening)


def _rarity(sentences: Sequence[str]) -> list[float]:
    said = stems(" ".join(sentences))
    return [-math.log(SHARES.get(stem, _UNSEEN)) for stem, _ in said]


def _mean_rarity(sentences: Sequence[str]) -> float:
    rarity = _rarity(sentences)
    return sum(rarity) / max(1, len(rarity))


def _rare_words(sentences: Sequence[str]) -> float:
    return min(12, sum(rarity > _RARE for rarity in _rarity(sentences)))


def _unexplained(sentences: Sequence[str]) -> float:
    """Things with "the" that were not named before."""
    text = " ".join(sentences).lower()
    found = _DEFINITE.finditer(text)
    return min(3, sum(m[1] not in _KNOWN and m[1] not in text[: m.start()] for m in found))


def _is_short(sentences: Sequence[str]) -> float:
    return len(words(" ".join(sentences))) < _SHORT


def _ends_on_a_pronoun(sentences: Sequence[str]) -> float:
    return len(sentences) > 1 and bool(_BACK.match(sentences[-1]))


_SHORT = 13
_BACK = phrases("(?:(?:and|but|so) )*(?:that|this|that's|these|those)", before="")

FEATURES: Mapping[str, Callable[[Sequence[str]], float]] = {
    "contrast": _count(_CONTRAST, 2),
    "cause": _count(_CAUSE, 2),
    "general": _count(_GENERAL, 2),
    "advice": _count(_ADVICE, 1),
    "hedge": _count(_HEDGE, 3),
    "of its time": _count(_OF_ITS_TIME, 1),
    "empty": _count(_EMPTY, 3),
    "subject": _names_its_subject,
    "rarity": _mean_rarity,
    "rare words": _rare_words,
    "unexplained": _unexplained,
    "short": _is_short,
    "two": lambda sentences: len(sentences) == 2,
    "three": lambda sentences: len(sentences) == 3,
    "back": _ends_on_a_pronoun,
}
INTERCEPT = -1.8
WEIGHTS: Mapping[str, float] = {
    "contrast": 0.4,
    "cause": 0.5,
    "general": 0.25,
    "advice": 0.8,
    "hedge": -0.3,
    "of its time": -0.5,
    "empty": -0.1,
    "subject": 1.0,
    "rarity": 0.25,
    "rare words": 0.05,
    "unexplained": -0.15,
    "short": -0.5,
    "two": -0.2,
    "three": -0.5,
    "back": -0.8,
}
