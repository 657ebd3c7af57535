"""The dialects of Markdown: a module for each app's export, and its line in DIALECTS."""

import re
from collections.abc import Sequence

from newsletter.domain.model import Brief
from newsletter.ingest.parsers.blocks import BOLD_LEVEL, Block
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.dialects.airr import AIRR, AIRR_ITEMS
from newsletter.ingest.parsers.dialects.dialect import Dialect
from newsletter.ingest.parsers.dialects.logseq import LOGSEQ
from newsletter.ingest.parsers.dialects.podwise import PODWISE
from newsletter.ingest.parsers.dialects.readwise import READWISE
from newsletter.ingest.parsers.dialects.snipd import SNIPD
from newsletter.ingest.parsers.lines import is_clock, source_of
from newsletter.ingest.parsers.metadata import Facts, completed
from newsletter.ingest.parsers.notes import paragraphs
from newsletter.ingest.parsers.outline import Reading, section_of, titled
from newsletter.ingest.parsers.own_fields import owned
from newsletter.ingest.parsers.paragraphs import Page, is_web
from newsletter.ingest.parsers.prose import by_roles, said_of_it
from newsletter.ingest.parsers.tables import untabled
from newsletter.ingest.parsers.transcript_speakers import transcript_speakers

# The first that recognises a page reads it.
DIALECTS: Sequence[Dialect] = (READWISE, SNIPD, AIRR_ITEMS, AIRR, PODWISE, LOGSEQ)
PLAIN = "Markdown"
ABOVE = 6
"""Blocks on top of a page in which a sentence may say what it is about."""
_ONLY_A_LINK = re.compile(r"[*_]{0,3}\[([^\[\]\n]{2,100})\]\((https?://[^\s()]{1,300})\)[*_]{0,3}")
_UNREAD = {"hidden", "unseen"}
_LINKED = re.compile(r"\[[^\[\]\n]{0,300}\]\([^\s()]{0,2000}\)")
_BAR = re.compile(r"(?<!\\)\|")
_SHOW = re.compile(
    r"\b(?:podcast|episode|interview|conversation|p[óo]dcast|episodio|episódio|épisode|folge|puntata"
    r"|aflevering|avsnitt)\b",
    re.IGNORECASE,
)


def page_of(about: Brief, blocks: Sequence[Block], facts: Facts) -> Page:
    """A page in the dialect that recognises it, or else as plain notes.

    In notes a single speaker, named in the front matter, said all but the related insights.
    """
    blocks = owned(untabled(titled(blocks)))
    gather(blocks, facts)
    facts.speakers += transcript_speakers(blocks)
    for dialect in DIALECTS:
        if dialect.recognises(blocks, facts):
            known = dialect.completed(about, facts)
            return Page(known, dialect.read(blocks, facts), dialect.name)
    alone = about.speakers[0] if len(about.speakers) == 1 else ""
    return Page(completed(about, facts), paragraphs(blocks, Reading(sole_speaker=alone)), PLAIN)


def _gather_line(block: Block, facts: Facts) -> None:
    if block.rule == "field":
        facts.add_line(block.raw)
    elif block.rule == "table":
        cells = [cell.strip(" *") for cell in _BAR.split(block.raw.strip().strip("|"))]
        if len(cells) == 2:
            facts.add(cells[0], cells[1])
    elif is_web(last := block.raw.rpartition("\n")[2].strip()):
        facts.add_link("", last)
    elif block.inline.link and block.inline.at is None and is_heading(block.text or "link"):
        facts.add_link("", block.inline.link)
    elif (linked := _names_the_episode(block)) and block.inline.at is None:
        facts.add_link("", linked)


def _links_to_the_show(block: Block) -> str:
    """A line that is only a link to the page of a show, as Airr, Snipd and Spotify call it."""
    match = _ONLY_A_LINK.fullmatch(block.raw.strip())
    return match[1] if match and "/show/" in match[2] else ""


def _names_the_episode(block: Block) -> str:
    """The address behind "Podcast on ...", or in the line that a list begins with."""
    links = [(name, url) for name, url in block.inline.links if is_web(url)]
    alone = len(links) == 1 and (block.text == links[0][0] or block.text.endswith(":"))
    return links[0][1] if alone and _SHOW.search(links[0][0]) else ""


def _is_dateline(blocks: Sequence[Block], index: int) -> bool:
    """A day above an hour is when the notes were written."""
    block, below = blocks[index], blocks[index + 1 : index + 2]
    short = not block.rule and not block.depth and is_heading(block.text)
    return short and not (below and is_clock(below[0].raw))


def _gather_prose(block: Block, facts: Facts, *, top: bool) -> None:
    if top and not block.rule and _SHOW.search(block.raw):
        facts.add_prose(said_of_it(block.raw))
    if not block.depth and (people := by_roles(block.text)):
        facts.add("speakers", *people)


def _only_links(block: Block) -> bool:
    """As what stands around a mail's title: who sent it, and what can be done with it."""
    return not re.sub(r"\W", "", _LINKED.sub("", block.raw))


def gather(blocks: Sequence[Block], facts: Facts) -> None:
    """What fields say, and where none names the episode, the first heading."""
    section, begun, number = None, False, 0
    for index, block in enumerate(blocks):
        if block.level:
            section = section_of(block)
            begun = begun or section is not None
        elif not begun and _is_dateline(blocks, index):
            facts.add_dateline(block.text)
        if section != "noise" or source_of(block.raw):
            _gather_line(block, facts)
        if not begun and (show := _links_to_the_show(block)):
            facts.add_prose({"podcast": show})
        _gather_prose(block, facts, top=number < ABOVE)
        number += number < ABOVE and not (block.rule in _UNREAD or _only_links(block))
    first = next((block for block in blocks if block.level == 1), None)
    worded = next(
        (block for block in blocks if any(map(str.isalnum, block.text or block.raw))), None
    )
    first = first or (worded if worded and 1 < worded.level < BOLD_LEVEL else None)
    if first and not section_of(first):
        facts.add_heading(first.raw)
