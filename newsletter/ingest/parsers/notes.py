"""Blocks as paragraphs with verdicts: what the headings, lists and players around a block say of it.

A heading or a list item announces what stands under it (vocabulary.py). A time and a link beside a
heading, or in a player, are those of the insights that follow.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from newsletter.domain.model import Origin
from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import BOLD_LEVEL, Block
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.inline import is_action, stamped, time_in, time_in_url
from newsletter.ingest.parsers.lines import known_field, key_value, short_pair
from newsletter.ingest.parsers.metadata import names
from newsletter.ingest.parsers.paragraphs import Paragraph, Verdict, clean, is_web
from newsletter.ingest.parsers.vocabulary import LISTED, Section

_RELATED = re.compile(
    r"\W*(?:(?:(?:more|other|our) )?related\b|(?:more|others?)\b.* like\b|similar\b|see also\b"
    r"|you (?:may|might) also\b)",
    re.IGNORECASE,
)
_LONGEST_NAME = 80
_SHORTEST_QUOTE = 14
_ITEM_RANK = 10  # list items stand under every heading
_METADATA_RULES = {"field", "tags", "definition"}
_QUOTE_TYPES = {"quote", "cite"}
_TAKEAWAY_TYPES = {"takeaway", "takeaways", "insight", "insights", "highlight", "highlights", "keypoint", "key"}
_SPEAKER = re.compile(
    r"(?:\W{0,3}(?:\d{1,3}:)?\d{1,3}:\d\d\W{1,3})?"
    r"(speaker [0-9a-z]{1,2}|sprecher \d{1,2}|unknown speaker|host|guest|interviewer"
    r"|(?-i:[^\W\d_a-z][\w.'’-]{1,20}(?: [^\W\d_a-z][\w.'’-]{0,20}| (?:de|van|von|der|la)){0,4}))"
    r"(?: ?[\[(](?:\d{1,3}:)?\d{1,3}:\d\d[\])])?\s?[:：]\s+(?=\S)",
    re.IGNORECASE,
)
_NAMELESS = re.compile(r"(?:speaker|sprecher) |unknown|host$|guest$|interviewer$", re.IGNORECASE)
_DASHES = "—–―~"
_OPENING, _CLOSING = "\"“„«»‘「『'", "\"”“»«’」』'"
_LABEL = re.compile(
    r"(?:key )?(?:takeaway|insight|highlight|lesson|idea|learning|key point|big idea|quote)s?(?: ?#?\d{1,2})?"
    r"\s?[:：—–-]\s+(?=\S)",
    re.IGNORECASE,
)


_PERSONAL = re.compile(
    r"(?:my (?:own )?(?:notes?|thoughts?|take|comments?|reaction)|notes? to (?:my)?self|to ?do)\s?[:—–-]\s",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a dialect reads its blocks.

    ``strict``: only what stands under takeaways, quotes or beside a player is an insight.
    ``outline``: a short item with items below it is a heading. ``highlights``: how they came.
    """

    strict: bool = False
    outline: bool = False
    highlights: Origin = "takeaway"
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
    blocks = _signed_below(blocks)
    named = {section_of(block) for block in blocks}
    listed = bool(named & LISTED)
    dialogue = _dialogue(blocks)
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


def _signed_below(blocks: Sequence[Block]) -> list[Block]:
    """A name alone below a quote ("— Tomas Lind") becomes the last line of the quote."""
    joined: list[Block] = []
    for block in blocks:
        above = joined[-1] if joined else None
        tail = block.text[:1] in _DASHES and len(block.text) <= _LONGEST_NAME and block.text.lstrip(_DASHES + " ")
        if above and above.quoted and not above.rule and not block.rule and tail and _person(tail):
            words = replace(above.inline, text=f"{above.text} {block.text}")
            joined[-1] = replace(above, raw=f"{above.raw}\n{block.raw}", inline=words)
        else:
            joined.append(block)
    return joined


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
    elif section in {None, "body"}:
        state.place = place
    elif place and rank <= BOLD_LEVEL:
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


def _rule(
    block: Block, above: Block | None, below: Block | None, state: _State, dialogue: set[str]
) -> str:
    """The rule by which a block is no insight, if what it is or where it stands says so."""
    if block.rule == "player" or (block.rule == "field" and _is_time(block)):
        _play(block, state)
        return "player"
    if block.rule:
        return "field" if block.rule == "callout" and _is_field_callout(block) else block.rule
    section = state.section
    if section in {"metadata", "noise"}:
        return "section: metadata" if section == "metadata" else "section without insights"
    if rule := _callout(block):
        return rule
    if not block.text:
        return "image or link"
    if _beside_fields(block, above, below):
        return "field"
    return _spoken_or_listed(block, state, dialogue)


def _is_field_callout(block: Block) -> bool:
    return bool(block.callout) and vocabulary.section(block.callout[1] or block.callout[0]) == "metadata"


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
    if _PERSONAL.match(block.text):
        return "personal note"
    label = _speaker_label(block)
    if label and not block.quoted and (label in dialogue or _NAMELESS.match(label)):
        return "transcript"
    placed = block.inline.at is not None and not block.quoted
    if placed and state.section not in LISTED and is_heading(block.text):
        return "chapter"
    if state.section == "quotes" and state.quoted and not block.quoted and not block.depth:
        return "caption"
    only_link = len(block.inline.links) == 1 and block.text == block.inline.links[0][0]
    return "link" if only_link and is_heading(block.text) else ""


def _speaker_label(block: Block) -> str:
    match = _SPEAKER.match(block.text) or _SPEAKER.match(block.raw.replace("*", ""))
    return match[1].casefold() if match else ""


def _dialogue(blocks: Sequence[Block]) -> set[str]:
    """The speakers of a conversation that is written out: two or more, who speak again."""
    labels = Counter(label for block in blocks if not block.rule and (label := _speaker_label(block)))
    again = {label for label, count in labels.items() if count > 1}
    return set(labels) if len(again) > 1 else set()


def _outside(block: Block, state: _State, reading: Reading, *, listed: bool) -> str:
    """The rule for what a page says beside its takeaways."""
    section, placed = state.section, bool(state.place or state.items or block.inline.link)
    if section == "related" or state.related:
        return ""
    if section == "summary":
        return "summary beside takeaways" if listed else ""
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
    state.quoted = state.quoted or block.quoted
    text = _LABEL.sub("", text, count=1)
    if origin == "quote":
        text, speaker = _attributed(block, text)
    role = "related" if state.related else "lead"
    if role == "lead" and not speaker:
        speaker = reading.sole_speaker
    place = next((place for _, place in reversed(state.items)), state.place)
    at, own = block.inline.at, block.inline.link
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
    if state.section == "quotes" or _is_quote(block):
        return "quote"
    if block.depth and _unquoted(_signed(block.text)[0]) is not None:
        return "quote"
    return reading.highlights if state.section == "highlights" else "takeaway"


def _named(block: Block, state: _State, origin: Origin) -> str:
    if state.section in LISTED | {"summary"}:
        return str(state.section)
    return "quote" if origin == "quote" else "list item" if block.depth else "paragraph"


def _attributed(block: Block, text: str) -> tuple[str, str]:
    """The words of a quote and who said them, where it says so."""
    words, speaker = _signed(text, last_line=block.raw.rstrip().rpartition("\n")[2])
    if not speaker and (label := _SPEAKER.match(text)):
        speaker = "" if _NAMELESS.match(label[1]) else label[1]
        words = text[label.end() :]
    inside = _unquoted(words)
    return (words if inside is None else inside), speaker


def _signed(text: str, last_line: str = "") -> tuple[str, str]:
    """The words before a name at the end: "... in the shop. — Tomas Lind"."""
    own_line = last_line.strip()[:1] in {*_DASHES, "-"} and len(last_line) < len(text)
    border = text.rfind(last_line.strip()[0]) if own_line else max(map(text.rfind, _DASHES))
    words, tail = text[:border].rstrip(_DASHES + "- "), text[border + 1 :].strip()
    if border < 1 or not words or len(tail) > _LONGEST_NAME:
        return text, ""
    ended = own_line or words[-1] in ".!?…。！？" or words[-1] in _CLOSING
    speaker = _person(tail) if ended else ""
    return (words, speaker) if speaker else (text, "")


def _unquoted(text: str) -> str | None:
    """What stands in the quotation marks around a whole text; None if there are none."""
    bare = text.rstrip(".,")
    if len(bare) < _SHORTEST_QUOTE or bare[0] not in _OPENING or bare[-1] not in _CLOSING:
        return None
    inside = bare[1:-1].strip()
    return None if bare[0] in inside or bare[-1] in inside.replace("’", "") else inside


def _person(text: str) -> str:
    """A name from an attribution: "Tomas Lind, author of ..." is Tomas Lind."""
    people = names(stamped(clean(text).strip("*_()[] "))[0])
    return people[0] if people and people[0][0].isupper() or (people and not people[0].isascii()) else ""
