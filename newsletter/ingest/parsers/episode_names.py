"""The podcast and the episode that one line names: a heading, or a line that links to it."""

import re
from collections.abc import Sequence

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.dates import any_day
from newsletter.ingest.parsers.inline import is_action
from newsletter.ingest.parsers.metadata import title
from newsletter.ingest.parsers.paragraphs import clean

_LONGEST = 1_000
_LINKED = re.compile(r"(?<!!)\[([^\[\]\n]{1,300})\]\(([^\s()]+)\)")
_BARE_URL = re.compile(r"<?https?://[^\s<>]+>?")
_WIKI = re.compile(r"\[\[[^\[\]\n]+\]\]")
_BY = re.compile(r"(\)) by (?=\S)|(?<=\S) by (?=\[\[)")
KIND = re.compile(r"^(?:[-*] )?(?:#[^\s#]+ |\[\[(?:podcasts?|episodes?)\]\] )+", re.IGNORECASE)
_COLON = re.compile(r"(?<=[\w*]): (?=\[[^\[\]]+\]\()")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_BRACKETS = re.compile(r" ?\(([^()]{4,100})\)$")
_PARTED = re.compile(r"\s+[–—|·•-]\s+|,\s+(?=\[\[)")
NUMBERED = re.compile(r"(?:#|\b(?:ep|episode|folge|épisode|no)\b\.?) ?#?[0-9]+", re.IGNORECASE)
_SHOW_AND_NUMBER = re.compile(
    r"(?!(?:part|chapter|lesson|day|week|step|tip|rule|idea|season|year|page|module|level|note)s?\b)"
    r"([^\W\d][^:–—|#\d]{1,60}?)(?: #?|#)(?P<number>[0-9]{2,5})(?:\s*[:–—|-]\s*(\S.*)|)$",
    re.IGNORECASE,
)
_EPISODE_AND_NAME = re.compile(
    r"(?:episode|ep|folge|épisode|episodio)\.? ?#?(?P<number>[0-9]{1,5})\b(?:\s*[:.–—|-]\s*|\s+|$)",
    re.IGNORECASE,
)
_DAY_AND_NAME = re.compile(r"([0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4})\s*[:–—|-]\s+(\S.*)$")
_QUOTED = re.compile(
    r"\*{0,2}(?P<show>[^*\"“”:\s][^*\"“”:]{1,60})\*{0,2}, "
    r"[\"“](?P<episode>[^\"“”]{3,200})[\"”]"
    r"(?:,? (?:with|featuring|feat\.) (?P<guest>[^\"“”]{3,80}))?$",
    re.IGNORECASE,
)
_WORD_FOR_NUMBER = re.compile(r",? (?:ep|episode|folge|épisode|no)\.?$", re.IGNORECASE)
_CALLS_ITSELF = re.compile(r"\bpodcast\b", re.IGNORECASE)
_COUNTED = re.compile(r" (?:#|ep(?:isode)?\.? )[0-9]+$", re.IGNORECASE)


NO_SHOW = {"show", "episode", "podcast", "pod", "ep", "folge", "épisode", "episodio"}


def number_of(name: str) -> str:
    """The number, or the day, by which a heading tells one episode of a show from another."""
    if match := _DAY_AND_NAME.match(name):
        return match[1]
    match = _EPISODE_AND_NAME.match(name) or _SHOW_AND_NUMBER.match(name)
    return match["number"] if match else ""


def is_a_count(names: Sequence[str]) -> bool:
    """Whether such headings count the episodes of a show: "Top 10" beside "Catch 22" does not."""
    shows = [match[1].casefold() for name in names if (match := _SHOW_AND_NUMBER.match(name))]
    marked = any(
        "#" in name or not _SHOW_AND_NUMBER.fullmatch(name) or " — " in name for name in names
    )
    return len(names) > 1 and (marked or len(set(shows)) < len(shows))


def counted(name: str) -> dict[str, str]:
    """What "Table Four 12" and "03/17/2026 - Bread" name; "TF 12" is no show's whole name."""
    if match := _DAY_AND_NAME.match(name):
        return {"published": match[1], "episode title": match[2]}
    if _EPISODE_AND_NAME.match(name):
        return {"episode title": name}
    match = _SHOW_AND_NUMBER.match(name)
    show = _WORD_FOR_NUMBER.sub("", match[1].strip()) if match else ""
    return {"episode title": name} | (
        {} if show.isupper() or not show or show.lower() in NO_SHOW else {"show title": show}
    )


def quoted_in(raw: str) -> dict[str, str]:
    """What **Table Four**, "Bread that waits" with Ada Brook, names; empty for other lines."""
    match = _QUOTED.match(raw[:_LONGEST].rstrip())
    if not match:
        return {}
    named = {"show title": match["show"].strip(), "episode title": match["episode"]}
    return named | ({"guest": match["guest"]} if match["guest"] else {})


def named_in(raw: str) -> dict[str, str]:
    """The podcast and the episode in a line that links to it, without the words of the link."""
    linked = next((m[1] for m in _LINKED.finditer(raw) if not is_action(m[1])), "")
    linked = linked or (bold[1] if (bold := _BOLD.match(raw.lstrip("#- "))) else "")
    behind = _behind(raw)
    written = parts(raw)
    names = [_unlabelled(part) for part in written]
    if len(names) != 2:
        label = vocabulary.field(title(raw.partition(":")[0])) if ":" in raw else None
        name = "show title" if label and label[0] == "podcast" else "episode title"
        return {name: " ".join(names), **behind} if names else {}
    first, second = names
    quoted = [part[0] in '"“„«' for part in written]
    if _CALLS_ITSELF.search(second) and not _CALLS_ITSELF.search(first):
        first, second = _COUNTED.sub("", second), first
    elif (
        quoted == [True, False]
        or title(linked) == first
        or (NUMBERED.search(first) and not NUMBERED.search(second))
    ):
        first, second = second, first
    return {**behind, "show title": first, "episode title": second}


def _behind(raw: str) -> dict[str, str]:
    """The date, and the podcast, in brackets behind the names: "(Table Four, 2025-03-02)"."""
    match = _BRACKETS.search(_unlinked(raw))
    parts = match[1].split(", ") if match else []
    dated = next((part for part in parts if any_day(part)), "")
    others = [part for part in parts if part != dated]
    show = {"show title": others[0]} if len(others) == 1 else {}
    return {"published": dated, **show} if dated else {}


def _unlinked(raw: str) -> str:
    """Without addresses and the words of links that only lead somewhere."""
    raw = KIND.sub("", _BY.sub(r"\1 — ", clean(raw[:_LONGEST])))
    raw = _COLON.sub(" — ", raw)
    text = _LINKED.sub(lambda m: "" if is_action(m[1]) else m[1], raw)
    return _BARE_URL.sub("", text).strip()


def parts(raw: str) -> list[str]:
    text = _unlinked(raw)
    if _behind(raw):
        text = _BRACKETS.sub("", text)
    whole = _WIKI.sub(lambda m: m[0].replace(" ", "\0"), text)  # a wiki link is one name
    parts = (part.replace("\0", " ").strip() for part in _PARTED.split(whole))
    named = [part for part in parts if any(map(str.isalnum, part))]
    return [part for part in named if not any_day(part)] if len(named) > 2 else named


def _unlabelled(part: str) -> str:
    """A name without "Podcast:" before it."""
    label, sign, name = part.partition(":")
    known = vocabulary.field(title(label)) if sign else None
    return title(name if known and known[0] in {"podcast", "episode"} else part).strip(" -–—:")
