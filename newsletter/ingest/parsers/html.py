"""Saved HTML pages: the main text, read as notes are; metadata from the head and JSON-LD."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import lxml.html
from lxml import etree

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief
from newsletter.ingest.parsers.blocks import BOLD_LEVEL, Block
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.dialects import gather
from newsletter.ingest.parsers.episodes import episodes
from newsletter.ingest.parsers.html_beside import UNSEEN, beside, is_signature, is_task
from newsletter.ingest.parsers.html_head import SAVED, head_facts, title_facts
from newsletter.ingest.parsers.html_tables import rows as rows_of
from newsletter.ingest.parsers.inline import Inline, shown_link, stamped_inline
from newsletter.ingest.parsers.lines import known_field, line_rule
from newsletter.ingest.parsers.markdown import pages_of
from newsletter.ingest.parsers.metadata import Facts, completed
from newsletter.ingest.parsers.notes import paragraphs
from newsletter.ingest.parsers.outline import Reading
from newsletter.ingest.parsers.paragraphs import Page, clean
from newsletter.ingest.parsers.tables import untabled
from newsletter.ingest.parsers.vocabulary import names_in

_BLOCKS = names_in(
    """
    p, li, div, section, article, main, blockquote, ul, ol, dl, dt, dd, h1, h2, h3, h4, h5, h6,
    hr, figure, body, address, center, summary, table, caption, thead, tbody, tfoot, tr, th, td"""
)
_DASH = re.compile(r"\s*[-•*]\s")
_BULLET = re.compile(r"\s*(?:[•‣◦▪●*]|[-–—](?=\s)|[0-9]{1,2}[.)](?=\s))\s*")


def read(text: str, known: Facts | None = None) -> list[Page]:
    """``known`` is what stands beside the page. Raises BriefRejected where no text is in it."""
    root = _parsed(text)
    facts = known or Facts()
    if saved := SAVED.search(text[:2_000]):
        facts.add("web", saved[1])
    head_facts(root, facts)
    body = root.find("body")
    whole = body if body is not None else root
    main = _main(whole)
    blocks = untabled(list(_blocks(whole, main)))
    gather(blocks, facts)
    title_facts(root, main, facts)
    if episodes(blocks):
        pages = pages_of(blocks, Brief(()), Facts())
        return [replace(page, dialect="HTML" if page.dialect else "") for page in pages]
    about = completed(Brief(()), facts)
    return [Page(about, paragraphs(blocks, Reading(strict=True)), "HTML")]


def _parsed(text: str) -> Any:
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise BriefRejected("no text in it: the page is empty") from error
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        raise BriefRejected("nested too deeply to be a brief")  # lxml leaves the rest out
    return root


def _main(whole: Any) -> Any:
    """The element that holds the text: the longest article, main, or else the whole."""
    chosen = [*whole.iter("article"), *whole.iter("main"), *whole.xpath("//*[@role='main']")][:50]
    longest = max(chosen, key=lambda element: len(element.text_content()), default=None)
    if longest is None or 4 * len(longest.text_content()) < len(whole.text_content()):
        return whole
    return longest


@dataclass
class _Around:
    """The runs of the block that is being read, and what stands around it."""

    line: int = 1
    tag: str = ""
    inside: bool = False
    depth: int = 0
    quotes: int = 0
    signs: int = 0
    bold: int = 0
    link: str = ""
    first: bool = False
    task: bool = False
    runs: list[tuple[str, str, bool]] = field(default_factory=list)

    def add(self, text: str | None) -> None:
        if text:
            self.runs.append((text, self.link, self.bold > 0))


def _blocks(whole: Any, main: Any) -> Iterator[Block]:
    """One walk through the tree: text is gathered up to the border of the next block."""
    around, total, skipped = _Around(), len(main.text_content()), None
    above = {whole, main, *main.iterancestors()}
    for event, element in etree.iterwalk(whole, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if skipped is not None:
            if event == "end" and element is skipped:
                skipped = None
                around.add(element.tail)
            continue
        around.inside = around.inside or element is main
        around.task = around.task or (event == "start" and is_task(element, tag))
        if (
            event == "start"
            and element not in above
            and not (around.inside and is_signature(element, tag))
            and (rule := _rule(element, tag, around, total))
        ):
            yield from _flushed(around)
            rows = list(rows_of(element)) if tag in {"table", "header"} and around.inside else []
            yield from rows or _left_out(element, tag, rule)
            skipped = element
        elif event == "start":
            yield from _enter(element, tag, around)
        else:
            if is_signature(element, tag):
                yield from _flushed(around)
                around.quotes = around.signs
            yield from _leave(tag, around)
            around.inside = around.inside and element is not main
            around.add(element.tail if element is not whole else "")
    yield from _flushed(around)


def _rule(element: Any, tag: str, around: _Around, total: int) -> str:
    """The rule by which an element is none of the text."""
    return beside(element, tag, total) or ("" if around.inside else "outside the main text")


def _left_out(element: Any, tag: str, rule: str) -> Iterator[Block]:
    text = "" if tag in UNSEEN else clean(element.text_content())
    if text:
        yield Block(element.sourceline or 1, text, first=tag == "table", rule=rule)


def _enter(element: Any, tag: str, around: _Around) -> Iterator[Block]:
    if is_signature(element, tag):
        yield from _flushed(around)
        around.quotes, around.signs = 0, around.quotes
        around.add("— ")
    elif tag in _BLOCKS:
        yield from _flushed(around)
        around.line, around.tag = element.sourceline or around.line, tag
        around.depth += tag in {"ul", "ol"}
        around.quotes += tag == "blockquote"
        around.first = around.first or tag == "li"
    elif tag == "br":
        around.runs.append(("\n", "", False))
    elif tag in {"b", "strong"}:
        around.bold += 1
    elif tag == "a":
        around.link = element.get("href") or ""
    around.add(_joined(element.text))


def _leave(tag: str, around: _Around) -> Iterator[Block]:
    if tag in _BLOCKS:
        yield from _flushed(around)
        around.depth -= tag in {"ul", "ol"}
        around.quotes -= tag == "blockquote"
        around.tag, around.task = "", False
    elif tag in {"b", "strong"}:
        around.bold -= 1
    elif tag == "a":
        around.link = ""


def _joined(text: str | None) -> str:
    """Line breaks in the source are spaces on the page."""
    return text.replace("\n", " ") if text else ""


def _flushed(around: _Around) -> Iterator[Block]:
    """The block that is complete, parted at lines that are no insight by themselves."""
    runs, around.runs = around.runs, []
    if not any(text.strip() for text, _, _ in runs):
        return
    level = int(around.tag[1]) if re.fullmatch(r"h[1-6]", around.tag) else 0
    block = Block(
        around.line,
        "",
        level=level,
        depth=around.depth,
        first=around.first,
        quoted=around.quotes > 0,
        rule="task" if around.task else "",
    )
    around.first = around.task = False
    lines = list(_lines(runs))
    bullets = sum(bool(_BULLET.match(_raw(line))) for line in lines)
    if bullets > 1 or (len(lines) == 1 and _DASH.match(_raw(lines[0]))):
        lines = [_unbulleted(line) for line in lines]
        block = replace(block, depth=block.depth + 1, first=True)
    rest: list[tuple[str, str, bool]] = []
    special = True
    for line in lines:
        raw = _raw(line)
        if block.depth > around.depth:
            yield from _filled(block, rest)
            rest = []
        rule = "" if level else line_rule(raw) or ("field" if special and known_field(raw) else "")
        bold = not level and not rule and _is_bold(line)
        special = bool(rule or bold)
        if not special:
            rest += [*line, ("\n", "", False)]
            continue
        yield from _filled(block, rest)
        yield from _filled(
            replace(block, rule=rule or block.rule, level=BOLD_LEVEL if bold else 0), line
        )
        rest = []
    yield from _filled(block, rest)


def _unbulleted(line: list[tuple[str, str, bool]]) -> list[tuple[str, str, bool]]:
    """Without the bullet that stands in the text before a line."""
    words = next((index for index, run in enumerate(line) if run[0].strip()), None)
    if words is None:
        return line
    text, url, bold = line[words]
    return [(_BULLET.sub("", text, count=1), url, bold), *line[words + 1 :]]


def _filled(block: Block, runs: Sequence[tuple[str, str, bool]]) -> Iterator[Block]:
    raw = _raw(runs).strip()
    if raw:
        yield replace(block, raw=raw, inline=_inline(runs))


def _lines(runs: Sequence[tuple[str, str, bool]]) -> Iterator[list[tuple[str, str, bool]]]:
    line: list[tuple[str, str, bool]] = []
    for run in runs:
        if run[0] == "\n":
            yield line
            line = []
        else:
            line.append((run[0].replace("\n", " "), run[1], run[2]))
    yield line


def _raw(runs: Sequence[tuple[str, str, bool]]) -> str:
    return "".join(_linked(text.strip(), url) if url else text for text, url, _ in runs)


def _linked(text: str, url: str) -> str:
    """An address that links to itself is written as it is read."""
    return url if text == url else f"[{text}]({url})"


def _is_bold(line: Sequence[tuple[str, str, bool]]) -> bool:
    words = [(text, bold) for text, _, bold in line if text.strip()]
    return (
        bool(words)
        and all(bold for _, bold in words)
        and is_heading(clean("".join(text for text, _ in words)))
    )


def _inline(runs: Sequence[tuple[str, str, bool]]) -> Inline:
    words = "".join(shown_link(clean(text)) if url else text for text, url, _ in runs)
    links = [(clean(text), url) for text, url, _ in runs if url and text.strip() != url]
    return stamped_inline(clean(words), links)
