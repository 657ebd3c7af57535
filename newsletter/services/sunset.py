"""Sunset: readers who gave no sign for months are asked whether they are still there.

There are no pixels: a sign is a vote, a choice, an answer. Who does not answer is asked once more,
and then unsubscribed. Each step is in the ledger of notices, so that no reader is asked twice in a
step, whichever process asks, and whenever it was killed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from newsletter.domain.model import Subscriber
from newsletter.domain.notices import Purpose
from newsletter.domain.text import counted
from newsletter.domain.tokens import token as unsubscribe_token
from newsletter.services.notices import ask, opened
from newsletter.storage import Connection, Store, subscriber_states, subscribers, sunset

GRACE = timedelta(days=14)
"""From a notice that was sent to the next step."""
_AT_A_TIME = 500
_MONTH = timedelta(days=365) / 12
NO_ANSWER = subscriber_states.NO_ANSWER


@dataclass(frozen=True, slots=True)
class SunsetRules:
    """After ``months`` without a sign; 0: never. At most ``a_day`` are asked on a day, by UTC."""

    months: int = 0
    a_day: int = 200

    @property
    def silence(self) -> timedelta:
        return self.months * _MONTH


@dataclass(frozen=True, slots=True)
class SunsetReport:
    asked: int = 0
    reminded: int = 0
    ended: int = 0

    def __str__(self) -> str:
        asked = f"{counted(self.asked, 'reader')}, {self.reminded:,} of them for the second time"
        return f"still there? asked {asked}; {self.ended:,} gave no answer and get nothing more"


def sunset_step(store: Store, rules: SunsetRules, now: datetime) -> SunsetReport:
    """Once a day, or as often as you like: what is done is not done again."""
    if not rules.months:
        return SunsetReport()
    before = now - GRACE
    ended = _in_parts(store, rules.a_day, lambda db, most: _end(db, before, most, now))
    # Those who were asked come to an end before others begin.
    reminders = _in_parts(
        store, rules.a_day, lambda db, most: _ask(db, sunset.asked_once, before, most, rules, now)
    )
    since = now - rules.silence
    new = _in_parts(
        store, rules.a_day, lambda db, most: _ask(db, sunset.silent, since, most, rules, now)
    )
    return SunsetReport(asked=reminders + new, reminded=reminders, ended=ended)


def _in_parts(store: Store, most: int, step: Callable[[Connection, int], int]) -> int:
    """A transaction for some at a time, so that senders can write between them."""
    total = 0
    while total < most:
        with store.writing() as db:
            count = step(db, min(most - total, _AT_A_TIME))
        total += count
        if not count:
            break
    return total


def _ask(
    db: Connection,
    select_readers: Callable[[Connection, datetime, int], Sequence[int]],
    before: datetime,
    most: int,
    rules: SunsetRules,
    now: datetime,
) -> int:
    """Counted anew in each transaction: another process may ask as well."""
    day = now.astimezone(UTC).date()
    room = min(rules.a_day - sunset.asked_on(db, day), most)
    readers = select_readers(db, before, room) if room > 0 else ()
    return sum(ask(db, reader, Purpose.STILL_THERE, day, now) for reader in readers)


def _end(db: Connection, before: datetime, most: int, now: datetime) -> int:
    readers = sunset.asked_twice(db, before, most)
    for reader in readers:
        subscriber_states.leave(db, reader, now, NO_ANSWER)
    return len(readers)


class StillState(StrEnum):
    """What a notice's link leads to; ``KEPT`` and ``BACK`` only as the answer to the button."""

    ASK = "ask"
    ENDED = "ended"
    """They did not answer in time, and may come back."""
    KEPT = "kept"
    BACK = "back"
    LEFT = "left"
    """They left by themselves, or their mail came back: an old link brings nobody back."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Still:
    """``leave`` is the token of their link to unsubscribe."""

    state: StillState
    reader: Subscriber | None = None
    leave: str = ""


_UNKNOWN = Still(StillState.UNKNOWN)
_DONE = {StillState.ASK: StillState.KEPT, StillState.ENDED: StillState.BACK}


@dataclass(frozen=True)
class StillLinks:
    """By the token in the link. Tokens that are nobody's are UNKNOWN and change nothing."""

    store: Store
    secret: bytes = field(repr=False)
    clock: Callable[[], datetime]

    def look(self, token: str) -> Still:
        """Changes nothing."""
        with self.store.reading() as db:
            return self._look(db, token)[0]

    def keep(self, token: str) -> Still:
        """Go on sending; who was unsubscribed for want of an answer comes back."""
        now = self.clock()
        with self.store.writing() as db:
            answer, notice = self._look(db, token)
            if answer.reader is None or answer.state not in _DONE:
                return answer
            if answer.state is StillState.ENDED:
                subscriber_states.rejoin(db, answer.reader.id, now)
            else:
                subscriber_states.stay(db, answer.reader.id, now)
            sunset.followed(db, notice, now)
        return Still(_DONE[answer.state], answer.reader, answer.leave)

    def _look(self, db: Connection, token: str) -> tuple[Still, int]:
        """And the id of the notice."""
        notice = opened(db, self.secret, Purpose.STILL_THERE, token, self.clock())
        reader = subscribers.numbered(db, notice.subscriber_id) if notice else None
        if notice is None or reader is None:
            return _UNKNOWN, 0
        _, why = subscribers.state_since(db, reader.id)
        leave = unsubscribe_token(self.secret, reader.id)
        return Still(_state(reader, why), reader, leave), notice.id


def _state(reader: Subscriber, why: str) -> StillState:
    if reader.state == "active":
        return StillState.ASK
    ended = reader.state == "unsubscribed" and why == NO_ANSWER
    return StillState.ENDED if ended else StillState.LEFT
