"""Every provider's calls over a real socket: signed ones are stored once, others change nothing."""

import hashlib
import hmac
import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import text

from newsletter.delivery.returned import ReturnRules
from newsletter.domain.addresses import mailbox
from newsletter.domain.returns import Return, ReturnKind
from newsletter.domain.tokens import return_path
from newsletter.services.personal_data import erase_reader
from newsletter.services.returns import Intake
from newsletter.services.signup import SignUp, sign_up
from newsletter.services.subscriptions import Defaults
from newsletter.storage import Store, subscribers
from newsletter.storage import returns as kept
from newsletter.web.app import app, listening, server
from newsletter.web.hooks import Unsigned
from newsletter.web.hooks.routes import MOST, Keys, routes
from tests.builders import NOON, subscribe
from tests.conftest import new_store
from tests.delivery.test_returned import sent

SECRET = b"a secret of the tests"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:returns"
CERT_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
LOGIN, TOKEN, MAILGUN = "post:a password", "a token of twenty letters", "mailgun key"
STAMP = str(int(NOON.timestamp()))
EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
DAY = timedelta(days=1)


def certificate(host: str = "sns.amazonaws.com", end: datetime = NOON + DAY) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    made = x509.CertificateBuilder(name, name, RSA.public_key(), 7, NOON - 9 * DAY, end)
    san = x509.SubjectAlternativeName([x509.DNSName(host)])
    return made.add_extension(san, False).sign(RSA, SHA256()).public_bytes(Encoding.PEM)


@dataclass
class Site:
    store: Store
    port: int
    pages: dict[str, bytes]
    fetched: list[str]

    def post(self, name: str, body: bytes | str | object, **headers: str) -> int:
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as http:
            http.request("POST", f"/hooks/{name}", content, sent)
            return http.getresponse().status

    def state(self, reader: int = 1) -> str | None:
        with self.store.reading() as db:
            return subscribers.state_of(db, reader)

    def kept(self) -> int:
        with self.store.reading() as db:
            return len(kept.listed(db, None, None, 99))


@contextmanager
def serving(store: Store, keys: Keys, site: Site) -> Iterator[Site]:
    intake = Intake(store, lambda _: Return(ReturnKind.UNKNOWN), ReturnRules(), SECRET)
    running = server(app(routes(keys, intake, lambda: NOON)))
    running.config.log_level = "critical"
    with listening("127.0.0.1", 0) as bound:
        site.port = bound.getsockname()[1]
        thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield site
        finally:
            running.should_exit = True
            thread.join()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    store = new_store(tmp_path)
    with store.writing() as db:
        for address in ("ann@example.org", "bob@example.org"):
            sent(db, subscribe(db, address))
    bare = Site(store, 0, {CERT_URL: certificate()}, [])

    def fetch(url: str) -> bytes:
        bare.fetched.append(url)
        if url not in bare.pages:
            raise Unsigned
        return bare.pages[url]

    public = EC.public_key()
    keys = Keys(SECRET, fetch, (TOPIC,), LOGIN, public, MAILGUN, TOKEN)
    with serving(store, keys, bare) as running:
        yield running
    store.close()


# generic


def generic(**more: object) -> dict[str, object]:
    return {"id": "1", "kind": "complaint", "address": "Ann@Example.org", **more}


def test_a_complaint_of_who_was_erased_stays_with_the_mark_of_their_address(site: Site) -> None:
    with site.store.reading() as db:
        ann = subscribers.numbered(db, 1)
    assert ann
    erase_reader(site.store, ann, SECRET, NOON)
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert site.post("generic", generic(), **headers) == 200
    asked = SignUp(mailbox("ann@example.org"), "", "UTC", 7)
    assert not sign_up(site.store, asked, Defaults("UTC", 7), NOON, SECRET)
    with site.store.reading() as db:
        assert {row["domain"] for row in kept.listed(db, None, None, 9)} == {""}


def test_generic(site: Site) -> None:
    said = {"authorization": f"Bearer {TOKEN}"}
    assert site.post("generic", generic()) == 403
    assert site.post("generic", generic(), authorization="Bearer other") == 403
    assert site.post("generic", "[1]", **said) == 400
    assert site.post("generic", "{" * 9_000, **said) == 400
    assert site.post("generic", "[" * 90_000, **said) == 400
    assert site.post("generic", generic(kind="reply"), **said) == 400
    assert site.post("generic", " " * (MOST + 1), **said) == 413
    assert (site.state(), site.kept()) == ("active", 0)
    assert site.post("generic", [generic(), generic(id="2")], **said) == 200
    assert site.post("generic", generic(), **said) == 200
    assert (site.state(), site.state(2), site.kept()) == ("complained", "active", 2)


def test_what_is_not_stored_is_asked_for_again(site: Site) -> None:
    with site.store.writing() as db:
        db.execute(text("ALTER TABLE returned RENAME TO elsewhere"))
    said = {"authorization": f"Bearer {TOKEN}"}
    assert site.post("generic", generic(), **said) == 503
    with site.store.writing() as db:
        db.execute(text("ALTER TABLE elsewhere RENAME TO returned"))
    assert site.post("generic", generic(), **said) == 200
    assert site.state() == "complained"


# Postmark

POSTMARK = {
    "RecordType": "Bounce", "ID": 42, "Type": "HardBounce", "Email": "ann@example.org",
    "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
}  # fmt: skip


def test_postmark(site: Site) -> None:
    right = {"authorization": "Basic " + b64encode(LOGIN.encode()).decode()}
    wrong = {"authorization": "Basic " + b64encode(b"post:other").decode()}
    assert site.post("postmark", POSTMARK) == site.post("postmark", POSTMARK, **wrong) == 403
    assert (site.state(), site.kept()) == ("active", 0)
    full = {**POSTMARK, "ID": 7, "Details": "552 5.2.2 mailbox full", "Email": "bob@example.org"}
    assert site.post("postmark", full, **right) == 200
    assert site.post("postmark", POSTMARK, **right) == 200
    assert (site.state(), site.state(2)) == ("bounced", "active"), "full, whatever it is called"
    spam = {"RecordType": "SpamComplaint", "ID": 42, "Email": "bob@example.org"}
    assert site.post("postmark", spam, **right) == 200
    assert (site.state(2), site.kept()) == ("complained", 3)
    assert site.post("postmark", {"RecordType": "Open"}, **right) == 200
    assert site.kept() == 3


# SendGrid

SENDGRID = [
    {"event": "delivered", "email": "ann@example.org", "sg_event_id": "0"},
    {
        "event": "bounce", "email": "ann@example.org", "sg_event_id": "a", "status": "5.1.1",
        "reason": "550 5.1.1 user unknown", "type": "bounce",
    },
    {"event": "spamreport", "email": "bob@example.org", "sg_event_id": "b"},
]  # fmt: skip


def sendgrid(body: str, stamp: str = STAMP) -> dict[str, str]:
    signature = EC.sign(stamp.encode() + body.encode(), ec.ECDSA(SHA256()))
    return {
        "X_Twilio_Email_Event_Webhook_Signature": b64encode(signature).decode(),
        "X_Twilio_Email_Event_Webhook_Timestamp": stamp,
    }


def test_sendgrid(site: Site) -> None:
    body = json.dumps(SENDGRID)
    headers = sendgrid(body)
    old = str(int((NOON - 3 * DAY).timestamp()))
    assert site.post("sendgrid", body) == 403
    assert site.post("sendgrid", body.replace("ann@", "bob@"), **headers) == 403
    assert site.post("sendgrid", body, **sendgrid(body, old)) == 403
    assert site.post("sendgrid", body, **{**headers, next(iter(headers)): "%%%"}) == 403
    assert (site.state(), site.kept()) == ("active", 0)
    assert site.post("sendgrid", body, **headers) == site.post("sendgrid", body, **headers) == 200
    assert (site.state(), site.state(2), site.kept()) == ("bounced", "complained", 2)


# Mailgun


def mailgun(nonce: str = "t1", stamp: str = STAMP, key: str = MAILGUN, **event: Any) -> Any:
    signature = hmac.new(key.encode(), f"{stamp}{nonce}".encode(), hashlib.sha256).hexdigest()
    about = {"id": "e1", "event": "complained", "recipient": "ann@example.org", **event}
    return {
        "signature": {"timestamp": stamp, "token": nonce, "signature": signature},
        "event-data": about,
    }


def test_mailgun(site: Site) -> None:
    assert site.post("mailgun", mailgun(key="other")) == 403
    assert site.post("mailgun", mailgun(stamp=str(int(STAMP) - 90_000))) == 403
    assert site.post("mailgun", {"signature": 1}) == 403
    assert site.post("mailgun", mailgun("t0", id="e0", event="delivered")) == 200
    replayed = mailgun("t0", id="e9", recipient="bob@example.org")
    assert site.post("mailgun", replayed) == 403, "a signature carries one event"
    assert (site.state(), site.kept()) == ("active", 0)
    assert site.post("mailgun", mailgun()) == site.post("mailgun", mailgun()) == 200
    assert (site.state(), site.state(2), site.kept()) == ("complained", "active", 1)
    failed: dict[str, Any] = {
        "event": "failed",
        "severity": "permanent",
        "recipient": "bob@example.org",
    }
    answer = {"code": 550, "message": "5.7.1 blocked using a blocklist"}
    assert (
        site.post("mailgun", mailgun("t2", id="e2", **{**failed, "delivery-status": answer})) == 200
    )
    assert site.state(2) == "active", "a policy blames the sender"


# SES, by way of SNS


def sns(message: object, version: str = "2", **more: str) -> dict[str, str]:
    told = {
        "Type": "Notification", "MessageId": "m1", "TopicArn": TOPIC, "SigningCertURL": CERT_URL,
        "Timestamp": "2026-03-14T12:00:00.000Z", "SignatureVersion": version,
        "Message": message if isinstance(message, str) else json.dumps(message), **more,
    }  # fmt: skip
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn"]
    content = "".join(f"{name}\n{told[name]}\n" for name in [*names, "Type"] if name in told)
    how = SHA256() if version == "2" else SHA1()  # noqa: S303
    signature = RSA.sign(content.encode(), padding.PKCS1v15(), how)
    return {**told, "Signature": b64encode(signature).decode()}


def ses_bounce(source: str = "", *addresses: str) -> dict[str, Any]:
    return {
        "notificationType": "Bounce",
        "mail": {"source": source},
        "bounce": {
            "bounceType": "Permanent", "bounceSubType": "General", "feedbackId": "f1",
            "bouncedRecipients": [
                {"emailAddress": address, "status": "5.1.1",
                 "diagnosticCode": "smtp; 550 5.1.1 user unknown"} for address in addresses
            ],
        },
    }  # fmt: skip


@pytest.mark.parametrize("version", ["1", "2"])
def test_ses(site: Site, version: str) -> None:
    source = return_path(SECRET, "bounces@news.example", 1)
    told = sns(ses_bounce(source, "alias@example.net"), version)
    assert site.post("ses", told) == site.post("ses", told) == 200
    assert (site.state(), site.state(2), site.kept()) == ("bounced", "active", 1)
    complaint = {
        "notificationType": "Complaint",
        "complaint": {"complainedRecipients": [{"emailAddress": "bob@example.org"}]},
    }
    assert site.post("ses", sns(complaint, version, MessageId="m2")) == 200
    assert site.state(2) == "complained"


WRONG: list[dict[str, str]] = [
    {"TopicArn": TOPIC + "x"},
    {"Message": "{}"},
    {"Signature": "AAAA"},
    {"Signature": "%"},
    {"SignatureVersion": "3"},
    {"Type": "Unknown"},
    *(
        {"SigningCertURL": url}
        for url in (
            CERT_URL.replace("https", "http"),
            "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
            "https://evil.example/sns.eu-west-1.amazonaws.com.pem",
            "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
            "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
            "https://s3.eu-west-1.amazonaws.com/bucket/x.pem",
            "https://[",
            "",
        )
    ),
]


def test_ses_of_somebody_else(site: Site) -> None:
    told = sns(ses_bounce("", "ann@example.org"))
    signed = sns(ses_bounce("", "ann@example.org"), TopicArn=TOPIC + "x")
    assert site.post("ses", signed) == 403, "truly signed, of a topic that is not ours"
    for change in WRONG:
        assert site.post("ses", {**told, **change}) == 403, change
    assert set(site.fetched) <= {CERT_URL}, "no other host is asked"
    for pem in (certificate("evil.example"), certificate(end=NOON - DAY), b"no certificate"):
        site.pages[CERT_URL] = pem
        assert site.post("ses", told) == 403
    assert (site.state(), site.kept()) == ("active", 0)


def test_a_subscription_is_confirmed_for_a_configured_topic_alone(site: Site) -> None:
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    site.pages[url] = b""
    about = {"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": url}
    other = sns("hello", **about, TopicArn=TOPIC + "x")
    evil = sns("hello", **{**about, "SubscribeURL": "https://evil.example/"})
    assert site.post("ses", other) == site.post("ses", evil) == 403
    assert url not in site.fetched
    assert site.post("ses", sns("hello", **about)) == 200
    assert url in site.fetched


def test_what_is_not_configured_is_not_there(tmp_path: Path, site: Site) -> None:
    store = new_store(tmp_path / "..")
    keys = Keys(SECRET, lambda _: b"", token=TOKEN)
    with serving(store, keys, replace(site)) as one:
        for name in ("ses", "postmark", "sendgrid", "mailgun"):
            assert one.post(name, "{}") == 404
    store.close()


def test_the_public_key_is_read_as_it_is_shown() -> None:
    from newsletter.web.hooks.sendgrid import public_key

    der = EC.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert public_key(b64encode(der).decode()).public_numbers() == EC.public_key().public_numbers()
    for other in ("", "%%%", b64encode(b"key").decode()):
        with pytest.raises(ValueError, match=r".+"):
            public_key(other)
