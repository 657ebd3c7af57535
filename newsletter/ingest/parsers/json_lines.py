"""JSON Lines, JSON Feed, and other JSON that holds a list of texts with names for their parts."""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from newsletter.domain.errors import BriefRejected
from newsletter.ingest.parsers.binned import is_in_bin, without_bin
from newsletter.ingest.parsers.columns import has_text
from newsletter.ingest.parsers.forms import told_apart
from newsletter.ingest.parsers.head_rows import told_above
from newsletter.ingest.parsers.journal import pages_of_diary
from newsletter.ingest.parsers.json_feed import is_feed, pages_of_feed, text_at
from newsletter.ingest.parsers.json_texts import (
    as_said,
    holds_a_note,
    lists_insights,
    named_by_slug,
    of_the_show,
)
from newsletter.ingest.parsers.outlines import pages_of_json
from newsletter.ingest.parsers.paragraphs import Page, is_web
from newsletter.ingest.parsers.rows import Row, pages_of_rows
from newsletter.ingest.parsers.vocabulary import names_in

_LISTS = names_in(
    """
    highlights, snips, quotes, takeaways, insights, notes, clips, items, results, data,
    episodes, entries, rows, books, key_takeaways, keyTakeaways, bookmarks,
    listContent"""
)
_MAYBE = {"topics", "themes", "points", "sections", "annotations"}
"""Lists of insights where their objects hold a text; else of what is talked about."""
_DEEPEST = 8
_MOST_AROUND = 100  # values that each row of a list takes along
_OBJECTS = 2  # within each other: {"episode": {"podcast": {"title": ...}}}


def read(text: str) -> list[Page]:
    """JSON Lines. Raises BriefRejected with the first line that is not JSON."""
    lines = enumerate(text.split("\n"), 1)
    decoded = [(number, _decoded(line, number)) for number, line in lines if line.strip()]
    kept = [(number, value) for number, value in decoded if not is_in_bin(value)]
    values = [(number, without_bin(value)) for number, value in kept or decoded]
    if diary := pages_of_diary([value for _, value in values]):
        return diary
    rows: list[Row] = []
    for number, value in values:
        rows += ((number, row) for row in _rows(value, {}))
    return pages_of_rows(told_apart(told_above(rows)), "JSON Lines")


def _decoded(line: str, number: int) -> Any:
    try:
        return msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise BriefRejected("malformed JSON: each line must be whole by itself", number) from error


def other_json(whole: Any) -> list[Page] | None:
    """A feed, or a list of rows; None for a brief, and for what is neither.

    Raises BriefRejected where all of it is in the bin.
    """
    whole = without_bin(whole)
    if isinstance(whole, dict) and not _may_be_other(whole.get("insights", [])):
        return None
    if isinstance(whole, dict) and is_feed(whole):
        return pages_of_feed(whole)
    if other := pages_of_json(whole) or pages_of_diary(whole):
        return other
    rows = list(_rows(whole, {})) if isinstance(whole, dict | list) else []
    if not rows or not any(has_text(row) for row in rows):
        return None
    return pages_of_rows(told_apart(told_above((1, row) for row in rows)), "JSON")


def _may_be_other(insights: Any) -> bool:
    """Nothing, or objects whose texts have other names than a brief's."""
    if not isinstance(insights, list):
        return insights is None
    named = [each for each in insights if isinstance(each, dict) and "text" not in each]
    return len(named) == len(insights) and all(map(has_text, named))


def _rows(value: Any, above: Mapping[str, str], depth: int = 0) -> Iterator[Mapping[str, str]]:
    """The objects of a value that stand in no list below it, each with what stands around it."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        yield {**above, "text": value}
    elif isinstance(value, list):
        for each in value:
            yield from _rows(each, above, depth + 1)
    elif isinstance(value, dict):
        yield from _rows_of(value, above, depth)


def _rows_of(
    value: Mapping[str, Any], above: Mapping[str, str], depth: int
) -> Iterator[Mapping[str, str]]:
    lists = {key: below for key, below in value.items() if _holds_rows(key, below)}
    lists |= {key: list(below.values()) for key, below in value.items() if _numbers(key, below)}
    own = {**flat(value, lists), **_annotated(value), **(named_by_slug(value) if lists else {})}
    noted = "notes" in lists and (len(lists) > 1 or has_text(own))
    around = dict(islice({**above, **own}.items(), _MOST_AROUND))
    for key, below in lists.items():
        rows = _rows(as_said(key, below), _episode_of(around, key), depth + 1)
        yield from map(_as_note, rows) if noted and key == "notes" else rows
    if not lists or (noted and len(lists) == 1) or holds_a_note(own):
        yield {**(_without_text(above) if has_text(own) else above), **own}


def _as_note(row: Mapping[str, str]) -> Mapping[str, str]:
    """What somebody noted on the highlights beside it."""
    return {("note" if name == "text" else name): each for name, each in row.items()}


def _holds_rows(key: str, value: Any, depth: int = 0) -> bool:
    """A list of insights or of what holds them, or an object with one somewhere within it."""
    if isinstance(value, list):
        return key in _LISTS or lists_insights(key) or (key in _MAYBE and _are_rows(value))
    inside = value.items() if isinstance(value, dict) and depth < _OBJECTS + 1 else ()
    return any(
        isinstance(below, list | dict) and _holds_rows(name, below, depth + 1)
        for name, below in inside
    )


def _numbers(key: str, value: Any) -> bool:
    """``{"1": "...", "2": "..."}`` where a list is meant."""
    texts = value.values() if isinstance(value, dict) and value else [None]
    return lists_insights(key) and all(isinstance(each, str) for each in texts)


def _are_rows(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(each, dict) and has_text(each) for each in values)


def _episode_of(around: Mapping[str, str], key: str) -> Mapping[str, str]:
    """What stands around insights is of the episode: their own titles are not its name."""
    if key == "episodes":
        return of_the_show(around)
    if "title" not in around or not (lists_insights(key) or key in _MAYBE):
        return around
    return {("episode title" if name == "title" else name): each for name, each in around.items()}


def _without_text(above: Mapping[str, str]) -> Mapping[str, str]:
    return {name: each for name, each in above.items() if not has_text((name,))}


def _annotated(value: Mapping[str, Any]) -> dict[str, str]:
    """The words that an annotation of the Web marks (W3C); its own text is a note on them."""
    targets = value.get("target")
    for target in targets if isinstance(targets, list) else [targets]:
        selectors = target.get("selector") if isinstance(target, dict) else None
        for each in selectors if isinstance(selectors, list) else [selectors]:
            if isinstance(each, dict) and (exact := text_at(each, "exact")):
                return {"highlight": exact, "text": ""}
    of_a_page = isinstance(targets, list) and any(isinstance(each, dict) for each in targets)
    return {"note": text_at(value, "text"), "text": ""} if of_a_page else {}


def flat(
    value: Mapping[str, Any], but: Collection[str], before: str = "", depth: int = 0
) -> dict[str, str]:
    """Scalars by name; those of an object within it under both names; lists with commas."""
    found: dict[str, str] = {}
    for key, each in value.items():
        if key in but or each is None or isinstance(each, bool):
            continue
        if isinstance(each, dict):
            found |= flat(each, {}, f"{key} ", depth + 1) if depth < _OBJECTS else {}
        elif isinstance(each, list):
            found[before + key] = ", ".join(
                str(part) for part in each if isinstance(part, str | int)
            )
            if len(each) == 1 and isinstance(each[0], dict) and is_web(text_at(each[0], "url")):
                found.setdefault("url", each[0]["url"])
        else:
            found[before + key] = str(each)
    return found
