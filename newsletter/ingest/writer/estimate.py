"""What it would cost to write the insights of an episode, before anything is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from newsletter.domain.episode import Episode, Segment
from newsletter.domain.model import Mention
from newsletter.domain.text import counted
from newsletter.ingest.writer.calls import tokens_of
from newsletter.ingest.writer.chunks import chunks
from newsletter.ingest.writer.prompt import messages
from newsletter.ingest.writer.writer import WriterSettings, wanted


@dataclass(frozen=True, slots=True)
class Estimate:
    """At most, unless answers have to be asked for again: less is what was answered before."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    price: float = 0.0

    def __str__(self) -> str:
        price = f", {self.price:.2f} by the prices of [writer]" if self.price else ""
        return (
            f"at most {counted(self.calls, 'call')}, {self.tokens_in:,} tokens in and"
            f" {self.tokens_out:,} out{price}"
        )

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(
            self.calls + other.calls,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.price + other.price,
        )


def estimate(episode: Episode, segments: Sequence[Segment], settings: WriterSettings) -> Estimate:
    parts = chunks(segments, settings.chunk_tokens)
    most = wanted(settings.per_episode, len(parts))
    tokens_in = sum(tokens_of(messages(episode, part, most)) for part in parts)
    tokens_out = len(parts) * settings.answer_tokens
    price = settings.limits.price(tokens_in, tokens_out)
    return Estimate(len(parts), tokens_in, tokens_out, price)


class CostEstimator:
    """Stands in for the writer where nothing may be asked, and adds up what it would cost."""

    def __init__(self, settings: WriterSettings) -> None:
        self.settings, self.total = settings, Estimate()
        self._lock = Lock()

    def write(self, episode: Episode, segments: Sequence[Segment]) -> tuple[Mention, ...]:
        cost = estimate(episode, segments, self.settings)
        with self._lock:
            self.total += cost
        return ()
