"""Markdown with YAML front matter, in the dialect that its structure shows."""

from newsletter.ingest.parsers.blocks import markdown_blocks
from newsletter.ingest.parsers.dialects import page_of
from newsletter.ingest.parsers.front_matter import front_matter
from newsletter.ingest.parsers.paragraphs import Page


def read(text: str) -> Page:
    """Raises BriefRejected."""
    about, facts, start, body = front_matter(text)
    return page_of(about, markdown_blocks(body, start), facts)
