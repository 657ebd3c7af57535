"""``newsletter returns``: every form of mailbox, each message once, and what a pipe is told."""

import io
import mailbox
import math
import sys
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from newsletter.domain.tokens import return_path
from tests.cli.conftest import House
from tests.smtp_server import SmtpServer

ANN = "ann@example.org"
DSN = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver your message.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {reader}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 {status} {words}

--b
Content-Type: text/rfc822-headers

Subject: What we sent

--b--
"""
REPLY = """\
From: Ann Reader <ann@example.org>
To: desk@letters.example
Subject: =?utf-8?q?Sch=C3=B6n?=
Message-ID: <1@example.org>

I liked the third one.
"""


def dsn(
    to: str, reader: str = ANN, status: str = "5.1.1", words: str = "no such user here"
) -> bytes:
    return DSN.format(to=to, reader=reader, status=status, words=words).encode()


def path_of(house: House, delivery: int) -> str:
    secret = bytes.fromhex((house.folder / "newsletter.secret").read_text().strip())
    return return_path(secret, "bounces@letters.example", delivery)


@pytest.fixture
def sent(stocked: House, server: SmtpServer) -> House:
    """Ann and Bob were really sent an issue, with a return path that names the delivery."""
    stocked.smtp(server)
    stocked.environment["NEWSLETTER_DELIVERY__RETURN_PATH"] = "bounces@letters.example"
    stocked.subscribe(ANN, "bob@example.org")
    assert stocked("send").code == 0
    assert {one.recipient for one in server.messages} == {ANN, "bob@example.org"}
    return stocked


def sender_of(server: SmtpServer, address: str) -> str:
    """The envelope's sender of the message that really went to them."""
    return next(one.sender for one in server.messages if one.recipient == address)


def pipe(house: House, raw: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    return house("returns", "-").code


def test_a_bounce_of_what_was_really_sent_ends_its_reader_alone(
    sent: House, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = dsn(sender_of(server, ANN))
    assert pipe(sent, raw, monkeypatch) == 0
    assert (sent.state(ANN), sent.state("bob@example.org")) == ("bounced", "active")
    assert sent("returns", "--all", "--json").json[0]["done"] == "bounced"

    assert pipe(sent, raw, monkeypatch) == 0
    assert len(sent("returns", "--all", "--json").json) == 1, "kept once"

    assert [state for _, state, _ in sent.ledger()] == ["sent", "sent"]
    shown = sent("deliveries").out
    assert "sent (bounced)" in shown
    assert "5.1.1 no such user here" in shown
    before = len(server.messages)
    assert sent("send", "--now").code == 0
    assert len(server.messages) == before, "none is sent again"
    assert "5.1.1" in sent("subscribers", "show", ANN).out


def test_every_form_of_a_mailbox_is_read_and_left_as_it_is(sent: House, tmp_path: Path) -> None:
    raws = [dsn(f"x{number}@letters.example") for number in range(3)]
    box = mailbox.mbox(tmp_path / "mbox")
    folder, maildir = tmp_path / "folder", mailbox.Maildir(tmp_path / "maildir")
    folder.mkdir()
    for number, raw in enumerate(raws):
        box.add(raw)
        maildir.add(raw)
        (folder / f"{number}.eml").write_bytes(raw)
    (folder / "notes.txt").write_text("no message")
    box.close()
    maildir.close()
    assert sent("returns", str(folder), "--json").json == {"unproved": 3}
    assert sent("returns", str(tmp_path / "maildir"), "--json").json == {"known already": 3}
    assert len(list((tmp_path / "maildir" / "new").iterdir())) == 3
    assert sent("returns", str(tmp_path / "mbox"), "--json").code == 0
    assert sent("returns", str(folder / "0.eml"), "--json").json == {"known already": 1}
    assert sent("returns", str(tmp_path / "none")).code == 2
    assert sent.state(ANN) == "active", "an address proves nothing"


def test_the_configured_maildir_is_emptied_into_cur(sent: House, server: SmtpServer) -> None:
    assert sent("returns").code == 2
    sent.environment["NEWSLETTER_RETURNS__MAILDIR"] = "returned"
    assert sent("returns").code == 2, "no Maildir there"
    box = mailbox.Maildir(sent.folder / "returned")
    box.add(dsn(sender_of(server, ANN)))
    box.add(b"\0\xff not a message at all")
    box.close()
    assert sent("returns", "--json").json == {"bounced": 1, "listed": 1}
    assert not list((sent.folder / "returned" / "new").iterdir())
    assert len(list((sent.folder / "returned" / "cur").glob("*:2,S"))) == 2
    assert sent("returns", "--json").json == {}
    (row,) = sent("returns", "--list", "--json").json
    assert sent("returns", "--show", str(row["id"])).stdout == b"\0\xff not a message at all"
    assert sent("returns", "--show", "99").code == 2


def test_a_reply_is_forwarded_once_and_its_own_return_is_not(
    sent: House, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(server.messages)
    assert pipe(sent, REPLY.encode(), monkeypatch) == 0
    assert pipe(sent, REPLY.encode(), monkeypatch) == 0
    (out,) = server.messages[before:]
    assert out.recipient == "desk@letters.example"
    got = message_from_bytes(out.message, policy=policy.default)
    assert (got["Reply-To"], got["Subject"]) == (ANN, "Schön")
    body = got.get_body(("plain",))
    assert body
    assert "I liked the third one." in body.get_content()
    (attached,) = got.iter_attachments()
    assert attached.get_content() == REPLY.encode()

    assert pipe(sent, out.message, monkeypatch) == 0
    auto = REPLY.replace("Subject", "Auto-Submitted: auto-replied\nSubject").encode()
    assert pipe(sent, auto, monkeypatch) == 0
    assert len(server.messages) == before + 1


def test_a_reply_waits_while_no_server_takes_it(
    sent: House, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.fail("RCPT", "451 4.3.2 later", recipient="desk@letters.example", times=1)
    assert pipe(sent, REPLY.encode(), monkeypatch) == 0
    assert [row["done"] for row in sent("returns", "--list", "--json").json] == ["reply"]
    sent.environment["NEWSLETTER_RETURNS__MAILDIR"] = "returned"
    mailbox.Maildir(sent.folder / "returned").close()
    assert sent("returns", "--json").json == {"forwarded": 1}
    assert server.messages[-1].recipient == "desk@letters.example"


def test_forged_and_hostile_messages_end_nobody_and_send_nothing(
    sent: House, server: SmtpServer, tmp_path: Path
) -> None:
    true = sender_of(server, ANN)
    forged = [
        true.replace("+1.", "+2."),
        true.replace("+2.", "+1."),
        true[:-25] + "aaaa" + true[-21:],
        "bounces+1.@letters.example",
        "bounces+99999999999999999999.aaaaaaaaaaaaaaaa@letters.example",
    ]
    hostile = [dsn(to) for to in forged if to != true]
    hostile += [
        dsn("bounces@letters.example", words="x" * 200_000),
        dsn("bounces@letters.example")[:400],
        b"Subject: unsubscribe 1.aaaaaaaaaaaaaaaaaaaaaa\nFrom: ann@example.org\n"
        b"To: desk@letters.example\nAuto-Submitted: no\n\n",
        b"",
        b"\n" * 100_000,
        b"Content-Type: multipart/report; boundary=b\n\n" + b"--b\n" * 20_000,
    ]
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, raw in enumerate(hostile):
        (folder / f"{number:02}.eml").write_bytes(raw)
    before = len(server.messages)
    done = sent("returns", str(folder), "--json").json
    assert sum(done.values()) == len(hostile)
    assert not {"bounced", "unsubscribed", "complained", "counted"} & set(done)
    assert done["forged"] >= 4
    assert (sent.state(ANN), sent.state("bob@example.org")) == ("active", "active")
    assert len(server.messages) == before


def test_a_pipe_is_told_that_a_message_was_not_stored(
    sent: House, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = sent.folder / "newsletter.db"
    database.rename(sent.folder / "away.db")
    assert pipe(sent, dsn(sender_of(server, ANN)), monkeypatch) == 1
    (sent.folder / "away.db").rename(database)
    assert pipe(sent, dsn(sender_of(server, ANN)), monkeypatch) == 0
    assert sent.state(ANN) == "bounced"


def test_a_storm_stops_the_run_that_it_falls_into(stocked: House, server: SmtpServer) -> None:
    stocked.smtp(server)
    stocked.environment["NEWSLETTER_DELIVERY__CONNECTIONS"] = "1"
    stocked.environment["NEWSLETTER_DELIVERY__CLAIM"] = "1"  # a refusal comes before the last look
    stocked.subscribe(*(f"r{number:02}@example.org" for number in range(14)))
    server.fail("RCPT", "550 5.1.1 no such user", times=math.inf)
    assert stocked("send").code == 1
    states = [state for _, state, _ in stocked.ledger()]
    assert (states.count("failed"), states.count("pending")) == (10, 4)
    assert stocked("status", "--json").json["paused"]
    assert stocked("resume").code == 0
    stocked("send")
    assert [state for _, state, _ in stocked.ledger()].count("failed") == 14, "it pauses once"
