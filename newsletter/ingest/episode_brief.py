"""The brief of an episode, from the best source it has.

Takeaways that people wrote; else what a language model writes from the transcript, where there is
one; else quotes from the transcript.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from newsletter.domain.episode import Episode, Segment
from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief, Mention
from newsletter.ingest.parsers.paragraphs import MAX_LABEL, clean, link
from newsletter.ingest.quotes import quotes, why_none
from newsletter.ingest.takeaways import takeaways


class InsightWriter(Protocol):
    """``newsletter.ingest.writer``, where the operator named a model."""

    def write(self, episode: Episode, segments: Sequence[Segment]) -> tuple[Mention, ...]: ...


def episode_brief(
    episode: Episode, segments: Sequence[Segment] = (), writer: InsightWriter | None = None
) -> Brief:
    """Raises BriefRejected if there is no insight in the episode."""
    sources = _sources(episode, segments, writer)
    mentions = next(filter(None, sources), ())
    if not mentions:
        transcript = why_none(segments) if segments else "no transcript"
        raise BriefRejected(f"no insight in it: no takeaways in the notes, {transcript}")
    return Brief(
        mentions,
        podcast=_label(episode.podcast),
        episode=_label(episode.title),
        url=link(episode.url, 0)[0] or link(episode.enclosure, 0)[0],
        published=episode.published,
        speakers=episode.speakers or _speakers(mentions),
    )


def _sources(
    episode: Episode, segments: Sequence[Segment], writer: InsightWriter | None
) -> Iterator[tuple[Mention, ...]]:
    """Best first, each worked out when the ones before it gave nothing."""
    yield tuple(replace(mention, origin="takeaway") for mention in takeaways(episode))
    if segments and writer:
        yield tuple(
            replace(mention, origin="written") for mention in writer.write(episode, segments)
        )
    if segments:
        yield quotes(segments, episode)


def _speakers(mentions: Sequence[Mention]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.speaker for mention in mentions if mention.speaker))


def _label(text: str) -> str:
    return clean(text)[:MAX_LABEL]
