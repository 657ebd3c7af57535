"""Blocks as paragraphs with verdicts: what headings, lists and players say of what follows.

A heading or a list item announces what stands under it (vocabulary.py). A time and a link beside a
heading, or in a player, are those of the insights that follow.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from newsletter.domain.model import Origin, Role
from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.attribution import (
    attributed,
    dialogue_speakers,
    is_nameless,
    is_quoted,
    signed_below,
    speaker_label,
)
from newsletter.ingest.parsers.blocks import BOLD_LEVEL, Block
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.inline import time_in, time_in_url
from newsletter.ingest.parsers.lines import key_value, known_field, short_pair
from newsletter.ingest.parsers.paragraphs import Paragraph, Verdict, clean, is_web
from newsletter.ingest.parsers.vocabulary import LISTED, Section, names_in

_RELATED = re.compile(
    r"\W*(?:(?:(?:more|other|our) )?related\b|(?:more|others?)\b.* like\b|similar\b|see also\b"
    r"|you (?:may|might) also\b)",
    re.IGNORECASE,
)
_ITEM_RANK = 10  # list items stand under every heading
_METADATA_RULES = {"field", "tags", "definition"}
_QUOTE_TYPES = {"quote", "cite"}
_TAKEAWAY_TYPES = names_in(
    """
    takeaway, takeaways, insight, insights, highlight, highlights, keypoint, key"""
)
_LABEL = re.compile(
    r"(?:key )?(?:takeaway|insight|highlight|lesson|idea|learning|key point|big idea|quote)s?"
    r"(?: ?#?\d{1,2})?\s?[:：—–-]\s+(?=\S)",
    re.IGNORECASE,
)


_CJK = "\u2e80"
_STOP = re.compile(r"[.!?。！？](?:\s|[”\"])")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2} ?[AaPp]\.?[Mm]\b")
_PERSONAL = re.compile(
    r"(?:my (?:own )?(?:notes?|thoughts?|take|comments?|reaction)"
    r"|notes? to (?:my)?self|to ?do)\s?[:—–-]\s",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a dialect reads its blocks.

    ``strict``: only what stands under takeaways, quotes or beside a player is an insight.
    ``outline``: a short item with items below it is a heading. ``highlights``: how they came;
    ``origin``: how all did.
    """

    strict: bool = False
    outline: bool = False
    highlights: Origin = "takeaway"
    origin: Origin | None = None
    speakers: tuple[str, ...] = ()
    sole_speaker: str = ""


@dataclass(slots=True)
class _Place:
    """Where the insights that follow stand."""

    at: int | None = None
    link: str = ""

    def __bool__(self) -> bool:
        return self.at is not None or bool(self.link)


@dataclass
class _State:
    """The headings and items around a block, and the place that was named last."""

    around: list[tuple[int, Section | None]] = field(default_factory=list)
    place: _Place = field(default_factory=_Place)
    items: list[tuple[int, _Place]] = field(default_factory=list)
    quoted: bool = False

    @property
    def section(self) -> Section | None:
        return next((section for _, section in reversed(self.around) if section), None)

    @property
    def related(self) -> bool:
        return any(section == "related" for _, section in self.around)

    def leave(self, rank: int) -> None:
        while self.around and self.around[-1][0] >= rank:
            self.around.pop()
        while self.items and self.items[-1][0] >= rank:
            self.items.pop()


def paragraphs(blocks: Sequence[Block], reading: Reading) -> Iterator[Paragraph]:
    """Each block with its verdict, or without one where only its words can tell."""
    state = _State()
    blocks = signed_below(blocks)
    named = {section_of(block) for block in blocks}
    listed = bool(named & LISTED)
    dialogue = dialogue_speakers(blocks)
    for index, block in enumerate(blocks):
        below = blocks[index + 1] if index + 1 < len(blocks) else None
        above = blocks[index - 1] if index else None
        if heading := _heading_rule(block, below, reading, state):
            yield _left_out(block, heading)
        elif rule := _rule(block, above, below, state, dialogue):
            verdict: Verdict = "metadata" if _is_metadata(rule) else "noise"
            yield _left_out(block, rule, verdict)
        elif rule := _outside(block, state, reading, listed=listed):
            yield _left_out(block, rule)
        else:
            yield _insight(block, state, reading)


def _left_out(block: Block, rule: str, verdict: Verdict = "noise") -> Paragraph:
    return Paragraph(block.line, clean(block.raw), verdict=verdict, rule=rule)


def _is_metadata(rule: str) -> bool:
    return rule in _METADATA_RULES or rule.endswith("metadata")


def section_of(block: Block) -> Section | None:
    """What a heading, or a short line that is used as one, announces."""
    if not block.raw or len(block.raw) > 120 or block.rule:
        return None
    text = block.text or clean(block.raw)
    if _RELATED.match(text) and (block.level or (not block.first and is_heading(text))):
        return "related"
    section = vocabulary.section(text)
    if block.level or section is None:
        return section
    # A word or two in a list may be an item: a colon, or a name of more words, makes it a heading.
    short = block.raw.rstrip("* _").endswith((":", "：")) or not block.depth or " " in text
    return section if is_heading(text) and short else None


def _heading_rule(block: Block, below: Block | None, reading: Reading, state: _State) -> str:
    """The rule by which a block is a heading, once the state knows what it announces."""
    if not block.depth:
        state.leave(_ITEM_RANK)
    elif block.first:
        state.leave(_ITEM_RANK + block.depth)
    section = section_of(block)
    opens = bool(below and block.first and below.depth > block.depth and not below.rule)
    if opens and section is None and not block.rule:
        section = vocabulary.section(block.text)  # with items below it, one word is a heading
    titled = opens and not block.rule and _is_title(block, reading)
    if not (block.level or titled or (section and (opens or not block.first))):
        return ""
    rank = _ITEM_RANK + block.depth if block.depth else block.level or BOLD_LEVEL
    state.leave(rank)
    state.around.append((rank, section))
    state.quoted = False
    _move(block, section, rank, state)
    return "heading" if not section else f"heading: {section}"


def _is_title(block: Block, reading: Reading) -> bool:
    """A list item with items below it that is no statement of its own."""
    text = clean(block.raw).rstrip("*_ ")
    if text.endswith((":", "：")) and is_heading(block.text):
        return True
    placed = block.inline.at is not None or block.inline.link
    return bool(reading.outline or placed) and is_heading(block.text)


def _move(block: Block, section: Section | None, rank: int, state: _State) -> None:
    """A heading that names no section is of something new: where it says, or nowhere."""
    place = place_of(block)
    if rank > _ITEM_RANK:
        if place:
            state.items.append((rank, place))
    elif section in {None, "body"} or (place and rank <= BOLD_LEVEL):
        state.place = place


def place_of(block: Block) -> _Place:
    """The time and the link that a heading or a player names."""
    at = block.inline.at
    if at is None:
        at = time_in(block.raw) if block.rule == "player" else None
    urls = [url for _, url in block.inline.links] or _urls(block)
    if at is None:
        at = next((time for url in urls if (time := time_in_url(url)) is not None), None)
    return _Place(at, block.inline.link or next(filter(is_web, urls), ""))


_TARGET = re.compile(r"\]\((https?://[^\s()<>]+)\)")


def _urls(block: Block) -> list[str]:
    return _TARGET.findall(block.raw) if "](" in block.raw and not block.text else []


_SECTION_RULES: dict[Section | None, str] = {
    "metadata": "section: metadata",
    "noise": "section without insights",
}


def _rule(
    block: Block, above: Block | None, below: Block | None, state: _State, dialogue: set[str]
) -> str:
    """The rule by which a block is no insight, if what it is or where it stands says so."""
    if block.rule == "player" or (block.rule == "field" and _is_time(block)):
        _play(block, state)
        return "player"
    if rule := block.rule or _SECTION_RULES.get(state.section, "") or _callout(block):
        return rule
    if not block.text:
        return "image or link"
    if _beside_fields(block, above, below):
        return "field"
    return _spoken_or_listed(block, state, dialogue)


def _is_time(block: Block) -> bool:
    pair = key_value(block.raw)
    known = vocabulary.field(pair[0]) if pair else None
    return bool(pair and known and known[0] == "time" and time_in(pair[1]) is not None)


def _play(block: Block, state: _State) -> None:
    if block.raw.lstrip().startswith("<"):
        return  # a player's own address is no page to read on
    place = place_of(block)
    if place.at is None:
        place.at = time_in(block.raw)
    if block.depth and state.items:
        rank, outer = state.items[-1]
        state.items[-1] = (rank, _Place(place.at, place.link or outer.link))
    elif block.depth:
        state.items.append((_ITEM_RANK + block.depth - 1, place))
    elif place:
        state.place = _Place(place.at, place.link or state.place.link)


def _callout(block: Block) -> str:
    if not block.callout:
        return ""
    name, title = block.callout
    section = vocabulary.section(title) if title else None
    if section in LISTED or (not section and name in _QUOTE_TYPES | _TAKEAWAY_TYPES):
        return ""
    return "callout metadata" if "metadata" in {section, name} else f"callout: {name}"


def _beside_fields(block: Block, above: Block | None, below: Block | None) -> bool:
    """``Any key: a few words`` next to fields that are known, in the same list."""
    if not short_pair(block.raw) or "\n" in block.raw or _LABEL.match(block.text):
        return False
    near = (other for other in (above, below) if other and other.depth == block.depth)
    return any(other.rule == "field" or known_field(other.raw) for other in near)


def _spoken_or_listed(block: Block, state: _State, dialogue: set[str]) -> str:
    if rule := _wording(block, state):
        return rule
    label = speaker_label(block)
    if label and not block.quoted and (label in dialogue or is_nameless(label)):
        return "transcript"
    placed = block.inline.at is not None and not block.quoted
    if placed and state.section not in LISTED and is_heading(block.text):
        return "chapter"
    if state.section == "quotes" and state.quoted and not block.quoted and not block.depth:
        return "caption"
    only_link = len(block.inline.links) == 1 and block.text == block.inline.links[0][0]
    return "link" if only_link and is_heading(block.text) else ""


def _wording(block: Block, state: _State) -> str:
    if _PERSONAL.match(block.text):
        return "personal note"
    if _is_short(block, state):
        return "too short"
    return "question" if _is_question(block.text) else ""


def _is_question(text: str) -> bool:
    """One short question: what somebody wants to know, and not what they learnt."""
    return text.endswith(("?", "？")) and len(text.split()) <= 15 and not _STOP.search(text[:-1])


def _is_short(block: Block, state: _State) -> bool:
    """A list item of a word or two, or a line of a diary: "08:15 AM Coffee with Ben"."""
    if not block.text.isascii() and any(letter > _CJK for letter in block.text):
        return False
    words = len(block.text.split())
    if _CLOCK.match(block.raw.lstrip("*_ ")) and words <= 6 and state.section not in LISTED:
        return True
    return bool(block.depth) and words <= 2 and len(block.text) <= 25


def _outside(block: Block, state: _State, reading: Reading, *, listed: bool) -> str:
    """The rule for what a page says beside its takeaways."""
    section, placed = state.section, bool(state.place or state.items or block.inline.link)
    if section == "related" or state.related:
        return ""
    if section == "summary":
        return "summary beside takeaways" if listed and not placed else ""
    if section in LISTED or _is_quote(block):
        return ""
    if reading.strict and not placed and block.inline.at is None and listed:
        return "outside the highlights"
    prose = not block.depth and section is None and not placed
    opened = any(rank > 1 for rank, _ in state.around)
    return "introduction" if listed and prose and not opened else ""


def _is_quote(block: Block) -> bool:
    return block.quoted and (not block.callout or block.callout[0] in _QUOTE_TYPES)


def _insight(block: Block, state: _State, reading: Reading) -> Paragraph:
    text, origin, speaker = block.text, _origin(block, state, reading), ""
    said_at: int | None = None
    state.quoted = state.quoted or block.quoted
    text = _LABEL.sub("", text, count=1)
    if origin == "quote":
        text, speaker, said_at = attributed(block, text)
    role: Role = "related" if state.related else "lead"
    if role == "lead" and not speaker:
        speaker = reading.sole_speaker
    place = next((place for _, place in reversed(state.items)), state.place)
    at, own = block.inline.at if block.inline.at is not None else said_at, block.inline.link
    if block.first and (own or at is not None):
        state.items.append((_ITEM_RANK + block.depth, _Place(at, own)))
    return Paragraph(
        block.line,
        text,
        role,
        speaker,
        at if at is not None or own else place.at,
        heading=not (block.depth or block.quoted),
        rule=_named(block, state, origin),
        link=own or place.link,
        origin=origin,
    )


def _origin(block: Block, state: _State, reading: Reading) -> Origin:
    if reading.origin or state.section == "quotes" or _is_quote(block):
        return reading.origin or "quote"
    if block.depth and is_quoted(block.text):
        return "quote"
    return reading.highlights if state.section == "highlights" else "takeaway"


def _named(block: Block, state: _State, origin: Origin) -> str:
    if state.section in LISTED | {"summary"}:
        return str(state.section)
    return "quote" if origin == "quote" else "list item" if block.depth else "paragraph"
