"""CommonMark as block tokens and as plain text, and the time stamps beside an insight."""

import re
from collections import ChainMap
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from newsletter.ingest.parsers.paragraphs import MAX_INSIGHT, clean

DEEPEST = 40  # lists and quotes within each other
_MAX_LETTERS = 3 * MAX_INSIGHT
_MAX_BRACKETS = 400  # unclosed links cost markdown-it-py the square of their number
References = dict[str, Any]

_TIME = r"(?:(?:([0-9]{1,2}):([0-5]?[0-9])|([0-9]{1,3})):([0-5][0-9]))"
_STAMP = re.compile(rf"^[\[(]{_TIME}[\])][\s:–—-]*(?=\S)|(?<=\S)\s*[\[(]{_TIME}[\])](?=[.!?]?$)")
_LABEL = re.compile(r"\]\[([^\[\]]+)\]")


class _CommonMark(MarkdownIt):
    """Accepts links to any address, since only their text is kept."""

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802
        return True

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return link


_NOWHERE = {"href": "", "title": ""}
_TEXTS = {"image": "", "softbreak": " ", "hardbreak": " "}
_OPTIONS = {"html": False, "inline_definitions": True, "maxNesting": DEEPEST + 2}
_reader = _CommonMark("commonmark", _OPTIONS).enable("strikethrough")
_reader.disable(["code", "html_block", "html_inline"])
_reader.core.ruler.disable(["inline", "text_join"])


def blocks(source: str) -> tuple[list[Token], References]:
    """The block tokens, with their text as it was written, and the definitions for its links.

    Text that is nested deeper than DEEPEST is in a token of a higher level, or missing.
    """
    env: dict[str, Any] = {"references": {}}
    return _reader.parse(source, env), env["references"]


def plain(text: str, references: References) -> str:
    """Clean text without marks: code as it is written, the text of links, no images.

    Text that is too long for an insight, or has too many brackets, keeps its marks.
    """
    if len(text) > _MAX_LETTERS or text.count("[") > _MAX_BRACKETS:
        return clean(text)
    undefined = dict.fromkeys(map(normalizeReference, _LABEL.findall(text)), _NOWHERE)
    tokens: list[Token] = []
    _reader.inline.parse(text, _reader, {"references": ChainMap(references, undefined)}, tokens)
    return clean(_words(tokens))


def _words(tokens: Sequence[Token]) -> str:
    """The text of inline tokens. A link around a time stamp keeps its brackets for ``stamped``."""
    pieces: list[str] = []
    opened: list[int] = []
    for token in tokens:
        if token.nesting > 0:
            opened.append(len(pieces))
            pieces.append(token.markup if _multiplies(token, pieces) else "")
        elif token.nesting < 0:
            begin = opened.pop()
            pieces.append(pieces[begin])
            if token.type == "link_close" and re.fullmatch(_TIME, "".join(pieces[begin:])):
                pieces[begin], pieces[-1] = "[", "]"
        else:
            pieces.append(_TEXTS.get(token.type, token.content))
    return "".join(pieces)


def _multiplies(token: Token, pieces: Sequence[str]) -> bool:
    """In 2*3*4 the asterisks multiply; they are no emphasis."""
    before = next(filter(None, reversed(pieces)), "")
    return token.markup.startswith("*") and before[-1:].isdigit()


def stamped(text: str) -> tuple[str, int | None]:
    """The text without a time stamp such as [12:34] at its start or end, and its seconds."""
    stamp = _STAMP.search(text)
    if not stamp:
        return text, None
    hours, minutes, alone, seconds = stamp.groups()[:4] if stamp[4] else stamp.groups()[4:]
    total = int(hours or 0) * 3600 + int(minutes or alone) * 60 + int(seconds)
    return (text[: stamp.start()] + text[stamp.end() :]).strip(), total
