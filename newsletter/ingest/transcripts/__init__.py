"""Transcripts as segments: one sentence of one speaker each, with its seconds.

WebVTT, SubRip, JSON (the podcast namespace's and Whisper's), HTML and text. What a transcript is
shows in its own first lines: feeds often name another type. Advertisements, intros, music and
sound cues are left out.
"""

import re
from collections.abc import Callable, Iterable

from newsletter.domain.episode import Segment
from newsletter.domain.errors import BriefRejected
from newsletter.ingest.transcripts import cues, json, page, plain
from newsletter.ingest.transcripts.breaks import without_breaks
from newsletter.ingest.transcripts.turns import Turn, segments

_JSON = re.compile(r"\s*(?:\{|\[\s*[{\]])")
_HTML = re.compile(r"\s*<(?:!doctype|!--|[a-z][a-z0-9]*[\s/>])", re.IGNORECASE)
_OTHER_TYPES = re.compile(r"vtt|srt|subrip|json", re.IGNORECASE)
_SNIFFED = 20_000  # characters in which the first time of a caption stands


def parse_transcript(data: bytes, media_type: str = "", name: str = "") -> tuple[Segment, ...]:
    """In order of time. All times are 0 where the transcript has none.

    Raises BriefRejected, with the line where there is one.
    """
    text = _decode(data)
    read = _reader(text, f"{media_type} {name}")
    spoken = without_breaks(segments(read(text)))
    if not spoken:
        raise BriefRejected("no speech in the transcript")
    return spoken


def _reader(text: str, named: str) -> Callable[[str], Iterable[Turn]]:
    if text.startswith("WEBVTT") or cues.has_times(text[:_SNIFFED]):
        return cues.read
    if _JSON.match(text):
        return json.read
    if _HTML.match(text):
        if _OTHER_TYPES.search(named):
            raise BriefRejected("a web page stands where the transcript should be", 1)
        return page.read
    if "json" in named.lower():
        return json.read
    return plain.read


def _decode(data: bytes) -> str:
    """Unicode text whose lines end in a newline alone."""
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BriefRejected(f"the transcript is not {error.encoding.upper()}", line) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BriefRejected("binary: a NUL character is no text", line)
    return text.replace("\r\n", "\n").replace("\r", "\n")
