"""Evernote's ENEX: notes in XML, each of them a page of HTML."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lxml import etree

from newsletter.domain.errors import BriefRejected
from newsletter.ingest.feeds.text import as_xml_text
from newsletter.ingest.parsers import html
from newsletter.ingest.parsers.metadata import Facts
from newsletter.ingest.parsers.outlines import of_episodes
from newsletter.ingest.parsers.paragraphs import Page, is_web


def read(text: str) -> list[Page]:
    """A page for each note. Raises BriefRejected where there is none."""
    parser = etree.XMLParser(
        encoding="utf-8",
        recover=True,
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        strip_cdata=True,
    )
    try:
        root = etree.fromstring(as_xml_text(text.encode()).encode(), parser)
    except etree.XMLSyntaxError:
        root = None
    notes = [] if root is None else list(root.iter("note"))
    if not notes:
        raise BriefRejected("no Evernote export: there is no <note> in it")
    return of_episodes([page for note in notes for page in _pages(note)])


def _pages(note: Any) -> Iterator[Page]:
    facts = Facts()
    facts.add_heading(note.findtext("title") or "")
    if is_web(url := note.findtext("note-attributes/source-url") or ""):
        facts.add("source url", url)
    content = note.findtext("content") or ""
    if content.strip():
        for page in html.read(
            content.replace("<en-note", "<body").replace("</en-note", "</body"), facts
        ):
            told = [replace(each, line=note.sourceline) for each in page.paragraphs]
            yield replace(page, paragraphs=told, dialect="Evernote")
