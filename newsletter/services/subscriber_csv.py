"""CSV of subscribers: read as this program and others write it, and written.

Delimiters may be commas, semicolons, tabs or bars, and the encoding UTF-8 or UTF-16. The columns
that other programs write are in subscriber_columns.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from operator import itemgetter

from newsletter.domain.errors import UsageError
from newsletter.domain.model import State, Subscriber
from newsletter.domain.timezones import respelt
from newsletter.services import subscriber_columns as columns
from newsletter.services.subscriptions import FIELDS, as_text

Row = tuple[int, Sequence[str]]

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LONGEST_CELL = 131_072  # the module's own default, which parsers of briefs raise
_SEPARATOR_LINE = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)  # Excel's, above the header

_FORMULA = re.compile("'*[=+@\t\r＝＋－＠-]")
_QUOTED_FORMULA = re.compile("'+[=+@\t\r＝＋－＠-]")


@dataclass(frozen=True)
class SubscriberFile:
    """A CSV file as it was read: ``places`` are the columns that are used, by their meaning.

    ``rows`` are numbered by the line they end on. ``state`` is that of all readers in the file, if
    the name of the file says one.
    """

    delimiter: str
    headers: Sequence[str]
    places: Mapping[str, int]
    ignored: Sequence[str]
    rows: Sequence[Row] = field(repr=False)
    state: State | None = None

    @property
    def columns(self) -> dict[str, str]:
        """The headers of the columns that are used, as written, by their meaning, in order."""
        in_order = sorted(self.places.items(), key=itemgetter(1))
        return {key: self.headers[place].strip() for key, place in in_order}

    @property
    def is_plain(self) -> bool:
        """Whether the file is as ``csv_parts`` writes it."""
        plain = all(key == header.lower() for key, header in self.columns.items())
        return plain and not self.ignored and not self.state and self.delimiter == "commas"

    def address(self, cells: Sequence[str]) -> str:
        """As it is written in a row, whatever it is."""
        place = self.places["address"]
        return cells[place].strip() if place < len(cells) else ""

    def values(self, cells: Sequence[str]) -> dict[str, str]:
        """The values of a row by field, without empty ones; raises UsageError."""
        if any(cell.strip() for cell in cells[len(self.headers) :]):
            raise UsageError(
                f"more values than columns: the file has {self.delimiter} between its values,"
                " so put quotes around a value that holds one"
            )
        cell = {
            key: _without_quote(cells[place].strip()) if place < len(cells) else ""
            for key, place in self.places.items()
        }
        both_names = f"{cell.get('first name', '')} {cell.get('last name', '')}".strip()
        values = {key: cell.get(key, "") for key in FIELDS} | {
            "name": cell.get("name") or both_names,
            "timezone": respelt(cell.get("timezone", "")),
            "state": columns.state(cell, self.state),
        }
        return {key: value for key, value in values.items() if value or key == "address"}


def read_csv(data: bytes, name: str = "") -> SubscriberFile:
    """Raises UsageError if the file as a whole cannot be imported; ``name`` is its name."""
    state = columns.state_of_file(name)
    text, delimiter = _delimited(_decoded(data))
    (_, headers), *rows = _rows(text, delimiter) or [(1, [])]
    places = columns.places(headers)
    ignored = [place for place in range(len(headers)) if place not in places.values()]
    columns.refuse_unclear({headers[place]: _column(rows, place) for place in ignored})
    return SubscriberFile(
        _DELIMITERS[delimiter], headers, places, [headers[place] for place in ignored], rows, state
    )


def _column(rows: Sequence[Row], place: int) -> Iterator[str]:
    return (cells[place].strip() for _, cells in rows if place < len(cells))


def csv_parts(batches: Iterable[Iterable[Subscriber]]) -> Iterator[bytes]:
    """UTF-8 with a header, for ``read_csv``, a batch at a time. No cell is a formula to a
    spreadsheet."""
    yield written([FIELDS])
    for readers in batches:
        yield written([as_text(reader, key) for key in FIELDS] for reader in readers)


def written(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows of a CSV file, in UTF-8, without a formula."""
    page = StringIO(newline="")
    csv.writer(page, lineterminator="\n").writerows(map(_with_quote, row) for row in rows)
    return page.getvalue().encode()


def _with_quote(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _without_quote(cell: str) -> str:
    return cell[1:] if _QUOTED_FORMULA.match(cell) else cell


def _decoded(data: bytes) -> str:
    """UTF-16 is recognised by its byte order mark, or by a NUL in the first two bytes."""
    encoding = "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in data[:2]:
        encoding = "utf-16-be" if data.startswith(b"\0") else "utf-16-le"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UsageError(
            "it is neither UTF-8 nor UTF-16", "save the file as UTF-8; nothing was taken"
        ) from error


def _delimited(text: str) -> tuple[str, str]:
    """The text and its delimiter: the one that finds the most known columns in the header."""
    if stated := _SEPARATOR_LINE.match(text):
        return "\n" + text[stated.end() :], stated[1]  # so that line numbers stay right
    return text, max(_DELIMITERS, key=lambda delimiter: _known_fields(text, delimiter))


def _known_fields(text: str, delimiter: str) -> int:
    line = text.lstrip().split("\n", 1)[0]
    try:
        headers = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return 0
    return columns.known(headers)


def _check(cells: Sequence[str]) -> None:
    if max(map(len, cells), default=0) > _LONGEST_CELL:
        raise csv.Error(f"field larger than field limit ({_LONGEST_CELL})")


def _rows(text: str, delimiter: str) -> list[Row]:
    """The rows that are not empty, each with the line it ends on."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            _check(cells)
            if any(cell.strip() for cell in cells):
                rows.append((reader.line_num, cells))
            line = reader.line_num + 1
    except csv.Error as error:  # for a quote that does not end, the line it begins on
        raise UsageError(f"line {line}: {error}", "nothing was taken") from error
    return rows
