"""Several connections to a real server: they share the work, and none holds up another."""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Barrier, Event

import pytest

from newsletter.delivery.attempt import DeliveryAttempt
from newsletter.domain.errors import Paused, SenderRefused, StoreError
from newsletter.mail.channels import Attempt, Envelope, client
from newsletter.mail.channels.smtp import Smtp
from newsletter.storage import operator_actions, settlements
from newsletter.storage.schema import delivery
from newsletter.turns import waiting
from tests.builders import subscribe
from tests.delivery.conftest import House
from tests.killing.sink import Sink
from tests.smtp_server import DROP, STALL, SmtpServer, until_silent

READERS = 12


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


@pytest.fixture(params=[True, False], ids=["pipelining", "step by step"])
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    with SmtpServer(pipelining=request.param) as running:
        yield running


@pytest.fixture(autouse=True)
def twelve_readers(house: House, server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with house.store.writing() as db:
        for number in range(READERS):
            subscribe(db, f"r{number}@example{number}.org")
    house.receive(12)
    house.connections, house.claim = 4, READERS
    house.connect = lambda: Smtp(server.host, server.port, "none")
    house.compose()
    monkeypatch.setattr(client, "wait_for_bytes", until_silent(server))


def states(house: House) -> Counter[str]:
    with house.store.reading() as db:
        return Counter(db.scalars(delivery.select().with_only_columns(delivery.c.state)))


def recipients(server: SmtpServer) -> list[str]:
    return [one.recipient for one in server.messages]


class _SmtpAtOnce(Smtp):
    """Sends its first message when each of the four workers has one to send."""

    def __init__(self, server: SmtpServer, all_four: Barrier) -> None:
        super().__init__(server.host, server.port, "none")
        self.all_four: Barrier | None = all_four

    def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
        if self.all_four:
            with waiting():
                self.all_four.wait(timeout=60)
            self.all_four = None
        return super().send(envelope, attempt)


def _connect_at_once(house: House, server: SmtpServer) -> None:
    all_four = Barrier(house.connections)
    house.connect = lambda: _SmtpAtOnce(server, all_four)


def test_connections_share_the_work_and_nobody_gets_two(house: House, server: SmtpServer) -> None:
    _connect_at_once(house, server)
    assert house.deliver().outcomes == Counter(sent=READERS)
    assert server.connections == 4
    assert len(set(recipients(server))) == len(server.messages) == READERS


def test_a_slow_answer_does_not_hold_up_the_other_connections(
    house: House, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first reader's server says nothing until all others that are not claimed with them have
    their message."""
    server.fail("RCPT", STALL, recipient="r0@example0.org")
    others = READERS - house.claim // house.connections
    patient = until_silent(server, lambda: wait_for(lambda: len(server.messages) >= others))
    monkeypatch.setattr(client, "wait_for_bytes", patient)
    assert house.deliver().outcomes == Counter(sent=READERS)
    assert sorted(recipients(server)) == sorted(f"r{n}@example{n}.org" for n in range(READERS))


def test_silence_after_the_dot_leaves_one_delivery_unknown(
    house: House, server: SmtpServer
) -> None:
    server.fail("DOT", STALL, recipient="r3@example3.org")
    report = house.deliver()
    assert report.outcomes == Counter(sent=READERS - 1, unknown=1)
    assert recipients(server).count("r3@example3.org") == 1


def test_a_lost_connection_is_replaced(house: House, server: SmtpServer) -> None:
    """Each loss hits another message: two in a row would defer the one they hit."""
    server.fail("DATA", DROP, recipient="r2@example2.org")
    server.fail("RCPT", DROP, recipient="r5@example5.org")
    assert house.deliver().outcomes == Counter(sent=READERS)
    assert len(set(recipients(server))) == len(server.messages) == READERS


def test_a_deferred_domain_does_not_defer_the_others(house: House, server: SmtpServer) -> None:
    server.fail("RCPT", "550 5.1.1 nobody", recipient="r1@example1.org", times=math.inf)
    server.fail("DOT", "451 4.7.1 later", recipient="r2@example2.org", times=math.inf)
    assert house.deliver().outcomes == Counter(sent=READERS - 2, failed=1, pending=1)


def test_a_server_that_allows_two_is_served_over_two(house: House, server: SmtpServer) -> None:
    _connect_at_once(house, server)
    server.fail("CONNECT", "421 4.7.0 too many connections", times=2)
    report = house.deliver()
    assert (report.stopped, states(house)) == (None, Counter(sent=READERS))
    assert server.connections == 4
    assert len(set(recipients(server))) == len(server.messages) == READERS


def test_a_run_without_a_connection_stops_and_all_stay_pending(
    house: House, server: SmtpServer
) -> None:
    server.fail("CONNECT", "421 4.3.2 down", times=math.inf)
    assert "421 4.3.2 down" in str(house.deliver().stopped)
    assert states(house) == Counter(pending=READERS)


@pytest.mark.parametrize("fault", ["refused", "paused"])
def test_a_stopped_run_reads_the_answers_still_on_their_way(
    house: House, server: SmtpServer, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three messages may be with the server when a fourth ends it all: their answers are heard."""
    looked_before_the_pause: list[int] = []
    monkeypatch.setattr("newsletter.delivery.last_look.GOOD_FOR", 0.0)
    if fault == "refused":
        server.fail("MAIL", "550 5.7.1 not from you", recipient="")
    else:
        _pause_at_the_fourth_look(house, monkeypatch, looked_before_the_pause)
    report = house.deliver()
    assert isinstance(report.stopped, SenderRefused if fault == "refused" else Paused)
    done = len(server.messages)
    assert states(house) == Counter(sent=done, pending=READERS - done) + Counter()
    assert house.in_flight.rows == {}
    if fault == "paused":
        assert 3 <= done < looked_before_the_pause[0], "nobody looked at after the pause is sent"
        with house.store.writing() as db:
            operator_actions.resume(db)
    assert house.deliver().outcomes == Counter(sent=READERS - done)
    assert len(set(recipients(server))) == len(server.messages) == READERS


def test_an_error_is_logged_once_and_stored_with_each_row(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """All four are with the server before the first answer comes."""
    caplog.set_level(logging.INFO, "newsletter")
    with Sink(lambda step, *_: "554 5.7.1 spam" if step == "DOT" else None, pace=0.3) as sink:
        house.connect = lambda: Smtp("127.0.0.1", sink.port, "none", timeout=5)
        assert isinstance(house.deliver().stopped, SenderRefused)
    assert not caplog.messages
    with house.store.reading() as db:
        answers = db.scalars(delivery.select().with_only_columns(delivery.c.answer)).all()
    assert sum("554 5.7.1 spam" in one for one in answers) == 4


def _pause_at_the_fourth_look(
    house: House, monkeypatch: pytest.MonkeyPatch, looked_before: list[int]
) -> None:
    """``looked_before`` gets the number of looks that had begun when the pause was written."""
    look, looks = DeliveryAttempt._look, []

    def fourth(self: DeliveryAttempt, row: object, reading: object) -> None:
        looks.append(row)
        if len(looks) == 4:
            with house.store.writing() as db:
                operator_actions.pause(db, house.now)
            looked_before.append(len(looks))
        look(self, row, reading)  # type: ignore[arg-type]

    monkeypatch.setattr(DeliveryAttempt, "_look", fourth)


def test_a_failing_check_before_sending_leaves_nothing_in_flight(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fail_once(monkeypatch, settlements, "look", at=3)
    with pytest.raises(StoreError):
        house.deliver()
    assert house.in_flight.rows == {}
    assert states(house)["sending"] == 0
    house.deliver()
    assert states(house) == Counter(sent=READERS)


def test_what_was_accepted_is_settled_while_the_next_message_waits(
    house: House, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker is stuck at the next reader's server: the watching thread writes it down."""
    house.connections = 1
    server.fail("DOT", STALL, recipient="r1@example1.org")

    def watch(_outcomes: Counter[str], _total: int) -> None:
        house.now += timedelta(seconds=1)
        if server.silent and states(house)["sent"] == 1:
            over.set()

    over = Event()
    patient = until_silent(server, lambda: over.wait(60))
    monkeypatch.setattr(client, "wait_for_bytes", patient)
    house.watch = watch
    assert house.deliver().outcomes == Counter(sent=READERS - 1, unknown=1)
    assert over.is_set()


def _fail_once(monkeypatch: pytest.MonkeyPatch, place: object, name: str, *, at: int) -> None:
    real, calls = getattr(place, name), list[int]()

    def sometimes(*given: object) -> object:
        calls.append(1)
        if len(calls) == at:
            raise StoreError("the database: database is locked")
        return real(*given)

    monkeypatch.setattr(place, name, sometimes)
