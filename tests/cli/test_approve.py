"""``newsletter approve``, and what the other commands say of a date that waits for it."""

from datetime import timedelta
from email import message_from_bytes, policy
from threading import Event

import pytest

from newsletter.bootstrap import App
from newsletter.cli.run import scheduled_jobs
from newsletter.services.alerts import alert
from tests.builders import NOON
from tests.cli.conftest import House
from tests.smtp_server import SmtpServer

ANN = "ann@reader.example"
DAY = "2026-03-14"
DUE = NOON.replace(hour=7)
OPERATOR = "desk@letters.example"


@pytest.fixture
def holding(stocked: House, server: SmtpServer) -> House:
    """At half past five; Ann's issue is due at seven."""
    stocked.smtp(server)
    stocked.environment |= {
        "NEWSLETTER_SCHEDULE__APPROVAL": "true",
        "NEWSLETTER_ALERTS__TO": OPERATOR,
    }
    stocked.now = DUE - timedelta(minutes=90)
    stocked.subscribe(ANN)
    return stocked


def told(server: SmtpServer, recipient: str = OPERATOR) -> list[str]:
    mails = (one.message for one in server.messages if one.recipient == recipient)
    return [str(message_from_bytes(one, policy=policy.default)["Subject"]) for one in mails]


def test_it_waits_is_told_is_approved_and_is_sent_at_its_hour(
    holding: House, server: SmtpServer
) -> None:
    sent = holding("send")
    assert sent.code == 0
    waits = "the issue of 2026-03-14 waits for approval: 1 reader, sent anyway 2026-03-14 08:00 UTC"
    assert f"{waits}; `newsletter approve --date {DAY}` lets it go" in sent.out
    assert told(server) == [f"Five Insights: the issue of {DAY} waits for approval"]
    assert holding("send", "--now").code == 0
    assert told(server, ANN) == []
    assert len(told(server)) == 1, "once a day for a date"
    status = holding("status")
    assert f"Approval     {waits}" in status.out
    assert "Next due     2026-03-14 07:00 UTC" in status.out
    [shown] = holding("status", "--json").json["approvals"]
    assert (shown["date"], shown["readers"], shown["approval"]) == (DAY, 1, None)
    assert holding("send", "--dry-run", "--json").json == {"would_send": []}

    assert holding("approve", "--json").json["waiting"] == 1
    again = holding("approve", "--date", DAY)
    assert again.code == 0
    assert "was approved already" in again.out
    assert "is approved by" in holding("status").out
    holding("send")
    assert told(server, ANN) == []
    assert "Approval" not in holding("status").out
    holding.now = DUE
    assert holding("send").code == 0
    assert len(told(server, ANN)) == 1
    [line, _] = holding("audit", DAY, "--json").json
    assert (line["action"], line["about"]) == ("approve", DAY)


def test_the_scheduler_holds_it_and_sends_it_anyway_by_the_set_time(
    holding: House, server: SmtpServer
) -> None:
    app = App(str(holding.config), holding.environment, lambda: holding.now)
    jobs = scheduled_jobs(app, Event())
    jobs.tick()
    jobs.tick()
    holding.now = DUE + timedelta(minutes=59)
    jobs.tick()
    assert told(server, ANN) == []
    assert len(told(server)) == 1
    holding.now = DUE + timedelta(minutes=60)
    jobs.tick()
    assert len(told(server, ANN)) == 1
    app.close()


def test_late_is_told_with_the_reason(holding: House, server: SmtpServer) -> None:
    holding.environment["NEWSLETTER_SCHEDULE__APPROVAL_WAIT_HOURS"] = "5"
    holding("send")
    holding.now = DUE + timedelta(hours=2, minutes=1)
    holding("send")
    late = server.messages[-1]
    assert late.recipient == OPERATOR
    text = message_from_bytes(late.message, policy=policy.default).get_content()
    assert "1 waiting" in text
    assert f"Waiting for approval: {DAY}" in text


def test_each_date_is_told_by_itself(holding: House, server: SmtpServer) -> None:
    holding.subscribe("mei@reader.example", options=["--timezone", "Asia/Tokyo"])
    holding("send")
    holding("approve")
    holding.now = DUE.replace(hour=21)  # six in Tokyo, on the next day
    holding("send")
    assert told(server)[-1].endswith("the issue of 2026-03-15 waits for approval")
    holding.now += timedelta(minutes=1)
    app = App(str(holding.config), holding.environment, lambda: holding.now)
    from newsletter.bootstrap.alerts import alerts

    before = len(server.messages)
    alert(alerts(app))
    assert len(server.messages) == before
    app.close()


def test_without_the_mode_there_is_nothing_to_approve(stocked: House) -> None:
    stocked.subscribe(ANN)
    refused = stocked("approve")
    assert refused.code == 2
    assert "no date waits for approval" in refused.stderr
    refused = stocked("approve", "--date", DAY)
    assert refused.code == 2
    assert "schedule.approval = true" in refused.stderr


def test_the_archive_shows_it_when_it_has_gone(holding: House) -> None:
    from newsletter.services.public_archive import PublicArchive

    holding("send")
    app = App(str(holding.config), holding.environment, lambda: holding.now)
    archive = PublicArchive(app.store, "UTC", 7, lambda: holding.now)
    holding.now = DUE + timedelta(minutes=10)
    day = DUE.date()
    assert archive.issue(day) is None
    before = archive.version()
    holding("approve")
    holding("send")
    assert archive.issue(day) is not None
    listed = archive.issues(1)
    assert listed
    assert [one.date for one in listed.items] == [day]
    assert archive.version() != before
    app.close()


def test_the_order_of_picks(stocked: House) -> None:
    def picked() -> list[int]:
        return [pick["insight_id"] for pick in stocked("explain", "--json").json["picks"]]

    before = picked()
    words = [str(each) for each in before[::-1]]
    done = stocked("insights", "order", *words)
    assert f"{DAY} has {', '.join(words)} in this order" in done.out
    assert picked() == before[::-1]
    assert stocked("insights", "order", "--undo", "--json").json["order"] == []
    assert picked() == before
    for wrong in ((), (*words, "--undo"), (words[0], words[0]), ("999",)):
        refused = stocked("insights", "order", *wrong)
        assert refused.code in (1, 2)
        assert refused.stderr.startswith("newsletter: ")
