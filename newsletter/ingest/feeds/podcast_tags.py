"""The tags of the podcast namespace, of which feedparser keeps the last of each name at most.

github.com/Podcastindex-org/podcast-namespace. Read by lxml, which recovers from broken XML.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from newsletter.domain.episode import TranscriptLink
from newsletter.domain.urls import resolved, web_address
from newsletter.ingest.parsers.paragraphs import name_of

_MOST = 20
"""Of each tag in one item: a real one has a few."""


@dataclass(frozen=True, slots=True)
class PodcastTags:
    """Of one item, or of the channel. ``guid`` is its own, to find the item again; ``base`` is what
    its relative links are relative to. ``people`` are hosts and guests, in their order."""

    guid: str = ""
    base: str = ""
    transcripts: tuple[TranscriptLink, ...] = ()
    chapters_url: str = ""
    people: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


def podcast_tags(text: str, url: str) -> tuple[PodcastTags, Sequence[PodcastTags]]:
    """Of the channel and of each item, in the order of the file; nothing where it is no XML."""
    # Its own limits stay on: no deep trees, no text beyond 10 MB, no entities of its own.
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode(), parser, base_url=url)
    except etree.XMLSyntaxError:
        return PodcastTags(), ()
    if root is None:
        return PodcastTags(), ()
    items = [element for element in root.iter() if _name(element) in ("item", "entry")]
    channel = next((element for element in root.iter() if _name(element) == "channel"), root)
    return _tags(channel, url), [_tags(item, url) for item in items]


def _tags(parent: Any, url: str) -> PodcastTags:
    children = list(_inside(parent))
    chapters = (_link(child, "url", url) for name, child in children if name == "chapters")
    guids = (_text(child) for name, child in children if name in ("guid", "id"))
    people = dict(_people(children))
    return PodcastTags(
        guid=next(guids, ""),
        base=parent.base or url,
        transcripts=tuple(dict.fromkeys(_transcripts(children, url)))[:_MOST],
        chapters_url=next(filter(None, chapters), ""),
        people=tuple(people)[:_MOST],
        hosts=tuple(name for name, hosts in people.items() if hosts)[:_MOST],
    )


def _inside(parent: Any) -> Iterator[tuple[str, Any]]:
    """All that stands in an item or channel: a tag that was left open takes what follows into it.

    But not what stands in another item, or in what an Atom entry says of its source.
    """
    for child in parent.iterchildren("*"):
        if (name := _name(child)) not in ("item", "entry", "source"):
            yield name, child
            yield from _inside(child)


def _transcripts(children: Sequence[tuple[str, Any]], url: str) -> Iterator[TranscriptLink]:
    for name, child in children:
        if name == "transcript" and (link := _link(child, "url", url)):
            media_type = child.get("type", "").partition(";")[0].strip().lower()
            yield TranscriptLink(link, media_type, child.get("language", "").strip())


def _people(children: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Those who speak, and whether they host. Without a role a person is a host."""
    for name, child in children:
        role = child.get("role", "host").strip().lower()
        speaks = any(word in role for word in ("host", "guest"))
        if name == "person" and speaks and (person := name_of(_text(child))):
            yield person, "guest" not in role


def _link(element: Any, attribute: str, url: str) -> str:
    return web_address(resolved(element.base or url, element.get(attribute, "").strip()))


def _text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def _name(element: Any) -> str:
    """Without its namespace; a prefix that was never declared is left out as well."""
    tag = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()
