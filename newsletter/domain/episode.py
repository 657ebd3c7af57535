"""An episode of a podcast as its feed describes it, and what was said in it."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class TranscriptLink:
    """Where a feed says that a transcript is. ``media_type`` and ``language`` are empty if unknown.

    ``podcast:transcript`` of github.com/Podcastindex-org/podcast-namespace.
    """

    url: str
    media_type: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """``start`` is seconds into the episode."""

    start: int
    title: str


@dataclass(frozen=True, slots=True)
class Episode:
    """One item of a feed, itself by its ``guid``. ``notes`` are HTML or text, as the feed has them.

    ``duration`` is seconds. ``url`` is the page of the episode, ``enclosure`` its audio. ``hosts``
    are those of the ``speakers`` whom the feed calls so.
    """

    guid: str
    title: str
    podcast: str = ""
    url: str = ""
    enclosure: str = ""
    published: date | None = None
    notes: str = ""
    duration: int | None = None
    speakers: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    transcripts: tuple[TranscriptLink, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    chapters_url: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """What one speaker said in one go; ``start`` and ``end`` are seconds into the episode.

    ``after_gap``: something was left out before it: an advertisement, a sound.
    """

    start: float
    end: float
    text: str
    speaker: str = ""
    after_gap: bool = False
