"""Markdown with YAML front matter, in the dialect that its structure shows."""

from dataclasses import replace

from newsletter.domain.model import Brief
from newsletter.ingest.parsers.blocks import markdown_blocks
from newsletter.ingest.parsers.dialects import page_of
from newsletter.ingest.parsers.episodes import episodes
from newsletter.ingest.parsers.front_matter import front_matter
from newsletter.ingest.parsers.paragraphs import Page


def read(text: str) -> list[Page]:
    """A page for each episode. Raises BriefRejected."""
    about, facts, start, body = front_matter(text)
    blocks = markdown_blocks(body, start)
    split = episodes(blocks)
    if not split:
        return [page_of(about, blocks, facts)]
    common = replace(Brief(()), podcast=about.podcast or facts.text("podcast"), topics=about.topics)
    pages = [page_of(common, each.blocks, each.facts) for each in split.episodes]
    return [*pages, Page(Brief((), dropped=about.dropped), split.beside)]
