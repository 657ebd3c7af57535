"""The feeds of an OPML file, as every podcast app exports its subscriptions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from newsletter.domain.errors import UsageError
from newsletter.domain.urls import feed_address
from newsletter.ingest.feeds.text import as_xml_text

_HALF_TAG = re.compile(r"<(?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+(?:\"[^\"<]*+|'[^'<]*+)?\Z")
_ROOT_END = re.compile(r"</(?:\w{1,40}:)?opml\s*>|<(?:\w{1,40}:)?opml\b[^<>]*/>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Opml:
    """``feeds`` are addresses in the order of the file, each once. ``cut_off``: the end of it never
    came, and so feeds may be missing."""

    feeds: Sequence[str]
    cut_off: bool


def feeds_of_opml(data: bytes, name: str) -> Opml:
    """Raises UsageError where it holds no feed. Half of a tag at its end is none: it may hold half
    of an address."""
    text = _HALF_TAG.sub("", as_xml_text(data))
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        root = None
    outlines = [] if root is None else root.iter("{*}outline")
    written = (
        value
        for outline in outlines
        for key, value in outline.attrib.items()
        if key.lower() == "xmlurl"
    )
    addresses = list(dict.fromkeys(filter(None, map(feed_address, written))))
    if not addresses:
        raise UsageError(
            f'{name} names no feed: an OPML file has <outline xmlUrl="https://..."/> for each'
        )
    return Opml(addresses, cut_off=not _ROOT_END.search(text))
