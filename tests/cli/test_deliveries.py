import json
import math
from datetime import timedelta
from sqlite3 import connect

import pytest

from newsletter.domain.errors import StoreError
from newsletter.services.clock import steady
from tests.cli.conftest import House
from tests.smtp_server import DROP, SmtpServer, Step

ANN, BEA, CLEO = "ann@alpha.example", "bea@beta.example", "cleo@alpha.example"


@pytest.fixture
def mailing(stocked: House, server: SmtpServer) -> House:
    stocked.subscribe(ANN, BEA, CLEO)
    stocked.smtp(server)
    return stocked


def died(house: House, *, ago: float) -> None:
    """What a sender leaves that died with all in hand; its lease ended so many seconds ago."""
    now = steady()
    with connect(house.folder / "newsletter.db") as db:
        db.execute(
            "UPDATE delivery SET state = 'sending', owner = 'gone', boot = ?, lease_end = ?,"
            " lease_until = ?",
            (now.boot, now.seconds - ago, f"{house.now - timedelta(seconds=ago):%F %T.%f}"),
        )
    db.close()


def test_deliveries_are_listed_with_the_servers_answers(mailing: House, server: SmtpServer) -> None:
    server.fail("RCPT", "550 5.1.1 No such mailbox", recipient=ANN)
    server.fail("DOT", DROP, recipient=BEA)
    server.fail("DATA", "451 4.3.0 Disk trouble", recipient=CLEO)
    mailing("send")
    lines = mailing("deliveries").out.splitlines()
    assert lines[0].startswith(f"2026-03-14  failed (refused)        {ANN}  <20260314.")
    assert lines[1] == "    RCPT: 550 5.1.1 No such mailbox"
    assert lines[2].startswith(f"2026-03-14  unknown                 {BEA}  <")
    assert lines[3:5] == ["    RCPT: 250 OK", "    DATA: 354 End data with <CR><LF>.<CR><LF>"]
    assert "no answer after the final dot" in lines[5]
    assert lines[6].startswith(f"2026-03-14  pending                 {CLEO}  <")
    assert lines[7:9] == ["    RCPT: 250 OK", "    DATA: 451 4.3.0 Disk trouble"]
    assert lines[9].startswith("    next try at 2026-03-14 12:0")
    assert len(lines) == 10


def test_a_wait_that_is_over_is_shown_as_over(mailing: House, server: SmtpServer) -> None:
    server.fail("RCPT", "451 4.7.1 Greylisted", recipient=BEA)
    mailing("send")
    waits = [row["next_attempt_at"] for row in mailing("deliveries", "--json").json]
    assert [bool(instant) for instant in waits] == [False, True, False]
    assert "next try at 2026-03-14 12:0" in mailing("deliveries").out
    mailing.now += timedelta(minutes=10)
    for words in (["deliveries", "--state", "pending"], ["status"]):
        assert "    next try at the next `send` or `run`\n" in mailing(*words).out


def test_every_attempt_is_known_and_what_was_accepted_needs_no_row(
    mailing: House, server: SmtpServer
) -> None:
    server.fail("DOT", "451 4.7.1 Come back", recipient=BEA)
    mailing("send")
    mailing.now += timedelta(minutes=10)
    mailing("send")
    with connect(mailing.folder / "newsletter.db") as db:
        kept = db.execute("SELECT state, rcpt, data FROM attempt").fetchall()
    db.close()
    assert kept == [("pending", "250 OK", "451 4.7.1 Come back")]
    (row,) = mailing("deliveries", "--json", "--state", "sent", "--date", "2026-03-14").json[1:2]
    assert (row["address"], row["attempts"], row["data"]) == (BEA, 2, None)
    assert row["answer"] == "250 2.0.0 Taken"
    shown = mailing("subscribers", "show", BEA).out
    assert "451 4.7.1 Come back" in shown
    assert "250 2.0.0 Taken" in shown
    tries = mailing("subscribers", "show", BEA, "--json").json["deliveries"][0]["tried"]
    assert [(row["state"], row["data"]) for row in tries] == [
        ("pending", "451 4.7.1 Come back"),
        ("sent", "250 2.0.0 Taken"),
    ]
    assert tries[1]["at"] > tries[0]["at"]
    only = mailing("subscribers", "show", ANN, "--json").json["deliveries"][0]["tried"]
    assert [(row["state"], row["data"]) for row in only] == [("sent", "250 2.0.0 Taken")]


def test_the_default_date_is_today_and_with_a_state_any(mailing: House) -> None:
    mailing("send")
    mailing.now += timedelta(days=1)
    assert mailing("deliveries").out == "no such deliveries\n"
    assert mailing("deliveries", "--json").json == []
    assert len(mailing("deliveries", "--state", "sent", "--json").json) == 3
    assert len(mailing("deliveries", "--date", "2026-03-14", "--json").json) == 3
    assert mailing("deliveries", "--date", "2026-03-13").out == "no such deliveries\n"
    assert mailing("deliveries", "--state", "unknown").out == "no such deliveries\n"
    assert mailing("deliveries", "--state", "lost").code == 2


def test_json_is_written_row_by_row(mailing: House) -> None:
    mailing("send")
    lines = mailing("deliveries", "--json").out.splitlines()
    assert (lines[0], lines[-1]) == ("[", "]")
    assert [json.loads(line.rstrip(","))["address"] for line in lines[1:-1]] == [ANN, BEA, CLEO]


@pytest.fixture
def unknowing(mailing: House, server: SmtpServer) -> House:
    """Nobody knows whether Ann and Bea have theirs."""
    for address in (ANN, BEA):
        server.fail("DOT", DROP, recipient=address)
    assert mailing("send", "--json").json["unknown"] == 2
    return mailing


def test_resolving_as_sent_settles_a_delivery(unknowing: House, server: SmtpServer) -> None:
    done = unknowing("deliveries", "resolve", "--as", "sent", "--to", ANN)
    assert (done.code, done.out) == (0, "1 unknown delivery resolved as sent\n")
    assert [state for _, state, _ in unknowing.ledger()] == ["sent", "unknown", "sent"]
    unknowing("send")
    assert [message.recipient for message in server.messages].count(ANN) == 1


def test_resolving_as_pending_sends_again(unknowing: House, server: SmtpServer) -> None:
    assert unknowing("deliveries", "--state", "unknown").code == 0
    done = unknowing("deliveries", "resolve", "--as", "pending")
    assert done.out.splitlines() == [
        "2 unknown deliveries resolved as pending",
        "sent again by the next `run` or `send`",
    ]
    assert unknowing("send").out == "2 sent\n"
    assert sorted(message.recipient for message in server.messages) == [ANN, ANN, BEA, BEA, CLEO]


def test_an_expired_delivery_is_not_sent_again(unknowing: House) -> None:
    unknowing.now += timedelta(days=1)
    assert unknowing("deliveries", "--state", "unknown").code == 0
    done = unknowing("deliveries", "resolve", "--as", "pending")
    assert "too old to be sent again" in done.out
    unknowing("send")
    assert (ANN, "failed", "expired") in unknowing.ledger()


def test_what_nobody_saw_accepted_is_no_attempt(unknowing: House) -> None:
    unknowing("deliveries", "resolve", "--as", "sent", "--to", ANN)
    (row,) = unknowing("subscribers", "show", ANN, "--json").json["deliveries"]
    assert row["state"] == "sent"
    assert [one["state"] for one in row["tried"]] == ["unknown"]


def test_an_accepted_attempt_of_an_earlier_version_is_told_once(mailing: House) -> None:
    mailing("send")
    with connect(mailing.folder / "newsletter.db") as db:
        db.execute(
            "INSERT INTO attempt (delivery_id, at, state, rcpt, data)"
            " SELECT id, changed_at, state, '250 OK', answer FROM delivery"
        )
    db.close()
    (row,) = mailing("subscribers", "show", ANN, "--json").json["deliveries"]
    assert [(one["state"], one["rcpt"]) for one in row["tried"]] == [("sent", "250 OK")]


def test_only_unknown_deliveries_are_resolved(unknowing: House) -> None:
    refused = unknowing("deliveries", "resolve", "--as", "sent", "--to", CLEO)
    assert refused.code == 2
    assert f"{CLEO}: nothing is unknown: see `newsletter deliveries --state" in refused.stderr
    another_day = unknowing(
        "deliveries", "resolve", "--as", "sent", "--date", "2026-03-13", "--json"
    )
    assert another_day.json == {"resolved": 0, "as": "sent", "sending": 0}
    assert unknowing("deliveries", "resolve", "--as", "failed").code == 2
    assert unknowing("deliveries", "resolve").code == 2


def test_a_delivery_under_a_lease_is_not_resolved(mailing: House) -> None:
    mailing("send")
    died(mailing, ago=-60)
    refused = mailing("deliveries", "resolve", "--as", "pending", "--to", ANN)
    assert refused.code == 2
    assert "their lease is not over yet (delivery.lease_seconds): try again then" in refused.stderr
    assert "3 more still being sent" in mailing("deliveries", "resolve", "--as", "pending").out
    assert {state for _, state, _ in mailing.ledger()} == {"sending"}
    being_sent = "3 being sent now; if their process died, they are unknown from 2026-03-14 12:01"
    assert f"Sending      {being_sent}" in mailing("status").out


@pytest.mark.parametrize(
    ("look", "shown"),
    [
        (["status"], "Unknown      3 of any date"),
        (["deliveries", "--state", "unknown"], f"unknown                 {CLEO}"),
    ],
)
def test_deliveries_of_a_dead_sender_are_shown_before_they_are_settled(
    mailing: House, look: list[str], shown: str
) -> None:
    """Whoever settles what was not shown has not looked whether it arrived."""
    mailing("send")
    for readers in ((), ("--to", ANN)):
        died(mailing, ago=1)
        hasty = mailing("deliveries", "resolve", "--as", "pending", *readers)
        assert hasty.code == 2
        assert "3 became unknown since you last listed them, and nothing" in hasty.stderr
        assert {state for _, state, _ in mailing.ledger()} == {"unknown"}
    died(mailing, ago=1)
    assert shown in mailing(*look).out
    mailing("deliveries", "--state", "unknown")
    done = mailing("deliveries", "resolve", "--as", "pending", "--json")
    assert done.json == {"resolved": 3, "as": "pending", "sending": 0}


def test_a_full_disk_does_not_keep_the_operator_from_looking(
    mailing: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise StoreError("the database: database or disk is full")

    mailing("send")
    died(mailing, ago=1)
    monkeypatch.setattr("newsletter.storage.recovery.lapse", full)
    done = mailing("status")
    assert "3  sending" in done.out
    assert "3 that are listed as sending have no sender; it cannot be written: the" in done.stderr


def test_deliveries_unknown_since_the_last_list_are_not_settled(unknowing: House) -> None:
    """Whoever found it: a scheduler beside us, or a look at the status."""
    hasty = unknowing("deliveries", "resolve", "--as", "pending")
    assert (hasty.code, "2 became unknown since" in hasty.stderr) == (2, True)
    unknowing("deliveries", "--state", "unknown", "--date", "2026-03-14")
    assert unknowing("deliveries", "resolve", "--as", "pending").code == 2, "not all were shown"
    unknowing("deliveries", "--state", "unknown", "--json")
    unknowing.now += timedelta(minutes=1)
    died(unknowing, ago=1)
    unknowing("status")
    hasty = unknowing("deliveries", "resolve", "--as", "pending")
    assert (hasty.code, "3 became unknown since" in hasty.stderr) == (2, True)
    named = unknowing("deliveries", "resolve", "--as", "sent", "--to", CLEO, "--json")
    assert named.json["resolved"] == 1
    unknowing("deliveries", "--state", "unknown")
    assert unknowing("deliveries", "resolve", "--as", "sent", "--json").json["resolved"] == 2


def test_an_earlier_answer_is_not_shown_for_an_unknown_delivery(
    mailing: House, server: SmtpServer
) -> None:
    server.fail("DOT", "451 4.7.1 Come back", recipient=ANN)
    mailing("send")
    assert "451 4.7.1 Come back" in mailing("deliveries", "--state", "pending").out
    mailing.now += timedelta(minutes=1)
    died(mailing, ago=1)
    (row, *_) = mailing("deliveries", "--state", "unknown", "--json").json
    assert (row["rcpt"], row["data"]) == (None, None)
    assert row["answer"] == "the sender ended before the answer"


def test_a_pause_holds_everything_back_until_it_ends(mailing: House, server: SmtpServer) -> None:
    assert "until `newsletter resume`" in mailing("pause").out
    stopped = mailing("send")
    assert stopped.code == 1
    assert "paused since 2026-03-14 12:00 UTC: `newsletter resume` goes on" in stopped.stderr
    assert {state for _, state, _ in mailing.ledger()} == {"pending"}, "composed all the same"
    mailing.now += timedelta(hours=1)
    mailing("pause")
    out = mailing("status").out
    assert "Paused       since 2026-03-14 12:00 UTC: `newsletter resume` goes on" in out
    assert mailing("status", "--json").json["paused"] == "2026-03-14T12:00:00+00:00"
    assert server.messages == []
    assert "the next `run` or `send` goes on" in mailing("resume").out
    assert mailing("resume").out == "it was not paused\n"
    assert mailing("send").out == "3 sent\n"
    assert "Paused" not in mailing("status").out


def test_a_cancelled_date_goes_to_nobody_more(mailing: House, server: SmtpServer) -> None:
    server.fail("CONNECT", "421 4.3.2 Not now", times=math.inf)
    mailing("send")
    assert "3 readers waited for it" in mailing("cancel", "--date", "2026-03-14").out
    assert {row[1:] for row in mailing.ledger()} == {("skipped", "cancelled")}
    mailing.subscribe("dot@beta.example")
    mailing("send", "--now")
    assert ("dot@beta.example", "skipped", "cancelled") in mailing.ledger()
    status = mailing("status")
    assert (
        "Issue of     2026-03-14: 18 candidates of the last 14 days; cancelled: nobody else gets it"
        in status.out
    )
    assert "4  skipped  cancelled" in status.out
    assert mailing("status", "--json").json["cancelled"] is True


def test_a_cancel_by_mistake_is_taken_back(mailing: House) -> None:
    before = mailing("status", "--date", "2026-03-15", "--json").json["next_due"]
    out = mailing("cancel", "--date", "2026-03-15").out
    after = mailing("status", "--date", "2026-03-15", "--json").json["next_due"]
    assert (before[:10], after[:10]) == ("2026-03-15", "2026-03-16"), "nobody is due that day"
    assert "`newsletter resume --date 2026-03-15` takes it back" in out
    assert mailing("resume", "--date", "2026-03-15").code == 0
    mailing.now += timedelta(days=1)
    assert mailing("send").out == "3 sent\n"


def test_readers_skipped_by_a_cancel_stay_skipped(mailing: House) -> None:
    mailing("cancel", "--date", "2026-03-14")
    mailing("send")
    back = mailing("resume", "--date", "2026-03-14").out
    assert "3 readers skipped by then stay so" in back
    assert "nobody is due" in mailing("send", "--now").out


def test_a_date_that_cannot_be_cancelled(mailing: House) -> None:
    for wrong in ("2025-03-14", "2026-03-12"):
        refused = mailing("cancel", "--date", wrong)
        assert (refused.code, refused.out) == (2, "")
        assert f"{wrong} is over in every time zone" in refused.stderr
        assert not mailing("status", "--date", wrong, "--json").json["cancelled"]
    assert mailing("cancel", "--date", "14.3.2026").code == 2
    assert mailing("cancel").code == 2
    refused = mailing("resume", "--date", "2026-03-14")
    assert refused.code == 2
    assert "2026-03-14 was not cancelled" in refused.stderr


def test_status_shows_the_deferred_domains(mailing: House, server: SmtpServer) -> None:
    server.fail("RCPT", "451 4.3.2 Local trouble", recipient=ANN)
    report = mailing("send", "--json").json
    assert (report["sent"], report["pending"]) == (1, 2), "Cleo waits with Ann, unasked"
    out = mailing("status").out
    assert "  @alpha.example  asked to wait; next try at 2026-03-14 12:0" in out
    assert "2 pending" in out
    (domain,) = mailing("status", "--json").json["held_back"]
    assert (domain["domain"], domain["pending"]) == ("alpha.example", 2)
    mailing.now += timedelta(minutes=10)
    mailing("send")
    assert mailing("status", "--json").json["held_back"] == []
    assert len(server.messages) == 3


@pytest.mark.parametrize(
    ("answer", "shared"),
    [
        ("421 4.7.0 Too many connections", True),
        ("450 4.7.1 Too much mail from 192.0.2.1", True),
        ("451 4.7.1 Over the hourly rate", True),
        ("451 4.7.0 Try later", True),
        ("450 4.7.28 Unusual rate of mail", True),
        ("451 4.3.2 Local trouble", True),
        ("452 4.3.1 No space left", True),
        ("450 4.2.1 This mailbox is busy", False),
        ("452 4.2.2 This mailbox is full", False),
        ("451 4.7.1 Come back in five minutes", False),
        ("450 4.7.0 Graylisted", False),
        ("451 Grey-listing in progress", False),
        ("454 4.7.0 Something else", False),
    ],
)
def test_a_server_that_defers_holds_back_its_whole_domain(
    mailing: House, server: SmtpServer, answer: str, *, shared: bool
) -> None:
    server.fail("RCPT", answer, recipient=ANN)
    mailing("send")
    got = [message.recipient for message in server.messages]
    assert got == ([BEA] if shared else [BEA, CLEO])
    assert bool(mailing("status", "--json").json["held_back"]) is shared


@pytest.mark.parametrize(
    ("step", "answer", "waiting"),
    [
        ("MAIL", "451 4.7.1 Greylisted", 2),
        ("DOT", "451 4.7.1 Greylisted", 1),
        ("DOT", "451 4.7.1 Later", 2),
        ("RCPT", "421 4.7.1 Greylisted", 2),
    ],
)
def test_where_greylisting_holds_back_one_reader(
    mailing: House, server: SmtpServer, step: Step, answer: str, waiting: int
) -> None:
    server.fail(step, answer)  # ANN is the first
    mailing("send")
    assert [state for _, state, _ in mailing.ledger()].count("pending") == waiting


def test_each_greylisted_reader_is_served_in_the_second_round(
    mailing: House, server: SmtpServer
) -> None:
    server.fail("RCPT", "451 4.7.1 Greylisted, come back", times=3)
    mailing("send")
    assert server.messages == []
    mailing.now += timedelta(minutes=7)
    mailing("send")
    assert sorted(message.recipient for message in server.messages) == [ANN, BEA, CLEO]


def test_who_was_not_tried_waits_as_long_as_the_domain(mailing: House, server: SmtpServer) -> None:
    for reader in (ANN, CLEO):
        server.fail("RCPT", "450 4.2.1 Busy", recipient=reader)
    mailing("send")
    mailing.now += timedelta(minutes=7)
    server.fail("RCPT", "451 4.3.2 Local trouble")
    mailing("send")
    (domain,) = mailing("status", "--json").json["held_back"]
    tries = [row["next_attempt_at"] for row in mailing("deliveries", "--json").json]
    assert domain["until"] in tries


def test_two_senders_share_a_deferred_domain(mailing: House, server: SmtpServer) -> None:
    """The second is told by the ledger, not by the server."""
    server.fail("RCPT", "451 4.3.2 Local trouble", recipient=ANN)
    mailing("send", "--to", ANN)
    mailing("send", "--to", CLEO, "--to", BEA)
    assert [message.recipient for message in server.messages] == [BEA]
    assert mailing.ledger()[2] == (CLEO, "pending", None)


def test_a_hard_bounce_ends_the_subscription_and_a_full_mailbox_does_not(
    mailing: House, server: SmtpServer
) -> None:
    server.fail("RCPT", "550 5.1.1 No such user", recipient=ANN)
    server.fail("RCPT", "552 5.2.2 Mailbox full", recipient=BEA)
    server.fail("DATA", "550 5.1.1 Said too late to be about the address", recipient=CLEO)
    mailing("send")
    assert [state for _, state, _ in mailing.ledger()] == ["failed"] * 3
    assert [mailing.state(address) for address in (ANN, BEA, CLEO)] == [
        "bounced",
        "active",
        "active",
    ]
    mailing.now += timedelta(days=1)
    mailing("send")
    assert sorted(message.recipient for message in server.messages) == [BEA, CLEO]
