"""Whether a claim pairs what was said of one thing with another.

Two things are swapped where a clause of the claim is a clause of what was said but for one word,
and that word belongs to the clause beside it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.ingest.writer.strength import CLAUSES, sentences
from newsletter.ranking.similarity.terms import words

_LITTLE = frozenset(
    """the a an of to in on at for from with and or but is are was were be been it its that this
    these those they them he she his her we you not as by do did doe ha have had will would so if
    there then what which who when i think like get got about also just onli almost nearly
    """.split()
)
_PRONOUN = re.compile(r"\b(?:it|they|he|she|them|those|ones?|him|who|which)\b")
_THAN = re.compile(r"\b(?:than|against)\b")
_LESS = re.compile(r"\b(?:less|fewer|shorter|lower|worse|slower|smaller|cheaper|later)\b")
_SAME = 2  # words in common, at least


@dataclass(frozen=True, slots=True)
class Clause:
    """``sentence`` is the number of its sentence."""

    text: str
    stems: frozenset[str]
    sentence: int


@dataclass(frozen=True, slots=True)
class _Comparison:
    """``this`` is more than ``that``, or less."""

    this: frozenset[str]
    that: frozenset[str]
    is_less: bool


def swapped(claim: str, said: str) -> bool:
    spoken = list(clauses(said))
    return any(_is_mixed(clause, spoken, said) for clause in clauses(claim))


def turned_round(claim: str, said: str) -> bool:
    """ "A more than B" where it was said that B was more than A."""
    return any(
        _is_turned(one, other) for one in _comparisons(claim) for other in _comparisons(said)
    )


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem for stem, _ in words(text)) - _LITTLE


def clauses(text: str) -> Iterator[Clause]:
    for number, sentence in enumerate(sentences(text)):
        for part in CLAUSES.split(sentence):
            if stems := _stems(part):
                yield Clause(part, stems, number)


def likest(claimed: Clause, said: str, least: int) -> list[Clause]:
    """The clauses of what was said that have the most words in common, and at least so many."""
    common = [(len(claimed.stems & clause.stems), clause) for clause in clauses(said)]
    most = max((count for count, _ in common), default=0)
    return [clause for count, clause in common if count == most >= least]


def _is_mixed(claimed: Clause, spoken: Sequence[Clause], said: str) -> bool:
    """Of each of the clauses likest to it, it took one word from a clause beside that."""
    found = likest(claimed, said, _SAME)
    return bool(found) and all(
        any(_took(claimed, like, other) for other in _beside(like, spoken)) for like in found
    )


def _beside(clause: Clause, spoken: Sequence[Clause]) -> Iterator[Clause]:
    """Those of its sentence, and the next of the sentences around it."""
    place = spoken.index(clause)
    for number, other in enumerate(spoken):
        if abs(number - place) == 1 or (other.sentence == clause.sentence and other != clause):
            yield other


def _took(claimed: Clause, like: Clause, other: Clause) -> bool:
    """All but one word are those of ``like``, which has one of its own; the one is of ``other``."""
    strange = claimed.stems - like.stems
    replaced = like.stems - claimed.stems
    return (
        len(strange) == 1
        and strange <= other.stems
        and bool(replaced)
        and (not _PRONOUN.search(like.text) or "".join(strange).isdigit())
    )


def _comparisons(text: str) -> Iterator[_Comparison]:
    for sentence in sentences(text):
        this, than, that = _split(sentence)
        if than:
            yield _Comparison(this - that, that - this, bool(_LESS.search(sentence)))


def _split(sentence: str) -> tuple[frozenset[str], bool, frozenset[str]]:
    before, *after = _THAN.split(sentence, maxsplit=1)
    return _stems(before), bool(after), _stems("".join(after))


def _is_turned(claimed: _Comparison, said: _Comparison) -> bool:
    across = len(claimed.this & said.that), len(claimed.that & said.this)
    straight = len(claimed.that & said.that)
    return all(across) and sum(across) > straight and claimed.is_less == said.is_less
