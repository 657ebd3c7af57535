"""Tables in which a show stands in the first of its rows alone, as merged cells are exported."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from newsletter.ingest.parsers.columns import field_of
from newsletter.ingest.parsers.rows import Row
from newsletter.ingest.parsers.vocabulary import Field

_TELLS: tuple[Field, ...] = ("url", "author")


def filled(rows: Sequence[Row]) -> Iterator[Row]:
    """Each row with the show and the episode of the row above, where these columns are empty in
    most rows, and it names no show, address or author of another."""
    fields = {name: field for name in (rows[0][1] if rows else ()) if (field := field_of(name))}
    shows = [name for name, field in fields.items() if field == "podcast"]
    episodes = [name for name, field in fields.items() if field == "episode"]
    sparse = {name for name in (*shows, *episodes) if _is_sparse(rows, name)}
    tells = [name for name, field in fields.items() if field in _TELLS]
    above: Mapping[str, str] = {}
    for line, row in rows:
        told = any(map(row.get, shows or episodes)) or _is_another(row, above, tells)
        empty = () if told else [name for name in sparse if not row.get(name)]
        whole = {**row, **{name: above.get(name, "") for name in empty}}
        above = whole if told or len(empty) < len(sparse) else above
        yield line, whole


def _is_sparse(rows: Sequence[Row], name: str) -> bool:
    """It holds something in the first row, and nothing in most of the others."""
    empty = sum(not row.get(name) for _, row in rows[1:])
    return bool(rows[0][1][name]) and 2 * empty > len(rows) - 1


def _is_another(row: Mapping[str, str], above: Mapping[str, str], tells: Iterable[str]) -> bool:
    pairs = [(row.get(name), above.get(name)) for name in tells]
    return any(one and other and _page(one) != _page(other) for one, other in pairs)


def _page(address: str) -> str:
    """Without the second that it leads to."""
    return address.partition("#")[0].partition("?")[0].strip()
