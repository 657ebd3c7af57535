"""Parsers of brief files: a module for each format, and its line in PARSERS."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief
from newsletter.ingest.parsers import json, markdown, text

Parser = Callable[[str, Sequence[str]], Brief]

PARSERS: Mapping[str, Parser] = {
    ".txt": text.parse,
    ".md": markdown.parse,
    ".markdown": markdown.parse,
    ".json": json.parse,
}
SUFFIXES = tuple(PARSERS)

_OTHER_ENCODINGS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"), (b"\0\0\xfe\xff", "UTF-32"))


def parse(name: str, data: bytes, phrases: Sequence[str] = ()) -> Brief:
    """Read a file by the suffix of its name. Raises BriefRejected with the reason and the line.

    ``phrases`` are the operator's own boilerplate, with ``*`` for any text: a paragraph that
    consists of one of them is no insight.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in PARSERS:
        raise BriefRejected(f"no brief file: its name must end in {', '.join(SUFFIXES)}")
    page = _decode(data)
    if not page.strip():
        raise BriefRejected("the file is empty")
    try:
        return PARSERS[suffix](page, phrases)
    except RecursionError as error:
        raise BriefRejected("nested too deeply to be a brief") from error


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
