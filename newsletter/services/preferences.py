"""What a reader chooses for themselves, by the link in their message."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from newsletter.domain.addresses import mailbox
from newsletter.domain.due import local_date
from newsletter.domain.errors import UsageError
from newsletter.domain.model import Subscriber
from newsletter.domain.notices import PREFERENCES, TO
from newsletter.domain.timezones import respelt
from newsletter.domain.tokens import linked
from newsletter.domain.weekdays import EVERY_DAY, weekday_set
from newsletter.services.later import Later
from newsletter.services.notices import Purpose, ask, opened
from newsletter.services.personal_data import about, erase_reader
from newsletter.services.readers import next_issue
from newsletter.services.signup import ask_within_limits
from newsletter.services.subscriptions import differences, faults, from_text
from newsletter.storage import Store, subscriber_states, subscribers

_LONGEST_PAUSE = timedelta(days=730)
_TEXTS = ("name", "interests")


@dataclass(frozen=True)
class Reader:
    """Who a link belongs to; ``why`` their state is what it is."""

    subscriber: Subscriber
    why: str
    next_due: datetime


@dataclass(frozen=True)
class Preferences:
    """By the token of a link, which names a reader for ever. Others name nobody.

    ``wake`` is called when there is a notice to send.
    """

    store: Store
    secret: bytes = field(repr=False)
    clock: Callable[[], datetime]
    wake: Callable[[], None] = lambda: None
    later: Later = field(default_factory=Later)

    def reader(self, token: str) -> Reader | None:
        now = self.clock()
        numbers = linked(self.secret, PREFERENCES, token, now)
        if numbers is None or len(numbers) != 1:
            return None
        with self.store.reading() as db:
            subscriber = subscribers.numbered(db, numbers[0])
            if subscriber is None:
                return None
            _, why = subscribers.state_since(db, subscriber.id)
            return Reader(subscriber, why, next_issue(db, subscriber, now))

    def save(self, before: Subscriber, chosen: Subscriber) -> None:
        """``chosen`` has no faults."""
        changes = differences(before, chosen)
        with self.store.writing() as db:
            subscriber_states.note_sign(db, before.id, self.clock())
            if changes:
                key = mailbox(before.address).key
                subscribers.change(db, key, self.clock(), **changes)

    def data(self, reader: Subscriber) -> dict[str, Any]:
        return about(self.store, reader.id, self.clock())

    def ask_to_erase(self, reader: Subscriber) -> bool:
        """Have the message sent that asks them to confirm; False where it was today already. Their
        state is one that gets it."""
        return self._ask(reader, Purpose.ERASE)

    def send_link(self, address: str) -> bool:
        """To who reads by this address, at most once a day and three times a week; nothing for
        every other text. The caller does not wait, so that nobody learns by the time who reads.
        False where too many wait already, whoever they are."""
        return self.later(lambda: self._send_link(address))

    def _send_link(self, address: str) -> None:
        try:
            key = mailbox(address).key
        except UsageError:
            return
        with self.store.reading() as db:
            reader = subscribers.find(db, key)
        if reader and reader.state in TO[Purpose.LINK]:
            self._ask(reader, Purpose.LINK)

    def _ask(self, reader: Subscriber, purpose: Purpose) -> bool:
        now = self.clock()
        with self.store.writing() as db:
            # A link is asked for by whoever types an address, an erasure by its reader alone.
            asked = (
                ask_within_limits(db, reader.id, purpose, now, {})
                if purpose is Purpose.LINK
                else ask(db, reader.id, purpose, now.date(), now)
            )
        if asked:
            self.wake()
        return asked

    def to_erase(self, token: str) -> Subscriber | None:
        """Whose erasure this link confirms."""
        with self.store.reading() as db:
            notice = opened(db, self.secret, Purpose.ERASE, token, self.clock())
            return subscribers.numbered(db, notice.subscriber_id) if notice else None

    def erase(self, token: str) -> bool:
        """For good; False where the link confirms nothing, or it was done already."""
        reader = self.to_erase(token)
        if reader is None:
            return False
        erase_reader(self.store, reader, self.secret, self.clock())
        return True


def chosen(
    before: Subscriber, form: Mapping[str, str], weekdays: Iterable[str], now: datetime
) -> tuple[Subscriber, set[str]]:
    """What a form chooses, and the names of its fields that hold what cannot be.

    ``weekdays`` are numbers from 0; a field that is missing stays as it was.
    """
    wrong: set[str] = set()
    weekly = form.get("frequency", before.frequency) == "weekly"
    values: dict[str, Any] = {name: form[name].strip() for name in _TEXTS if name in form}
    values["frequency"] = "weekly" if weekly else "daily"
    values["language"] = form.get("language", before.language)
    values["timezone"] = respelt(form.get("timezone", before.timezone).strip())
    days = [form.get("weekday", "")] if weekly else list(weekdays)
    values["weekdays"] = _days(days, wrong)
    for name in ("hour", "paused_until"):
        if name in form:
            try:
                values[name] = from_text(name, form[name].strip())
            except UsageError:
                wrong.add(name)
    after = replace(before, **values)
    wrong |= faults(after, before).keys()
    if _pause_is_odd(before, after, now):
        wrong.add("paused_until")
    return after, wrong


def _days(numbers: Iterable[str], wrong: set[str]) -> int:
    days = weekday_set(int(number) for number in numbers if number in set("0123456"))
    if not days:
        wrong.add("weekdays")
    return days or EVERY_DAY


def _pause_is_odd(before: Subscriber, after: Subscriber, now: datetime) -> bool:
    """A new one that is over, or so long that they will not know us any more."""
    pause = after.paused_until
    if pause is None or pause == before.paused_until:
        return False
    today = local_date(now, before.timezone)
    return not today < pause <= today + _LONGEST_PAUSE
