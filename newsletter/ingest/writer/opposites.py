"""Whether a claim says the opposite of a word that was said."""

from collections.abc import Iterator

from newsletter.ingest.writer.pairing import clauses, likest
from newsletter.ingest.writer.strength import sentences
from newsletter.ranking.similarity.terms import words

_OPPOSITES = """
more/less more/fewer increase/decrease increase/reduce rise/fall grow/shrink higher/lower high/low
faster/slower fast/slow quickly/slowly gain/lose better/worse best/worst before/after early/late
earlier/later above/below over/under win/lose cheaper/dearer cheap/expensive stronger/weaker
strong/weak longer/shorter long/short hotter/colder hot/cold warm/cool wet/dry larger/smaller
large/small big/small bigger/smaller always/never most/least everybody/nobody safe/dangerous
old/new older/younger up/down maximum/minimum first/last start/end improve/worsen
rich/poor easy/hard easier/harder light/heavy lighter/heavier accept/reject buy/sell
positive/negative success/failure healthy/unhealthy possible/impossible public/private
raise/cut raise/lower grow/fall
inside/outside thick/thin deep/shallow near/far open/close day/night north/south east/west
""".split()
_OF_ORDER = frozenset(("befor", "after"))
_SAME = 3  # words in common


def _pairs() -> Iterator[tuple[str, str]]:
    for pair in _OPPOSITES:
        (stem, _), (opposite, _) = words(pair)
        yield stem, opposite
        yield opposite, stem


_TURNED = tuple(_pairs())


def opposed(claim: str, said: str) -> bool:
    """A sentence has the opposite of a word that was said, and not that word itself.

    Or a clause has it, where the clause likest to it has the word: but for "before" and "after",
    which turn with the order of things.
    """
    known = _stems(said)
    return any(_opposes(_stems(sentence), known) for sentence in sentences(claim)) or any(
        _opposes(clause.stems - _OF_ORDER, like.stems)
        for clause in clauses(claim)
        for like in likest(clause, said, _SAME)
    )


def _stems(text: str) -> set[str]:
    return {stem for stem, _ in words(text)}


def _opposes(mine: set[str] | frozenset[str], known: set[str] | frozenset[str]) -> bool:
    return any(
        stem in mine and stem not in known and opposite in known and opposite not in mine
        for stem, opposite in _TURNED
    )
