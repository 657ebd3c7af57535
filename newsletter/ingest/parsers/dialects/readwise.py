"""Readwise, for Obsidian, Logseq and Notion: fields, then a list of highlights.

A highlight is a list item of several paragraphs. Those of Snipd have a title, then "Summary:" and
"Transcript:", and at the end a link with the second; others are the words that were highlighted.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, takewhile

from newsletter.domain.model import Brief, Origin
from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.attribution import unlabelled
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.boilerplate import is_cjk, is_heading
from newsletter.ingest.parsers.dialects.dialect import Dialect
from newsletter.ingest.parsers.inline import Inline, inline, is_action, time_in
from newsletter.ingest.parsers.lines import key_value
from newsletter.ingest.parsers.metadata import Facts, completed
from newsletter.ingest.parsers.notes import paragraphs
from newsletter.ingest.parsers.outline import Reading, section_of
from newsletter.ingest.parsers.paragraphs import Paragraph, Verdict, clean
from newsletter.ingest.parsers.wording import is_question

_OWN_LINKS = re.compile(r"\[(?:View (?:Highlight|Tweet|Quote)|Time [0-9:]+)\]\(", re.IGNORECASE)
_PART = re.compile(
    r"(?:my (?=note|annotation|comment))?"
    r"(summary|transcript|quote|highlight|notes?|annotation|comment|tags?|location)\s*:(?:\s|$)"
    r"|\.(note)\s",
    re.IGNORECASE,
)
_LONGEST_TITLE = 60
_LONGEST_LIST = 800
_FEW = 2  # words
_NOWHERE = Inline("")
_NUMBER = re.compile(r"(?:[0-9]{1,2}[.)]|[-*•])\s+")


def _recognises(blocks: Sequence[Block], facts: Facts) -> bool:
    """A full title beside an author, highlights below metadata, or that link to themselves."""
    keys = {
        vocabulary.bare(pair[0])
        for block in blocks
        if block.rule == "field" and (pair := key_value(block.raw))
    }
    titled = bool(keys & {"full title", "full-title"}) and bool(
        {"author"} & keys or facts.raw("author")
    )
    sections = [section for block in blocks if (section := section_of(block))]
    marked = {"metadata", "highlights"} <= set(sections) and "author" in keys
    marked = marked and "takeaways" not in sections
    timed = "author" in keys and any(map(_is_time, blocks)) and "highlights" in sections
    timed = timed or ("highlights" in sections and any("highlighted" in key for key in keys))
    linked = sum(1 for block in blocks if block.depth and _OWN_LINKS.search(block.raw))
    return titled or marked or timed or (linked > 0 and any(_opens(block) for block in blocks))


def _is_time(block: Block) -> bool:
    """A heading for the highlight below it: "Time 0:12:59"."""
    return bool(block.level) and is_action(block.text) and time_in(block.text) is not None


def _is_podcast(facts: Facts) -> bool:
    return "podcast" in facts.raw("category").lower()


def _read(blocks: Sequence[Block], _facts: Facts) -> Iterator[Paragraph]:
    """What stands before the highlights is read as notes are."""
    begin = next((index for index, block in enumerate(blocks) if _opens(block)), len(blocks))
    yield from paragraphs(blocks[:begin], Reading(strict=True))
    place = Inline("")
    for item in _items(blocks[begin:]):
        if _is_time(item[0]):
            place = Inline("", time_in(item[0].text))
        elif item[0].rule == "callout":
            place = inline(item[0].raw.partition("]")[2], {})
        yield from _highlight(item, place)


def _opens(block: Block) -> bool:
    return section_of(block) in {"takeaways", "highlights"}


def _items(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Each top item with all that stands in it; anything else alone."""
    said = [block for block in blocks if block.first and not block.rule]
    listed = [block for block in said if section_of(block) != "highlights"]
    top = min((block.depth for block in listed if not block.quoted), default=1)
    item: list[Block] = []
    labelled = False  # a quote whose parts have labels goes on to its end
    for block in blocks:
        labelled = block.quoted and (labelled or (bool(item) and _has_parts(item[-1])))
        inside = block.depth > top or (block.depth == top and not block.first and top > 0)
        noted = bool(item) and _is_said(item[0]) and _labelled(block.raw)[0] == "note"
        below = bool(item) and item[0].quoted and block.depth and _PART.match(block.raw)
        if item and (inside or labelled or below or noted) and section_of(block) != "highlights":
            item.append(block)
            continue
        if item:
            yield item
        item = [block]
    if item:
        yield item


def _is_said(block: Block) -> bool:
    return bool(block.depth or block.quoted) and not block.level


def _has_parts(block: Block) -> bool:
    """Whether a quote has labels, such as "Summary:", so that what follows is of it."""
    lines = block.raw.split("\n") if block.quoted else ()
    return any(map(_PART.match, lines)) or (block.quoted and section_of(block) == "takeaways")


def _highlight(item: Sequence[Block], place: Inline) -> Iterator[Paragraph]:
    if len(item) == 1 and (item[0].level or _opens(item[0])):
        yield Paragraph(item[0].line, clean(item[0].raw), verdict="noise", rule="heading")
        return
    lines = [
        Line(block.line + number, raw, starts=block.first and not number, rule=block.rule)
        for block in item
        for number, raw in enumerate(block.raw.split("\n"))
        if raw.strip()
    ]
    yield from highlight(lines, place)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a highlight; ``starts``: it begins a list item."""

    number: int
    raw: str
    starts: bool = False
    rule: str = ""


def highlight(lines: Sequence[Line], place: Inline = _NOWHERE) -> Iterator[Paragraph]:
    """A highlight's summary, or the words that were highlighted; the rest of it is left out."""
    read = [(line, inline(line.raw, {})) for line in lines]
    own = [words for _, words in read if words.link or words.at is not None]
    place = own[-1] if own else place
    groups = _groups(lines)
    parts = {part for part, _ in groups}
    several = sum(part == "words" for part, _ in groups) > 1
    for index, (part, grouped) in enumerate(groups):
        if part == "note" and not _says(groups):
            yield from _paragraphs("summary", grouped, place)
        elif part != "words":
            yield from _paragraphs(part, grouped, place)
        elif index and grouped[0].starts and len(grouped) == 1 and _is_remark(grouped[0].raw):
            yield from _paragraphs("note", grouped, place)
        elif parts & {"summary", "transcript"}:
            yield from _answers(grouped, place, titles="summary" in parts)
        else:
            titled = 0 if index else _is_title(grouped, several=several)
            yield from _paragraphs("title", grouped[:titled], place)
            yield from _paragraphs("words", grouped[titled:], place)


def _says(groups: Sequence[tuple[str, Sequence[Line]]]) -> bool:
    """Whether anything but notes says more than that it leads to a clip ("AirrQuote")."""
    said = (line.raw for part, lines in groups if part != "note" for line in lines)
    return not all(is_action(inline(raw, {}).text) for raw in said)


def _groups(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """The lines of each item and of each part that a label opens, under the name of the part."""
    groups: list[tuple[str, list[Line]]] = []
    part = "words"
    for line in lines:
        label, rest = _labelled(line.raw)
        if label:
            part = label
        elif line.starts and part not in {"transcript", "summary"}:
            part = "words"
        starts = label or line.starts or (part == "summary" and _NUMBER.match(rest.lstrip()))
        if not groups or starts or groups[-1][0] != part:
            groups.append((part, []))
        if rest.strip():
            groups[-1][1].append(replace(line, raw=rest))
    return _led([group for group in groups if group[1]])


def _led(groups: Sequence[tuple[str, list[Line]]]) -> list[tuple[str, list[Line]]]:
    """A line that ends with a colon goes on with the items below."""
    opening = " ".join(line.raw for line in groups[0][1]) if groups else ""
    first = inline(opening[:_LONGEST_LIST], {}).text
    items = takewhile(lambda group: group[0] == "words", groups)
    lines = [line for _, grouped in items for line in grouped]
    whole = sum(len(line.raw) for line in lines) <= _LONGEST_LIST
    if not (whole and first.endswith((":", "："))):
        return list(groups)
    rest = list(dropwhile(lambda group: group[0] == "words", groups))
    return [("words", [replace(line, starts=False) for line in lines]), *rest]


def _labelled(raw: str) -> tuple[str, str]:
    """The part that a line opens ("" if none), and the rest of the line."""
    marked = raw.replace("*", "").lstrip()
    if len(raw) < _LONGEST_TITLE and vocabulary.section(marked) == "takeaways":
        return "summary", ""
    label = _PART.match(marked)
    if not label:
        return "", raw
    return (label[1] or label[2]).lower().rstrip("s"), marked[label.end() :]


def _is_remark(raw: str) -> bool:
    """A few words in an item below a highlight, which somebody noted on it."""
    return is_heading(inline(raw, {}).text)


def _is_title(grouped: Sequence[Line], *, several: bool) -> int:
    """1 if the first line is the title of what follows it, else 0."""
    first = inline(grouped[0].raw, {}).text
    alone = len(grouped) == 1
    return int(is_heading(first) and (several if alone else grouped[1].raw.lstrip()[:1].isupper()))


def _answers(lines: Sequence[Line], place: Inline, *, titles: bool) -> Iterator[Paragraph]:
    """What stands above a transcript: a title; or, without a summary, what was asked of the app."""
    for line in lines:
        says = not titles and not is_heading(inline(line.raw, {}).text)
        yield from _paragraphs("summary" if says else "title", [line], place)


_RULES = {"title": "title of a highlight", "transcript": "transcript"}


def _paragraphs(part: str, lines: Sequence[Line], place: Inline) -> Iterator[Paragraph]:
    is_text = part in {"summary", "words", "quote", "highlight"}
    kept = [line for line in lines if is_text and not line.rule]
    for line in lines:
        if line not in kept:
            rule = line.rule or _RULES.get(part, part)
            noise: Verdict = "noise" if part in _RULES or is_text else "metadata"
            yield Paragraph(line.number, clean(line.raw), verdict=noise, rule=rule)
    raw = "\n".join(line.raw for line in kept)
    words = inline(_NUMBER.sub("", raw.lstrip(), count=1) if part == "summary" else raw, {})
    text = unlabelled(words.text)
    if is_question(text) or (text.endswith(":") and is_heading(text)):
        yield Paragraph(kept[0].number, clean(raw), verdict="noise", rule=_RULES["title"])
    elif part == "words" and _is_short(text):
        yield Paragraph(kept[0].number, clean(raw), verdict="noise", rule="too short")
    elif text and not is_action(text) and not _is_link(words):
        origin: Origin = "takeaway" if part == "summary" else "quote"
        at, link = (words.at, words.link) if words.link else (place.at, place.link)
        yield Paragraph(
            kept[0].number,
            text,
            "lead",
            at=at,
            heading=False,
            rule=part,
            link=link,
            origin=origin,
        )
    elif kept:
        yield Paragraph(kept[0].number, clean(raw), verdict="noise", rule="image or link")


def _is_link(words: Inline) -> bool:
    """A title that leads somewhere, with nothing beside it."""
    return len(words.links) == 1 and words.text == words.links[0][0] and is_heading(words.text)


def _is_short(text: str) -> bool:
    """A word or two that were marked in a text: what they are about stands there alone."""
    return 0 < len(text.split()) <= _FEW and not is_cjk(text)


def _completed(about: Brief, facts: Facts) -> Brief:
    """The author of a podcast is the show."""
    return completed(about, facts, author_is_podcast=_is_podcast(facts))


READWISE = Dialect("Readwise", _recognises, _read, _completed)
