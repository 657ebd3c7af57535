"""What came back, acted on: judged by the rules, and all of it written in one transaction."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.domain.text import counted
from newsletter.returns.rules import Action, BounceRules, Found, judge
from newsletter.returns.severity import severity
from newsletter.storage import (
    Connection,
    deferred_domains,
    operator_actions,
    return_owners,
    storms,
    subscriber_states,
)
from newsletter.storage import returns as kept
from newsletter.storage.return_owners import Owner
from newsletter.storage.returns import Incoming

log = logging.getLogger("newsletter")


@dataclass(frozen=True, slots=True)
class StormRules:
    """More than ``share`` of an issue, or of a domain's part of it, and at least ``least``."""

    share: float = 0.05
    least: int = 10


@dataclass(frozen=True, slots=True)
class ReturnRules:
    bounces: BounceRules = field(default_factory=BounceRules)
    storms: StormRules = field(default_factory=StormRules)


DEFAULT = ReturnRules()


class Taken(NamedTuple):
    """``id`` is None where the return was there already; ``owner`` None where it is nobody's."""

    id: int | None
    action: Action
    owner: Owner | None = None


def take(
    db: Connection, incoming: Incoming, address_key: str, rules: ReturnRules, now: datetime
) -> Taken:
    """Keep a return once, and do what follows from it.

    ``address_key`` is the normal form of the address that it names, or empty.
    """
    owner = return_owners.find_owner(db, incoming.returned, address_key, trusted=incoming.trusted)
    history = _history(db, owner, rules.bounces, now) if owner else None
    action = judge(incoming.returned, history, now, rules.bounces)
    number = kept.keep(db, incoming, owner, action, now)
    if number is not None and owner is not None:
        _act(db, action, owner, incoming.returned, now)
        if action is Action.REPLY:
            subscriber_states.note_sign(db, owner.subscriber_id, now)
        if incoming.returned.kind is ReturnKind.BOUNCE and owner.proved:
            _check_storm(db, owner, rules.storms, now)
    return Taken(number, action, owner)


def _history(db: Connection, owner: Owner, rules: BounceRules, now: datetime) -> Found:
    return Found(
        proved=owner.proved,
        sent_at=owner.sent_at or now,
        softs=kept.softs(db, owner, now - rules.window),
        stayed=kept.stayed(db, owner, now - rules.stays),
        done=kept.done_before(db, owner),
    )


def refusal(answer: str, key: str, *, hard: bool, **whose: Any) -> Incoming:
    """What our server said while a message was sent, as a return. ``hard``: it was said of the
    address; ``key`` tells it from every other, ``whose`` is the delivery or the notice."""
    status = _STATUS.match(answer)
    code = status[1] if status else ""
    how_bad = severity(code, answer)
    if how_bad is not Severity.POLICY and (hard or how_bad is Severity.HARD):
        # What is said after RCPT is not about the address, whatever its words are.
        how_bad = Severity.HARD if hard else Severity.SOFT
    returned = Return(ReturnKind.BOUNCE, how_bad, status=code, words=answer, **whose)
    return Incoming(key=key, source="smtp", returned=returned)


def given_up(answer: str, key: str, **whose: Any) -> Incoming:
    """The same of a message that a server asked to bring later until there was no later."""
    incoming = refusal(answer, key, hard=False, **whose)
    how = incoming.returned.severity
    return replace(
        incoming,
        returned=replace(incoming.returned, severity=Severity.SOFT if how in _TRY_LATER else how),
    )


_STATUS = re.compile(r"\d{3} (\d\.\d{1,3}\.\d{1,3})\b")
_TRY_LATER = (Severity.HARD, Severity.UNSURE)


def _act(db: Connection, action: Action, owner: Owner, returned: Return, now: datetime) -> None:
    if do := _ACTS.get(action):
        words = (
            returned.words
            if returned.status in returned.words
            else f"{returned.status} {returned.words}".strip()
        )
        do(db, owner, words, now)


def _bounce(db: Connection, owner: Owner, words: str, now: datetime) -> None:
    """Who left and asks for a confirmation that comes back is known to be gone as well."""
    gone = words or "mail came back"
    subscriber_states.bounce(db, owner.subscriber_id, now, gone, left=owner.notice_id is not None)


def _complain(db: Connection, owner: Owner, words: str, now: datetime) -> None:
    why = f"called a message spam ({words})" if words else "called a message spam"
    subscriber_states.complain(db, owner.subscriber_id, now, why)


def _leave(db: Connection, owner: Owner, words: str, now: datetime) -> None:  # noqa: ARG001
    subscriber_states.leave(db, owner.subscriber_id, now, "by mail")


def _slow_down(db: Connection, owner: Owner, words: str, now: datetime) -> None:  # noqa: ARG001
    if owner.domain:
        deferred_domains.defer(db, owner.domain, now)


_ACTS: Mapping[Action, Callable[[Connection, Owner, str, datetime], None]] = {
    Action.BOUNCED: _bounce,
    Action.COMPLAINED: _complain,
    Action.UNSUBSCRIBED: _leave,
    Action.SLOWED: _slow_down,
}


def _check_storm(db: Connection, owner: Owner, rules: StormRules, now: datetime) -> None:
    """Pause before a provider does."""
    if owner.day is None:
        return
    for storm in storms.measure(db, owner.day, owner.domain, rules.least):
        if storm.bounced > rules.share * storm.offered and storms.note(db, storm, now):
            operator_actions.pause(db, now)
            log.error("paused: %s; `newsletter resume` goes on", described(storm))


def described(storm: storms.Storm) -> str:
    where = f" to {storm.domain}" if storm.domain else ""
    sent = counted(storm.offered, "message")
    return f"{storm.bounced:,} of {sent}{where} of the issue of {storm.day} bounced"
