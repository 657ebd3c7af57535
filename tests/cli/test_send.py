import json
import math
import re
import signal
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event

import pytest

from newsletter.bootstrap import App
from newsletter.cli.send import stop_on_signals
from newsletter.domain.notices import PREFERENCES
from newsletter.domain.tokens import link_token, subscriber_id
from newsletter.mail.channels import Attempt, Envelope
from newsletter.mail.channels.folder import Folder
from newsletter.services.preferences import Preferences
from newsletter.services.secret import read_secret
from newsletter.services.wording import local_time
from tests.builders import NOON
from tests.cli.conftest import INSIGHTS, House
from tests.smtp_server import DROP, SmtpServer

ANN, BEA, CLEO = (f"{name}@letters.example" for name in ("ann", "bea", "cleo"))


@pytest.fixture
def stocked(stocked: House) -> House:
    stocked.subscribe(ANN, BEA, CLEO)
    return stocked


@pytest.fixture
def mailing(stocked: House, server: SmtpServer) -> House:
    stocked.smtp(server)
    return stocked


def recipients(server: SmtpServer) -> list[str]:
    return sorted(message.recipient for message in server.messages)


def parsed(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=policy.default)


def outcome(house: House, *words: str) -> dict[str, int]:
    """What became of how many, without those that are none."""
    report = house("send", "--json", *words).json
    names = ("sent", "failed", "pending", "unknown", "skipped")
    return {name: report[name] for name in names if report[name]}


def test_the_next_issue_is_the_next_that_was_not_sent(stocked: House) -> None:
    """``send --now`` is before the hour of its date, and ``--date`` may be of tomorrow."""
    stocked.now = NOON - timedelta(hours=10)
    assert next_of_ann(stocked) == "2026-03-14 07:00 UTC"
    assert stocked("send", "--now", "--to", ANN).out == "1 sent\n"
    assert next_of_ann(stocked) == "2026-03-15 07:00 UTC"
    assert "1 sent" in stocked("send", "--now", "--to", ANN, "--date", "2026-03-15").out
    assert next_of_ann(stocked) == "2026-03-16 07:00 UTC"


def test_what_is_sent_for_another_date_is_told(house: House) -> None:
    """Where it is yesterday still, ``--now`` sends the issue of that day."""
    house.stock(published="2026-03-12")
    house.subscribe(ANN, BEA)
    house.subscribe("ben@letters.example", options=["--timezone", "America/New_York"])
    house.now = NOON.replace(hour=1)
    assert house("send", "--now").out == "3 sent, 1 of them for 2026-03-13\n"
    told = "\n             2  sent\n             1 sent where it is 2026-03-13\n"
    assert told in house("status").out
    assert house("status", "--json").json["elsewhere"] == {"2026-03-13": {"sent": 1}}
    assert "where it is" not in house("status", "--date", "2026-03-14").out
    house.now += timedelta(days=1)
    later = house("send", "--now", "--json").json
    assert (later["sent"], later["sent_elsewhere"]) == (3, {"2026-03-14": 1})
    house.now += timedelta(hours=11)
    assert house("send", "--now").out == "1 sent\n"
    assert "where it is" not in house("status").out


def next_of_ann(house: House) -> str:
    """As the command line and the page of her preferences have it."""
    app = App(str(house.config), {}, lambda: house.now)
    secret = read_secret(app.beside(app.settings.web.secret_file), house.folder)
    reader = Preferences(app.store, secret, app.clock).reader(link_token(secret, PREFERENCES, 1))
    app.close()
    assert reader
    told = local_time(reader.next_due, "UTC")
    assert f"next {told}" in " ".join(house("subscribers", "show", ANN).out.split())
    return told


def test_send_serves_those_due_and_nobody_twice(stocked: House) -> None:
    stocked.subscribe("late@letters.example", options=["--hour", "13"])
    done = stocked("send")
    assert (done.code, done.out) == (0, "3 sent\n")
    assert len(stocked.messages()) == 3
    again = stocked("send")
    assert again.code == 0
    assert "nobody is due now; next: 2026-03-14 13:00 UTC" in again.out
    assert len(stocked.messages()) == 3
    stocked.now += timedelta(hours=1)
    assert outcome(stocked) == {"sent": 1}


def test_it_reads_the_inbox_first(house: House) -> None:
    house.subscribe(ANN)
    for number in range(6):
        house.drop(f"{number}.json", INSIGHTS[number])
    report = house("send", "--json").json
    assert (report["new_briefs"], report["sent"], report["stopped"]) == (6, 1, None)


def test_now_sends_to_all_not_yet_served_whatever_their_hour(stocked: House) -> None:
    stocked.subscribe("late@letters.example", options=["--hour", "22"])
    stocked("subscribers", "add", "new@letters.example")
    assert outcome(stocked) == {"sent": 3}
    assert outcome(stocked, "--now") == {"sent": 2}
    assert outcome(stocked, "--now") == {}
    stocked.now = NOON.replace(hour=23)
    assert outcome(stocked) == {}, "who was served early is not served again at their hour"


def test_a_date_holds_for_everyone(stocked: House) -> None:
    assert outcome(stocked, "--date", "2026-03-14") == {"sent": 3}
    out = stocked("send", "--date", "2026-03-14").out
    assert out == "nobody is due now for 2026-03-14; --now sends to all not yet served\n"
    assert outcome(stocked, "--date", "2026-03-20") == {}
    assert outcome(stocked, "--date", "2026-03-20", "--now") == {"sent": 3}
    assert {"2026-03-14", "2026-03-20"} == {
        delivery["date"]
        for delivery in stocked("subscribers", "show", ANN, "--json").json["deliveries"]
    }


@pytest.mark.parametrize(
    ("day", "warning"),
    [
        ("2026-03-14", ""),
        ("2026-03-15", "2026-03-15 has not begun yet"),
        ("2026-03-16", "2026-03-16 has not begun yet"),
        ("2027-03-14", "2027-03-14 has not begun yet"),
        ("2026-03-01", ""),
        ("2026-02-28", "2026-02-28 is 14 days ago"),
        ("2020-01-01", "check the year"),
    ],
)
def test_a_date_that_may_be_a_slip_is_warned_of(stocked: House, day: str, warning: str) -> None:
    for words in ([], ["--now", "--dry-run"]):
        assert warning in stocked("send", "--date", day, *words).stderr
    if not warning:
        assert "warning" not in stocked("send", "--date", day).stderr


def test_to_sends_to_these_alone(stocked: House) -> None:
    assert outcome(stocked, "--to", "ANN@letters.example", "--to", BEA) == {"sent": 2}
    assert [address for address, _, _ in stocked.ledger()] == [ANN, BEA]
    assert stocked("send", "--to", ANN, "--to", "nobody@letters.example").code == 2
    assert outcome(stocked) == {"sent": 1}


def test_skipped_readers_are_reported_with_the_reason(house: House) -> None:
    house.drop("one.json", *INSIGHTS[:2])
    house("subscribers", "add", ANN)
    for _ in range(2):
        done = house("send", "--now")
        assert done.out == "1 skipped: fewer than 3 insights are new to them\n"
        assert done.code == 0
    house.subscribe(BEA)
    house("cancel", "--date", "2026-03-14")
    assert house("send", "--to", BEA).out == "1 skipped: the date is cancelled\n"


def test_readers_skipped_as_too_late_are_reported(stocked: House) -> None:
    stocked.now += timedelta(hours=6)
    assert (
        stocked("send").out == "3 skipped: nothing ran in time for them (schedule.catch_up_hours)\n"
    )


def test_pending_readers_are_reported_with_their_next_try(
    mailing: House, server: SmtpServer
) -> None:
    server.fail("RCPT", "450 4.3.2 Local trouble", recipient=ANN)
    mailing("send")
    waits = r"3 pending: next try at 2026-03-14 12:0\d UTC\n"
    others_wait = (
        "nobody else is due now; next: 2026-03-15 07:00 UTC; --now sends to all not yet served\n"
    )
    assert re.fullmatch(waits + others_wait, mailing("send").out)
    assert re.fullmatch(waits + others_wait, mailing("send", "--dry-run").out)
    report = mailing("send", "--json").json
    assert report["pending"] == 3
    assert report["next_attempt_at"].startswith("2026-03-14T12:0")
    mailing.subscribe("dot@elsewhere.example")
    assert re.fullmatch("1 sent, 3 pending\n" + waits, mailing("send").out)


def test_readers_named_with_to_are_reported_each(mailing: House, server: SmtpServer) -> None:
    server.fail("RCPT", "550 5.1.1 No such mailbox", recipient=BEA)
    server.fail("RCPT", "450 4.2.1 Busy", recipient=CLEO)
    mailing("send")
    mailing.subscribe("dot@letters.example", options=["--hour", "20"])
    names = [ANN, BEA, CLEO, "dot@letters.example"]
    done = mailing("send", *(word for name in names for word in ("--to", name)))
    assert done.out.splitlines() == [
        "nobody named is due now",
        f"{ANN}, 14 March 2026: sent at 2026-03-14 12:00 UTC",
        f"{BEA}, 14 March 2026: failed (refused): 550 5.1.1 No such mailbox",
        f"{CLEO}, 14 March 2026: pending, next try at 2026-03-14 12:05 UTC: 450 4.2.1 Busy",
        "dot@letters.example, 14 March 2026: nothing yet, next due at 2026-03-14 20:00 UTC;"
        " --now does not wait for it",
    ]
    done = mailing("send", "--now", "--to", ANN, "--to", "dot@letters.example")
    assert done.out.splitlines()[:2] == [
        "1 sent",
        f"{ANN}, 14 March 2026: sent at 2026-03-14 12:00 UTC",
    ]
    mailing("subscribers", "add", "eve@letters.example")
    mailing("subscribers", "remove", "eve@letters.example")
    out = mailing("send", "--now", "--to", "eve@letters.example").out
    assert out.endswith("eve@letters.example, 14 March 2026: nothing, the reader is unsubscribed\n")


def test_a_dry_run_says_who_would_get_what(stocked: House) -> None:
    done = stocked("send", "--dry-run")
    assert f"{ANN}, 14 March 2026: 5 insights" in done.out
    assert done.out.count("  1. ") == 3
    assert done.out.endswith("\n3 messages would be sent\n")
    messages = stocked("send", "--dry-run", "--json").json["would_send"]
    assert [
        (message["address"], message["date"], len(message["insights"])) for message in messages
    ] == [(address, "2026-03-14", 5) for address in (ANN, BEA, CLEO)]
    stocked("send")
    chosen = stocked("explain", "--to", ANN, "--json", "--date", "2026-03-14").json["picks"]
    assert [pick["text"] for pick in chosen] == messages[0]["insights"]
    assert "nobody is due now" in stocked("send", "--dry-run").out


def test_a_dry_run_counts_what_waits_for_another_attempt(
    mailing: House, server: SmtpServer
) -> None:
    server.fail("CONNECT", "421 4.3.2 Not now", times=math.inf)
    assert mailing("send").code == 1
    messages = mailing("send", "--dry-run", "--now", "--json").json["would_send"]
    assert [message["address"] for message in messages] == [ANN, BEA, CLEO]
    assert all(len(message["insights"]) == 5 for message in messages)


def test_a_test_copy_is_marked_and_not_in_the_ledger(stocked: House) -> None:
    before = stocked.dump()
    done = stocked("send", "--test", "Desk <desk@letters.example>", "--as", ANN)
    assert done.code == 0
    sentence = f"the issue of {ANN}, {stocked.now:%-d %B %Y}, sent to desk@letters.example: "
    assert done.out.startswith(sentence)
    assert stocked.dump() == before
    (path,) = stocked.messages()
    copy = parsed(path.read_bytes())
    assert copy["Subject"].startswith("[Test] ")
    assert copy["X-Newsletter-Test"] == "yes"
    bodies = [part.get_content() for part in copy.walk() if not part.is_multipart()]
    read = "\n".join([copy["List-Unsubscribe"], *bodies])
    (link,) = set(re.findall(r"/u/([^\s>\"]+)", read))
    secret = (stocked.folder / "newsletter.secret").read_bytes().strip()
    assert subscriber_id(secret, link) is None, "a link that is nobody's"
    assert outcome(stocked) == {"sent": 3}


def test_a_test_copy_holds_what_its_subscriber_would_get(stocked: House) -> None:
    stocked("send", "--test", "desk@letters.example", "--as", BEA)
    (path,) = stocked.messages()
    plain = parsed(path.read_bytes()).get_body(("plain",))
    assert plain
    text = " ".join(plain.get_content().split())
    for pick in stocked("explain", "--to", BEA, "--json").json["picks"]:
        assert pick["text"] in text
    assert stocked("send", "--test", "no address").code == 2
    stocked("subscribers", "remove", BEA)
    assert stocked("send", "--test", BEA.upper()).code == 2
    assert stocked("send", "--test", "desk@letters.example", "--as", "x@letters.example").code == 2


def test_a_test_copy_over_smtp_and_one_that_is_refused(mailing: House, server: SmtpServer) -> None:
    words = ["send", "--test", "desk@letters.example", "--json"]
    assert mailing(*words).json == {
        "sent": 1,
        "to": "desk@letters.example",
        "answer": "250 2.0.0 Taken",
    }
    assert recipients(server) == ["desk@letters.example"]
    server.fail("RCPT", "550 5.1.1 Nobody of that name")
    done = mailing(*words)
    assert (done.code, done.stdout) == (1, b"")
    assert "was not taken: 550 5.1.1 Nobody of that name" in done.stderr


def test_a_test_copy_needs_an_issue(house: House) -> None:
    done = house("send", "--test", "desk@letters.example")
    assert (done.code, done.stdout) == (1, b"")
    assert "there is no issue to send" in done.stderr


def test_a_refused_reader_fails_alone(mailing: House, server: SmtpServer) -> None:
    server.fail("RCPT", "550 5.1.1 No such mailbox", recipient=BEA)
    done = mailing("send")
    assert (done.code, done.out.splitlines()[0]) == (1, "2 sent, 1 failed")
    assert "newsletter status" in done.out
    assert mailing.ledger() == [
        (ANN, "sent", None),
        (BEA, "failed", "refused"),
        (CLEO, "sent", None),
    ]
    assert f"{BEA}  failed (refused): 550 5.1.1 No such mailbox" in mailing("status").out
    assert outcome(mailing) == {}
    assert recipients(server) == [ANN, CLEO]


def test_a_reader_who_must_wait_is_served_later_with_the_same_message(
    mailing: House, server: SmtpServer
) -> None:
    server.fail("DOT", "451 4.3.0 Queue full, come back", recipient=BEA)
    preview = mailing("preview", "--eml", "--out", "-", "--to", BEA).stdout
    done = mailing("send", "--json")
    assert (done.code, done.json["sent"], done.json["pending"]) == (1, 1, 2), (
        "their domain waits as one"
    )
    assert outcome(mailing) == {"pending": 2}, "not before its time"
    assert "next try at 2026-03-14 12:0" in mailing("status").out
    mailing.now += timedelta(minutes=10)
    assert outcome(mailing) == {"sent": 2}
    assert recipients(server) == [ANN, BEA, CLEO]
    (message,) = (received.message for received in server.messages if received.recipient == BEA)
    assert message == preview


def test_a_server_that_is_down_fails_nobody_and_is_tried_again(
    mailing: House, server: SmtpServer
) -> None:
    server.fail("CONNECT", "421 4.3.2 Shutting down")
    done = mailing("send")
    assert done.code == 1
    assert "stopped, the rest waits: " in done.stderr
    assert "failed" not in done.out
    assert {state for _, state, _ in mailing.ledger()} == {"pending"}
    assert outcome(mailing) == {"sent": 3}


def test_a_server_that_cannot_be_reached_is_told(mailing: House) -> None:
    mailing.environment["NEWSLETTER_DELIVERY__SMTP__PORT"] = "1"
    done = mailing("send")
    assert done.code == 1
    assert "127.0.0.1:1 cannot be reached" in done.stderr
    assert "delivery.smtp.host and port" in done.stderr
    as_json = mailing("send", "--json")
    assert as_json.code == 1
    assert "cannot be reached" in as_json.json["stopped"]


def test_an_answer_that_is_lost_is_unknown_and_never_guessed(
    mailing: House, server: SmtpServer
) -> None:
    server.fail("DOT", DROP, recipient=ANN)
    done = mailing("send")
    assert (done.code, done.out.splitlines()[0]) == (1, "2 sent, 1 unknown")
    mailing.now += timedelta(hours=1)
    assert outcome(mailing, "--now") == {}
    assert recipients(server) == [ANN, BEA, CLEO]
    assert "Unknown      1 of any date: the server may have the message" in mailing("status").out


def test_our_own_fault_stops_the_run_and_blames_nobody(mailing: House, server: SmtpServer) -> None:
    server.fail("MAIL", "553 5.7.1 Sender not owned by user")
    done = mailing("send")
    assert done.code == 1
    assert "stopped, the rest waits: 553 5.7.1 Sender not owned by user" in done.stderr
    assert {state for _, state, _ in mailing.ledger()} == {"pending"}


def test_a_login_in_clear_is_refused(mailing: House, server: SmtpServer) -> None:
    mailing.environment |= {
        "NEWSLETTER_DELIVERY__SMTP__HOST": "mail.letters.example",
        "NEWSLETTER_DELIVERY__SMTP__USERNAME": "desk",
        "NEWSLETTER_DELIVERY__SMTP__PASSWORD": "open sesame",
    }
    before = mailing.dump()
    done = mailing("send")
    assert (done.code, done.stdout) == (2, b"")
    assert "delivery.smtp.security" in done.stderr
    assert "sesame" not in done.stderr
    assert mailing.dump() == before


def test_no_starttls_is_no_reason_to_send_in_clear(mailing: House, server: SmtpServer) -> None:
    mailing.environment["NEWSLETTER_DELIVERY__SMTP__SECURITY"] = "starttls"
    done = mailing("send")
    assert done.code == 1
    assert "does not offer STARTTLS" in done.stderr
    assert server.messages == []


def test_a_reader_who_leaves_after_composing_is_skipped(mailing: House, server: SmtpServer) -> None:
    server.fail("CONNECT", "421 4.3.2 Shutting down")
    mailing("send")
    mailing("subscribers", "remove", BEA)
    assert mailing("send").code == 0
    assert recipients(server) == [ANN, CLEO]
    assert (BEA, "skipped", "unsubscribed") in mailing.ledger()


def test_too_few_insights_are_reported_and_sent_when_more_arrive(house: House) -> None:
    house.drop("one.json", *INSIGHTS[:2])
    house.subscribe(ANN)
    house.now = NOON.replace(hour=8)
    out = house("send", "--dry-run").out
    assert out.endswith("too few insights\n0 messages would be sent; too few for 1\n")
    assert outcome(house) == {"skipped": 1}
    assert house.ledger() == [(ANN, "skipped", "too_few")]
    assert "1  skipped  too few" in house("status").out
    house.now += timedelta(minutes=30)
    house.stock(2, 8)
    assert outcome(house) == {"sent": 1}


@pytest.mark.parametrize(
    ("key", "warning"),
    [
        ("BASE_URL", "newsletter.base_url is empty: readers can unsubscribe by mail only"),
        ("POSTAL_ADDRESS", "newsletter.postal_address is empty"),
    ],
)
def test_missing_settings_are_warned_of(mailing: House, key: str, warning: str) -> None:
    assert "warning" not in mailing("send", "--to", ANN).stderr
    mailing.environment[f"NEWSLETTER_NEWSLETTER__{key}"] = ""
    done = mailing("send", "--json")
    assert f"warning: {warning}" in done.stderr
    assert (done.code, done.json["sent"]) == (0, 2)


@pytest.mark.parametrize("base_url", ["", "http://letters.example"])
def test_the_base_url_is_warned_of_only_where_mail_leaves(mailing: House, base_url: str) -> None:
    mailing.environment["NEWSLETTER_NEWSLETTER__BASE_URL"] = base_url
    assert "newsletter.base_url is " in mailing("send").stderr
    mailing.environment["NEWSLETTER_DELIVERY__CHANNEL"] = "folder"
    assert mailing("send").stderr == ""
    assert "base_url" in mailing("doctor").out


def test_without_a_web_side_messages_carry_a_mailto_alone(stocked: House) -> None:
    stocked.environment["NEWSLETTER_NEWSLETTER__BASE_URL"] = ""
    stocked("send")
    for path in stocked.messages():
        letter = parsed(path.read_bytes())
        assert letter["List-Unsubscribe"].startswith("<mailto:desk@letters.example?subject=")
        assert "http" not in letter["List-Unsubscribe"]
        assert letter["List-Unsubscribe-Post"] is None


def test_without_a_sender_nothing_is_sent(stocked: House) -> None:
    stocked.environment["NEWSLETTER_NEWSLETTER__FROM_ADDRESS"] = ""
    before = stocked.dump()
    for words in (["send"], ["send", "--test", ANN], ["run"]):
        done = stocked(*words)
        assert done.code == 2
        assert 'newsletter.from_address is missing: write "Name <name@example.org>"' in done.stderr
    assert stocked.dump() == before
    assert stocked("preview", "--out", "-").code == 0


def test_only_the_owner_can_read_messages_and_database(stocked: House) -> None:
    stocked("send")
    for path in [*stocked.messages(), *stocked.folder.glob("newsletter.db*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


def test_a_folder_that_cannot_be_written_is_told(stocked: House) -> None:
    (stocked.folder / "messages").write_text("no folder")
    done = stocked("send")
    assert done.code == 1
    assert "check delivery.folder.path" in done.stderr
    assert {state for _, state, _ in stocked.ledger()} == {"pending"}


def test_a_rejected_file_is_a_warning_and_the_others_go_out(stocked: House) -> None:
    path = stocked.folder / "inbox/empty.txt"
    path.write_text("")
    done = stocked("send")
    assert (done.code, done.out) == (0, "3 sent\n")
    assert f"warning: {path} was rejected: the file is empty" in done.stderr


@pytest.mark.heavy
def test_two_processes_at_once_send_every_message_once(house: House, server: SmtpServer) -> None:
    readers = [f"reader-{number:02}@letters.example" for number in range(30)]
    csv = house.folder / "readers.csv"
    csv.write_text("address\n" + "\n".join(readers))
    house("subscribers", "import", str(csv))
    for number in range(12):
        (house.folder / "inbox" / f"{number}.txt").write_text(INSIGHTS[number])
    house.smtp(server)
    both = [house.process("send", "--now", "--json") for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert recipients(server) == readers
    assert sum(json.loads(out)["sent"] for out, _ in outputs) == 30
    assert {state for _, state, _ in house.ledger()} == {"sent"}


def test_a_signal_finishes_the_message_in_flight_and_leaves_the_rest_pending(
    stocked: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, stops = Folder.send, list[Event]()

    def remembered() -> Event:
        stops.append(stop_on_signals())
        return stops[-1]

    def interrupted(channel: Folder, envelope: Envelope, attempt: Attempt | None = None) -> str:
        signal.raise_signal(signal.SIGTERM)
        assert stops[0].wait(60), "it is the main thread that hears of it"
        return send(channel, envelope, attempt)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "send", interrupted)
        patch.setattr("newsletter.cli.send.stop_on_signals", remembered)
        done = stocked("send")
    assert (done.code, done.out) == (1, "1 sent, 2 pending\n")
    assert "stopped, the rest waits: by a signal" in done.stderr
    assert [state for _, state, _ in stocked.ledger()] == ["sent", "pending", "pending"]
    assert outcome(stocked) == {"sent": 2}


def test_the_answer_of_the_folder_channel_is_the_path(stocked: House) -> None:
    done = stocked("send", "--test", ANN)
    whose, _, answer = done.out.partition(f", sent to {ANN}: ")
    assert whose.startswith("the house issue, ")
    path = Path(answer.strip())
    assert path == stocked.messages()[0]
