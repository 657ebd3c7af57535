"""Markdown with YAML front matter, in the dialect that its structure shows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from newsletter.domain.model import Brief
from newsletter.ingest.parsers.blocks import Block, markdown_blocks
from newsletter.ingest.parsers.day_notes import beside_the_show, calls_itself_a_day
from newsletter.ingest.parsers.dialects import ABOVE, page_of
from newsletter.ingest.parsers.episodes import episodes
from newsletter.ingest.parsers.front_matter import front_matter
from newsletter.ingest.parsers.heard import about_one
from newsletter.ingest.parsers.metadata import Facts, unique
from newsletter.ingest.parsers.paragraphs import Page
from newsletter.ingest.parsers.prose import said_of_it


def read(text: str) -> list[Page]:
    """A page for each episode. Raises BriefRejected."""
    about, facts, start, body = front_matter(text)
    return notes(body, start, about, facts)


def notes(body: str, start: int, about: Brief, facts: Facts) -> list[Page]:
    """The same of a text that begins at the line ``start``, and what is known of it already."""
    return pages_of(markdown_blocks(body, start), about, facts)


def pages_of(blocks: Sequence[Block], about: Brief, facts: Facts) -> list[Page]:
    split = episodes(blocks, named=bool(about.episode or facts.text("episode")))
    if not split:
        page = page_of(about, about_one(blocks, facts), facts)
        told = [*facts.said, *page.paragraphs]
        beside = beside_the_show(blocks, about, facts)
        of_a_day = facts.of_a_day or calls_itself_a_day(blocks)
        return [replace(page, paragraphs=told, beside=beside, of_a_day=of_a_day)]
    for paragraph in split.beside[:ABOVE]:
        facts.add_prose(said_of_it(paragraph.text))
        if paragraph.rule == "field":
            facts.add_line(paragraph.text)
    common = replace(
        Brief(()),
        podcast=about.podcast or facts.text("podcast"),
        speakers=about.speakers or unique(facts.speakers),
        topics=about.topics,
    )
    day = about.published or facts.published
    pages = [page_of(common, each.blocks, each.facts) for each in split.episodes]
    dated = dated_apart(pages, [each.day for each in split.episodes])
    dated = [_dated(page, day) for page in dated]
    return [*dated, Page(Brief((), dropped=about.dropped), split.beside)]


def dated_apart(pages: Sequence[Page], days: Sequence[date | None]) -> list[Page]:
    """Of two episodes of one title each has the day that it stands under, or they would be one."""
    titles = Counter(page.about.episode_key for page in pages)
    return [
        _dated(page, day) if page.about.episode and titles[page.about.episode_key] > 1 else page
        for page, day in zip(pages, days, strict=True)
    ]


def _dated(page: Page, day: date | None) -> Page:
    """With the date of the file, which is a diary's, where the episode names none."""
    if page.about.published or not day:
        return page
    return replace(page, about=replace(page.about, published=day))
