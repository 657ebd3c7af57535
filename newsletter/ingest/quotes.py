"""Short verbatim quotes from a transcript, for an episode that nobody wrote takeaways for."""

from collections.abc import Sequence

from newsletter.domain.episode import Episode, Segment
from newsletter.domain.model import Mention


def quotes(
    segments: Sequence[Segment],  # noqa: ARG001
    episode: Episode,  # noqa: ARG001
    most: int = 3,  # noqa: ARG001
) -> tuple[Mention, ...]:
    return ()
