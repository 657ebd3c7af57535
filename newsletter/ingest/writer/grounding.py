"""Whether a claim stands in the segments it names. The rules are made for English.

They compare words, not meanings: what is said of two things in the wrong pairing, or denied in
other words, passes. docs/decisions/0027-grounded-or-out.md has the figures.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from newsletter.domain.episode import Episode, Segment
from newsletter.domain.model import normalise
from newsletter.ingest.writer import negation, opposites, pairing, strength
from newsletter.ingest.writer.negation import negation_differs
from newsletter.ingest.writer.numbers import quantities, unsupported
from newsletter.ranking.similarity.background import SHARES
from newsletter.ranking.similarity.terms import words

COVERAGE = 0.65
RESTATES = 0.6
CLAUSE_COVERAGE = 0.3
_FREQUENT = 0.04
_CLAUSE_WORDS = 3

_SENTENCES = re.compile(r"(?<=[.!?])[\"'”’)]*\s+")
_CLAUSES = re.compile(
    r"[;:—–]|,|\b(?:because|due to|since|so that|thanks to|as a result|therefore|which is why"
    r"|caused by|leads? to|while|whereas|but|and)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:[^\W_]+[.&])*[^\W_]+(?:['’][^\W_]+)?")
_CAUSAL = re.compile(
    r"\b(?:because|due to|thanks to|as a result|therefore|which is why|caused? by|causes?"
    r"|leads? to|led to|stems? from|results? (?:in|from)|driven by)\b"
)
_CAUSE = re.compile(
    r"\b(?:because|cause[sd]?|cos|cuz|since|so|why|due|thanks|results?|resulted|therefore|hence"
    r"|leads?|led|leading|reasons?|means?|makes?|made|making|drives?|drove|driven|comes? from"
    r"|stems?|gives?|forces?|forced|lets?|turns? out|explains?|then|that's how|by|if|when|for)\b"
)


@dataclass(frozen=True)
class Support:
    """What may stand behind a claim: its segments, who says them, and what the episode is."""

    segments: Sequence[Segment]
    episode: Episode

    @cached_property
    def said(self) -> str:
        return normalise("\n".join(segment.text for segment in self.segments))

    @cached_property
    def known(self) -> set[str]:
        """Stems of what was said and of what the episode is."""
        return {stem for stem, _ in words(self.said)} | {stem for stem, _ in words(self._about)}

    @cached_property
    def words(self) -> list[negation.Word]:
        return negation.read("\n".join(segment.text for segment in self.segments))

    @cached_property
    def names(self) -> set[str]:
        return set(_plain_names(f"{self.said} {self._about}"))

    @property
    def _about(self) -> str:
        """Of the speakers only those of the segments, where they are known."""
        speakers = {segment.speaker for segment in self.segments} - {""}
        named = speakers or set(self.episode.speakers)
        return " ".join((self.episode.title, self.episode.podcast, *sorted(named)))


def fault(claim: str, support: Support) -> str:
    """The rule that the claim breaks, in a word; empty where it is grounded."""
    return next((name for name, breaks in RULES.items() if breaks(claim, support)), "")


def coverage(text: str, support: Support) -> float:
    """The share of its content words that the support has, by their stems."""
    stems = [stem for stem, _ in words(text) if _is_content(stem)]
    return sum(stem in support.known for stem in stems) / len(stems) if stems else 0.0


def clause_coverages(claim: str, support: Support) -> Iterator[float]:
    """Of each part of the claim that says something of its own."""
    for sentence in _SENTENCES.split(claim):
        for clause in (sentence, *_CLAUSES.split(sentence)):
            if len({stem for stem, _ in words(clause) if _is_content(stem)}) >= _CLAUSE_WORDS:
                yield coverage(clause, support)


def _is_content(stem: str) -> bool:
    return SHARES.get(stem, 0.0) < _FREQUENT and len(stem) > 1


def restates(text: str, known: str) -> bool:
    """Most of the words of either are those of the other."""
    mine, theirs = (
        {stem for stem, _ in words(each) if _is_content(stem)} for each in (text, known)
    )
    return len(mine & theirs) >= RESTATES * len(mine | theirs)


def _wrong_number(claim: str, support: Support) -> bool:
    return bool(unsupported(claim, quantities(f"{support.said}\n{support.episode.title}")))


def _strange_name(claim: str, support: Support) -> bool:
    return not all(_is_known(name, support.names) for name in _names(claim, support))


def _names(claim: str, support: Support) -> Iterator[str]:
    """Words with a capital that the beginning of a sentence does not explain."""
    for sentence in _SENTENCES.split(claim):
        matches = list(_NAME.finditer(sentence))
        for place, match in enumerate(matches):
            word = match[0]
            if place == 0 or sentence[: match.start()].rstrip().endswith((":", "“", '"')):
                follower = matches[place + 1][0] if place + 1 < len(matches) else ""
                if not _begins_as_name(word, follower, support):
                    continue
            if any(map(str.isupper, word)) and word not in ("I", "A"):
                yield from _plain_names(word)


def _begins_as_name(word: str, follower: str, support: Support) -> bool:
    """Without a dictionary: what looks like no common word, and was not said."""
    if any(map(str.isupper, word[1:])):
        return True
    if word.lower() in _BEGINNERS:
        return False
    stems = [stem for stem, _ in words(word)]
    if all(stem in SHARES or stem in support.known for stem in stems):
        return False
    common = word.endswith(_COMMON_ENDINGS) and not word.endswith(_NAME_ENDINGS)
    return follower[:1].isupper() or not common


_COMMON_ENDINGS = ("s", "ing", "ly", "ed", "tion", "ness", "ment", "ity", "ance", "ence")
_NAME_ENDINGS = ("us", "as", "is", "os", "ings")
_BEGINNERS = frozenset(
    "from below behind beneath beside towards through throughout against along amid unlike like"
    " next although though despite during once until unless whether within without among across"
    " after before between beyond even instead rather yet thus hence both each every either neither"
    " few several most many much some such here there then these those only often once when"
    " whenever where while why how what who which that it its their his her he she they one two"
    " people around under over since nearly almost about another despite contrary according"
    " today".split()
)


def _plain_names(text: str) -> Iterator[str]:
    for match in _NAME.finditer(normalise(text)):
        name = match[0].replace(".", "").replace("’", "'")
        yield name.removesuffix("'s")


def _is_known(name: str, names: set[str]) -> bool:
    """As it is, in the plural, or with another ending of a longer name (German, Germany)."""
    if name in names or name.removesuffix("s") in names or f"{name}s" in names:
        return True
    return len(name) > 4 and any(
        len(known) > 4 and (known.startswith(name) or name.startswith(known)) for known in names
    )


def _misquoted(claim: str, support: Support) -> bool:
    """What stands in quotation marks was not said so."""
    spoken = " ".join(re.findall(r"\w+", support.said))
    quotes = re.findall(r'"([^"]*)"', normalise(claim))
    return any(" ".join(re.findall(r"\w+", quote)) not in spoken for quote in quotes)


def _negated(claim: str, support: Support) -> bool:
    return negation_differs(negation.read(claim), support.words)


def _invented_cause(claim: str, support: Support) -> bool:
    return bool(_CAUSAL.search(normalise(claim))) and not _CAUSE.search(support.said)


def _of_words(rule: Callable[[str, str], bool]) -> Callable[[str, Support], bool]:
    return lambda claim, support: rule(normalise(claim), support.said)


def _unlike(claim: str, support: Support) -> bool:
    return coverage(claim, support) < COVERAGE


def _unlike_in_part(claim: str, support: Support) -> bool:
    return min(clause_coverages(claim, support), default=1.0) < CLAUSE_COVERAGE


RULES: Mapping[str, Callable[[str, Support], bool]] = {
    "number": _wrong_number,
    "name": _strange_name,
    "quotation": _misquoted,
    "opposite": _of_words(opposites.opposed),
    "negation": _negated,
    "cause": _invented_cause,
    "overstated": _of_words(strength.overstated),
    "hedge": _of_words(strength.unhedged),
    "bound": _of_words(strength.out_of_bounds),
    "turned round": _of_words(pairing.turned_round),
    "swapped": _of_words(pairing.swapped),
    "similarity": _unlike,
    "part": _unlike_in_part,
}
"""Each is true of a claim that breaks it."""
