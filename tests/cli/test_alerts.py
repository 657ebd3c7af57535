import json
import logging
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from threading import Event

import pytest

from newsletter.bootstrap import App
from newsletter.cli.run import scheduled_jobs
from newsletter.domain.errors import NewsletterError
from newsletter.mail.channels import Attempt, Channel, Envelope
from newsletter.services.scheduled_jobs import ScheduledJobs
from tests.builders import NOON
from tests.cli.conftest import House
from tests.cli.test_run import wait_for
from tests.smtp_server import DROP, SmtpServer

ANN, BEA = "ann@letters.example", "bea@letters.example"
OPERATOR = "desk@letters.example"


@pytest.fixture
def alerting(stocked: House, server: SmtpServer) -> House:
    """A newsletter whose operator is told by mail."""
    stocked.subscribe(ANN, BEA)
    stocked.smtp(server)
    stocked.environment["NEWSLETTER_ALERTS__TO"] = f"The desk <{OPERATOR}>"
    return stocked


@pytest.fixture
def commanded(alerting: House) -> House:
    """And only by a command, which appends to a file what stands on its standard input."""
    del alerting.environment["NEWSLETTER_ALERTS__TO"]
    program = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read()); print('said')"
    command = [sys.executable, "-c", program, str(alerting.folder / "said"), "$HOME; *"]
    alerting.environment["NEWSLETTER_ALERTS__COMMAND"] = json.dumps(command)
    return alerting


@pytest.fixture
def jobs(alerting: House) -> Iterator[ScheduledJobs]:
    app = App(str(alerting.config), alerting.environment, lambda: alerting.now)
    yield scheduled_jobs(app, Event())
    app.close()


def alerts(server: SmtpServer) -> list[str]:
    """Subjects and texts of what the operator was sent."""
    mails = [
        message_from_bytes(message.message, policy=policy.default)
        for message in server.messages
        if message.recipient == OPERATOR
    ]
    return [f"{mail['Subject']}\n{mail.get_content()}" for mail in mails]


def told_by_command(house: House) -> list[str]:
    path = house.folder / "said"
    return path.read_text().splitlines() if path.exists() else []


def test_a_good_day_alerts_nobody(alerting: House, server: SmtpServer) -> None:
    alerting.now = NOON.replace(hour=8)
    assert alerting("send").out == "2 sent\n"
    alerting.now = NOON
    alerting("send")
    assert alerts(server) == []


def test_unknown_ones_are_told_once_a_day(alerting: House, server: SmtpServer) -> None:
    alerting.now = NOON.replace(hour=8)
    server.fail("DOT", DROP, recipient=ANN)
    alerting("send")
    (first,) = alerts(server)
    assert first.startswith("Five Insights: deliveries are unknown\nUnknown: 1. ")
    alerting.now = NOON.replace(hour=23, minute=59)
    alerting("send")
    assert len(alerts(server)) == 1
    alerting.now = NOON + timedelta(hours=12)
    alerting("send")
    assert len(alerts(server)) == 2, "a new day"
    alerting("deliveries", "--state", "unknown")
    alerting("deliveries", "resolve", "--as", "sent")
    alerting.now += timedelta(days=1)
    alerting("send")
    assert len(alerts(server)) == 2


def test_the_alert_mail_is_well_formed(alerting: House, server: SmtpServer) -> None:
    alerting.environment["NEWSLETTER_NEWSLETTER__NAME"] = "Fünf\nInsights"
    server.fail("DOT", DROP, recipient=ANN)
    alerting.now = NOON.replace(hour=8)
    alerting("send")
    (raw,) = [message.message for message in server.messages if message.recipient == OPERATOR]
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["To"] == OPERATOR
    assert "news@letters.example" in mail["From"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@letters.example>")
    assert mail["Date"].datetime == alerting.now
    assert mail["Subject"] == "Fünf Insights: deliveries are unknown"


def test_what_stops_a_run_is_told(commanded: House, server: SmtpServer) -> None:
    commanded.now = NOON.replace(hour=8)
    server.fail("MAIL", "550 5.7.1 Not from here", times=math.inf)
    done = commanded("send", "--json")
    assert done.json["pending"] == 2, "what the command printed is not ours to print"
    commanded("send")
    (line,) = told_by_command(commanded)
    assert line.startswith("A run stopped, and the rest waits: 550 5.7.1 Not from here")


def test_an_inbox_that_cannot_be_read_is_told(commanded: House) -> None:
    commanded.now = NOON.replace(hour=8)
    commanded.environment["NEWSLETTER_INBOX__PATH"] = "nowhere"
    done = commanded("send")
    assert (done.code, done.out) == (1, "2 sent\n")
    (line,) = told_by_command(commanded)
    assert line.startswith("No briefs can be read: the inbox ")
    assert "nowhere is missing" in line


def test_a_pause_is_no_news(commanded: House) -> None:
    commanded.now = NOON.replace(hour=8)
    commanded("pause")
    assert commanded("send").code == 1
    assert told_by_command(commanded) == []


def test_late_is_what_did_not_go_out_by_the_hour(commanded: House) -> None:
    commanded("pause")
    commanded.now = NOON.replace(hour=8, minute=59)
    commanded("send")
    assert told_by_command(commanded) == []
    commanded.now = NOON.replace(hour=9)
    commanded("send")
    (line,) = told_by_command(commanded)
    assert line == (
        "Issues due by 09:00 UTC that did not go out: 2 waiting."
        " The newsletter is paused: `newsletter resume`."
    )
    commanded.now = NOON
    commanded("send")
    assert len(told_by_command(commanded)) == 1


def test_the_hour_is_one_of_the_newsletters_zone(commanded: House) -> None:
    commanded.environment |= {
        "NEWSLETTER_NEWSLETTER__TIMEZONE": "Asia/Tokyo",
        "NEWSLETTER_ALERTS__LATE_HOUR": "21",
    }
    commanded("pause")
    commanded.now = NOON - timedelta(minutes=1)
    commanded("send")
    assert told_by_command(commanded) == []
    commanded.now = NOON
    commanded("send")
    assert (
        "Issues due by 21:00 Asia/Tokyo that did not go out: 2 waiting"
        in told_by_command(commanded)[0]
    )


def test_who_is_due_at_the_hour_itself_is_not_late_then(commanded: House) -> None:
    commanded.environment["NEWSLETTER_ALERTS__LATE_HOUR"] = "7"
    commanded("pause")
    commanded.now = NOON.replace(hour=7)
    commanded("send")
    commanded.now = NOON
    commanded("send")
    assert told_by_command(commanded) == []


def test_where_no_scheduler_worked_another_command_tells(commanded: House) -> None:
    """Nothing was composed: the one that comes to look tells, and then sends."""
    assert commanded("send").out == "2 sent\n"
    (line,) = told_by_command(commanded)
    assert "did not go out: 2 never composed. See `newsletter status`." in line


def test_what_was_called_off_is_not_late(commanded: House) -> None:
    commanded("cancel", "--date", "2026-03-14")
    commanded("send")
    assert told_by_command(commanded) == []


def test_too_late_is_late(commanded: House) -> None:
    commanded.now = NOON + timedelta(hours=4)
    commanded.environment["NEWSLETTER_ALERTS__LATE_HOUR"] = "23"
    commanded("send")
    assert [reason for _, _, reason in commanded.ledger()] == ["too_late"] * 2
    commanded.environment["NEWSLETTER_ALERTS__LATE_HOUR"] = "9"
    commanded("send")
    assert "2 skipped as too late" in told_by_command(commanded)[0]


def test_who_has_too_few_is_not_late(commanded: House) -> None:
    commanded.environment["NEWSLETTER_SELECTION__WINDOW_DAYS"] = "1"
    commanded.now = NOON + timedelta(days=2) - timedelta(hours=4)
    commanded("send")
    commanded.now = NOON + timedelta(days=2)
    commanded("send")
    assert {reason for _, _, reason in commanded.ledger()} == {"too_few"}
    assert told_by_command(commanded) == []


def test_who_came_after_the_hour_was_promised_nothing(commanded: House) -> None:
    commanded.now = NOON.replace(hour=8)
    commanded("send")
    commanded("subscribers", "add", "new@letters.example")
    commanded.now = NOON
    commanded("send")
    assert told_by_command(commanded) == []


def test_a_server_that_is_down_is_neither_a_crash_nor_a_flood(
    jobs: ScheduledJobs, alerting: House, server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    alerting.now = NOON.replace(hour=8)
    server.fail("CONNECT", "421 4.3.2 Not now", times=math.inf)
    for _ in range(20):
        jobs.tick()
        alerting.now += timedelta(minutes=1)
    assert caplog.text.count("the alert could not be mailed: 421") == 2, "every quarter of an hour"


def test_a_command_that_fails_is_told_in_the_log(
    commanded: House, caplog: pytest.LogCaptureFixture
) -> None:
    commanded.now = NOON.replace(hour=8)
    commanded.environment["NEWSLETTER_INBOX__PATH"] = "nowhere"
    for command, why in ((["./none"], "No such file"), (["false"], "non-zero exit status 1")):
        commanded.environment["NEWSLETTER_ALERTS__COMMAND"] = json.dumps(command)
        assert commanded("send").code == 1
        assert why in caplog.text
        commanded.now += timedelta(minutes=20)


def test_a_command_by_its_path_is_beside_the_configuration(commanded: House) -> None:
    commanded.now = NOON.replace(hour=8)
    script = commanded.folder / "tell.sh"
    script.write_text("#!/bin/sh\ncat > said\n")
    script.chmod(0o700)
    commanded.environment |= {
        "NEWSLETTER_ALERTS__COMMAND": '["./tell.sh"]',
        "NEWSLETTER_INBOX__PATH": "nowhere",
    }
    commanded("send")
    assert "nowhere is missing" in told_by_command(commanded)[0]


def test_a_long_run_is_looked_at_while_it_runs(
    jobs: ScheduledJobs, alerting: House, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 09:00 Ann has hers, Bea waits behind a slow server: nobody waits for the end to tell."""
    alerting.now = NOON.replace(hour=8, minute=59)
    open_one = jobs.context.channel

    def slow() -> Channel:
        channel = open_one()
        send = channel.send

        def slowly(envelope: Envelope, attempt: Attempt | None = None) -> str:
            if envelope.recipient == BEA:
                alerting.now += timedelta(minutes=4)
                wait_for(lambda: alerts(server))
            time.sleep(0.3)  # slow enough to be settled at once
            return send(envelope, attempt)

        monkeypatch.setattr(channel, "send", slowly)
        return channel

    jobs.context = replace(jobs.context, channel=slow)
    jobs.tick()
    assert [message.recipient for message in server.messages] == [ANN, OPERATOR, BEA]
    assert "1 waiting" in alerts(server)[0]


def test_an_error_in_a_job_is_alerted(
    jobs: ScheduledJobs, alerting: House, server: SmtpServer
) -> None:
    alerting.now = NOON.replace(hour=8)
    jobs.failed(NewsletterError("the disk is full"))
    jobs.failed(RuntimeError("what nobody thought of"))
    (only,) = alerts(server)
    assert "A run stopped, and the rest waits: the disk is full" in only


@pytest.mark.parametrize(
    ("variable", "value", "key"),
    [
        ("TO", "nobody", "alerts.to"),
        ("TO", "a@b\nBcc: c@d", "alerts.to"),
        ("COMMAND", "mail desk", "NEWSLETTER_ALERTS__COMMAND"),
        ("COMMAND", '"mail desk"', "alerts.command"),
        ("COMMAND", "[1]", "alerts.command"),
        ("LATE_HOUR", "24", "alerts.late_hour"),
    ],
)
def test_invalid_settings_are_refused_by_key(
    house: House, variable: str, value: str, key: str
) -> None:
    house.environment[f"NEWSLETTER_ALERTS__{variable}"] = value
    refused = house("status")
    assert refused.code == 2
    assert key in refused.stderr


def test_without_alerts_nobody_is_told(alerting: House, server: SmtpServer) -> None:
    del alerting.environment["NEWSLETTER_ALERTS__TO"]
    server.fail("DOT", DROP, recipient=ANN)
    alerting("send")
    assert alerts(server) == []


def test_the_log_contains_no_address(
    alerting: House, server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    from newsletter.cli.output import OneLine

    caplog.set_level(logging.DEBUG, "newsletter")
    server.fail("RCPT", f"550 5.7.1 <{ANN}> may not be written to", times=math.inf)
    alerting("send")
    lines = [
        OneLine().format(record) for record in caplog.records if record.levelno > logging.DEBUG
    ]
    assert lines
    assert not [line for line in lines if "@" in line]
