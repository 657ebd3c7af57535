"""CSV with a column of text: Readwise's own, and any other whose columns say what they hold."""

import csv
import io
from collections.abc import Iterator, Sequence

from newsletter.domain.errors import BriefRejected
from newsletter.ingest.parsers.paragraphs import Page
from newsletter.ingest.parsers.rows import TEXT, Row, has_text, pages_of_rows

_DELIMITERS = ",;\t|"
_SHOWN = 6


def read(text: str) -> list[Page]:
    """Raises BriefRejected where no column holds text, or a quotation mark is never closed."""
    start = len(text) - len(text.lstrip("\n"))
    begin = text[start:].split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=begin.count)
    try:
        rows = list(_rows(text[start:], delimiter, start))
    except csv.Error as error:
        raise BriefRejected(f"malformed CSV: {error}") from error
    return pages_of_rows(rows, "CSV")


def _rows(text: str, delimiter: str, skipped: int) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = [name.strip() for name in next(reader, [])]
    _check(header, skipped + 1)
    line = reader.line_num
    for cells in reader:
        if any(map(str.strip, cells)):
            yield skipped + line + 1, dict(zip(header, cells, strict=False))
        line = reader.line_num


def _check(header: Sequence[str], line: int) -> None:
    if not has_text(header):
        wanted = ", ".join(TEXT[:_SHOWN])
        raise BriefRejected(f"no column of text: name one of its columns like {wanted}", line)
