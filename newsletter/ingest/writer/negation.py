"""Whether a claim denies what was said, or says what was denied: cheaply, word by word.

A word of the claim is compared with the place of what was said that has the most words around it in
common; they must be denied both, or neither.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from newsletter.ranking.similarity.terms import words

_NEAR = 5
_AROUND = 6
_ENDS = re.compile(r"(?<=[.!?,;:])[\"'”’)]*\s+|\n")
_NOT = frozenset(
    "not no never none nobody nothing neither nor without cannot hardly rarely seldom barely"
    " dont isnt doesnt didnt wont cant wasnt arent couldnt wouldnt shouldnt hasnt havent".split()
)
_MAY_DENY = _NOT | frozenset(
    "fail fails failed lack lacks lacked avoid avoids stop stops stopped prevent prevents"
    " less few fewer instead rather unlike absent refuse refuses deny denies little"
    " unable impossible wrong false myth only unless".split()
)
"""Words that may say the same as a "not" does."""
_NO_DENIAL = frozenset("only just merely simply necessarily matter that".split())
_PASSED_OVER = frozenset(
    "a an the this that these those it its he she they them his her their we our you your i my me"
    " is are was were be been being am do does did done has have had will would can could should"
    " may might must shall to of in on at by for from with as and or but so than then there here"
    " what which who whom whose when where why how if any some all each every both other another"
    " such very really quite even ever just too also more most much many about into out up down"
    " over because one think actually like going get got s t re ve ll d ca wo".split()
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word in its sentence. ``denied``: it is the first after a "not"; ``doubted``: some word
    near it may deny it; ``around`` are the stems of the words near it."""

    stem: str
    denied: bool
    doubted: bool
    around: frozenset[str]


def read(text: str) -> list[Word]:
    """The words that carry meaning. A line ends a sentence."""
    plain = re.sub(r"n['’]t\b", " not", text)
    return [word for sentence in _ENDS.split(plain) for word in _words(words(sentence))]


def _words(sentence: Sequence[tuple[str, str]]) -> Iterator[Word]:
    carries = [word not in _PASSED_OVER and word not in _NOT for _, word in sentence]
    stems = [stem if carry else "" for (stem, _), carry in zip(sentence, carries, strict=True)]
    denied = _denied([word for _, word in sentence], carries)
    for at, stem in enumerate(stems):
        if stem:
            near = [*sentence[max(0, at - _NEAR) : at], *sentence[at + 1 : at + 1 + _NEAR]]
            around = stems[max(0, at - _AROUND) : at + 1 + _AROUND]
            doubted = any(word in _MAY_DENY for _, word in near)
            yield Word(stem, at in denied, doubted, frozenset(around) - {"", stem})


def _denied(sentence: Sequence[str], carries: Sequence[bool]) -> set[int]:
    """Where the first word with a meaning stands after each "not"."""
    places: set[int] = set()
    for at, word in enumerate(sentence):
        if word in _NOT and not {*sentence[at + 1 : at + 2]} & _NO_DENIAL:
            after = range(at + 1, min(at + 1 + _NEAR, len(sentence)))
            places |= set([place for place in after if carries[place]][:1])
    return places


def negation_differs(claim: Sequence[Word], spoken: Sequence[Word]) -> bool:
    by_stem = defaultdict(list)
    for word in spoken:
        by_stem[word.stem].append(word)
    return any(_differs(word, by_stem[word.stem]) for word in _passed_on(claim, by_stem))


def _passed_on(claim: Sequence[Word], spoken: Mapping[str, Sequence[Word]]) -> Iterator[Word]:
    """The words that were said. What is denied in other words ("did not lose", "lost") is denied of
    the next word."""
    passed = False
    for word in claim:
        if word.stem in spoken:
            yield replace(word, denied=True) if passed else word
        passed = (passed or word.denied) and word.stem not in spoken


def _differs(word: Word, same: Sequence[Word]) -> bool:
    most = max(len(word.around & candidate.around) for candidate in same)
    likest = [candidate for candidate in same if len(word.around & candidate.around) == most]
    if word.denied:
        return not any(candidate.denied for candidate in same) and not any(
            candidate.doubted for candidate in likest
        )
    return most > 0 and not word.doubted and all(candidate.denied for candidate in likest)
