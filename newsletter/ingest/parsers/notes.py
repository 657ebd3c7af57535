"""Blocks as paragraphs with verdicts: what headings, lists and players say of what follows.

A heading or a list item announces what stands under it (vocabulary.py). A time and a link beside a
heading, or in a player, are those of the insights that follow.
"""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from newsletter.domain.model import Origin, Role
from newsletter.ingest.parsers import own_fields, vocabulary
from newsletter.ingest.parsers.asides import wording_rule
from newsletter.ingest.parsers.attribution import (
    attributed,
    dialogue_speakers,
    is_dialogue,
    is_nameless,
    is_quoted,
    is_signed,
    is_spoken,
    signed_below,
    speaker_label,
)
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.dates import is_day
from newsletter.ingest.parsers.inline import time_in
from newsletter.ingest.parsers.lines import (
    is_clock,
    key_value,
    known_field,
    short_pair,
)
from newsletter.ingest.parsers.outline import (
    ITEM_RANK,
    Outline,
    Place,
    Reading,
    heading_rule,
    place_of,
    section_of,
)
from newsletter.ingest.parsers.paragraphs import Paragraph, Verdict, clean
from newsletter.ingest.parsers.vocabulary import LISTED, Section, names_in
from newsletter.ingest.parsers.wording import (
    ended,
    fragment,
    is_caption,
)

_METADATA_RULES = {"field", "tags", "definition", own_fields.RULE}
_QUOTE_TYPES = {"quote", "cite"}
_TAKEAWAY_TYPES = names_in(
    """
    takeaway, takeaways, insight, insights, highlight, highlights, keypoint, key, podcast, podnotes,
    idea"""
)
_OPENS_WITH_LINK = re.compile(r"\[\[|\[[^\[\]\n]{1,200}\]\(")
_SUMMARY_TYPES = {"summary", "abstract", "tldr"}
_LABEL = re.compile(
    r"(?:key )?(?:takeaway|insight|highlight|lesson|idea|learning|key point|big idea|quote)s?"
    r"(?: ?#?\d{1,2})?\s?[:：—–-]\s+(?=\S)",
    re.IGNORECASE,
)

_BESIDE = {"summary": "summary", "body": "notes"}


def paragraphs(blocks: Sequence[Block], reading: Reading) -> Iterator[Paragraph]:
    """Each block with its verdict, or without one where only its words can tell."""
    state = Outline()
    blocks = signed_below(blocks)
    named = {section_of(block) for block in blocks}
    dialogue = dialogue_speakers(blocks)
    for index, block in enumerate(blocks):
        below = blocks[index + 1] if index + 1 < len(blocks) else None
        above = blocks[index - 1] if index else None
        if heading := heading_rule(block, below, reading, state):
            yield _left_out(block, heading)
        elif rule := _rule(block, above, below, state, dialogue):
            verdict: Verdict = "metadata" if _is_metadata(rule) else "noise"
            yield _left_out(block, rule, verdict)
        elif rule := _outside(block, state, reading, named) or _fragment(block, state, reading):
            yield _left_out(block, rule)
        else:
            yield _insight(block, state, reading)


def _left_out(block: Block, rule: str, verdict: Verdict = "noise") -> Paragraph:
    return Paragraph(block.line, clean(block.raw), verdict=verdict, rule=rule)


def _is_metadata(rule: str) -> bool:
    return rule in _METADATA_RULES or rule.endswith("metadata")


_SECTION_RULES: dict[Section | None, str] = {
    "metadata": "section: metadata",
    "noise": "section without insights",
}


def _rule(
    block: Block, above: Block | None, below: Block | None, state: Outline, dialogue: set[str]
) -> str:
    """The rule by which a block is no insight, if what it is or where it stands says so."""
    if above and is_clock(block.raw) and is_day(above.text):
        return "date"  # when it was written
    if block.rule == "player" or (block.rule == "field" and _is_time(block)):
        _play(block, state)
        return "player"
    section = None if _lists(block) else state.section
    if rule := block.rule or _SECTION_RULES.get(section, "") or _callout(block):
        return rule
    if not block.text:
        if block.inline.link and (block.depth or state.place.at is not None):
            _play(block, state)
        return "image or link"
    if _beside_fields(block, above, below):
        return "field"
    return _spoken_or_listed(block, state, dialogue)


def _is_time(block: Block) -> bool:
    pair = key_value(block.raw)
    known = vocabulary.field(pair[0]) if pair else None
    return bool(pair and known and known[0] == "time" and time_in(pair[1]) is not None)


def _play(block: Block, state: Outline) -> None:
    if block.raw.lstrip().startswith("<"):
        return  # a player's own address is no page to read on
    place = place_of(block)
    if place.at is None:
        place.at = time_in(block.raw)
    if not block.rule:
        place.at = place.at if place.at is not None else _here(block, state).at
    if block.depth and state.items:
        rank, outer = state.items[-1]
        state.items[-1] = (rank, Place(place.at, place.link or outer.link))
    elif block.depth:
        state.items.append((ITEM_RANK + block.depth - 1, place))
    elif place:
        state.place = Place(place.at, place.link or state.place.link)


def _here(block: Block, state: Outline) -> Place:
    return state.items[-1][1] if block.depth and state.items else state.place


def _lists(block: Block) -> bool:
    """In a callout that says so, wherever it stands: "[!info]- Episode AI notes"."""
    return block.callout is not None and vocabulary.section(block.callout[1]) in LISTED


def _callout(block: Block) -> str:
    if not block.callout:
        return ""
    name, title = block.callout
    section = vocabulary.section(title) if title else None
    said = name in _QUOTE_TYPES | _TAKEAWAY_TYPES | _SUMMARY_TYPES
    if section in LISTED or (said and section in {None, "summary"}):
        return ""
    return "callout metadata" if "metadata" in {section, name} else f"callout: {name}"


def _beside_fields(block: Block, above: Block | None, below: Block | None) -> bool:
    """``Any key: a few words`` next to fields that are known, in the same list."""
    if not short_pair(block.raw) or "\n" in block.raw or _LABEL.match(block.text):
        return False
    near = (other for other in (above, below) if other and other.depth == block.depth)
    return any(other.rule == "field" or known_field(other.raw) for other in near)


def _spoken_or_listed(block: Block, state: Outline, dialogue: set[str]) -> str:
    if rule := wording_rule(block, state):
        return rule
    if _is_transcript(block, dialogue):
        return "transcript"
    placed = block.inline.at is not None and not block.quoted
    if placed and state.section not in LISTED and is_heading(block.text):
        return "chapter"
    beside = state.section == "quotes" and state.quoted and not block.quoted and not block.depth
    if beside and not is_spoken(block.text):
        return "caption"
    return "link" if _is_link(block, state) else ""


def _is_transcript(block: Block, dialogue: set[str]) -> bool:
    label = "" if block.quoted else speaker_label(block)
    if label and (label in dialogue or is_nameless(label)):
        return True
    return is_caption(block.text) or ("\n" in block.raw and is_dialogue(block.raw))


def _is_link(block: Block, state: Outline) -> bool:
    """A title that leads somewhere; below "Related" there may be words on it behind."""
    if state.related and _OPENS_WITH_LINK.match(block.raw) and not ended(block.text):
        return True
    only = len(block.inline.links) == 1 and block.text == block.inline.links[0][0]
    return only and is_heading(block.text)


def _fragment(block: Block, state: Outline, reading: Reading) -> str:
    """Of an item of a list, or a quote. The highlights of an app are its reader's choice, however
    short."""
    app = state.section in {"highlights", "quotes"} or state.place or state.items
    if (reading.strict and app) or not (block.depth or block.quoted) or block.inline.at is not None:
        return ""
    return fragment(block.text, listed=state.section in LISTED)


def _outside(
    block: Block, state: Outline, reading: Reading, named: AbstractSet[Section | None]
) -> str:
    """The rule for what a page says beside its takeaways; ``named``: the sections that it has."""
    summed = block.callout is not None and block.callout[0] in _SUMMARY_TYPES
    section = "summary" if summed else state.section
    placed = bool(state.place or state.items or block.inline.link)
    listed = bool(named & LISTED)
    if section == "related" or state.related:
        return ""
    if section in {"summary", "body"}:
        whole = block.depth and ended(block.text)
        said = placed or (whole and (section == "summary" or "takeaways" not in named))
        return f"{_BESIDE[section]} beside takeaways" if listed and not said else ""
    if section in LISTED or _is_quote(block) or _lists(block):
        return "introduction" if _introduces(block, state, named) else ""
    if reading.strict and not placed and block.inline.at is None and listed:
        return "outside the highlights"
    prose = not block.depth and section is None and not placed
    opened = any(rank > 1 for rank, _ in state.around)
    return "introduction" if listed and prose and not opened else ""


def _introduces(block: Block, state: Outline, named: AbstractSet[Section | None]) -> bool:
    """A block quote on top that nobody is named with describes the episode, as in PodNotes."""
    top = state.section is None and not state.place and all(rank == 1 for rank, _ in state.around)
    plain = block.inline.at is None and not block.inline.link and not is_quoted(block.text)
    return bool(block.quoted and top and plain and named & (LISTED | {"body"}))


def _is_quote(block: Block) -> bool:
    quoted = block.quoted and (not block.callout or block.callout[0] in _QUOTE_TYPES)
    return quoted or (not block.level and is_signed(block.text))


def _insight(block: Block, state: Outline, reading: Reading) -> Paragraph:
    text, origin, speaker = block.text, _origin(block, state, reading), ""
    said_at: int | None = None
    marked = state.section == "quotes" and not block.depth and is_quoted(block.text)
    state.quoted = state.quoted or block.quoted or marked
    text = text[label.end() :] if (label := _LABEL.match(text)) else text
    if origin == "quote":
        text, speaker, said_at = attributed(block, text)
    role: Role = "related" if state.related else "lead"
    speaker = speaker or block.speaker
    if role == "lead" and not speaker:
        speaker = reading.sole_speaker
    place = next((place for _, place in reversed(state.items)), state.place)
    at, own = block.inline.at if block.inline.at is not None else said_at, block.inline.link
    if block.first and (own or at is not None):
        state.items.append((ITEM_RANK + block.depth, Place(at, own)))
    return Paragraph(
        block.line,
        text,
        role,
        speaker,
        at if at is not None or own else place.at,
        heading=not (block.depth or block.quoted or origin == "quote"),
        rule=_named(block, state, origin),
        link=own or place.link,
        origin=origin,
    )


def _origin(block: Block, state: Outline, reading: Reading) -> Origin:
    if reading.origin or state.section == "quotes" or _is_quote(block):
        return reading.origin or "quote"
    if block.depth and is_quoted(block.text):
        return "quote"
    return reading.highlights if state.section == "highlights" else "takeaway"


def _named(block: Block, state: Outline, origin: Origin) -> str:
    if state.section in LISTED | {"summary"}:
        return str(state.section)
    return "quote" if origin == "quote" else "list item" if block.depth else "paragraph"
