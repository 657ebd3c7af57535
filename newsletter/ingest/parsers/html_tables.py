"""Tables of a saved page: those that only lay it out, as mails do, and the rows of all others."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.paragraphs import clean, is_web

_STRUCTURE = ("table", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote")
_CELLS = ("th", "td")


def is_layout(table: Any) -> bool:
    """Whether its cells hold parts of the page, and not values: one that says so, or has a page's
    structure in a cell, or stands in such a cell itself; and no header row names its columns."""
    if (table.get("role") or "").lower() in {"presentation", "none"} or _within(table, "table"):
        return True
    if _has_header(table):
        return False
    return (
        _within(table, *_STRUCTURE)
        or any(len(list(islice(cell.iter("p"), 2))) > 1 for cell in table.iter(*_CELLS))
        or next(table.iterancestors("table"), None) is not None
    )


def _within(table: Any, *tags: str) -> bool:
    return any(each is not table for each in islice(table.iter(*tags), 2))


def _has_header(table: Any) -> bool:
    """Cells that are marked as names of others, or a first row of nothing but known names."""
    marked = [next(table.iter(tag), None) is not None for tag in _CELLS]
    first = next(table.iter("tr"), None)
    names = [clean(cell.text_content()) for cell in _cells(first)] if first is not None else []
    known = (vocabulary.field(name) or vocabulary.section(name) for name in names)
    return all(marked) or (len(names) > 1 and all(known))


def rows(element: Any) -> Iterator[Block]:
    """Those of the one table in it, as Markdown has them: Notion's page begins with its properties.

    The first row says so.
    """
    within = list(islice(element.iter("table"), 2))
    first = True
    for row in element.iter("tr") if len(within) == 1 else ():
        cells = [_cell(cell) for cell in _cells(row)]
        if any(cells):
            line = row.sourceline or 1
            yield Block(line, f"| {' | '.join(cells)} |", first=first, rule="table")
            first = False


def _cells(row: Any) -> list[Any]:
    return [cell for cell in row if cell.tag in _CELLS]


def _cell(cell: Any) -> str:
    text = clean(cell.text_content()).replace("|", "¦")
    links = [href for link in cell.iter("a") if is_web(href := link.get("href") or "")]
    return f"[{text}]({links[0]})" if len(links) == 1 else text
