"""Where the text of an insight stands in an object of JSON whose keys are nobody's convention."""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.columns import field_of, has_text, holds_text, plain
from newsletter.ingest.parsers.vocabulary import LISTED, Section

_HEADING = re.compile(r"^#{1,4} ([^\n]{1,100})$", re.MULTILINE)
_MOST_HEADINGS = 100


@lru_cache(1_000)
def section_of_key(key: str) -> Section | None:
    return vocabulary.section(vocabulary.words(key))


def lists_insights(key: str) -> bool:
    return section_of_key(key) in LISTED


def as_said(key: str, listed: Any) -> Any:
    """The objects of a list of insights, each with its text under a name that is known."""
    if not isinstance(listed, list) or not lists_insights(key):
        return listed
    quoted = section_of_key(key) == "quotes"
    return [_with_text(each, quoted=quoted) for each in listed]


def _with_text(value: Any, *, quoted: bool) -> Any:
    if quoted and isinstance(value, str):
        return {"quote": value}
    if not isinstance(value, dict):
        return value
    if quoted and isinstance(value.get("text"), str) and "quote" not in value:
        return {("quote" if key == "text" else key): each for key, each in value.items()}
    key = "" if has_text(value) else _of_a_sentence(value)
    return {**value, ("quote" if quoted else "takeaway"): value[key]} if key else value


def _of_a_sentence(value: Mapping[str, Any]) -> str:
    """The first key that is no field's and holds one: a claim before what explains it."""
    return next(
        (
            key
            for key, text in value.items()
            if isinstance(text, str) and not is_heading(text) and not field_of(key)
        ),
        "",
    )


def holds_a_note(own: Mapping[str, str]) -> bool:
    """Whether a text among the values is a whole note, with a section of insights."""
    texts = (text for key, text in own.items() if holds_text(plain(key)))
    return any(
        vocabulary.section(heading[1]) in LISTED
        for text in texts
        for heading in islice(_HEADING.finditer(text), _MOST_HEADINGS)
    )


def of_the_show(around: Mapping[str, str]) -> dict[str, str]:
    """What stands around a list of episodes: its name is the show's, its page and its day are no
    episode's."""
    return {
        ("series" if key in {"title", "name"} else key): value
        for key, value in around.items()
        if field_of(key) not in {"url", "published"}
    }


def named_by_slug(value: Mapping[str, Any]) -> dict[str, str]:
    """An episode that has no other name has that of its address: "ada-brook"."""
    slug = value.get("slug")
    if not isinstance(slug, str) or any(field_of(key) == "episode" for key in value):
        return {}
    return {"episode title": slug.replace("-", " ").title()}
