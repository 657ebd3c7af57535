"""Every signature is checked by dkimpy, which shares no code with ours."""

import re
from base64 import b64encode
from dataclasses import replace
from functools import partial

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail.dkim.signing import PrivateKey, Signer, public_key, record, verify
from newsletter.mail.message import message
from newsletter.rendering.rendered_email import Logo
from tests.golden import FOLDER, ISSUE, POSTING, READER, STATES
from tests.mail.test_message import HEAD, HOSTILE, TITLED, check_wire

RSA = rsa.generate_private_key(65537, 2048)
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS: dict[str, PrivateKey] = {"rsa": RSA, "ed25519": ED25519}
SIGNERS = {name: Signer("news.example.org", "s1", key) for name, key in KEYS.items()}
SIGNED = {name: replace(HEAD, signer=signer) for name, signer in SIGNERS.items()}

each_kind = pytest.mark.parametrize("kind", KEYS)
kinds = st.sampled_from(sorted(KEYS))
# What a relaxed signature must not mind, and what it must.
bodies = st.lists(st.sampled_from(["a", "B", " ", "\t", "\r\n", ".", "=20", "ü"])).map("".join)
whole = bodies.map(lambda text: text and text + "\r\n")


def holds(raw: bytes, signer: Signer) -> bool:
    """By dkimpy, which asks our DNS: one name, and the record in it."""

    def look_up(name: bytes, timeout: int = 5) -> bytes:
        assert name == f"{signer.place}.".encode()
        return record(signer.key.public_key()).encode()

    return bool(dkim.verify(raw, dnsfunc=look_up))


def tag(raw: bytes, name: str) -> str:
    head = raw.partition(b"\r\nFrom:")[0].decode()
    return re.sub(r"\s", "", re.search(rf"[;:]\s+{name}=([^;]*)", head)[1])  # type: ignore[index]


@each_kind
@pytest.mark.parametrize("state", STATES)
def test_every_state_of_an_issue_is_signed(state: str, kind: str) -> None:
    raw = message(replace(POSTING, issue=STATES[state]), SIGNED[kind])
    assert holds(raw, SIGNERS[kind])
    verify(raw, KEYS[kind].public_key())


@each_kind
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_subjects_are_signed(text: str, kind: str) -> None:
    scheduled = replace(POSTING, subscriber=replace(READER, name=text, address="mühle@example.org"))
    raw = message(scheduled, replace(TITLED, name=text, signer=SIGNERS[kind]))
    assert holds(raw, SIGNERS[kind])
    verify(raw, KEYS[kind].public_key())


@settings(deadline=None)  # dkimpy is slow
@given(kinds, st.text(), st.text(), st.text())
def test_any_message_is_signed(kind: str, text: str, name: str, subject: str) -> None:
    scheduled = replace(
        POSTING,
        subscriber=replace(READER, name=name),
        issue=replace(ISSUE, picks=(replace(ISSUE.picks[0], text=text),)),
    )
    raw = message(scheduled, replace(TITLED, name=subject, signer=SIGNERS[kind]))
    assert holds(raw, SIGNERS[kind])
    verify(raw, KEYS[kind].public_key())


@settings(deadline=None)  # dkimpy is slow
@given(kinds, whole, st.lists(bodies.map(lambda text: text.replace("\r\n", "\r\n "))))
def test_anything_at_all_is_signed_as_dkimpy_reads_it(
    kind: str, body: str, values: list[str]
) -> None:
    head = "".join(f"X-{number}: {value}\r\n" for number, value in enumerate(values))
    signer = SIGNERS[kind]
    raw = signer.sign(f"From: a@b.example\r\n{head}\r\n{body}".encode())
    assert holds(raw, signer)
    verify(raw, signer.key.public_key())


@each_kind
def test_signing_adds_a_header_and_changes_nothing(kind: str) -> None:
    plain, raw = message(POSTING, HEAD), message(POSTING, SIGNED[kind])
    assert raw.endswith(plain)
    field = raw.removesuffix(plain)
    assert field.startswith(b"DKIM-Signature: v=1; ")
    assert field.endswith(b"\r\n")
    assert max(map(len, field.split(b"\r\n"))) <= 78
    assert field.isascii()


@each_kind
def test_the_same_message_gets_the_same_signature(kind: str) -> None:
    """Preview is what is sent, a retry is the same message: neither time nor chance is in it."""
    raw = message(POSTING, SIGNED[kind])
    assert raw == message(POSTING, SIGNED[kind])
    assert not re.search(rb"[;\s][tx]=", raw.partition(b"\r\nFrom:")[0])


def test_the_headers_of_leaving_are_signed_and_none_can_be_added() -> None:
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
@each_kind
def test_a_header_added_breaks_the_signature(kind: str, added: str) -> None:
    raw = message(POSTING, SIGNED[kind])
    for tampered in (
        raw.replace(b"\r\nFrom:", f"\r\n{added}\r\nFrom:".encode(), 1),
        raw.replace(b"\r\nMIME-Version:", f"\r\n{added}\r\nMIME-Version:".encode(), 1),
        f"{added}\r\n".encode() + raw,
    ):
        assert not holds(tampered, SIGNERS[kind])
        with pytest.raises(ValueError, match="another key"):
            verify(tampered, KEYS[kind].public_key())


@each_kind
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"/u/7.", b"/u/8."),
        (b"\r\nThe Five", b"\r\nThe Four"),
        (b"\r\nDate: Thu", b"\r\nDate: Fri"),
    ],
)
def test_a_change_breaks_the_signature(kind: str, old: bytes, new: bytes) -> None:
    tampered = message(POSTING, SIGNED[kind]).replace(old, new, 1)
    with pytest.raises(ValueError, match=r"signed|another key"):
        verify(tampered, KEYS[kind].public_key())
    assert not verdict(tampered, SIGNERS[kind])


def verdict(raw: bytes, signer: Signer) -> bool:
    try:
        return holds(raw, signer)
    except dkim.ValidationError:
        return False


@each_kind
def test_what_relays_do_to_white_space_does_no_harm(kind: str) -> None:
    raw = message(POSTING, SIGNED[kind])
    refolded = raw.replace(b"\r\nSubject: ", b"\r\nsubject:\r\n\t ", 1).replace(
        b">,\r\n <", b">, <", 1
    )
    assert refolded != raw
    for changed in (refolded + b"\r\n\r\n", b"Received: from a by b\r\n" + refolded):
        assert holds(changed, SIGNERS[kind])
        verify(changed, KEYS[kind].public_key())


def test_another_key_does_not_hold() -> None:
    raw = message(POSTING, SIGNED["rsa"])
    for other in (rsa.generate_private_key(65537, 2048), ED25519):
        with pytest.raises(ValueError, match="another key"):
            verify(raw, other.public_key())


def test_what_is_not_signed_is_told() -> None:
    with pytest.raises(ValueError, match="not signed"):
        verify(message(POSTING, HEAD), RSA.public_key())
    broken = re.sub(rb" b=[^:]*?\r\nFrom", b" b=!!\r\nFrom", message(POSTING, SIGNED["rsa"]))
    with pytest.raises(ValueError, match="another key"):
        verify(broken, RSA.public_key())


def test_the_example_of_rfc_8463() -> None:
    """Appendix A: a message that others signed, and their key as its record has it."""
    written = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    raw = (FOLDER / "rfc8463.eml").read_bytes()
    verify(raw, public_key(written))
    with pytest.raises(ValueError, match="another key"):
        verify(raw.replace(b"dinner", b"supper"), public_key(written))
    assert record(public_key(written)) == written


@each_kind
def test_a_record_is_read_back(kind: str) -> None:
    written = record(KEYS[kind].public_key())
    spaced = written.replace("; ", " ;\n\t").replace("p=", "p = ")
    for text in (written, spaced, written.removeprefix("v=DKIM1; "), f"{written};"):
        assert record(public_key(text)) == written


EC = ec.generate_private_key(ec.SECP256R1()).public_key()
OTHER = b64encode(EC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("v=DKIM1; k=rsa; p=", "revoked"),
        ("v=DKIM1; k=rsa", "revoked"),
        ("v=spf1 -all; p=AAAA", "no DKIM record"),
        ("v=DKIM1; k=rsa; p=AAAA", "no public key"),
        ("v=DKIM1; k=rsa; p=äöü", "no public key"),
        ("v=DKIM1; k=ed25519; p=AAAA", "no public key"),
        (f"v=DKIM1; k=rsa; p={OTHER}", "neither RSA nor Ed25519"),
    ],
)
def test_a_record_that_is_none(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        public_key(text)


@given(st.text())
def test_no_record_raises_anything_else(text: str) -> None:
    for prefix in ("", "v=DKIM1; p=", "v=DKIM1; k=ed25519; p="):
        try:
            public_key(prefix + text)
        except ValueError:
            continue


def test_a_message_with_a_logo_and_a_test_copy_are_signed() -> None:
    logo = Logo(bytes(range(256)) * 30, 60, 30)
    for make in (message, partial(message, test=True)):
        assert holds(make(POSTING, replace(SIGNED["rsa"], logo=logo)), SIGNERS["rsa"])


def test_a_signed_message_holds_to_the_wire_as_well() -> None:
    raw = message(POSTING, SIGNED["rsa"])
    check_wire(raw[raw.index(b"From: ") :])
