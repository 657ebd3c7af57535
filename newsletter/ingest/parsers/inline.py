"""Markdown's inline marks made plain text, and the time stamps that stand beside an insight."""

import html
import re

from newsletter.ingest.parsers.paragraphs import MAX_INSIGHT, clean

_SPECIAL = r"*_~[]()<>!&`\|"
_GUARDED = "\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f\x10\x11\x12\x13\x14"[: len(_SPECIAL)]
_GUARD = str.maketrans(_SPECIAL, _GUARDED)
_RELEASE = str.maketrans(_GUARDED, _SPECIAL)

_LITERAL = re.compile(r"\\([!-/:-@\[-`{-~])|(?<!`)(`+)(?!`)(.+?)(?<!`)\2(?!`)")
_TARGET = r"(?:\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+(?:\"[^\"]*\"|'[^']*'))?\)|\[[^\[\]]*\])"
_IMAGE = re.compile(r"!\[[^\[\]]*\]" + _TARGET)
_LINK = re.compile(r"\[([^\[\]]*)\]" + _TARGET)
_AUTOLINK = re.compile(r"<(https?://[^\s<>]+|[\w.+-]+@[\w.-]+)>")
_ENTITY = re.compile(r"&#?\w{1,32};")
_MARK = re.compile(r"(\*{1,3}|(?<![\w_])_{1,3}(?=\S)|(?<=\S)_{1,3}(?![\w_])|~~)")

_TIME = r"(?:(?:([0-9]{1,2}):([0-5]?[0-9])|([0-9]{1,3})):([0-5][0-9]))"
_STAMP = re.compile(rf"^[\[(]{_TIME}[\])][\s:–—-]*(?=\S)|(?<=\S)\s*[\[(]{_TIME}[\])](?=[.!?]?$)")


def plain(text: str) -> str:
    """Clean text without marks: code and escapes as written, links by their words, no images."""
    if len(text) > 3 * MAX_INSIGHT:
        return text
    bare = _IMAGE.sub("", _LITERAL.sub(_guarded, text))
    bare = _AUTOLINK.sub(r"\1", _LINK.sub(_words, bare))
    bare = _ENTITY.sub(lambda entity: html.unescape(entity[0]), _unmarked(bare))
    return clean(bare.translate(_RELEASE))


def _guarded(literal: re.Match[str]) -> str:
    return (literal[1] or literal[3].strip()).translate(_GUARD)


def _words(link: re.Match[str]) -> str:
    """A link's words; around a time stamp the brackets stay, so that it is still known as one."""
    return f"[{link[1]}]" if re.fullmatch(_TIME, link[1]) else link[1]


def _unmarked(text: str) -> str:
    """Without the marks of bold, emphasis and deletion that come in pairs."""
    pieces = _MARK.split(text)
    openers: dict[str, int] = {}
    for at in range(1, len(pieces), 2):
        mark, before, after = pieces[at], pieces[at - 1][-1:], pieces[at + 1][:1]
        if mark in openers and not before.isspace():
            begin = openers[mark]
            pieces[at] = pieces[begin] = ""
            openers = {other: where for other, where in openers.items() if where < begin}
        elif not after.isspace() and not before.isdigit():
            openers[mark] = at
    return "".join(pieces)


def stamped(text: str) -> tuple[str, int | None]:
    """The text without a time stamp at its start or end, like [12:34]; the seconds it tells."""
    stamp = _STAMP.search(text)
    if not stamp:
        return text, None
    hours, minutes, alone, seconds = stamp.groups()[:4] if stamp[4] else stamp.groups()[4:]
    total = int(hours or 0) * 3600 + int(minutes or alone) * 60 + int(seconds)
    return (text[: stamp.start()] + text[stamp.end() :]).strip(), total
