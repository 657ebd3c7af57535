"""Short verbatim quotes from a transcript, for an episode that nobody wrote takeaways for.

A quote is one to three whole sentences of one speaker, unchanged but for white space and an "And" or
"So" in front, with which people begin to speak. It must be understood by somebody who heard nothing else: so the rules of ``quote_rules`` leave out far more
than they let pass, and what passes is ranked. None is better than a bad one.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from newsletter.domain.episode import Episode, Segment
from newsletter.domain.model import Mention
from newsletter.ingest.quote_rules import (
    claims,
    draws_on_the_room,
    is_clean,
    is_english,
    is_general,
    opens_by_itself,
    without_marker,
    words,
)

_MOST_SENTENCES = 3
_WORDS = range(12, 61)
_IDEAL_WORDS = 26
_LONG_TURN = 60  # words: who speaks so long explains something
_ASKING = 0.15  # of a host's sentences are questions
_LOWEST = 0.45
_ALIKE = 0.35  # cosine of two quotes that say the same
_SAMPLE = 400  # sentences


@dataclass(frozen=True, slots=True)
class _Window:
    """Sentences ``place`` and on of the transcript; ``turn`` is the number of the speaker's turn."""

    place: int
    turn: int
    sentences: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """Verbatim, but for an "And" or "So" that the first sentence begins with."""
        return without_marker(" ".join(segment.text for segment in self.sentences))


def quotes(segments: Sequence[Segment], episode: Episode, most: int = 3) -> tuple[Mention, ...]:
    """At most ``most``, in order of time. The same transcript gives the same quotes."""
    if not is_english(" ".join(segment.text for segment in segments[:_SAMPLE])):
        return ()
    windows = list(_windows(segments, _names(segments, episode)))
    if not windows:
        return ()
    chosen = _chosen(windows, segments, most)
    timed = any(segment.end for segment in segments)
    return tuple(_mention(window, timed=timed) for window in sorted(chosen, key=_order))


def _order(window: _Window) -> int:
    return window.place


def _mention(window: _Window, *, timed: bool) -> Mention:
    first = window.sentences[0]
    at = int(first.start) if timed else None
    return Mention(window.text, "lead", first.speaker, at, origin="quote")


def _names(segments: Sequence[Segment], episode: Episode) -> frozenset[str]:
    """The first names of who speaks: whoever says one speaks to somebody."""
    speakers = {segment.speaker for segment in segments} | set(episode.speakers)
    return frozenset(name.split()[0].lower() for name in speakers if len(name.split()) > 1)


def _windows(segments: Sequence[Segment], names: frozenset[str]) -> Iterator[_Window]:
    hosts = _hosts(segments)
    place = 0
    for number, (speaker, said) in enumerate(groupby(segments, key=lambda one: one.speaker)):
        turn = list(said)
        length = sum(len(segment.text.split()) for segment in turn)
        if speaker not in hosts and length >= _LONG_TURN:
            fit = [is_clean(one.text) and names.isdisjoint(words(one.text)) for one in turn]
            yield from _within(turn, fit, place, number)
        place += len(turn)


def _hosts(segments: Sequence[Segment]) -> frozenset[str]:
    """Who asks much, where somebody else speaks who does not."""
    said = Counter(segment.speaker for segment in segments)
    asked = Counter(segment.speaker for segment in segments if segment.text.endswith("?"))
    asking = frozenset(name for name in said if asked[name] > _ASKING * said[name])
    return asking if len(asking) < len(said) else frozenset()


def _within(turn: list[Segment], fit: list[bool], place: int, number: int) -> Iterator[_Window]:
    most = _MOST_SENTENCES if turn[0].speaker else 1  # whose words follow is not known
    for begin, first in enumerate(turn):
        if not (fit[begin] and opens_by_itself(without_marker(first.text))):
            continue
        for size in range(1, most + 1):
            if not all(fit[begin : begin + size]) or begin + size > len(turn):
                break
            window = _Window(place + begin, number, tuple(turn[begin : begin + size]))
            if len(window.text.split()) in _WORDS:
                yield window


def _chosen(windows: list[_Window], segments: Sequence[Segment], most: int) -> list[_Window]:
    """The best, no two of one turn, no two that say the same."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    try:
        weights = vectorizer.fit_transform(segment.text for segment in segments)
    except ValueError:  # nothing but stop words
        return []
    centre = np.asarray(weights.mean(axis=0)).ravel()
    vectors = vectorizer.transform(window.text for window in windows)
    central = vectors @ (centre / (np.linalg.norm(centre) or 1.0))
    scores = [_score(window, float(near)) for window, near in zip(windows, central, strict=True)]
    chosen: list[int] = []
    for index in sorted(range(len(windows)), key=lambda one: (-scores[one], one)):
        if len(chosen) == most or scores[index] < _LOWEST:
            break
        apart = all(windows[index].turn != windows[other].turn for other in chosen)
        if apart and all((vectors[index] @ vectors[other].T).sum() < _ALIKE for other in chosen):
            chosen.append(index)
    return [windows[index] for index in chosen]


def _score(window: _Window, central: float) -> float:
    """What is claimed, less what only the talk knows, and every sentence must pull its weight."""
    length = len(window.text.split())
    uneven = abs(length - _IDEAL_WORDS) / _IDEAL_WORDS
    claimed = [claims(segment.text) for segment in window.sentences]
    general = 0.15 * is_general(window.text)
    weight = min(claimed[0], sum(claimed) / len(claimed) + 0.1)
    more = 0.05 * (len(claimed) - 1)
    room = draws_on_the_room(window.text)
    return weight + general + 0.5 * central - 0.2 * uneven - room - more
