"""HTML as the blocks that a reader sees: headings, list items, paragraphs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lxml import etree, html

from newsletter.ingest.parsers.paragraphs import clean

Role = Literal["heading", "item", "paragraph"]

_UNSEEN = ("script", "style", "noscript", "head", "nav", "footer", "form", "button", "svg")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = frozenset(
    """address article aside blockquote body br dd details div dl dt figure header hr html li main
    ol p section summary table tbody td th tr ul""".split()
).union(_HEADINGS)
_MARKUP = re.compile(r"<(?:!doctype|!--|/?[a-z][a-z0-9]*[\s/>])", re.IGNORECASE)
_BOLD = ("b", "strong")


@dataclass(frozen=True, slots=True)
class Block:
    """``bold``: all of it is set in bold, as a heading may be."""

    role: Role
    text: str
    bold: bool = False


def is_html(text: str) -> bool:
    return bool(_MARKUP.search(text))


def blocks(page: str) -> Iterator[Block]:
    """In the order of the page, without those that have no text. Linear in its length."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    data = page.encode("utf-8", "replace")
    try:
        root = html.document_fromstring(data, parser=parser)
    except etree.ParserError:  # nothing in it
        return
    etree.strip_elements(root, *_UNSEEN, with_tail=False)
    page_read = _Page()
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if element.tag in _BLOCKS:
            yield from page_read.border(event, element.tag)
        page_read.text(event, element)
    yield from page_read.block()


class _Page:
    """The text between two borders of blocks is one block, of the innermost tag around it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._letters = self._bold_letters = self._bold_tags = 0
        self._roles: list[Role] = ["paragraph"]

    def text(self, event: str, element: html.HtmlElement) -> None:
        begins = event == "start"
        if element.tag in _BOLD:
            self._bold_tags += 1 if begins else -1
        text = _marked(element.tag, element.text) if begins else element.tail
        letters = len((text or "").strip())
        self._pieces.append(text or "")
        self._letters += letters
        self._bold_letters += letters if self._bold_tags else 0

    def border(self, event: str, tag: str) -> Iterator[Block]:
        yield from self.block()
        if tag != "br" and event == "start":
            self._roles.append(_role(tag) if tag not in {"p", "div"} else self._roles[-1])
        elif tag != "br":
            self._roles.pop()

    def block(self) -> Iterator[Block]:
        if text := clean("".join(self._pieces)):
            yield Block(self._roles[-1], text, self._bold_letters >= self._letters)
        self._pieces.clear()
        self._letters = self._bold_letters = 0


def _role(tag: str) -> Role:
    if tag in _HEADINGS or tag in {"dt", "summary"}:
        return "heading"
    return "item" if tag in {"li", "dd"} else "paragraph"


def _marked(tag: str, text: str | None) -> str | None:
    """A speaker and a time as a text has them: the HTML transcripts of the podcast namespace."""
    if text and tag == "cite":
        return f"{text.strip().removesuffix(':')}: "
    return f"[{text.strip()}] " if text and tag == "time" else text
