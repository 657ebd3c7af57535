"""Taking in what came back by mail, and forwarding what people wrote."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from newsletter.delivery.returned import ReturnRules, Taken, take
from newsletter.domain.addresses import mailbox
from newsletter.domain.errors import AnswerLost, DeliveryError, Refused, UsageError
from newsletter.domain.returns import Return, ReturnKind
from newsletter.domain.tokens import erased_key
from newsletter.mail.mailboxes import Letter
from newsletter.returns.rules import Action
from newsletter.storage import Connection, Store, subscribers
from newsletter.storage import returns as kept
from newsletter.storage.returns import Incoming

log = logging.getLogger("newsletter")

_MOST_UNKNOWN = 256_000
"""Octets that are kept of what was not understood."""
_AT_A_TIME = 100
_NONCES_KEPT = timedelta(days=1)
AGAIN = "known already"
"""What ``take_all`` counts the returns by that were kept before."""
FOR_THE_OPERATOR = ("listed", "unproved", "forged", "reply", "forwarding", "unforwarded")
"""What was done about those that may need a look."""


@dataclass(frozen=True)
class Intake:
    """``understand`` never raises; ``secret`` is that of the marks of who was erased."""

    store: Store
    understand: Callable[[bytes], Return]
    rules: ReturnRules
    secret: bytes = field(repr=False)

    def take(self, raw: bytes, now: datetime) -> Taken:
        """Keep a message that came back, once, and do what follows from it."""
        returned = self.understand(raw)
        incoming = Incoming(
            key=sha256(raw).hexdigest(),
            source="mail",
            returned=returned,
            headers=_head(raw),
            body=_body(returned.kind, raw),
        )
        with self.store.writing() as db:
            return take(db, incoming, _key(returned.address), self.rules, now)

    def take_all(self, letters: Iterable[Letter], clock: Callable[[], datetime]) -> Counter[str]:
        """How many there were, by what was done about them."""
        done: Counter[str] = Counter()
        for letter in letters:
            outcome = self.take(letter.raw, clock())
            letter.kept()
            done[outcome.action if outcome.id is not None else AGAIN] += 1
        return done

    def take_events(self, events: Iterable[Incoming], now: datetime) -> list[Taken]:
        """What a provider's webhook tells: all of a call in one transaction."""
        with self.store.writing() as db:
            return [self._take_event(db, event, now) for event in events]

    def _take_event(self, db: Connection, event: Incoming, now: datetime) -> Taken:
        """A provider names an address: that of who was erased is known by its mark."""
        key = _key(event.returned.address)
        if key and subscribers.find(db, key) is None:
            key = erased_key(self.secret, key)
        return take(db, event, key, self.rules, now)

    def first_use(self, name: str, body: bytes, now: datetime) -> bool:
        """Whether a token that a provider signed carries this body alone."""
        with self.store.writing() as db:
            return kept.first_use(db, name, sha256(body).hexdigest(), now, _NONCES_KEPT)


def _key(address: str) -> str:
    with suppress(UsageError):
        return mailbox(address).key if address else ""
    return ""


def _head(raw: bytes) -> str:
    """The headers as they came; a character that was not ASCII is replaced."""
    lines = raw[: kept.MOST_HEADERS].replace(b"\r\n", b"\n")
    return lines.partition(b"\n\n")[0].decode("ascii", "replace")


def _body(kind: ReturnKind, raw: bytes) -> bytes | None:
    if kind is ReturnKind.REPLY:
        return raw
    return raw[:_MOST_UNKNOWN] if kind is ReturnKind.UNKNOWN else None


def forward_replies(store: Store, send: Callable[[bytes], str]) -> Counter[str]:
    """Forward the replies that wait. Each is claimed before it is sent: one whose outcome is not
    known stays "forwarding", and is listed, rather than sent twice.

    ``send`` makes a message of the reply and sends it; it raises DeliveryError.
    """
    done: Counter[str] = Counter()
    with store.reading() as db:
        waiting = kept.waiting(db, _AT_A_TIME)
    for number, raw in waiting:
        with store.writing(durable=True) as db:
            if not kept.mark(db, number, Action.REPLY, "forwarding"):
                continue
        outcome, goes_on = _forward(send, raw)
        with store.writing() as db:
            kept.mark(db, number, "forwarding", outcome)
        done[outcome] += 1
        if not goes_on:
            break
    return done


def _forward(send: Callable[[bytes], str], raw: bytes) -> tuple[str, bool]:
    """What became of it, and whether the next one is worth a try."""
    try:
        send(raw)
    except (AnswerLost, Refused) as error:
        log.error("a reply was not forwarded: %s", error)  # noqa: TRY400
        return "unforwarded", True
    except DeliveryError as error:
        log.warning("replies wait to be forwarded: %s", error)
        return Action.REPLY, False
    return "forwarded", True
