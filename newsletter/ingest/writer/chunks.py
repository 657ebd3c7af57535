"""A transcript in pieces that fit a model's context."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil

from newsletter.domain.episode import Segment

_LETTERS_A_TOKEN = 3.5
_AROUND = 12  # the number, the brackets and the quotes around a segment
_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*\s*|[.!?…]+\s*")

Chunk = tuple[Segment, ...]


def tokens(text: str) -> int:
    """About how many tokens a model makes of it, rather too many than too few.

    English has about four letters a token; a letter outside ASCII counts as one by itself.
    """
    plain = len(text.encode("ascii", "ignore"))
    return ceil(plain / _LETTERS_A_TOKEN) + len(text) - plain


def chunks(segments: Sequence[Segment], limit: int) -> tuple[Chunk, ...]:
    """In order, each of at most about ``limit`` tokens. Segments without words are left out."""
    finished: list[Chunk] = []
    room: list[Segment] = []
    used = 0
    for segment in segments:
        for piece in _pieces(segment, limit - _AROUND):
            size = tokens(piece.text) + tokens(piece.speaker) + _AROUND
            if room and used + size > limit:
                finished.append(tuple(room))
                room, used = [], 0
            room.append(piece)
            used += size
    return (*finished, tuple(room)) if room else tuple(finished)


def _pieces(segment: Segment, limit: int) -> Iterator[Segment]:
    """A segment that is too long, cut between sentences; each piece begins when it was said."""
    text = " ".join(segment.text.split())
    if tokens(text) <= limit:
        if text:
            yield replace(segment, text=text)
        return
    seconds = max(0.0, segment.end - segment.start) / len(text)
    for at, piece in _cut(text, limit):
        start = segment.start + at * seconds
        yield Segment(start, start + len(piece) * seconds, piece, segment.speaker)


def _cut(text: str, limit: int) -> Iterator[tuple[int, str]]:
    """Runs of sentences of at most ``limit`` tokens, and where each begins."""
    begin = end = used = 0
    for at, piece in _short_sentences(text, limit):
        size = tokens(piece)
        if used and used + size > limit:
            yield begin, text[begin:end].strip()
            begin, used = at, 0
        end, used = at + len(piece), used + size
    yield begin, text[begin:end].strip()


def _short_sentences(text: str, limit: int) -> Iterator[tuple[int, str]]:
    """A sentence that alone is too long is cut by its length: in ``limit`` letters fit as many
    tokens at most."""
    for sentence in _SENTENCE.finditer(text):
        for at in range(sentence.start(), sentence.end(), limit):
            yield at, text[at : min(at + limit, sentence.end())]
