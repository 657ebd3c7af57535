"""Whether a claim is stronger than what was said: of more, for sure, or with a bound to its number.

Each is looked for near: in the sentences of what was said that have the most in common with the
claim's. The words are English.
"""

import re
from collections.abc import Iterator, Sequence

from newsletter.ingest.writer.numbers import quantities
from newsletter.ranking.similarity.terms import words

SENTENCES = re.compile(r"(?<=[.!?])[\"'”’)]*\s+|\n")
CLAUSES = re.compile(
    r"[;:—–,]|\b(?:because|since|so that|therefore|while|whereas|but|and|although|though)\b",
    re.IGNORECASE,
)
_STRONG = {
    r"\b(?:all|every|everyone|everybody|everything|always)\b": r"\b(?:all|every\w*|always|each|any"
    r"\w*|whole|entire\w*|both|never|no|none|nobody|nothing|whenever|100|hundred percent)\b",
    r"(?<!the )\bmost (?:of|\w+s)\b": r"\b(?:most\w*|majority|usually|nearly all|almost \w+|more"
    r" than half|over half|[6-9]\d ?(?:percent|%)|two thirds|three quarters|all|every\w*"
    r"|than any\w*)\b",
    r"(?<!almost )\bnever\b": r"(?<!almost )\b(?:never|no|none|nobody|nothing|not|without"
    r"|neither|nor|cannot)\b|n't\b",
    r"\bnone of\b": r"\b(?:none|no|nobody|nothing|not|never|neither|without)\b|n't\b",
    r"\b(?:proves?|proved|proven|proof)\b": r"\bpro(?:ves?|ved|ven|of|ving)\b",
    r"\b(?:better|worse|more|less|fewer|\w+er) (?:\w+ )?than\b": r"\bthan\b"
    r"|\A(?![\s\S]*\bas \w+ as\b)",
    r"\bmust\b": r"\b(?:must|ha(?:ve|s|d) to|got to|gotta|need(?:s|ed)?|require\w*|should|cannot)"
    r"\b",
}
"""What makes a claim stronger, and the words of which one was said where it is not too strong."""
_HEDGED = re.compile(
    r"\b(?:may|might|possib(?:le|ly)|perhaps|maybe|(?<!it )seem(?:s|ed)?|suspect(?:s|ed)?"
    r"|claims?|claimed|could be|supposedly|allegedly|apparently)\b"
)
_HEDGES = re.compile(
    r"\b(?:may|might|could|can|possib\w+|perhaps|maybe|seem\w*|suspect\w*|claim\w*|says?|said|think"
    r"|thinks|thought|believ\w+|suggest\w*|probabl\w+|likely|appear\w*|apparent\w*|report\w*"
    r"|according|told|tell|expect\w*|estimat\w+|about|around|roughly|guess\w*|unsure|known?|whether"
    r"|if|den(?:y|ies|ied)|argu\w+|warn\w*|risk\w*|tend\w*)\b"
)
_BOUNDS = (
    re.compile(r"\b(?:more than|at least|over|above|upwards of|no (?:fewer|less) than)\s+(?=\S)"),
    re.compile(r"\b(?:less than|fewer than|under|below|at most|up to|no more than)\s+(?=\S)"),
)
_ENOUGH = 2
_MOST_OF = 0.6
_AFTER_A_BOUND = 28  # characters


def stems(text: str) -> set[str]:
    return {stem for stem, _ in words(text) if len(stem) > 1 and stem not in _SMALL}


_SMALL = frozenset(
    """the a an of to in on at for from with and or but is are was were be been it its that this
    these those they them he she his her we you not than as by do did doe ha have had will would so
    if more most less all some ani no one there then what which who when""".split()
)


def sentences(text: str) -> list[str]:
    return [sentence for sentence in SENTENCES.split(text) if sentence.strip()]


def overstated(claim: str, said: str) -> bool:
    """What was said of some is claimed of all, or of most; what was said may be claimed to be."""
    return any(
        re.search(strong, sentence) and not re.search(as_strong, "\n".join(near(sentence, said)))
        for sentence in sentences(claim)
        for strong, as_strong in _STRONG.items()
    )


def near(sentence: str, said: str) -> list[str]:
    """The sentences with at least half as much in common as the likest."""
    mine = stems(sentence)
    common = {each: len(mine & stems(each)) for each in sentences(said)}
    most = max(common.values(), default=0)
    return [each for each, count in common.items() if 2 * count >= most]


def unhedged(claim: str, said: str) -> bool:
    """What was said to be possible, or to be what somebody claims, is claimed to be so."""
    hedged = [stems(_HEDGED.sub("", clause)) for clause in _hedged_clauses(said)]
    return any(
        not _HEDGES.search(sentence) and any(_has_most_of(stems(sentence), one) for one in hedged)
        for sentence in sentences(claim)
    )


def _has_most_of(mine: set[str], clause: set[str]) -> bool:
    return len(mine & clause) >= max(_ENOUGH, _MOST_OF * len(clause))


def _hedged_clauses(said: str) -> Iterator[str]:
    for sentence in sentences(said):
        before = ""
        for clause in CLAUSES.split(sentence):
            short = len(stems(_HEDGED.sub("", clause))) < _ENOUGH
            if _HEDGED.search(clause) and (before or not short):
                yield before if short else clause
            before = clause


def out_of_bounds(claim: str, said: str) -> bool:
    """ "More than", "at least" or "under" before a number that was said without it."""
    return any(
        _bounded(claim, bound) and not _agree(_bounded(claim, bound), _bounded(said, bound))
        for bound in _BOUNDS
    )


def _bounded(text: str, bound: re.Pattern[str]) -> list[str]:
    after = (text[match.end() : match.end() + _AFTER_A_BOUND] for match in bound.finditer(text))
    return [part for part in after if quantities(part) and _begins_with_number(part)]


def _begins_with_number(part: str) -> bool:
    first = " ".join(part.split()[:3])
    return bool(quantities(first))


def _agree(claimed: Sequence[str], said: Sequence[str]) -> bool:
    there = [quantities(part)[0] for part in said]
    return all(any(quantities(part)[0].agrees(one) for one in there) for part in claimed)
