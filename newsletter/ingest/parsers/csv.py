"""CSV with a column of text: Readwise's own, and any other whose columns say what they hold."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from newsletter.domain.errors import BriefRejected
from newsletter.ingest.parsers.columns import TEXT, has_text
from newsletter.ingest.parsers.forms import told_apart
from newsletter.ingest.parsers.merged_cells import filled
from newsletter.ingest.parsers.paragraphs import Page
from newsletter.ingest.parsers.rows import Row, pages_of_rows

_DELIMITERS = ",;\t|"
_SHOWN = 6
_SENTENCE = 6  # words: no column's name has as many
_ORDER = ("highlight", "title", "author", "url", "note", "location", "date")
_SEPARATOR = re.compile(r'\s*"?sep=([,;\t|])"?\n')  # what spreadsheets write on top
csv.field_size_limit(2**31 - 1)  # a column may hold a transcript; inbox.max_bytes bounds the file


def read(text: str) -> list[Page]:
    """Raises BriefRejected where no column holds text, or a quotation mark is never closed."""
    said = _SEPARATOR.match(text)
    start = said.end() if said else len(text) - len(text.lstrip("\n"))
    skipped = text.count("\n", 0, start)
    begin = text[start:].split("\n", 1)[0]
    delimiter = said[1] if said else max(_DELIMITERS, key=begin.count)
    try:
        rows = list(_rows(text[start:], delimiter, skipped, strict=True))
    except csv.Error:  # marks within a cell that are not doubled
        rows = list(_rows(text[start:], delimiter, skipped, strict=False))
    return pages_of_rows(told_apart(filled(rows)), "CSV")


def _rows(text: str, delimiter: str, skipped: int, *, strict: bool) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=strict)
    first = _next(reader, skipped + 1) or []
    header = _unsaid(first) or [name.strip() for name in first]
    _check(header, skipped + 1)
    if _unsaid(first):
        yield skipped + 1, _named(header, first)
    line = skipped + reader.line_num + 1
    while (cells := _next(reader, line)) is not None:
        if any(map(str.strip, cells)):
            yield line, _named(header, cells)
        line = skipped + reader.line_num + 1


def _unsaid(first: Sequence[str]) -> Sequence[str]:
    """The names of the columns of a file that begins with a highlight: in the order in which
    Readwise's import has them. None where it begins with names."""
    written = first and not has_text(first) and len(first[0].split()) >= _SENTENCE
    return _ORDER[: len(first)] if written else ()


def _named(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Of several columns of one name the first that holds anything."""
    row: dict[str, str] = {}
    for name, cell in zip(header, cells, strict=False):
        if not row.get(name, "").strip():
            row[name] = cell
    return row


def _next(reader: Iterator[list[str]], line: int) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        if "unexpected end" not in str(error):
            raise
        reason = "malformed CSV: a quotation mark that opens in this row is never closed"
        raise BriefRejected(reason, line) from error


def _check(header: Sequence[str], line: int) -> None:
    if not has_text(header):
        wanted = ", ".join(TEXT[:_SHOWN])
        raise BriefRejected(f"no column of text: name one of its columns like {wanted}", line)
