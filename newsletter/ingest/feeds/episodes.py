"""An episode as a brief: its chapters and its transcript are fetched where they are needed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

import msgspec

from newsletter.domain.episode import Chapter, Episode, Segment, TranscriptLink
from newsletter.domain.errors import BriefRejected, NewsletterError, StoreError
from newsletter.domain.model import Brief
from newsletter.domain.urls import without_user
from newsletter.ingest.episode_brief import InsightWriter, episode_brief
from newsletter.ingest.feeds.connections import FetchFailed
from newsletter.ingest.feeds.fetch import Fetches
from newsletter.ingest.transcripts import parse_transcript
from newsletter.storage.feeds import Unread

_BEST_FIRST = (("vtt",), ("srt", "subrip"), ("json",), ("html",), ("plain", "txt"))
_MOST_CHAPTERS = 500
_MOST_TRANSCRIPTS = 3
"""Of one episode that are tried: each may take as long as an answer may."""


@dataclass(frozen=True, slots=True)
class ReadEpisode:
    """Its brief, or the ``reason`` why there is none; ``waits``: there may be one later."""

    brief: Brief | None
    reason: str = ""
    waits: bool = False
    unread: tuple[Unread, ...] = ()


class _NoTranscript(Exception):
    """``waits``: one of them may be had later."""

    def __init__(self, reason: str, *, waits: bool) -> None:
        super().__init__(reason)
        self.waits = waits


def read_episode(
    episode: Episode, fetcher: Fetches, writer: InsightWriter | None, *, patient: bool = False
) -> ReadEpisode:
    """A transcript is fetched only where the notes hold no takeaways: those are better.

    ``patient``: what cannot be had for now is waited for, a transcript or what a writer writes;
    otherwise it is done without.
    """
    unread: list[Unread] = []
    episode = replace(episode, chapters=episode.chapters or _chapters(episode, fetcher, unread))
    try:
        return ReadEpisode(episode_brief(episode), unread=tuple(unread))
    except BriefRejected as error:
        if not episode.transcripts:
            return ReadEpisode(None, error.reason, unread=tuple(unread))
        nothing = error.reason
    try:
        segments = _transcript(episode.transcripts, fetcher, unread)
    except _NoTranscript as error:
        return ReadEpisode(None, f"{nothing}: {error}", patient and error.waits, tuple(unread))
    return replace(_said(episode, segments, writer, patient=patient), unread=tuple(unread))


def _said(
    episode: Episode,
    segments: Sequence[Segment],
    writer: InsightWriter | None,
    *,
    patient: bool,
) -> ReadEpisode:
    try:
        return ReadEpisode(episode_brief(episode, segments, writer))
    except BriefRejected as error:
        return ReadEpisode(None, error.reason)
    except StoreError:
        raise
    except NewsletterError as error:  # the writer's: a limit of the day, or its server
        if patient:
            return ReadEpisode(None, str(error), waits=True)
        return _said(episode, segments, None, patient=False)


def best_first(transcripts: Sequence[TranscriptLink]) -> list[TranscriptLink]:
    """Those with times and speakers first, in the language of the one that is listed first."""

    def rank(link: TranscriptLink) -> tuple[bool, int]:
        named = link.media_type or urlsplit(link.url).path.rpartition(".")[2].lower()
        ranks = (
            number for number, words in enumerate(_BEST_FIRST) if any(w in named for w in words)
        )
        return link.language != transcripts[0].language, next(ranks, len(_BEST_FIRST))

    return sorted(transcripts, key=rank)


def _transcript(
    transcripts: Sequence[TranscriptLink], fetcher: Fetches, unread: list[Unread]
) -> tuple[Segment, ...]:
    """The best that can be read, of the first few. Raises _NoTranscript."""
    problems, waits = [], False
    for link in best_first(transcripts)[:_MOST_TRANSCRIPTS]:
        try:
            fetched = fetcher.get(link.url)
            media_type = link.media_type or fetched.media_type
            return _parsed(link.url, fetched.body or b"", media_type, unread)
        except FetchFailed as error:
            problems.append(str(error))
            waits = waits or not error.lasting
        except BriefRejected as error:
            problems.append(str(error))
    raise _NoTranscript("; ".join(dict.fromkeys(problems)), waits=waits)


def _parsed(url: str, body: bytes, media_type: str, unread: list[Unread]) -> tuple[Segment, ...]:
    try:
        return parse_transcript(body, media_type, urlsplit(url).path)
    except BriefRejected as error:
        unread.append(Unread(without_user(url), f"transcript: {error}", body))
        raise


def _chapters(episode: Episode, fetcher: Fetches, unread: list[Unread]) -> tuple[Chapter, ...]:
    """None where they cannot be had: they only say at which second something was said."""
    if not episode.chapters_url:
        return ()
    try:
        body = fetcher.get(episode.chapters_url).body or b""
    except FetchFailed:
        return ()
    try:
        return chapters_of_json(body)
    except BriefRejected as error:
        unread.append(Unread(without_user(episode.chapters_url), str(error), body))
        return ()


def chapters_of_json(data: bytes) -> tuple[Chapter, ...]:
    """``podcast:chapters``: application/json+chapters. Raises BriefRejected."""
    try:
        document: Any = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
        listed = document["chapters"]
        chapters = [_chapter(item) for item in listed[:_MOST_CHAPTERS]]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise BriefRejected(f"no chapters as JSON: {error}") from error
    return tuple(chapter for chapter in chapters if chapter)


def _chapter(item: Any) -> Chapter | None:
    start, title = item.get("startTime"), item.get("title")
    if item.get("toc") is False or not isinstance(title, str) or not title.strip():
        return None
    if not isinstance(start, int | float) or not isfinite(start) or not 0 <= start < 10**6:
        return None
    return Chapter(int(start), " ".join(title.split()))
