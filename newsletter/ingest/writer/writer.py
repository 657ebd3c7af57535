"""An episode's transcript as insights that a model wrote and the segments support."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from math import ceil
from threading import Lock

from newsletter.domain.episode import Episode, Segment
from newsletter.domain.model import Mention
from newsletter.domain.text import counted
from newsletter.ingest.writer.answers import Claim, NotJson, claims
from newsletter.ingest.writer.calls import Calls, Limits
from newsletter.ingest.writer.chunks import Chunk, chunks
from newsletter.ingest.writer.form import fault_of_form
from newsletter.ingest.writer.grounding import Support, fault, restates
from newsletter.ingest.writer.prompt import messages, repair
from newsletter.storage.model_calls import Answer

log = logging.getLogger("newsletter")

_MOST_SEGMENTS = 8
_LONGEST_REPAIRED = 4_000  # letters of a wrong answer that are shown to the model again
_MOST_CLAIMS = 50  # of one answer; what a server may send has no end
NO_ANSWER, NOT_JSON, ITEM, SEGMENTS = "no answer", "not JSON", "not of the schema", "segments"
TWICE, TOO_MANY = "said twice", "too many"


@dataclass(frozen=True, slots=True)
class Written:
    """A claim and the segments that support it, in their order."""

    text: str
    support: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class WriterSettings:
    """``answer_tokens`` bounds each answer; a chunk of the transcript has ``chunk_tokens``."""

    chunk_tokens: int
    answer_tokens: int
    per_episode: int
    limits: Limits


class Writer:
    """``dropped`` counts what was left out, by the reason, since it was made. For many threads."""

    def __init__(self, calls: Calls, settings: WriterSettings) -> None:
        self.calls, self.settings = calls, settings
        self.dropped: Counter[str] = Counter()
        self._lock = Lock()

    def write(self, episode: Episode, segments: Sequence[Segment]) -> tuple[Mention, ...]:
        """The best insights in the order of the episode. Raises WriterWaits; what was answered by
        then is kept, and the next call goes on from there."""
        draft = _Draft(self.calls, self.settings, episode)
        insights = draft.written(segments)
        with self._lock:
            self.dropped += draft.dropped
        reasons = ", ".join(
            f"{number} {reason}" for reason, number in sorted(draft.dropped.items())
        )
        title, count = " ".join(episode.title.split())[:80], counted(len(insights), "insight")
        log.info("%r: %s written, dropped: %s", title, count, reasons or "none")
        return tuple(map(_mention, insights))


class _Draft:
    """One episode in the making."""

    def __init__(self, calls: Calls, settings: WriterSettings, episode: Episode) -> None:
        self.calls, self.settings, self.episode = calls, settings, episode
        self.dropped: Counter[str] = Counter()

    def written(self, segments: Sequence[Segment]) -> list[Written]:
        parts = chunks(segments, self.settings.chunk_tokens)
        most = wanted(self.settings.per_episode, len(parts))
        answers = [self._answered(part, most) for part in parts]
        grounded = [
            list(self._grounded(part, claims_made))
            for part, claims_made in zip(parts, answers, strict=True)
        ]
        return self._chosen(grounded)

    def _answered(self, chunk: Chunk, most: int) -> list[Claim]:
        asked = messages(self.episode, chunk, most)
        answer = self.calls.answer(asked)
        try:
            return self._read(answer)
        except NotJson:
            content = answer.content if answer else ""
        try:
            return self._read(self.calls.answer(repair(asked, content[:_LONGEST_REPAIRED])))
        except NotJson:
            return self._drop(NOT_JSON)

    def _read(self, answer: Answer | None) -> list[Claim]:
        """Raises NotJson where another try may help."""
        if answer is None or not answer.content.strip():
            return self._drop((answer and answer.finish) or NO_ANSWER)
        if answer.finish:
            return self._drop(answer.finish)
        claims_made, malformed = claims(answer.content)
        self._drop(ITEM, malformed)
        self._drop(TOO_MANY, len(claims_made[_MOST_CLAIMS:]))
        return claims_made[:_MOST_CLAIMS]

    def _drop(self, reason: str, count: int = 1) -> list[Claim]:
        if count:
            self.dropped[reason] += count
        return []

    def _grounded(self, chunk: Chunk, claims_made: Sequence[Claim]) -> Iterator[Written]:
        for claim in claims_made:
            ids = sorted(set(claim.segment_ids))
            if not 1 <= len(ids) <= _MOST_SEGMENTS or not 1 <= ids[0] <= ids[-1] <= len(chunk):
                self._drop(SEGMENTS)
                continue
            support = Support([chunk[number - 1] for number in ids], self.episode)
            if reason := fault_of_form(claim.text) or fault(claim.text, support):
                self._drop(reason)
            else:
                yield Written(claim.text, tuple(support.segments))

    def _chosen(self, parts: Sequence[Sequence[Written]]) -> list[Written]:
        """The first of every chunk, then the second: the model puts the best first."""
        kept: list[Written] = []
        for insight in filter(None, chain.from_iterable(zip_longest(*parts))):
            if any(restates(insight.text, earlier.text) for earlier in kept):
                self._drop(TWICE)
            elif len(kept) == self.settings.per_episode:
                self._drop(TOO_MANY)
            else:
                kept.append(insight)
        return sorted(kept, key=lambda insight: insight.support[0].start)


def wanted(per_episode: int, parts: int) -> int:
    """How many to ask of each chunk: more than the share, for some will be dropped."""
    return ceil(1.5 * per_episode / parts) if parts else 0


def _mention(insight: Written) -> Mention:
    speakers = {segment.speaker for segment in insight.support}
    return Mention(
        insight.text,
        "lead",
        speaker=speakers.pop() if len(speakers) == 1 else "",
        at=_second(insight.support[0].start),
        origin="written",
    )


def _second(start: float) -> int | None:
    """None for what is no time in an episode; a NaN is neither below nor above anything."""
    return int(start) if 0 <= start < 1e6 else None
