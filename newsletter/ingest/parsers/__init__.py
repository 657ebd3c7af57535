"""Parsers of brief files: a module for each format, and its line in PARSERS."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import PurePath

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief
from newsletter.ingest.parsers.paragraphs import Page, Paragraph, judge, sift

PARSERS: Mapping[str, str] = {
    ".txt": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".json": "json",
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
    ".csv": "csv",
    ".html": "html",
    ".htm": "html",
}
"""The module with ``read(text) -> Page`` for each suffix; loaded when the first such file comes."""
SUFFIXES = tuple(PARSERS)

_TOO_DEEP = "nested too deeply to be a brief"
_OTHER_ENCODINGS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"), (b"\0\0\xfe\xff", "UTF-32"))


def parse(name: str, data: bytes, phrases: Sequence[str] = ()) -> Brief:
    """Read a file by the suffix of its name. Raises BriefRejected with the reason and the line.

    ``phrases`` are the operator's own boilerplate, with ``*`` for any text: a paragraph that
    consists of one of them is no insight.
    """
    page = _page(name, data)
    try:
        mentions, dropped = sift(page.paragraphs, phrases)
    except RecursionError as error:
        raise BriefRejected(_TOO_DEEP) from error
    return replace(page.about, mentions=mentions, dropped=page.about.dropped + dropped)


def explain(
    name: str, data: bytes, phrases: Sequence[str] = ()
) -> tuple[str, Brief, list[Paragraph]]:
    """The dialect, what the page says about itself, and each paragraph with verdict and rule."""
    page = _page(name, data)
    return page.dialect, page.about, list(judge(page.paragraphs, phrases))


def _page(name: str, data: bytes) -> Page:
    suffix = PurePath(name).suffix.lower()
    if suffix not in PARSERS:
        raise BriefRejected(f"no brief file: its name must end in {', '.join(SUFFIXES)}")
    text = _decode(data)
    if not text.strip():
        raise BriefRejected("the file is empty")
    read: Callable[[str], Page] = import_module(f"{__name__}.{PARSERS[suffix]}").read
    try:
        return read(text)
    except RecursionError as error:
        raise BriefRejected(_TOO_DEEP) from error


def _decode(data: bytes) -> str:
    """Unicode text whose lines end in a newline alone."""
    for mark, encoding in _OTHER_ENCODINGS:
        if data.startswith(mark):
            raise BriefRejected(f"the encoding is {encoding}: save the file as UTF-8")
    if b"\0" in data:
        raise BriefRejected("binary: a NUL byte is no text", _line(data, data.index(b"\0")))
    try:
        page = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        reason = f"byte 0x{byte:02X} is not UTF-8: save the file as UTF-8"
        raise BriefRejected(reason, _line(data, error.start)) from error
    return page.replace("\r\n", "\n").replace("\r", "\n")


def _line(data: bytes, position: int) -> int:
    before = data[:position].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1
