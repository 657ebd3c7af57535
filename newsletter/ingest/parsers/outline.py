"""Where a block stands: under which headings and items, and which place they name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from newsletter.domain.model import Origin
from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import BOLD_LEVEL, Block
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.inline import inline, time_in, time_in_url
from newsletter.ingest.parsers.paragraphs import clean, is_web
from newsletter.ingest.parsers.vocabulary import Section
from newsletter.ingest.parsers.wording import ended

_RELATED = re.compile(
    r"\W*(?:(?:(?:more|other|our) )?related\b|(?:more|others?)\b.* like\b|similar\b|see also\b"
    r"|you (?:may|might) also\b)",
    re.IGNORECASE,
)
_TITLE_AND_ADDRESS = 2
ITEM_RANK = 10  # list items stand under every heading


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
class Place:
    """Where the insights that follow stand."""

    at: int | None = None
    link: str = ""

    def __bool__(self) -> bool:
        return self.at is not None or bool(self.link)


@dataclass
class Outline:
    """The headings and items around a block, and the place that was named last."""

    around: list[tuple[int, Section | None]] = field(default_factory=list)
    place: Place = field(default_factory=Place)
    items: list[tuple[int, Place]] = field(default_factory=list)
    quoted: bool = False
    title: str = ""

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


def titled(blocks: Sequence[Block]) -> Sequence[Block]:
    """With the one item that an outline hangs from as its title, where fields stand below it."""
    roots = [block for block in blocks if block.depth <= 1 and block.first]
    told = [block for block in blocks if block.depth or block.rule != "field"]
    if len(roots) != 1 or told[:1] != roots or any(block.depth == 0 for block in told):
        return blocks
    if (
        roots[0].rule
        or not is_heading(roots[0].text)
        or all(block.rule != "field" for block in told[1:])
    ):
        return blocks
    name = TAGS.sub("", roots[0].raw)
    head = Block(roots[0].line, name, inline(name, {}), level=1)
    return [
        head if block is roots[0] else replace(block, depth=max(0, block.depth - 1))
        for block in blocks
    ]


TAGS = re.compile(r"(?:\s+#(?:\[\[[^\[\]]*\]\]|[\w/-]+))+\s*$")


def heading_rule(block: Block, below: Block | None, reading: Reading, state: Outline) -> str:
    """The rule by which a block is a heading, once the state knows what it announces."""
    if not block.depth:
        state.leave(ITEM_RANK)
    elif block.first:
        state.leave(ITEM_RANK + block.depth)
    section = section_of(block)
    opens = bool(below and block.first and not below.rule and _is_inside(below, block))
    if opens and section is None and not block.rule:
        section = vocabulary.section(block.text)  # with items below it, one word is a heading
    section = section or ("noise" if _is_for_later(block, below) else None)
    titled = opens and not block.rule and _is_title(block, reading)
    if not (block.level or titled or (section and (opens or not block.first))):
        return ""
    rank = ITEM_RANK + block.depth if block.depth else block.level or BOLD_LEVEL
    state.leave(rank)
    if section == "metadata" and state.section in vocabulary.LISTED:
        section = None  # the details of a takeaway
    state.around.append((rank, section))
    state.quoted = False
    _move(block, section, rank, state)
    return "heading" if not section else f"heading: {section}"


def _is_for_later(block: Block, below: Block | None) -> bool:
    """ "Later" above what is to be done, and not above what somebody said of a later time."""
    listed = below is not None and (below.rule == "task" or (below.depth and not ended(below.text)))
    return bool(listed) and vocabulary.bare(block.text) == "later"


def _is_inside(below: Block, item: Block) -> bool:
    """A deeper item, or the next paragraph of the same one."""
    return below.depth > item.depth or (below.depth == item.depth > 0 and not below.first)


def _is_title(block: Block, reading: Reading) -> bool:
    """A list item with items below it that is no statement of its own."""
    text = clean(block.raw).rstrip("*_ ")
    if text.endswith((":", "：")) and is_heading(block.text):
        return True
    placed = block.inline.at is not None or block.inline.link
    return bool(reading.outline or placed) and is_heading(block.text)


def _move(block: Block, section: Section | None, rank: int, state: Outline) -> None:
    """A heading that names no section is of something new: where it says, or nowhere."""
    place = place_of(block)
    name, state.title = state.title, block.text if block.level else ""
    if block.level == BOLD_LEVEL and block.text and block.text in name:
        state.title = name
        return  # the heading above, once more
    if rank > ITEM_RANK:
        if place:
            state.items.append((rank, place))
    elif section in {None, "body"} or (place and rank <= BOLD_LEVEL):
        state.place = place


def place_of(block: Block) -> Place:
    """The time and the link that a heading or a player names."""
    at = block.inline.at
    if at is None:
        alone = block.rule == "player" or _TIME.fullmatch(block.text)
        at = time_in(block.raw) if alone else None
    urls = [url for _, url in block.inline.links] or _urls(block)
    if at is None:
        at = next((time for url in urls if (time := time_in_url(url)) is not None), None)
    return Place(at, block.inline.link or next(filter(is_web, urls), ""))


_TIME = re.compile(r"\W{0,4}[0-9]{1,3}(?::[0-9]{2}){1,2}\W{0,4}")
_TARGET = re.compile(r"\]\((https?://[^\s()<>]+)\)")


def _urls(block: Block) -> list[str]:
    return _TARGET.findall(block.raw) if "](" in block.raw and not block.text else []


def addressed(blocks: Sequence[Block]) -> list[int]:
    """The lines of one rank that could be titles, each with an address of its own right below it
    and more below that: the first one's address is not that of what stands under the second.

    The first stands on top, so that a list of links at a file's end is none."""
    found = [
        (index, block.level, below.raw)
        for index, (block, below) in enumerate(pairwise(blocks))
        if is_web(below.raw.strip("<> ")) and _could_be_a_title(block)
    ]
    begins = [index for index, *_ in found]
    same_rank = len({level for _, level, _ in found if level}) <= 1
    different = len({address for *_, address in found}) == len(found)
    borders = pairwise([*begins, len(blocks)])
    told = all(end - begin > _TITLE_AND_ADDRESS for begin, end in borders)
    return begins if begins[:1] in ([0], [1]) and same_rank and different and told else []


def _could_be_a_title(block: Block) -> bool:
    plain = block.rule in ("", "heading") and not block.depth and not is_web(block.raw)
    return plain and (block.level > 0 or is_heading(block.text))
