"""Short verbatim quotes from a transcript, for an episode that nobody wrote takeaways for.

A quote is one whole sentence or two that follow one another, unchanged but for an "And" or "But"
in front, with which people begin to speak. It must be understood by somebody who heard nothing
else: so the rules of ``quote_rules`` leave out far more than they let pass. What passes must have
the form of a claim (``quote_forms``) and is ranked by ``quote_merit``. None is better than a bad
one.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice, takewhile

from newsletter.domain.episode import Episode, Segment
from newsletter.domain.model import Mention
from newsletter.ingest.quote_context import is_somebody_elses
from newsletter.ingest.quote_merit import LEAST, merit
from newsletter.ingest.quote_rules import (
    is_english,
    opens_alone,
    stands_alone,
    without_marker,
    words,
)
from newsletter.ranking.similarity.terms import terms

_LONG_TURN = 60  # words: who speaks so long explains something
_ASKING = 0.15  # of a host's sentences are questions
_MOST_SENTENCES = 2
_ALIKE = 0.5  # of the words of two quotes are the same
_APART = 3  # sentences between two quotes
_SAMPLE = 400  # sentences
_ENDS = (".", "!", "?", "…", '."', ".”")
_ENDED = 0.2  # of the segments end as sentences do


@dataclass(frozen=True, slots=True)
class _Candidate:
    """``place`` is the number of its first sentence in the transcript."""

    place: int
    segment: Segment
    text: str
    merit: float


def quotes(segments: Sequence[Segment], episode: Episode, most: int = 3) -> tuple[Mention, ...]:
    """At most ``most``, in order of time. The same transcript gives the same quotes."""
    if not _is_english(segments):
        return ()
    candidates = list(_candidates(segments, _names(segments, episode)))
    if not candidates:
        return ()
    timed = any(segment.end for segment in segments)
    chosen = sorted(_chosen(candidates, most), key=lambda quote: quote.place)
    return tuple(_mention(quote, timed=timed) for quote in chosen)


def why_none(segments: Sequence[Segment]) -> str:
    """In a few words, what kept a transcript from being quoted."""
    sample = segments[:_SAMPLE]
    if not _is_english(segments):
        return "a transcript that is not in English is not quoted"
    if sum(segment.text.endswith(_ENDS) for segment in sample) < _ENDED * len(sample):
        return "a transcript without punctuation has no sentences to quote"
    return "no quote that stands alone"


def _is_english(segments: Sequence[Segment]) -> bool:
    return is_english(" ".join(segment.text for segment in segments[:_SAMPLE]))


def _mention(quote: _Candidate, *, timed: bool) -> Mention:
    at = int(quote.segment.start) if timed else None
    return Mention(quote.text, "lead", quote.segment.speaker, at, origin="quote")


def _names(segments: Sequence[Segment], episode: Episode) -> frozenset[str]:
    """The first names of who speaks: whoever says one speaks to somebody."""
    speakers = {segment.speaker for segment in segments} | set(episode.speakers)
    return frozenset(name.split()[0].lower() for name in speakers if len(name.split()) > 1)


def _candidates(segments: Sequence[Segment], names: frozenset[str]) -> Iterator[_Candidate]:
    """What may be quoted, from the long turns of those who are no hosts."""
    hosts = _hosts(segments)
    place = 0
    for speaker, spoken in groupby(segments, key=lambda segment: segment.speaker):
        turn = list(spoken)
        explains = sum(len(segment.text.split()) for segment in turn) >= _LONG_TURN
        if explains and speaker not in hosts:
            yield from _of_turn(turn, place, names)
        place += len(turn)


def _of_turn(turn: Sequence[Segment], place: int, names: frozenset[str]) -> Iterator[_Candidate]:
    for number, segment in enumerate(turn):
        opening = without_marker(segment.text)
        if not opens_alone(opening):
            continue
        following = takewhile(
            lambda each: not each.after_gap, turn[number + 1 : number + 1 + _MOST_SENTENCES]
        )
        rest = [each.text for each in islice(following, _MOST_SENTENCES)]
        before = turn[number - 1].text if number and not segment.after_gap else ""
        for count in range(min(len(rest), _MOST_SENTENCES - 1) + 1):
            sentences = [opening, *rest[:count]]
            text = " ".join(sentences)
            if is_somebody_elses(before, rest[: count + 1]):
                break
            if stands_alone(sentences) and names.isdisjoint(words(text)):
                yield _Candidate(place + number, segment, text, merit(sentences))


def _hosts(segments: Sequence[Segment]) -> frozenset[str]:
    """Who asks much, where somebody else speaks who does not."""
    turns = Counter(segment.speaker for segment in segments)
    asked = Counter(segment.speaker for segment in segments if segment.text.endswith("?"))
    asking = frozenset(name for name in turns if asked[name] > _ASKING * turns[name])
    return asking if len(asking) < len(turns) else frozenset()


def _chosen(candidates: Sequence[_Candidate], most: int) -> list[_Candidate]:
    """The best, no two of them close together, no two that say the same."""
    chosen: list[_Candidate] = []
    ranked = sorted(candidates, key=lambda quote: (-quote.merit, quote.place))
    for quote in ranked:
        if len(chosen) == most or quote.merit < LEAST:
            break
        if all(_differ(quote, other) for other in chosen):
            chosen.append(quote)
    return chosen


def _differ(quote: _Candidate, other: _Candidate) -> bool:
    said, heard = set(terms(quote.text)), set(terms(other.text))
    alike = len(said & heard) / len(said | heard)
    return abs(quote.place - other.place) >= _APART and alike < _ALIKE
