"""The words of a text as they are written, less their plural: lighter than the index's stems.

"Productivity" and "product" share a stem, and are two things to a reader.
"""

import re

from newsletter.domain.model import normalise
from newsletter.ranking.interest.abbreviations import MEANT_IN_CAPITALS

_DOTTED = re.compile(r"\b(?:[A-Z]\.){2,}")
_WORD = re.compile(r"\w+")
_NO_PLURAL = ("ss", "us", "is", "news")


def words(text: str) -> list[str]:
    """In the order of the text. "US" stays in capitals, for it is not "us"; "'s" goes."""
    plain = _DOTTED.sub(lambda dotted: dotted[0].replace(".", ""), text)
    return [_word(word) for word in _WORD.findall(plain) if word != "s"]


def _word(word: str) -> str:
    return word if word in MEANT_IN_CAPITALS else singular(normalise(word))


def singular(word: str) -> str:
    """English plurals taken off; what is short or ends like a singular stays."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(_NO_PLURAL):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]


def _closed_class(text: str) -> frozenset[str]:
    """As they are written and as ``words`` gives them: it takes an "s" off "does"."""
    return frozenset(form for word in text.split() for form in (word, singular(word)))


FUNCTION_WORDS = _closed_class(
    """a about above across after again against all almost along already also although always am
    among an and another any anybody anyone anything are around as at away be because been
    before behind being below beneath beside besides between beyond both but by can cannot could
    couldn despite did didn do does doesn doing don done down during each either else enough
    even ever every everybody everyone everything few fewer for from further had hadn hardly has
    hasn have haven having he her here hers herself him himself his how however i if in indeed
    inside instead into is isn it its itself just least less ll many may maybe me might mine
    more most much must my myself neither never no nobody none nor not nothing now of off often
    on once one only onto or other others otherwise ought our ours ourselves out over own per
    perhaps quite rather re same several shall she should shouldn since so some somebody someone
    something sometimes soon still such than that the their theirs them themselves then there
    therefore these they this those though through throughout thus till to together too toward
    towards twice under unless unlike until up upon us very via was wasn we were weren what
    whatever when whenever where whether which whichever while who whoever whom whose why will
    with within without won would wouldn yet you your yours yourself two three four five six
    seven eight nine ten eleven twelve hundred thousand million billion"""
)
"""English words that say nothing of what a text is about, numbers among them."""
