"""An episode's transcript as insights that a model wrote and the segments support."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from math import ceil

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
    """``dropped`` counts what was left out, by the reason, since it was made."""

    def __init__(self, calls: Calls, settings: WriterSettings) -> None:
        self.calls, self.settings = calls, settings
        self.dropped: Counter[str] = Counter()

    def write(self, episode: Episode, segments: Sequence[Segment]) -> tuple[Mention, ...]:
        """The best insights in the order of the episode. Raises WriterWaits; what was answered by
        then is kept, and the next call goes on from there."""
        parts = chunks(segments, self.settings.chunk_tokens)
        most = wanted(self.settings.per_episode, len(parts))
        before = self.dropped.copy()
        answers = [self._answered(episode, part, most) for part in parts]
        kept = self._chosen([list(self._grounded(episode, *each)) for each in answers])
        self._tell(episode, len(kept), self.dropped - before)
        return tuple(_mention(insight) for insight in kept)

    def _answered(self, episode: Episode, chunk: Chunk, most: int) -> tuple[Chunk, list[Claim]]:
        asked = messages(episode, chunk, most)
        answer = self.calls.answer(asked)
        try:
            return chunk, self._read(answer)
        except NotJson:
            content = answer.content if answer else ""
        try:
            return chunk, self._read(self.calls.answer(repair(asked, content[:4000])))
        except NotJson:
            return chunk, self._drop(NOT_JSON)

    def _read(self, answer: Answer | None) -> list[Claim]:
        """Raises NotJson where another try may help."""
        if answer is None or not answer.content.strip():
            return self._drop((answer and answer.finish) or NO_ANSWER)
        if answer.finish:
            return self._drop(answer.finish)
        made, other = claims(answer.content)
        self.dropped[ITEM] += other
        return made

    def _drop(self, reason: str) -> list[Claim]:
        self.dropped[reason] += 1
        return []

    def _grounded(self, episode: Episode, chunk: Chunk, made: Sequence[Claim]) -> Iterator[Written]:
        self.dropped[TOO_MANY] += len(made[_MOST_CLAIMS:])
        for claim in made[:_MOST_CLAIMS]:
            ids = sorted(set(claim.segment_ids))
            if not 1 <= len(ids) <= _MOST_SEGMENTS or not 1 <= ids[0] <= ids[-1] <= len(chunk):
                self.dropped[SEGMENTS] += 1
                continue
            support = Support([chunk[number - 1] for number in ids], episode)
            if reason := fault_of_form(claim.text) or fault(claim.text, support):
                self.dropped[reason] += 1
            else:
                yield Written(claim.text, tuple(support.segments))

    def _chosen(self, parts: Sequence[Sequence[Written]]) -> list[Written]:
        """The first of every chunk, then the second: the model puts the best first."""
        kept: list[Written] = []
        for insight in chain.from_iterable(zip_longest(*parts)):
            if insight is None:
                continue
            if any(restates(insight.text, other.text) for other in kept):
                self.dropped[TWICE] += 1
            elif len(kept) == self.settings.per_episode:
                self.dropped[TOO_MANY] += 1
            else:
                kept.append(insight)
        return sorted(kept, key=lambda insight: insight.support[0].start)

    def _tell(self, episode: Episode, count: int, dropped: Counter[str]) -> None:
        reasons = ", ".join(f"{number} {reason}" for reason, number in sorted(dropped.items()))
        title = " ".join(episode.title.split())[:80]
        log.info("%r: %s written, dropped: %s", title, counted(count, "insight"), reasons or "none")


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
