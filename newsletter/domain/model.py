"""The words of the house as frozen values: what a brief, an insight, a pick, an issue is."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from newsletter.domain.weekdays import EVERY_DAY

Role = Literal["lead", "related"]
Origin = Literal["takeaway", "quote", "written"]
"""How an insight came: listed by people, said word for word, or written by a model."""
ORIGINS: Mapping[Origin, str] = {
    "takeaway": "written by people",
    "quote": "a quote",
    "written": "written by a model",
}
State = Literal["pending", "active", "unsubscribed", "bounced", "complained"]
STATES = get_args(State)
Frequency = Literal["daily", "weekly"]
FREQUENCIES = get_args(Frequency)
VoteKind = Literal["more", "knew"]
"""What a reader says of an insight, by ``VOTE_WORDS``."""
VOTE_WORDS: Mapping[VoteKind, str] = {"more": "more like this", "knew": "knew it already"}

_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛ʼʹ′`´‹›", "'") | dict.fromkeys("“”„‟″«»", '"'))
_UNSEEN = re.compile("[\u034f\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def normalise(text: str) -> str:
    """The identity of a text: NFKC, straight quotes, single spaces, case folded.

    Invisible characters (format characters, variation selectors) and closing stops are left out.
    """
    # Quotes first: NFKC would make a space and an accent of an acute.
    plain = unicodedata.normalize("NFKC", _seen(text).translate(_QUOTES))
    return " ".join(plain.casefold().split()).rstrip(". ")


def _seen(text: str) -> str:
    if text.isascii():
        return text
    letters = (letter for letter in text if unicodedata.category(letter) != "Cf")
    return _UNSEEN.sub("", "".join(letters))


def digest(*parts: str) -> str:
    """64 hex digits that tell these parts from any others, their borders included."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Mention:
    """An insight standing in a brief. ``at`` is seconds into the episode; ``link`` is its own."""

    text: str
    role: Role
    speaker: str = ""
    at: int | None = None
    topics: tuple[str, ...] = ()
    link: str = ""
    origin: Origin = "takeaway"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A paragraph that is no insight, and the line it stood on (from 1)."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Brief:
    """A file, or an episode of it, read. ``mentions`` holds each insight once, in its order."""

    mentions: tuple[Mention, ...]
    podcast: str = ""
    episode: str = ""
    title: str = ""
    url: str = ""
    published: date | None = None
    speakers: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    @property
    def episode_key(self) -> str:
        """What tells a brief from the others of its file, though its insights change."""
        return digest(
            normalise(self.podcast), normalise(self.episode), "" if self.episode else self.url
        )

    def speaker_of(self, mention: Mention) -> str:
        """Of a book or an article, which has a title and belongs to no podcast, its only author."""
        alone = len(self.speakers) == 1 and not self.podcast and bool(self.episode or self.title)
        author = self.speakers[0] if alone and mention.role == "lead" else ""
        return mention.speaker or author

    @property
    def fingerprint(self) -> str:
        """Two files with the same fingerprint are the same brief."""
        about = (normalise(self.podcast), normalise(self.episode), self.url)
        return digest(*about, *(normalise(mention.text) for mention in self.mentions))


@dataclass(frozen=True, slots=True)
class Citation:
    """Where an insight was said, as far as known; empty strings where not.

    ``url`` is the episode's, ``link`` the insight's own, which leads to the second by itself.
    """

    podcast: str = ""
    episode: str = ""
    speaker: str = ""
    url: str = ""
    at: int | None = None
    link: str = ""
    origin: Origin = "takeaway"


@dataclass(frozen=True, slots=True)
class Insight:
    """``correction``: the words that the editor has shown in place of ``text``; "" for none."""

    id: int
    text: str
    date: date
    correction: str = ""

    @property
    def shown(self) -> str:
        return self.correction or self.text


@dataclass(frozen=True, slots=True)
class Editing:
    """What the editor decided for a date: its opening line, and insights by their ids.

    Who was not sent a ``pinned`` one gets it; nobody gets a ``blocked`` one. Those in ``order``
    stand in this order, wherever they are picked.
    """

    note: str = ""
    pinned: tuple[int, ...] = ()
    blocked: frozenset[int] = frozenset()
    order: tuple[int, ...] = ()


NO_EDITING = Editing()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An insight of the window, said in ``brief_count`` briefs; ``brief_id`` is the one cited.

    ``shows`` are the names of the podcasts that said it, the one cited first.
    """

    insight: Insight
    citation: Citation
    brief_id: int
    brief_count: int = 1
    topics: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Echo:
    """An earlier insight that a new one resembles; ``heard`` is when the reader was sent it,
    ``dated`` when it was said, where that is known; ``edited``: ``text`` is a correction.

    ``similarity`` is the probability that the new one restates it; ``shared`` are the words they
    share, heaviest first, each with its part (0 to 1) of what both have in common.
    """

    insight_id: int
    text: str
    similarity: float
    heard: date | None = None
    shared: tuple[tuple[str, float], ...] = ()
    dated: date | None = None
    edited: bool = False


LEADS_BELOW = 0.05
"""A pick leads and gives the subject only if it is less likely than this to restate an insight that
its reader was sent."""


@dataclass(frozen=True, slots=True)
class Pick:
    """An insight chosen for an issue. ``score`` is the weighted mean of ``signals`` (0 to 1).

    ``reason`` is empty where there is nothing to say; ``edited``: ``text`` is a correction;
    ``pinned``: the editor wanted it here.
    """

    rank: int
    insight_id: int
    text: str
    citation: Citation
    score: float
    signals: Mapping[str, float]
    echoes: tuple[Echo, ...] = ()
    related: tuple[Echo, ...] = ()
    reason: str = ""
    edited: bool = False
    pinned: bool = False

    @property
    def may_lead(self) -> bool:
        return not self.echoes or self.echoes[0].similarity < LEADS_BELOW


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """A candidate that came close, and why it was left out."""

    insight_id: int
    text: str
    score: float
    signals: Mapping[str, float]
    why: str


@dataclass(frozen=True, slots=True)
class Issue:
    """What a reader gets for one date. With fewer picks than the minimum nothing is sent.

    ``first``: the reader was sent none before it. ``note``: the editor's opening line. ``pruned``:
    what explains it and makes its message again was dropped; only what the picks say is left.
    """

    date: date
    picks: tuple[Pick, ...]
    runners_up: tuple[RunnerUp, ...] = ()
    first: bool = False
    pruned: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """``hour`` is local, 0 to 23; ``interests`` is free text, phrases parted by commas.

    ``weekdays`` is a set of the days of an issue (``domain.weekdays``); who reads ``weekly``, a
    digest, has one. No date before ``paused_until`` has an issue. ``language`` is that of the words
    around the insights; empty: the newsletter's.
    """

    id: int
    address: str
    timezone: str
    hour: int
    name: str = ""
    interests: str = ""
    state: State = "active"
    weekdays: int = EVERY_DAY
    paused_until: date | None = None
    frequency: Frequency = "daily"
    language: str = ""

    @property
    def weekly(self) -> bool:
        return self.frequency == "weekly"


@dataclass(frozen=True, slots=True)
class Vote:
    """What a reader says of an insight, and when they said it; of each insight the latest holds."""

    insight_id: int
    kind: VoteKind
    at: datetime


@dataclass(frozen=True, slots=True)
class SelectionSettings:
    """How issues are chosen: the [selection] section. Limits are on the 0-to-1 similarity scale."""

    count: int
    minimum: int
    window_days: int
    twin_limit: float
    diversity: float
    per_brief: int
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ScheduledEmail:
    """What composing fixed for one reader's issue: enough to make the same message again."""

    issue: Issue
    subscriber: Subscriber
    message_id: str
    dated_at: datetime
