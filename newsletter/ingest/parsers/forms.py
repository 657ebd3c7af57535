"""What the columns of a table say together: answers with numbers, and days of one order."""

import re
from collections.abc import Iterable, Iterator, Mapping

from newsletter.ingest.parsers.columns import field_of, named, plain, text_among
from newsletter.ingest.parsers.dates import iso, month_first
from newsletter.ingest.parsers.rows import Row

_NUMBERED = re.compile(r"\W{0,2}[0-9]{1,2}[\W_]|.*[^\W\d][\W_]{0,3}[0-9]{1,2}\W?$", re.DOTALL)
_LONGEST = 80


def told_apart(rows: Iterable[Row]) -> Iterator[Row]:
    """Each of several answers ("Lesson 1", "Lesson 2") in a row of its own, and days as ISO dates
    where the others of their column show which of the numbers is the month."""
    listed = list(rows)
    columns = {name for _, row in listed for name in row if field_of(name) == "published"}
    orders = {name: month_first(row[name] for _, row in listed if name in row) for name in columns}
    for line, row in listed:
        days = {name: iso(row[name], in_front=orders[name]) for name in columns if name in row}
        yield from ((line, answer) for answer in _answers({**row, **days}))


def _answers(row: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    text = text_among(named(row)) if any(map(_is_numbered, row)) else ""
    filled = [name for name, value in row.items() if value.strip() and plain(name) == text]
    if len(filled) < 2 or sum(map(_is_numbered, filled)) < len(filled) - 1:
        yield row
        return
    around = {name: value for name, value in row.items() if name not in filled}
    for name in filled:
        yield {**around, name: row[name]}


def _is_numbered(column: str) -> bool:
    return len(column) <= _LONGEST and bool(_NUMBERED.match(column))
