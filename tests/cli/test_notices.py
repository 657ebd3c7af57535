"""Notices as ``send`` and ``run`` take them along, and killed in the middle."""

import signal
from contextlib import closing
from datetime import UTC, datetime, timedelta
from sqlite3 import connect

import pytest

from newsletter.cli import KILL_AT
from newsletter.domain.notices import Purpose
from newsletter.storage import Store, notices, subscribers
from tests.builders import subscribe
from tests.cli.conftest import House
from tests.smtp_server import SmtpServer


def ask(house: House, now: datetime) -> None:
    store = Store(f"sqlite:///{house.folder / 'newsletter.db'}")
    with store.writing() as db:
        reader = subscribe(db)
        subscribers.change(db, reader.address, state="pending")
        assert notices.ask(db, reader.id, Purpose.CONFIRM, now.date(), now)
    store.close()


def test_send_takes_notices_along_unless_it_is_for_some_readers(
    house: House, server: SmtpServer
) -> None:
    house.smtp(server)
    ask(house, house.now)
    house.subscribe("bea@example.org")
    assert house("send", "--to", "bea@example.org").code == 0
    assert server.messages == []
    assert house("send").code == 0
    assert [one.recipient for one in server.messages] == ["ann@example.org"]
    assert house("send").code == 0
    assert len(server.messages) == 1


def test_one_that_waits_is_seen_where_an_operator_looks(house: House) -> None:
    """The folder cannot be written."""
    ask(house, house.now)
    (house.folder / "messages").write_text("in the way")
    assert house("send").code == 0
    house.now += timedelta(hours=2)
    assert "1 confirm pending" in house("status").out
    [row] = house("status", "--json").json["notices"]
    assert row == {"purpose": "confirm", "state": "pending", "count": 1}
    shown = house("subscribers", "show", "ann@example.org").out
    assert "confirm  pending" in shown
    assert "delivery.folder.path" in shown
    [notice] = house("subscribers", "show", "ann@example.org", "--json").json["notices"]
    assert (notice["purpose"], notice["state"]) == ("confirm", "pending")
    told = [row for row in house("doctor", "--json").json if row["check"] == "notices"]
    assert [(row["verdict"], "more than an hour" in row["finding"]) for row in told] == [
        ("warn", True)
    ]


def state(house: House) -> str:
    with closing(connect(house.folder / "newsletter.db")) as db:
        return str(db.execute("SELECT state FROM notice").fetchone()[0])


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("point", "copies", "after"),
    [("claimed:2", 1, "sent"), ("looked:1", 0, "unknown"), ("answered:1", 1, "unknown")],
)
def test_killed_in_the_middle_it_is_never_sent_twice(
    house: House, server: SmtpServer, point: str, copies: int, after: str
) -> None:
    """The first that reaches "claimed" is the sender of issues, who has none."""
    house.smtp(server)
    house.environment |= {"NEWSLETTER_DELIVERY__LEASE_SECONDS": "1", KILL_AT: point}
    ask(house, datetime.now(UTC))
    killed = house.process("send")
    killed.communicate(timeout=60)
    assert (killed.returncode, state(house)) == (-signal.SIGKILL, "sending")
    del house.environment[KILL_AT]
    for _ in range(20):
        if state(house) != "sending":
            break
        house.process("send").communicate(timeout=60)
    house.process("send").communicate(timeout=60)
    assert (len(server.messages), state(house)) == (copies, after)
