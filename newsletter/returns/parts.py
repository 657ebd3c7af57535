"""A message (RFC 5322, MIME) as a tree of parts: bounded, and read from any bytes at all."""

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import Compat32
from functools import cached_property
from typing import Any

from newsletter.returns.charsets import decoded, header_text
from newsletter.returns.html import without_tags

MOST_BYTES = 256 * 1024
"""Of a message, so much is read: reports stand first, the returned message after them."""
_MOST_BYTES_OF_A_TEXT = 64 * 1024
_MOST_HEADERS = 300
_LONGEST_HEADER = 8 * 1024
_LONGEST_OF_CONTENT = 1024
"""Of Content-Type and its kin, whose parameters the standard library reads in quadratic time."""
_MOST_PARTS = 60
_DEEPEST = 12
# The standard library's parser looks at every open boundary for every line.
_MOST_NESTING = 24
_NESTING = re.compile(rb"(?i)boundary\s*=|boundary\*|:\s*message/")

FIELDS = ("message/delivery-status", "message/global-delivery-status", "message/feedback-report")
"""Types of parts that hold blocks of fields: their text is these, blocks apart."""
RETURNED = ("message/rfc822", "message/global", "message/partial")
"""Types of parts that hold a whole message."""
RETURNED_HEADERS = ("text/rfc822-headers", "message/global-headers", "text/rfc822-header")


@dataclass(frozen=True)
class Part:
    """``type`` is "text/plain" or another content type, ``octets`` what a leaf holds, its transfer
    encoding undone, cut off. ``kind_of_report`` is the parameter ``report-type``.
    """

    type: str
    raw_headers: dict[str, list[str]] = field(default_factory=dict)
    octets: bytes = b""
    charset: str = ""
    kind_of_report: str = ""
    children: tuple["Part", ...] = ()

    def all(self, name: str) -> list[str]:
        """The values of a header as text, in their order; ``name`` is in lower case."""
        return [header_text(value).strip() for value in self.raw_headers.get(name, ())]

    def header(self, name: str) -> str:
        """The first of its values; empty without one."""
        values = self.raw_headers.get(name)
        return header_text(values[0]).strip() if values else ""

    @cached_property
    def text(self) -> str:
        """What a leaf says, in plain text, with LF line ends."""
        text = decoded(self.octets, self.charset).replace("\r\n", "\n")
        return without_tags(text) if self.type == "text/html" else text

    def walk(self) -> Iterator["Part"]:
        """Itself and all within it, in the order of the message."""
        yield self
        for child in self.children:
            yield from child.walk()

    def report(self) -> Iterator["Part"]:
        """As ``walk``, but nothing of a message that is returned within it."""
        yield self
        if self.type not in RETURNED:
            for child in self.children:
                yield from child.report()


def read(raw: bytes) -> Part:
    """Never raises. What is nested too often to be a report is read as one text."""
    head = raw[:MOST_BYTES].lstrip().replace(b"\0", b" ")
    try:
        message = parsed(head)
        return _Reader().part(message, 0) if message else _as_text(head)
    except Exception:  # the parser has a defect for this: mail is never a reason to stop
        return _as_text(head)


def parsed(raw: bytes) -> Message | None:
    """As the standard library reads it; None for what is nested too often, which would take it
    long. It may raise whatever the parser has no answer for."""
    if len(_NESTING.findall(raw)) > _MOST_NESTING:
        return None
    return message_from_bytes(raw, policy=_BOUNDED)


def returned(message: Part) -> list[Part]:
    """The messages returned within it: whole ones, then those of which only headers are there."""
    parts = list(message.walk())
    whole = [part.children[0] for part in parts if part.type in RETURNED and part.children]
    return whole + [fields_of(part.text) for part in parts if part.type in RETURNED_HEADERS]


def fields_of(text: str) -> Part:
    """Header fields in a text, as a part without content."""
    octets = text.lstrip().encode("utf-8", "replace")[:_MOST_BYTES_OF_A_TEXT]
    return Part("text/plain", _headers(_HEAD_PARSER.parsebytes(octets)))


class _Bounded(Compat32):
    """Cuts long headers off before anything is made of them."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        if len(value) > _LONGEST_OF_CONTENT:
            content = name.lower().startswith("content-")
            value = value[: _LONGEST_OF_CONTENT if content else _LONGEST_HEADER]
        return name, value


_BOUNDED = _Bounded()
_HEAD_PARSER = BytesHeaderParser(policy=_BOUNDED)


class _Reader:
    def __init__(self) -> None:
        self.left = _MOST_PARTS

    def part(self, message: Any, depth: int) -> Part:
        self.left -= 1
        kind = message.get_content_type()
        payload = message.get_payload()
        if kind in FIELDS:
            return Part(kind, _headers(message), _fields(message))
        if not isinstance(payload, list):
            return _leaf(kind, message)
        children = tuple(self._children(payload, depth))
        return Part(kind, _headers(message), kind_of_report=_report(message), children=children)

    def _children(self, payload: list[Any], depth: int) -> Iterator[Part]:
        for child in payload:
            if self.left > 0 and depth < _DEEPEST:
                yield self.part(child, depth + 1)


def _leaf(kind: str, message: Any) -> Part:
    if not kind.startswith(("text/", "message/")):
        return Part(kind, _headers(message), kind_of_report=_report(message))
    octets = message.get_payload(decode=True) or b""
    charset = message.get_content_charset() or ""
    return Part(kind, _headers(message), octets[:_MOST_BYTES_OF_A_TEXT], charset)


def _report(message: Any) -> str:
    return str(message.get_param("report-type", "")).casefold()


def _headers(message: Any) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for number, (name, value) in enumerate(message.raw_items()):
        if number == _MOST_HEADERS:
            break
        headers.setdefault(name.lower(), []).append(str(value))
    return headers


def _fields(message: Any) -> bytes:
    """The parser makes a message of each block of fields, or one of all of them."""
    blocks = message.get_payload()
    if not isinstance(blocks, list):
        return (message.get_payload(decode=True) or b"")[:_MOST_BYTES_OF_A_TEXT]
    text = b"\n\n".join(_block(block) for block in blocks[:_MOST_PARTS])
    if str(message.get("content-transfer-encoding", "")).strip().casefold() == "base64":
        text = b64decode(b"".join(text.split()))
    return text[:_MOST_BYTES_OF_A_TEXT]


def _block(message: Any) -> bytes:
    lines = (f"{name}: {value}\n" for name, value in message.raw_items())
    head = "".join(lines).encode("utf-8", "surrogateescape")
    if message.is_multipart():
        return head
    return head + b"\n" + (message.get_payload(decode=True) or b"")


def _as_text(head: bytes) -> Part:
    """Headers up to the first empty line, and one text."""
    top, _, body = head.replace(b"\r\n", b"\n").partition(b"\n\n")
    headers = _headers(_HEAD_PARSER.parsebytes(top[:_MOST_BYTES_OF_A_TEXT]))
    return Part("text/plain", headers, body[:_MOST_BYTES_OF_A_TEXT])
