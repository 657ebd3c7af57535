"""Each call to the model: answered from the store where it can be, within the day's limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from threading import Lock

from newsletter.domain.errors import WriterWaits
from newsletter.domain.model import digest
from newsletter.ingest.writer.chunks import tokens
from newsletter.ingest.writer.client import CallFailed, Client
from newsletter.ingest.writer.prompt import Message
from newsletter.storage import Store, model_calls
from newsletter.storage.model_calls import Answer

_TRIES = 3
_LONGEST_PAUSE = 60.0
_REST = timedelta(minutes=15)
_LONGEST_REST = timedelta(days=1)
_DAYS = 3
_FRAME = 8  # tokens that a message takes beside its text


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a day in UTC, 0 for none. Prices are for a million tokens, in any currency."""

    tokens_a_day: int = 0
    money_a_day: float = 0.0
    price_in: float = 0.0
    price_out: float = 0.0

    def price(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1e6


def tokens_of(messages: Sequence[Message]) -> int:
    return sum(tokens(message["content"]) + _FRAME for message in messages)


class Calls:
    """``pause`` waits for seconds between two tries. Threads take turns: a model on this machine
    would let the second wait, and its time run out.

    Rests for a while when the endpoint does not answer two questions in a row, or cannot be used
    as it is configured: the other episodes need not find out each by itself.
    """

    def __init__(
        self,
        store: Store,
        client: Client,
        limits: Limits,
        clock: Callable[[], datetime],
        pause: Callable[[float], None],
    ) -> None:
        self.store, self.client, self.limits = store, client, limits
        self.clock, self.pause = clock, pause
        self._turn = Lock()
        self._failures = 0
        self._rests: WriterWaits | None = None

    def answer(self, messages: Sequence[Message]) -> Answer | None:
        """None where the model gave no answer on three days. Raises WriterWaits."""
        key = self._key(messages)
        with self.store.reading() as db:
            kept = model_calls.answer(db, key)
            given_up = model_calls.days_without(db, key, self._today()) >= _DAYS
        if kept or given_up:
            return kept
        with self._turn:
            if self._rests and self.clock() < self._rests.until:
                raise self._rests
            got = self._tried(key, messages)
            self._failures = 0
        return got

    def _tried(self, key: str, messages: Sequence[Message]) -> Answer:
        for number in range(_TRIES):
            try:
                return self._once(key, messages)
            except CallFailed as error:
                wait = 2.0**number if error.wait is None else error.wait
                if not error.again or number + 1 == _TRIES or wait > _LONGEST_PAUSE:
                    raise self._waits(error) from error
                self.pause(wait)
        raise AssertionError("unreachable")

    def _once(self, key: str, messages: Sequence[Message]) -> Answer:
        number = self._enter(key, messages)
        try:
            got = self.client.ask(messages)
        except CallFailed as error:
            if error.cost != "full":
                undo = model_calls.free if error.cost == "refused" else model_calls.withdraw
                with self.store.writing() as db:
                    undo(db, number)
            raise
        with self.store.writing() as db:
            price = self.limits.price(got.tokens_in, got.tokens_out)
            model_calls.settle(db, number, got, price)
        return got

    def _enter(self, key: str, messages: Sequence[Message]) -> int:
        """In one transaction with the account of the day: two programs keep the limits together."""
        most = tokens_of(messages), self.client.endpoint.answer_tokens
        price = self.limits.price(*most)
        with self.store.writing() as db:
            spent = model_calls.spent(db, self._today())
            if 0 < self.limits.tokens_a_day < spent.tokens + sum(most):
                self._stop("tokens_a_day", f"{spent.tokens:,} tokens are used")
            if 0 < self.limits.money_a_day < spent.price + price:
                self._stop("money_a_day", f"{spent.price:.2f} is spent")
            return model_calls.enter(db, key, self.clock(), most, price)

    def _stop(self, limit: str, reached: str) -> None:
        tomorrow = datetime.combine(self._today() + timedelta(days=1), datetime.min.time(), UTC)
        self._rests = WriterWaits(f"writer.{limit} is reached today ({reached})", tomorrow)
        raise self._rests

    def _waits(self, error: CallFailed) -> WriterWaits:
        self._failures += 1
        rest = timedelta(seconds=error.wait) if error.wait and isfinite(error.wait) else _REST
        until = self.clock() + min(max(rest, _REST), _LONGEST_REST)
        waits = WriterWaits(f"the model of writer.url does not answer: {error}", until)
        if error.cost != "refused" and (not error.again or self._failures > 1):
            self._rests = waits
        return waits

    def _key(self, messages: Sequence[Message]) -> str:
        """The prompt is part of the messages, so a new one asks anew."""
        endpoint = self.client.endpoint
        parts = (part for message in messages for part in (message["role"], message["content"]))
        return digest(endpoint.model, str(endpoint.json_schema), *parts)

    def _today(self) -> date:
        return self.clock().astimezone(UTC).date()
