import re
from base64 import b64encode
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail.dkim.dns_record import record_text
from newsletter.mail.dkim.verification import verify
from newsletter.mail.message import message
from tests.golden import FOLDER, POSTING
from tests.mail.dkim.test_signing import ED25519, KEYS, RSA, SIGNED
from tests.mail.test_message import HEAD

each_algorithm = pytest.mark.parametrize("algorithm", KEYS)
GOOD = record_text(RSA.public_key())
RFC8463 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def test_the_example_of_rfc_8463() -> None:
    """Appendix A: a message that others signed."""
    raw = (FOLDER / "rfc8463.eml").read_bytes()
    verify(raw, RFC8463)
    with pytest.raises(ValueError, match=r"headers were changed|body hash mismatch"):
        verify(raw.replace(b"dinner", b"supper"), RFC8463)


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
def test_a_changed_message_does_not_hold(algorithm: str, old: bytes, new: bytes) -> None:
    changed = message(POSTING, SIGNED[algorithm]).replace(old, new, 1)
    with pytest.raises(ValueError, match=r"another key|body hash"):
        verify(changed, record_text(KEYS[algorithm].public_key()))


def test_another_key_does_not_hold() -> None:
    raw = message(POSTING, SIGNED["rsa"])
    for key in (rsa.generate_private_key(65537, 2048), ED25519):
        with pytest.raises(ValueError, match=r"another key|must be exactly 64 bytes"):
            verify(raw, record_text(key.public_key()))


def test_a_message_without_a_signature_is_named() -> None:
    with pytest.raises(ValueError, match="not signed"):
        verify(message(POSTING, HEAD), GOOD)
    broken = re.sub(rb" b=[^:]*?\r\nFrom", b" b=!!\r\nFrom", message(POSTING, SIGNED["rsa"]))
    with pytest.raises(ValueError, match="not valid base64"):
        verify(broken, GOOD)


@each_algorithm
def test_a_record_may_be_spaced_and_shortened(algorithm: str) -> None:
    record = record_text(KEYS[algorithm].public_key())
    spaced = record.replace("; ", " ;\n\t").replace("p=", "p = ")
    for text in (record, spaced, record.removeprefix("v=DKIM1; "), f"{record};"):
        verify(message(POSTING, SIGNED[algorithm]), text)


EC = ec.generate_private_key(ec.SECP256R1()).public_key()
OTHER = b64encode(EC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ("v=DKIM1; k=rsa; p=", "revoked"),
        ("v=DKIM1; k=rsa; p = ;", "revoked"),
        ("", "no public key"),
        ("v=DKIM1; k=rsa", "no public key"),
        ("v=spf1 -all; p=AAAA", "no public key"),
        ("v=DKIM1; k=rsa; p=AAAA", "no public key"),
        ("v=DKIM1; k=rsa; p=äöü", "no public key"),
        ("v=DKIM1; k=ed25519; p=AAAA", "no public key"),
        (f"v=DKIM1; k=rsa; p={OTHER}", "no public key"),
    ],
)
def test_a_broken_record_is_named(record: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        verify(message(POSTING, SIGNED["rsa"]), record)


@settings(deadline=None)  # dkimpy is slow
@given(st.text(), st.sampled_from(["", "v=DKIM1; p=", "v=DKIM1; k=ed25519; p=", f"{GOOD}; t="]))
def test_no_record_raises_anything_else(text: str, prefix: str) -> None:
    with suppress(ValueError):
        verify(SIGNED_RSA, prefix + text)


SIGNED_RSA = message(POSTING, SIGNED["rsa"])
