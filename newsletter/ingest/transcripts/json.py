"""JSON transcripts: the podcast namespace's segments, and those that Whisper and its kin write."""

import re
from collections.abc import Iterator

import msgspec

from newsletter.domain.errors import BriefRejected
from newsletter.ingest.parsers.paragraphs import MAX_SECONDS
from newsletter.ingest.transcripts.turns import Turn

_BYTE = re.compile(r"\(byte ([0-9]+)\)")


class _Segment(msgspec.Struct, frozen=True):
    """Either spelling of a key; a number may be written as a text."""

    body: str | None = None
    text: str | None = None
    speaker: str | int | None = None
    startTime: float | None = None  # noqa: N815
    start: float | None = None
    endTime: float | None = None  # noqa: N815
    end: float | None = None


class _Transcript(msgspec.Struct, frozen=True):
    segments: tuple[_Segment, ...]


def read(text: str) -> Iterator[Turn]:
    """Raises BriefRejected."""
    for segment in _decoded(text):
        start = segment.startTime if segment.startTime is not None else segment.start
        end = segment.endTime if segment.endTime is not None else segment.end
        speaker = "" if segment.speaker is None else str(segment.speaker).strip()
        yield Turn(segment.body or segment.text or "", _sound(start), _sound(end), speaker)


def _sound(seconds: float | None) -> float | None:
    return seconds if seconds is not None and 0 <= seconds <= MAX_SECONDS else None


def _decoded(text: str) -> tuple[_Segment, ...]:
    try:
        if text.lstrip().startswith("["):
            return msgspec.json.decode(text, type=tuple[_Segment, ...], strict=False)
        return msgspec.json.decode(text, type=_Transcript, strict=False).segments
    except msgspec.DecodeError as error:  # of which a wrong type is one kind
        place = _BYTE.search(str(error))
        before = text.encode()[: int(place[1])] if place else b""
        line = before.count(b"\n") + 1 if place else None
        raise BriefRejected(f"the transcript: {error}", line) from error
    except RecursionError as error:
        raise BriefRejected("nested too deeply to be a transcript") from error
