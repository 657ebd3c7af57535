"""The terms of a text: stems where the language is known, characters alone where it is not."""

import re
from collections.abc import Callable
from functools import cache, lru_cache

import Stemmer

from newsletter.domain.model import normalise

_WORD = re.compile(r"\w+")
_PIECE = 3

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch",
    "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip


def words(text: str, language: str = "en") -> list[tuple[str, str]]:
    """(term, the word it was made of) in the order of the text; digits and single letters count.

    ``language`` is an ISO 639 code, a region after it ("pt-BR") is passed over. For one without a
    stemmer the terms are the runs of three characters of each word, and shorter words themselves.
    """
    matches = _WORD.findall(normalise(text))
    stem = _stemmer(language.partition("-")[0].lower())
    if stem is None:
        return [(piece, word) for word in matches for piece in _pieces(word)]
    return [(stem(word), word) for word in matches]


def terms(text: str, language: str = "en") -> list[str]:
    """The terms alone."""
    return [term for term, _ in words(text, language)]


def _pieces(word: str) -> list[str]:
    return [word[at : at + _PIECE] for at in range(max(1, len(word) - _PIECE + 1))]


@cache
def _stemmer(language: str) -> Callable[[str], str] | None:
    if language not in _STEMMERS:
        return None
    stem: Callable[[str], str] = Stemmer.Stemmer(_STEMMERS[language], 0).stemWord
    return lru_cache(maxsize=1 << 17)(stem)
