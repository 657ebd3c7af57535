"""JSON Lines, JSON Feed, and other JSON that holds a list of texts with names for their parts."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief
from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import markdown_blocks
from newsletter.ingest.parsers.columns import has_text
from newsletter.ingest.parsers.dialects import page_of
from newsletter.ingest.parsers.forms import told_apart
from newsletter.ingest.parsers.journal import pages_of_diary
from newsletter.ingest.parsers.metadata import Facts, completed, names
from newsletter.ingest.parsers.outlines import pages_of_json
from newsletter.ingest.parsers.paragraphs import Page, Paragraph, clean, is_web
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
    values = [(number, _decoded(line, number)) for number, line in lines if line.strip()]
    if diary := pages_of_diary([value for _, value in values]):
        return diary
    rows: list[Row] = []
    for number, value in values:
        rows += ((number, row) for row in _rows(value, {}))
    return pages_of_rows(told_apart(rows), "JSON Lines")


def _decoded(line: str, number: int) -> Any:
    try:
        return msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise BriefRejected("malformed JSON: each line must be whole by itself", number) from error


def other_json(whole: Any) -> list[Page] | None:
    """A feed, or a list of rows; None for a brief, and for what is neither."""
    if isinstance(whole, dict) and not _may_be_other(whole.get("insights", [])):
        return None
    if isinstance(whole, dict) and _is_feed(whole):
        return _feed(whole)
    if other := pages_of_json(whole) or pages_of_diary(whole):
        return other
    rows = list(_rows(whole, {})) if isinstance(whole, dict | list) else []
    if not rows or not any(has_text(row) for row in rows):
        return None
    return pages_of_rows(told_apart((1, row) for row in rows), "JSON")


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
    own = {**flat(value, lists), **_annotated(value)}
    noted = "notes" in lists and (len(lists) > 1 or has_text(own))
    around = dict(islice({**above, **own}.items(), _MOST_AROUND))
    for key, below in lists.items():
        rows = _rows(below, _episode_of(around, key), depth + 1)
        yield from map(_as_note, rows) if noted and key == "notes" else rows
    if not lists or (noted and len(lists) == 1):
        yield {**(_without_text(above) if has_text(own) else above), **own}


def _as_note(row: Mapping[str, str]) -> Mapping[str, str]:
    """What somebody noted on the highlights beside it."""
    return {("note" if name == "text" else name): each for name, each in row.items()}


def _holds_rows(key: str, value: Any, depth: int = 0) -> bool:
    """A list of insights or of what holds them, or an object with one somewhere within it."""
    if isinstance(value, list):
        return key in _LISTS or _lists_insights(key) or (key in _MAYBE and _are_rows(value))
    inside = value.items() if isinstance(value, dict) and depth < _OBJECTS + 1 else ()
    return any(
        isinstance(below, list | dict) and _holds_rows(name, below, depth + 1)
        for name, below in inside
    )


def _numbers(key: str, value: Any) -> bool:
    """``{"1": "...", "2": "..."}`` where a list is meant."""
    texts = value.values() if isinstance(value, dict) and value else [None]
    return _lists_insights(key) and all(isinstance(each, str) for each in texts)


def _are_rows(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(each, dict) and has_text(each) for each in values)


def _episode_of(around: Mapping[str, str], key: str) -> Mapping[str, str]:
    """What stands around insights is of the episode: their own titles are not its name."""
    if "title" not in around or not (_lists_insights(key) or key in _MAYBE):
        return around
    return {("episode title" if name == "title" else name): each for name, each in around.items()}


def _without_text(above: Mapping[str, str]) -> Mapping[str, str]:
    return {name: each for name, each in above.items() if not has_text((name,))}


@lru_cache(1_000)
def _lists_insights(key: str) -> bool:
    return vocabulary.section(key.replace("_", " ")) in vocabulary.LISTED


def _annotated(value: Mapping[str, Any]) -> dict[str, str]:
    """The words that an annotation of the Web marks (W3C); its own text is a note on them."""
    targets = value.get("target")
    for target in targets if isinstance(targets, list) else [targets]:
        selectors = target.get("selector") if isinstance(target, dict) else None
        for each in selectors if isinstance(selectors, list) else [selectors]:
            if isinstance(each, dict) and (exact := _text(each, "exact")):
                return {"highlight": exact, "text": ""}
    of_a_page = isinstance(targets, list) and any(isinstance(each, dict) for each in targets)
    return {"note": _text(value, "text"), "text": ""} if of_a_page else {}


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
            if len(each) == 1 and isinstance(each[0], dict) and is_web(_text(each[0], "url")):
                found.setdefault("url", each[0]["url"])
        else:
            found[before + key] = str(each)
    return found


def _is_feed(whole: Mapping[str, Any]) -> bool:
    items = whole.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return False
    return any("content_html" in item or "content_text" in item for item in items)


def _feed(whole: Mapping[str, Any]) -> list[Page]:
    """The feed is the podcast. Its items are episodes where one of them says several things, and
    else the clips of a page, of which each has its own address."""
    show = replace(Brief(()), podcast=clean(_text(whole, "title"))[:500])
    told = [(item, list(_content(item))) for item in whole["items"]]
    if len(told) == 1 or any(sum(not each.verdict for each in said) > 1 for _, said in told):
        return [_item(show, item, said) for item, said in told]
    return [Page(show, [each for item, said in told for each in _clips(item, said)], "JSON Feed")]


def _item(show: Brief, item: Mapping[str, Any], said: Sequence[Paragraph]) -> Page:
    facts = Facts()
    facts.add("title", _text(item, "title"))
    facts.add("url", _text(item, "url") or _text(item, "external_url"))
    facts.add("published", _text(item, "date_published"))
    facts.speakers += _authors(item)
    about = completed(show, facts)
    return Page(about, [replace(each, line=1) for each in said], "JSON Feed")


def _clips(item: Mapping[str, Any], said: Sequence[Paragraph]) -> Iterator[Paragraph]:
    url, authors = _text(item, "url"), _authors(item)
    own = url if is_web(url) else ""
    alone = authors[0] if len(authors) == 1 else ""
    for each in said:
        yield replace(each, line=1, link=each.link or own, speaker=each.speaker or alone)


def _content(item: Mapping[str, Any]) -> Iterator[Paragraph]:
    if content := _text(item, "content_html"):
        from newsletter.ingest.parsers import html

        with suppress(BriefRejected):  # of an item without text the others are read
            for page in html.read(content):
                yield from page.paragraphs
    elif content := _text(item, "content_text"):
        yield from page_of(Brief(()), markdown_blocks(content, 1), Facts()).paragraphs


def _text(value: Mapping[str, Any], key: str) -> str:
    text = value.get(key)
    return text if isinstance(text, str) else ""


def _authors(item: Mapping[str, Any]) -> list[str]:
    listed = item.get("authors")
    people = listed if isinstance(listed, list) else [item.get("author")]
    named = (_text(person, "name") for person in people if isinstance(person, dict))
    return [name for text in named for name in names(text)]
