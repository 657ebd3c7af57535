"""What messages that came back are understood as."""

from newsletter.domain.returns import ReturnKind, Severity
from newsletter.domain.tokens import return_path, token
from newsletter.returns import Ours, understand

SECRET = b"a secret of the tests"
OURS = Ours(
    secret=SECRET,
    return_path="bounces@news.example.org",
    addresses=frozenset({"editor@example.org"}),
    domain="news.example.org",
)
POSTFIX = b"""\
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: %(to)s
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

<ada@example.net>: host mx.example.net said: 550 5.1.1 User unknown

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ada@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ada@example.net>: User unknown

--b
Content-Type: text/rfc822-headers

Message-ID: <20260301.0123456789abcdef01234567@news.example.org>
To: ada@example.net

--b--
"""


def test_a_bounce_with_a_token_and_a_status() -> None:
    to = return_path(SECRET, OURS.return_path, 17)
    back = understand(POSTFIX % {b"to": to.encode()}, OURS)
    assert (back.kind, back.severity) == (ReturnKind.BOUNCE, Severity.HARD)
    assert back.delivery == 17
    assert not back.forged
    assert back.message_id == "20260301.0123456789abcdef01234567@news.example.org"
    assert (back.address, back.status) == ("ada@example.net", "5.1.1")
    assert back.words == "550 5.1.1 <ada@example.net>: User unknown"


def test_a_wrong_token_is_said_to_be_forged() -> None:
    back = understand(POSTFIX % {b"to": b"bounces+17.aaaaaaaaaaaaaaaa@news.example.org"}, OURS)
    assert back.forged
    assert back.delivery is None


def test_a_request_to_leave_by_mail() -> None:
    head = "From: ada@example.net\nTo: editor@example.org\n"
    raw = f"{head}Subject: unsubscribe {token(SECRET, 5)}\n\n"
    back = understand(raw.encode(), OURS)
    assert (back.kind, back.reader) == (ReturnKind.LEAVE, 5)
