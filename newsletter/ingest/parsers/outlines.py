"""Outlines that are no text: the JSON of Roam and Logseq; OPML of Workflowy and Dynalist.

An outline becomes a page of nested list items, which is read as Markdown is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lxml import etree

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief
from newsletter.ingest.feeds.text import as_xml_text
from newsletter.ingest.parsers.inline import DEEPEST
from newsletter.ingest.parsers.markdown import notes
from newsletter.ingest.parsers.metadata import Facts
from newsletter.ingest.parsers.outline import TAGS
from newsletter.ingest.parsers.paragraphs import Page, clean

_TITLES = ("title", "page-name", "name")
_TEXTS = ("string", "content", "text")
_TASK = re.compile(r"\{\{(?:\[\[)?(TODO|DONE)(?:\]\])?\}\}")


@dataclass(frozen=True, slots=True)
class Node:
    text: str
    below: Sequence["Node"] = ()


def pages_of_outlines(outlines: Iterable[Node], dialect: str) -> list[Page]:
    """A page for each. Of several those count that say which podcast or page they are about."""
    return of_episodes([page for outline in outlines for page in _read(outline, dialect)])


def of_episodes(pages: list[Page]) -> list[Page]:
    """All that a notebook holds, and what is of no episode left out."""
    if len(pages) < 2:
        return pages
    return [page if page.about.podcast or page.about.url else _beside(page) for page in pages]


def _read(outline: Node, dialect: str) -> Iterator[Page]:
    lines = [f"# {TAGS.sub('', clean(outline.text))}", "", *_lines(outline.below, 0)]
    for page in notes("\n".join(lines), 1, Brief(()), Facts()):
        told = [replace(each, line=1) for each in page.paragraphs]
        yield replace(page, paragraphs=told, dialect=dialect)


def _beside(page: Page) -> Page:
    left = [replace(each, verdict="noise", rule="page of no episode") for each in page.paragraphs]
    return Page(Brief(()), left)


def _lines(nodes: Iterable[Node], depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        raise BriefRejected("nested too deeply to be a brief")
    for node in nodes:
        first, *rest = _TASK.sub(r"\1", node.text).split("\n")
        yield f"{'  ' * depth}- {first}"
        yield from (f"{'  ' * depth}  {line}" for line in rest)
        yield from _lines(node.below, depth + 1)


def pages_of_json(whole: Any) -> list[Page]:
    """None where it is no outline: pages with titles, and below them blocks with children."""
    graph = whole.get("blocks") if isinstance(whole, dict) else whole
    pages: list[Any] = graph if isinstance(graph, list) else []
    found = [page for page in pages if _is_page(page)]
    return pages_of_outlines([_node(page, _TITLES) for page in found], "outline in JSON")


def _is_page(value: Any) -> bool:
    below = value.get("children") if isinstance(value, dict) else None
    titled = isinstance(below, list) and any(isinstance(value.get(key), str) for key in _TITLES)
    return titled and all(_text(each, _TEXTS) is not None for each in below or ())


def _text(value: Any, keys: Sequence[str]) -> str | None:
    if not isinstance(value, Mapping):
        return None
    return next((value[key] for key in keys if isinstance(value.get(key), str)), None)


def _node(value: Any, keys: Sequence[str]) -> Node:
    below = value.get("children") if isinstance(value, Mapping) else None
    nodes = [_node(each, _TEXTS) for each in below] if isinstance(below, list) else []
    return Node(_text(value, keys) or "", nodes)


def read(text: str) -> list[Page]:
    """OPML. Raises BriefRejected for a list of feeds, and for what is no OPML."""
    parser = etree.XMLParser(
        encoding="utf-8", recover=True, resolve_entities=False, no_network=True
    )
    try:
        root = etree.fromstring(as_xml_text(text.encode()).encode(), parser)
    except etree.XMLSyntaxError:
        root = None
    body = root.find("{*}body") if root is not None else None
    tops = [] if body is None else body.findall("{*}outline")
    if not tops:
        raise BriefRejected("no OPML: it has no <outline> in its <body>")
    if any(key.lower() == "xmlurl" for top in tops for each in top.iter() for key in each.attrib):
        reason = "a list of feeds: give it to `newsletter sources add FILE`, and take it out here"
        raise BriefRejected(reason)
    nodes = [_outline(top, 0) for top in tops]
    head = clean(root.findtext("{*}head/{*}title") or "")
    one = len(nodes) == 1 or not all(node.below for node in nodes)
    return pages_of_outlines([Node(head, nodes)] if one and len(nodes) > 1 else nodes, "OPML")


def _outline(element: Any, depth: int) -> Node:
    if depth > DEEPEST:
        raise BriefRejected("nested too deeply to be a brief", element.sourceline)
    names = {key.lower(): value for key, value in element.attrib.items()}
    below = [_outline(each, depth + 1) for each in element.findall("{*}outline")]
    remarks = [Node(line) for line in names.get("_note", "").split("\n") if line.strip()]
    return Node(clean(_marked(names.get("text", ""))), [*remarks, *below])


def _marked(text: str) -> str:
    """The text of an outline, whose links are HTML, with those of Markdown."""
    linked = re.sub(r'<a href="([^"]{0,2000})"[^>]{0,300}>(.{0,500}?)</a>', r"[\2](\1)", text)
    return re.sub(r"</?[a-z][^<>]*>", "", linked)
