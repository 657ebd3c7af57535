"""Limits of a day, tries, rests, and answers that are kept: on a real server and a real store."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from newsletter.domain.errors import WriterWaits
from newsletter.ingest.writer.calls import Calls, Limits, tokens_of
from newsletter.ingest.writer.client import Client, Endpoint
from newsletter.storage import Store, model_calls
from newsletter.storage.model_calls import Spent
from tests.builders import NOON
from tests.model_server import DROP, HANG, ModelServer, Reply, completion

BUSY = Reply(429, b"busy")
DAY = timedelta(days=1)


def asked(text: str = "Data.") -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


class Machine:
    """A store, an endpoint, a clock that the test turns, and the pauses that were made."""

    def __init__(self, store: Store, server: ModelServer) -> None:
        self.store, self.server = store, server
        self.now = NOON
        self.pauses: list[float] = []

    def calls(self, limits: Limits = Limits(), **about: Any) -> Calls:  # noqa: B008
        endpoint = Endpoint(self.server.url, "a-model", **{"timeout": 20.0, **about})
        return Calls(self.store, Client(endpoint), limits, lambda: self.now, self.pauses.append)

    def spent(self) -> Spent:
        with self.store.reading() as db:
            return model_calls.spent(db, self.now.astimezone(UTC).date())


@pytest.fixture
def machine(sqlite: Store) -> Iterator[Machine]:
    with ModelServer(otherwise=completion("[]", usage=(100, 20))) as server:
        yield Machine(sqlite, server)


def waits(calls: Calls, text: str = "Data.") -> WriterWaits:
    with pytest.raises(WriterWaits) as caught:
        calls.answer(asked(text))
    return caught.value


def test_an_answer_is_kept_and_not_asked_for_again(machine: Machine) -> None:
    first = machine.calls().answer(asked())
    assert machine.calls().answer(asked()) == first
    assert len(machine.server.requests) == 1
    machine.calls().answer(asked("Other data."))
    machine.calls(json_schema=False).answer(asked())
    assert len(machine.server.requests) == 3


def test_what_a_day_has_cost(machine: Machine) -> None:
    calls = machine.calls(Limits(price_in=2.0, price_out=10.0))
    calls.answer(asked())
    calls.answer(asked("Other data."))
    assert machine.spent().tokens == 240
    assert machine.spent().price == pytest.approx((200 * 2 + 40 * 10) / 1e6)
    machine.now += DAY
    assert machine.spent() == Spent(0, 0.0)


@pytest.mark.parametrize(
    "limits",
    [
        Limits(tokens_a_day=1_100),
        Limits(money_a_day=0.0110, price_in=10.0, price_out=10.0),
    ],
)
def test_a_limit_of_the_day_is_kept_and_the_rest_waits_for_midnight_in_utc(
    machine: Machine, limits: Limits
) -> None:
    machine.now = datetime(2026, 3, 14, 23, 30, tzinfo=UTC)
    calls = machine.calls(limits)
    assert calls.answer(asked())
    assert calls.answer(asked("Second."))
    error = waits(calls, "Third.")
    assert error.until == datetime(2026, 3, 15, tzinfo=UTC)
    assert "a_day" in str(error)
    assert "2026-03-15 00:00 UTC" in str(error)
    assert len(machine.server.requests) == 2
    assert calls.answer(asked())  # what is kept costs nothing
    machine.now += timedelta(minutes=30)
    assert calls.answer(asked("Third."))


def test_another_program_s_calls_count_and_so_does_one_that_is_out(machine: Machine) -> None:
    """A crash in the middle leaves its highest price."""
    with machine.store.writing() as db:
        model_calls.enter(db, "k" * 64, machine.now, (100, 900), 0.0)
    assert "1,000 tokens" in str(waits(machine.calls(Limits(tokens_a_day=1_500))))


@pytest.mark.parametrize("trouble", [BUSY, Reply(503, b""), DROP])
def test_trouble_that_passes_is_tried_again(machine: Machine, trouble: Any) -> None:
    machine.server.script = [trouble, trouble]
    assert machine.calls().answer(asked())
    assert machine.pauses == [1.0, 2.0]
    assert len(machine.server.requests) == 3


def test_three_tries_and_no_more(machine: Machine) -> None:
    machine.server.otherwise = Reply(500, b"the card is on fire")
    error = waits(machine.calls())
    assert "500 the card is on fire" in str(error)
    assert error.until == NOON + timedelta(minutes=15)
    assert len(machine.server.requests) == 3
    assert machine.spent() == Spent(0, 0.0)


def test_a_short_wait_that_the_server_asks_for_is_made(machine: Machine) -> None:
    machine.server.script = [Reply(429, b"", {"Retry-After": "7"})]
    assert machine.calls().answer(asked())
    assert machine.pauses == [7.0]


@pytest.mark.parametrize(
    ("seconds", "rest"),
    [("3600", timedelta(hours=1)), ("9999999", DAY), ("61", timedelta(minutes=15))],
)
def test_a_long_one_is_not_sat_out(machine: Machine, seconds: str, rest: timedelta) -> None:
    machine.server.script = [Reply(429, b"", {"Retry-After": seconds})]
    assert waits(machine.calls()).until == NOON + rest
    assert machine.pauses == []


def test_a_hang_counts_as_it_may_be_counted(machine: Machine) -> None:
    machine.server.otherwise = HANG
    limits = Limits(price_in=1.0, price_out=1.0)
    waits(machine.calls(limits, timeout=0.2, answer_tokens=500))
    most = 3 * (tokens_of(asked()) + 500)
    assert machine.spent().tokens == most
    assert machine.spent().price == pytest.approx(most / 1e6)


def test_after_two_questions_without_an_answer_it_rests(machine: Machine) -> None:
    machine.server.otherwise = BUSY
    calls = machine.calls()
    for number in range(5):
        waits(calls, f"Data {number}.")
    assert len(machine.server.requests) == 6
    machine.now += timedelta(minutes=15)
    machine.server.otherwise = completion("[]")
    assert calls.answer(asked())


@pytest.mark.parametrize("status", [401, 403, 404, 301])
def test_what_the_operator_has_to_correct_is_asked_once(machine: Machine, status: int) -> None:
    machine.server.otherwise = Reply(status, b"no")
    calls = machine.calls()
    first = waits(calls)
    assert str(waits(calls, "Other data.")) == str(first)
    assert len(machine.server.requests) == 1


def test_a_request_that_is_refused_does_not_hold_up_the_others(machine: Machine) -> None:
    """A hosted filter refuses a text with a 400: it costs nothing, and is given up."""
    machine.server.otherwise = lambda request: (
        Reply(400, b"content policy") if "bad" in str(request.body) else completion("[]")
    )
    calls = machine.calls()
    for _ in range(3):
        waits(calls, "bad words")
        assert calls.answer(asked("good words"))
        assert machine.spent().tokens in (0, 120)
        machine.now += DAY
    assert calls.answer(asked("bad words")) is None


def test_a_chunk_that_hangs_on_three_days_is_given_up(machine: Machine) -> None:
    machine.server.otherwise = HANG
    for _ in range(3):
        waits(machine.calls(timeout=0.1))
        waits(machine.calls(timeout=0.1))
        machine.now += DAY
    asked_so_far = len(machine.server.requests)
    assert machine.calls(timeout=0.1).answer(asked()) is None
    assert len(machine.server.requests) == asked_so_far
