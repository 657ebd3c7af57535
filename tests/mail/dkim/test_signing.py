"""Every signature is verified by dkimpy, which shares no code with ours."""

import re
from dataclasses import replace
from functools import partial

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail.dkim.dns_record import record_text
from newsletter.mail.dkim.keys import PrivateKey
from newsletter.mail.dkim.signing import Signer
from newsletter.mail.message import message
from newsletter.rendering.branding import Logo
from tests.golden import ISSUE, POSTING, READER, STATES
from tests.mail.test_message import HEAD, HOSTILE, TITLED, check_wire

RSA = rsa.generate_private_key(65537, 2048)
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS: dict[str, PrivateKey] = {"rsa": RSA, "ed25519": ED25519}
SIGNERS = {name: Signer("news.example.org", "s1", key) for name, key in KEYS.items()}
SIGNED = {name: replace(HEAD, sign=signer.sign) for name, signer in SIGNERS.items()}

each_algorithm = pytest.mark.parametrize("algorithm", KEYS)
algorithms = st.sampled_from(sorted(KEYS))
# What a relaxed signature must not mind, and what it must.
bodies = st.lists(st.sampled_from(["a", "B", " ", "\t", "\r\n", ".", "=20", "ü"])).map("".join)
whole = bodies.map(lambda text: text and text + "\r\n")


def holds(raw: bytes, signer: Signer) -> bool:
    """By dkimpy, which asks our DNS: one name, and the record in it."""

    def look_up(name: bytes, timeout: int = 5) -> bytes:
        assert name == f"{signer.record_name}.".encode()
        return record_text(signer.key.public_key()).encode()

    return bool(dkim.verify(raw, dnsfunc=look_up))


def tag(raw: bytes, name: str) -> str:
    head = raw.partition(b"\r\nFrom:")[0].decode()
    return re.sub(r"\s", "", re.search(rf"[;:]\s+{name}=([^;]*)", head)[1])  # type: ignore[index]


@each_algorithm
@pytest.mark.parametrize("state", STATES)
def test_every_state_of_an_issue_is_signed(state: str, algorithm: str) -> None:
    raw = message(replace(POSTING, issue=STATES[state]), SIGNED[algorithm])
    assert holds(raw, SIGNERS[algorithm])


@each_algorithm
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_subjects_are_signed(text: str, algorithm: str) -> None:
    scheduled = replace(POSTING, subscriber=replace(READER, name=text, address="mühle@example.org"))
    raw = message(scheduled, replace(TITLED, name=text, sign=SIGNERS[algorithm].sign))
    assert holds(raw, SIGNERS[algorithm])


@settings(deadline=None)  # dkimpy is slow
@given(algorithms, st.text(), st.text(), st.text())
def test_any_message_is_signed(algorithm: str, text: str, name: str, subject: str) -> None:
    scheduled = replace(
        POSTING,
        subscriber=replace(READER, name=name),
        issue=replace(ISSUE, picks=(replace(ISSUE.picks[0], text=text),)),
    )
    raw = message(scheduled, replace(TITLED, name=subject, sign=SIGNERS[algorithm].sign))
    assert holds(raw, SIGNERS[algorithm])


@settings(deadline=None)  # dkimpy is slow
@given(algorithms, whole, st.lists(bodies.map(lambda text: text.replace("\r\n", "\r\n "))))
def test_anything_at_all_is_signed_as_dkimpy_reads_it(
    algorithm: str, body: str, values: list[str]
) -> None:
    head = "".join(f"X-{number}: {value}\r\n" for number, value in enumerate(values))
    signer = SIGNERS[algorithm]
    raw = signer.sign(f"From: a@b.example\r\n{head}\r\n{body}".encode())
    assert holds(raw, signer)


@each_algorithm
def test_signing_adds_a_header_and_changes_nothing(algorithm: str) -> None:
    plain, raw = message(POSTING, HEAD), message(POSTING, SIGNED[algorithm])
    assert raw.endswith(plain)
    field = raw.removesuffix(plain)
    assert field.startswith(b"DKIM-Signature: v=1; ")
    assert field.endswith(b"\r\n")
    assert max(map(len, field.split(b"\r\n"))) <= 78
    assert field.isascii()


@each_algorithm
def test_the_same_message_gets_the_same_signature(algorithm: str) -> None:
    """Preview is what is sent, a retry is the same message: neither time nor chance is in it."""
    raw = message(POSTING, SIGNED[algorithm])
    assert raw == message(POSTING, SIGNED[algorithm])
    assert not re.search(rb"[;\s][tx]=", raw.partition(b"\r\nFrom:")[0])


def test_the_unsubscribe_headers_are_signed_and_none_can_be_added() -> None:
    names = tag(message(POSTING, SIGNED["rsa"]), "h").split(":")
    written = re.findall(
        r"^([A-Za-z-]+):", message(POSTING, HEAD).split(b"\r\n\r\n")[0].decode(), re.M
    )
    assert set(names) == {name.lower() for name in written} | {"cc"}
    for name in ("from", "subject", "to", "reply-to", "list-unsubscribe", "list-unsubscribe-post"):
        assert names.count(name) == 2
    assert names.count("cc") == 1


@pytest.mark.parametrize(
    "added",
    ["From: x@evil.example", "Subject: Another", "Cc: x@evil.example", "Reply-To: x@evil.example",
     "List-Unsubscribe: <https://evil.example>", "Content-Type: text/html"],
)  # fmt: skip
@each_algorithm
def test_a_header_added_breaks_the_signature(algorithm: str, added: str) -> None:
    raw = message(POSTING, SIGNED[algorithm])
    for tampered in (
        raw.replace(b"\r\nFrom:", f"\r\n{added}\r\nFrom:".encode(), 1),
        raw.replace(b"\r\nMIME-Version:", f"\r\n{added}\r\nMIME-Version:".encode(), 1),
        f"{added}\r\n".encode() + raw,
    ):
        assert not holds(tampered, SIGNERS[algorithm])


@each_algorithm
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"/u/7.", b"/u/8."),
        (b"\r\nThe Five", b"\r\nThe Four"),
        (b"\r\nDate: Thu", b"\r\nDate: Fri"),
    ],
)
def test_a_change_breaks_the_signature(algorithm: str, old: bytes, new: bytes) -> None:
    tampered = message(POSTING, SIGNED[algorithm]).replace(old, new, 1)
    assert not verdict(tampered, SIGNERS[algorithm])


def verdict(raw: bytes, signer: Signer) -> bool:
    try:
        return holds(raw, signer)
    except dkim.ValidationError:
        return False


@each_algorithm
def test_white_space_changed_by_relays_keeps_the_signature_valid(algorithm: str) -> None:
    raw = message(POSTING, SIGNED[algorithm])
    refolded = raw.replace(b"\r\nSubject: ", b"\r\nsubject:\r\n\t ", 1).replace(
        b">,\r\n <", b">, <", 1
    )
    assert refolded != raw
    for changed in (refolded + b"\r\n\r\n", b"Received: from a by b\r\n" + refolded):
        assert holds(changed, SIGNERS[algorithm])


def test_a_message_with_a_logo_and_a_test_copy_are_signed() -> None:
    logo = Logo(bytes(range(256)) * 30, 60, 30)
    for make in (message, partial(message, test=True)):
        assert holds(make(POSTING, replace(SIGNED["rsa"], logo=logo)), SIGNERS["rsa"])


def test_a_signed_message_holds_to_the_wire_as_well() -> None:
    raw = message(POSTING, SIGNED["rsa"])
    check_wire(raw[raw.index(b"From: ") :])
