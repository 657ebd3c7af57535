"""Diaries in JSON (Day One, Journey, and lists of days): each entry is read as the note of its day.

What was listened to is read, and what stands around it is private, as in a diary of Markdown.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePath
from typing import Any

from newsletter.domain.model import Brief
from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.dates import any_day
from newsletter.ingest.parsers.episode_names import parts, quoted_in
from newsletter.ingest.parsers.file_names import by_its_file
from newsletter.ingest.parsers.markdown import dated_apart, notes
from newsletter.ingest.parsers.metadata import Facts
from newsletter.ingest.parsers.paragraphs import Page
from newsletter.ingest.parsers.vocabulary import names_in

_ENTRIES = ("entries", "journal", "diary", "days")
_TEXTS = ("text", "body", "content", "entry", "note")
_DATES = (
    "creationDate", "creation_date", "date_journal", "entry_date", "created", "created_at",
    "createdAt", "date", "day",
)  # fmt: skip
_OF_DIARIES = names_in(
    """
    creationDate, creation_date, date_journal, entry_date, mood, moods, weather, journal, feelings,
    timeZone, starred, isStarred"""
)
_ESCAPED = re.compile(r"https?://\S+")  # "\\." is how Day One writes a full stop
_ABOVE = -1  # the line of a heading that the entry does not have
_PLAIN = {*_TEXTS, *_DATES, "id", "uuid", "tags"}


def pages_of_diary(whole: Any) -> list[Page]:
    """None where it is no diary: entries with a day and a text, and no field that names a show."""
    entries = _entries(whole)
    if not entries or not all(map(_is_day, entries)):
        return []
    told = [(page, _day(entry)) for entry in entries for page in _pages(entry)]
    return dated_apart([page for page, _ in told], [day for _, day in told])


def _entries(whole: Any) -> Sequence[Any]:
    if isinstance(whole, dict):
        if any(map(_names_a_show, whole)):
            return []
        whole = next((whole[key] for key in _ENTRIES if isinstance(whole.get(key), list)), None)
    return whole if isinstance(whole, list) else []


def _names_a_show(key: str) -> bool:
    known = vocabulary.field(key)
    return known is not None and known[0] in {"podcast", "episode", "url", "author", "speakers"}


def _is_day(entry: Any) -> bool:
    if not isinstance(entry, dict) or _day(entry) is None:
        return False
    if entry.keys() & _OF_DIARIES:
        return not any(_names_a_show(key) for key in entry if key != "title")
    return entry.keys() <= _PLAIN and bool(_text(entry))


def _day(entry: Mapping[str, Any]) -> date | None:
    written = (entry[key] for key in _DATES if isinstance(entry.get(key), str))
    return any_day(next(written, ""))


def _text(entry: Mapping[str, Any]) -> str:
    return next((entry[key] for key in _TEXTS if isinstance(entry.get(key), str)), "")


def _pages(entry: Mapping[str, Any]) -> Iterator[Page]:
    text = _ESCAPED.sub(lambda match: match[0].replace("\\", ""), _text(entry))
    text = text.replace("\r\n", "\n").lstrip()
    pages = _of_podcast(entry, text) if _is_tagged(entry) else _of_day(entry, text)
    for page in pages:
        told = [replace(each, line=1) for each in page.paragraphs if each.line > 0]
        yield replace(page, paragraphs=told, dialect="JSON")


def _of_day(entry: Mapping[str, Any], text: str) -> list[Page]:
    day = f"{_day(entry)}"
    pages = notes(f"# {day}\n\n{text}", _ABOVE, Brief(()), Facts())
    return [by_its_file(page, PurePath(f"{day}.md")) for page in pages]


def _of_podcast(entry: Mapping[str, Any], text: str) -> list[Page]:
    """All of it is about an episode, and its first line is what that is called."""
    first, _, rest = text.partition("\n")
    name = first.lstrip("# ")
    facts = Facts()
    facts.add("category", "podcast")
    start = 1
    for key, value in quoted_in(name).items():
        facts.add(key, value)
    if len(parts(name)) > 1 and is_heading(name):
        text, start = f"# {_day(entry)}\n\n# Podcast: {name}\n{rest}", _ABOVE
    elif name == first and is_heading(first):
        text = f"# {text}"
    return notes(text, start, Brief(()), facts)


def _is_tagged(entry: Mapping[str, Any]) -> bool:
    tags = entry.get("tags")
    named = tags if isinstance(tags, list) else [tags]
    return any(isinstance(tag, str) and tag.lower() in {"podcast", "podcasts"} for tag in named)
