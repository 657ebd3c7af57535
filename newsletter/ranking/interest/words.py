"""The words of a text as they are written, less their plural: lighter than the index's stems.

"Productivity" and "product" share a stem, and are two things to a reader.
"""

import re

from newsletter.domain.model import normalise
from newsletter.ranking.interest.abbreviations import MEANT_IN_CAPITALS

_DOTTED = re.compile(r"\b(?:[A-Z]\.){2,}")
_WORD = re.compile(r"\w+")
FUNCTION_WORDS = frozenset(
    "a about after all also an and any are as at be because been before being between both but by"
    " can could did do does for from had has have he her here him his how i if in into is it its"
    " me more most my no nor not of off on or our out over own she should so some such than that"
    " the their them then there these they this those through to too under until up very was we"
    " were what when where which while who whom why will with would you your".split()
)
"""English words that say nothing of what a text is about."""
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
