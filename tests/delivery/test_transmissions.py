"""Several connections of one thread, to a real server: they share the work, and hold up nobody."""

import logging
import math
from collections import Counter
from collections.abc import Collection, Iterator

import pytest

from newsletter.delivery.attempt import DeliveryAttempt
from newsletter.delivery.worker import Worker
from newsletter.domain.errors import Paused, SenderRefused, StoreError
from newsletter.mail.channels.smtp import Smtp
from newsletter.mail.channels.steps import Wait
from newsletter.storage import ledger, operator_actions
from newsletter.storage.schema import delivery
from tests.builders import subscribe
from tests.delivery.conftest import House
from tests.killing.sink import Sink
from tests.smtp_server import DROP, STALL, SmtpServer, ready_until_silent

READERS = 12


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
    house.connections = 4
    house.connect = lambda: Smtp(server.host, server.port, "none")
    house.compose()
    for module in ("newsletter.delivery.worker", "newsletter.mail.channels.steps"):
        monkeypatch.setattr(f"{module}.ready", ready_until_silent(server))


def states(house: House) -> Counter[str]:
    with house.store.reading() as db:
        return Counter(db.scalars(delivery.select().with_only_columns(delivery.c.state)))


def recipients(server: SmtpServer) -> list[str]:
    return [one.recipient for one in server.messages]


def test_they_share_the_work_and_nobody_gets_two(house: House, server: SmtpServer) -> None:
    assert house.deliver().outcomes == Counter(sent=READERS)
    assert server.connections == 4
    assert len(set(recipients(server))) == len(server.messages) == READERS


def test_one_that_waits_for_its_answer_holds_up_nobody(house: House, server: SmtpServer) -> None:
    """The first reader's server says nothing for as long as patience lasts."""
    server.fail("RCPT", STALL, recipient="r0@example0.org")
    assert house.deliver().outcomes == Counter(sent=READERS)
    assert sorted(recipients(server)) == sorted(f"r{n}@example{n}.org" for n in range(READERS))
    assert recipients(server)[-1] == "r0@example0.org", "on a second connection, after all others"


def test_silence_after_the_dot_is_one_readers_unknown(house: House, server: SmtpServer) -> None:
    server.fail("DOT", STALL, recipient="r3@example3.org")
    report = house.deliver()
    assert report.outcomes == Counter(sent=READERS - 1, unknown=1)
    assert recipients(server).count("r3@example3.org") == 1


def test_a_connection_that_is_lost_is_another(house: House, server: SmtpServer) -> None:
    server.fail("MAIL", DROP, times=2)
    server.fail("RCPT", DROP, recipient="r5@example5.org")
    assert house.deliver().outcomes == Counter(sent=READERS)
    assert len(set(recipients(server))) == len(server.messages) == READERS


def test_what_one_domain_says_is_no_matter_of_the_others(house: House, server: SmtpServer) -> None:
    server.fail("RCPT", "550 5.1.1 nobody", recipient="r1@example1.org", times=math.inf)
    server.fail("DOT", "451 4.7.1 later", recipient="r2@example2.org", times=math.inf)
    assert house.deliver().outcomes == Counter(sent=READERS - 2, failed=1, waiting=1)


def test_a_server_that_allows_two_is_served_over_two(house: House, server: SmtpServer) -> None:
    server.fail("CONNECT", "421 4.7.0 too many connections", times=2)
    report = house.deliver()
    assert (report.stopped, states(house)) == (None, Counter(sent=READERS))
    assert server.connections == 4
    assert len(set(recipients(server))) == len(server.messages) == READERS


def test_where_none_can_be_had_the_run_stops_and_everybody_waits(
    house: House, server: SmtpServer
) -> None:
    server.fail("CONNECT", "421 4.3.2 down", times=math.inf)
    assert "421 4.3.2 down" in str(house.deliver().stopped)
    assert states(house) == Counter(pending=READERS)


@pytest.mark.parametrize("fault", ["refused", "paused"])
def test_who_ends_the_run_leaves_no_answer_unheard(
    house: House, server: SmtpServer, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three messages may be with the server when a fourth ends it all: their answers are heard."""
    if fault == "refused":
        server.fail("MAIL", "550 5.7.1 not from you", recipient="")
    else:
        _pause_at_the_fourth_look(house, monkeypatch)
    report = house.deliver()
    assert isinstance(report.stopped, SenderRefused if fault == "refused" else Paused)
    done = len(server.messages)
    assert states(house) == Counter(sent=done, pending=READERS - done) + Counter()
    assert house.in_flight.rows == {}
    if fault == "paused":
        assert done == 3
        with house.store.writing() as db:
            operator_actions.resume(db)
    assert house.deliver().outcomes == Counter(sent=READERS - done)
    assert len(set(recipients(server))) == len(server.messages) == READERS


def test_one_cause_is_told_once_by_the_run_and_for_each_row_by_the_ledger(
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


def _pause_at_the_fourth_look(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    look, looks = DeliveryAttempt._look, []

    def fourth(self: DeliveryAttempt, row: object) -> None:
        looks.append(row)
        if len(looks) == 4:
            with house.store.writing() as db:
                operator_actions.pause(db, house.now)
        look(self, row)  # type: ignore[arg-type]

    monkeypatch.setattr(DeliveryAttempt, "_look", fourth)


def test_who_stops_waits_for_the_last_answer_and_does_nothing_else(
    house: House, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To ask again and again whether it has come would take a whole processor."""
    server.fail("DOT", STALL, recipient="r0@example0.org")
    house.stop = lambda: len(server.messages) >= 4
    until_silent, asked = ready_until_silent(server), list[float]()

    def patient(waits: Collection[Wait], seconds: float) -> dict[int, bool]:
        """The last one says nothing for two seconds; nobody has to wait for them."""
        if len(waits) > 1 or sum(asked) >= 2:
            return until_silent(waits, seconds)
        asked.append(seconds)
        assert len(asked) < 100
        return {}

    monkeypatch.setattr("newsletter.delivery.worker.ready", patient)
    assert house.deliver().outcomes["unknown"] == 1


def test_a_look_that_fails_leaves_nothing_in_hand(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fail_once(monkeypatch, ledger.Look, "__call__", at=3)
    with pytest.raises(StoreError):
        house.deliver()
    assert house.in_flight.rows == {}
    assert states(house)["sending"] == 0
    house.deliver()
    assert states(house) == Counter(sent=READERS)


def test_what_fails_while_the_last_answers_are_heard_ends_that_row_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator pauses with three on their way, and the first answer cannot be written."""
    _pause_at_the_fourth_look(house, monkeypatch)
    monkeypatch.setattr("newsletter.delivery.outcomes.KEPT", 0.0)
    hear_out = Worker._hear_out

    def failing(self: Worker) -> None:
        _fail_once(monkeypatch, ledger, "settle", at=1)
        hear_out(self)

    monkeypatch.setattr(Worker, "_hear_out", failing)
    with Sink(pace=0.3) as sink:
        house.connect = lambda: Smtp("127.0.0.1", sink.port, "none")
        assert isinstance(house.deliver().stopped, Paused)
    assert len(sink.record.messages) == 3
    assert states(house) == Counter(sent=3, pending=READERS - 3)
    assert house.in_flight.rows == {}


def _fail_once(monkeypatch: pytest.MonkeyPatch, place: object, name: str, *, at: int) -> None:
    real, calls = getattr(place, name), list[int]()

    def sometimes(*given: object) -> object:
        calls.append(1)
        if len(calls) == at:
            raise StoreError("the database: database is locked")
        return real(*given)

    monkeypatch.setattr(place, name, sometimes)
