"""What a saved page says of itself: its head, JSON-LD, title and headings."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.metadata import Facts
from newsletter.ingest.parsers.paragraphs import clean

_TITLE_BAR = re.compile(r" [|—–·•-] ")
_NAME_WORDS = 5
SAVED = re.compile(r"<!-- saved from url=\([0-9]{4}\)(https?://[^\s<>]+) -->")
_META = {
    "source-url": "source url",
    "og:title": "episode", "twitter:title": "title", "og:site_name": "show", "og:url": "link",
    "article:published_time": "date", "article:author": "author", "author": "author",
    "date": "date",
    "datepublished": "date", "dc.date": "date", "dc.title": "title", "pubdate": "date",
}  # fmt: skip


def head_facts(root: Any, facts: Facts) -> None:
    """JSON-LD first: it says which name is the podcast's and which the episode's."""
    for script in root.iter("script"):
        if script.get("type") == "application/ld+json":
            _json_ld(script.text or "", facts)
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if name in _META and meta.get("content"):
            facts.add(_META[name], meta.get("content"))
    for link in root.iter("link"):
        if link.get("rel") == "canonical":
            facts.add("url", link.get("href") or "")
    for time in root.iter("time"):
        facts.add("data", time.get("datetime") or "")


def title_facts(root: Any, main: Any, facts: Facts) -> None:
    """The heading of the text, and the name of the site behind the title's bar."""
    heading = next(main.iter("h1"), None)
    if heading is None:
        titles = main.xpath(".//p[contains(concat(' ', @class, ' '), ' title ')]")
        heading = titles[0] if titles else None
    if heading is None:
        heading = next(main.iter("h2"), next(root.iter("h1"), None))
    if heading is not None and not vocabulary.section(clean(heading.text_content())):
        facts.add_heading(clean(heading.text_content()))
    parts = _TITLE_BAR.split(clean(root.findtext(".//title") or ""))
    if len(parts) > 1 and len(parts[-1].split()) <= _NAME_WORDS:
        facts.add("name of the site", parts[-1])


def _json_ld(text: str, facts: Facts) -> None:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return
    graph = value.get("@graph", [value]) if isinstance(value, dict) else value
    for each in graph if isinstance(graph, list) else []:
        if isinstance(each, dict) and "episode" in str(each.get("@type", "")).lower():
            _episode(each, facts)


def _text(value: Mapping[str, Any], *keys: str) -> str:
    return next((said for key in keys if isinstance(said := value.get(key), str) and said), "")


def _episode(value: Mapping[str, Any], facts: Facts) -> None:
    series = value.get("partOfSeries") or value.get("isPartOf")
    if isinstance(series, dict):
        facts.add("show title", _text(series, "name"))
    facts.add("episode title", _text(value, "name", "headline"))
    facts.add("episode link", _text(value, "url", "@id"))
    facts.add("episode publish date", _text(value, "datePublished"))
    for key in ("author", "actor", "contributor"):
        people = value.get(key)
        for person in people if isinstance(people, list) else [people]:
            name = person.get("name") if isinstance(person, dict) else person
            if isinstance(name, str):
                facts.add("speakers", name)
