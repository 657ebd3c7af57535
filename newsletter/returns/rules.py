"""What follows from a return. Pure: the instants of earlier ones go in, an action comes out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.domain.returns import Return, ReturnKind, Severity


class Action(StrEnum):
    """What was done about a return. The values stand in the database and in what commands print."""

    BOUNCED = "bounced"
    """The reader gets nothing more: the address is gone, or was full or broken too often."""
    COUNTED = "counted"
    """A soft bounce, not the last one that is borne."""
    REPEATED = "repeated"
    """Another report of a message whose first one was acted on: nothing more follows from it."""
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    SLOWED = "slowed"
    """It blames the sender: the domain waits, and the operator is told."""
    REPLY = "reply"
    """To be forwarded to the editor."""
    IGNORED = "ignored"
    FORGED = "forged"
    """It held a token that is wrong, so nothing follows from it."""
    UNPROVED = "unproved"
    """It names a reader, or one of our Message-IDs, which anybody can write who knows the address:
    for the operator."""
    LISTED = "listed"
    """For the operator: not understood, or nobody's."""


@dataclass(frozen=True, slots=True)
class BounceRules:
    """``soft_bounces`` within ``soft_days`` end a reader. A delivery without a return for
    ``stayed_days`` stayed: what bounced before it counts no more."""

    soft_bounces: int = 3
    soft_days: int = 10
    stayed_days: int = 3

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.soft_days)

    @property
    def stays(self) -> timedelta:
        return timedelta(days=self.stayed_days)


@dataclass(frozen=True, slots=True)
class Found:
    """Whose a return is, as far as it is known. ``proved``: a signed token or the provider says so.

    ``sent_at`` is when the delivery that came back was sent (now, where that is not known),
    ``softs`` when the others were that softly bounced before, one for each delivery. ``stayed`` is
    when the last one was sent that stayed, or the reader was made active. ``done`` is what followed
    from earlier returns of the same message.
    """

    proved: bool
    sent_at: datetime
    softs: tuple[datetime, ...] = field(default=())
    stayed: datetime | None = None
    done: frozenset[str] = frozenset()


def score(
    softs: Iterable[datetime], stayed: datetime | None, now: datetime, rules: BounceRules
) -> int:
    """How many soft bounces count: each for ``soft_days``, and none from before what stayed."""
    since = now - rules.window
    return sum(at > since and (stayed is None or at > stayed) for at in softs)


def judge(returned: Return, history: Found | None, now: datetime, rules: BounceRules) -> Action:
    """What to do. ``found`` is None where it is nobody's.

    Nothing follows from what no token or provider proves: it may come from anybody.
    """
    if returned.kind in _OF_NOBODY:
        return _OF_NOBODY[returned.kind]
    if history is None or not history.proved:
        unproved = Action.LISTED if history is None else Action.UNPROVED
        return Action.FORGED if returned.forged else unproved
    if returned.kind is ReturnKind.BOUNCE:
        action = _bounce(returned.severity, history, now, rules)
        return Action.REPEATED if _is_known(action, history.done) else action
    return Action.COMPLAINED if returned.kind is ReturnKind.COMPLAINT else Action.UNSUBSCRIBED


_OF_NOBODY = {
    ReturnKind.REPLY: Action.REPLY,
    ReturnKind.AUTOMATIC: Action.IGNORED,
    ReturnKind.UNKNOWN: Action.LISTED,
}


def _is_known(action: Action, done: frozenset[str]) -> bool:
    """A worse report of the same message is news."""
    return action in done or (action is Action.COUNTED and Action.BOUNCED in done)


def _bounce(severity: Severity | None, history: Found, now: datetime, rules: BounceRules) -> Action:
    if severity is Severity.POLICY:
        return Action.SLOWED
    if severity is Severity.HARD:
        return Action.BOUNCED
    counted = score([*history.softs, history.sent_at], history.stayed, now, rules)
    return Action.BOUNCED if counted >= rules.soft_bounces else Action.COUNTED
