"""What a reader's interests find in the whole archive, and from where on they are told so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from newsletter.composing.rules import Rules
from newsletter.composing.similarity_index import index_of
from newsletter.domain.errors import UsageError
from newsletter.domain.model import Insight
from newsletter.ranking.interest import Matcher, parse
from newsletter.ranking.signals import texts_of
from newsletter.storage import candidates

_NEAR_FROM = 0.1
"""What scores less resembles the phrases no more than the rest of the archive does."""


@dataclass(frozen=True, slots=True)
class Match:
    """An insight with a score from 0 to 1. ``said``: an email would say that it matches."""

    id: int
    text: str
    score: float
    said: bool


@dataclass(frozen=True, slots=True)
class Matches:
    """``best`` has every insight that scores 0.1 or more, the best first; ``said_from`` is the
    least score at which an email would say so."""

    best: Sequence[Match]
    said_from: float
    words: Sequence[tuple[str, ...]]
    """For the first few, what made us think so: words of the phrase, then those learned."""
    unwanted: Sequence[Insight]
    """What a "not" takes out, in the order of the archive."""
    wanted: Sequence[str]
    """The phrases without those after a "not"; where there are none, all the rest is wanted."""


def matches(rules: Rules, interests: str, explained: int = 0) -> Matches:
    """``interests`` is what a reader may have. Raises UsageError where it has no phrase."""
    phrases = parse(interests)
    if not phrases:
        raise UsageError("name a phrase, or several parted by commas")
    with rules.store.reading() as db:
        archive = candidates.of_day(db, date.max, date.max.toordinal())
        index = index_of(db, rules.index_cache, rules.language)
    matcher = Matcher(index, texts_of(archive), rules.encode)
    scores = matcher.interest(phrases)
    near = (scores >= _NEAR_FROM).nonzero()[0].tolist()
    order = sorted(near, key=lambda place: (-scores[place], place))
    return Matches(
        best=[
            Match(
                id=archive[place].insight.id,
                text=archive[place].insight.text,
                score=float(scores[place]),
                said=bool(matcher.said(phrases, place)),
            )
            for place in order
        ],
        said_from=matcher.said_from,
        words=[matcher.shared(matcher.best(phrases, place), place) for place in order[:explained]],
        unwanted=[archive[place].insight for place in matcher.unwanted(phrases).nonzero()[0]],
        wanted=[phrase.text for phrase in phrases if not phrase.negative],
    )
