"""Rows that tell of an episode and say nothing of it themselves: the others below are its own."""

from collections.abc import Iterable, Iterator, Mapping

from newsletter.ingest.parsers.columns import KINDS, field_of, has_text, plain
from newsletter.ingest.parsers.rows import Row
from newsletter.ingest.parsers.vocabulary import Field

_HEADS = {"meta", "metadata", "episode", "header", "podcast", "info"}
_SURE: Mapping[Field, str] = {
    "podcast": "show title",
    "episode": "episode title",
    "url": "episode url",
    "published": "published",
}
_MAY_NAME_A_PART = {"title", "name"}


def told_above(rows: Iterable[Row]) -> Iterator[Row]:
    """Each row with what the last row of that kind says of the episode, unless it names one."""
    above: Mapping[str, str] = {}
    for line, row in rows:
        if _kind(row) in _HEADS or (_names_one(row) and not has_text(row)):
            above = _of_the_episode(row)
            yield line, row
        else:
            own = _names_one(row) or not has_text(row)
            yield line, row if own else {**above, **row}


def _kind(row: Mapping[str, str]) -> str:
    return next((value.lower() for key, value in row.items() if plain(key) in KINDS), "")


def _names_one(row: Mapping[str, str]) -> bool:
    """Not by a title alone, which may be that of a chapter or of an insight."""
    names = (key for key in row if row[key].strip() and plain(key) not in _MAY_NAME_A_PART)
    return any(field_of(key) in {"podcast", "episode"} for key in names)


def _of_the_episode(row: Mapping[str, str]) -> dict[str, str]:
    told: dict[str, str] = {}
    for key, value in row.items():
        field = field_of(key)
        if field and field in _SURE:
            told.setdefault(_SURE[field], value)
        elif field in {"speakers", "author"}:
            told[key] = value
    return told
