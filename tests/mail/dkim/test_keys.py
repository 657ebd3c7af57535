from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from newsletter.domain.errors import ConfigError
from newsletter.mail.dkim.keys import others_can_read, read_key

GOOD = rsa.generate_private_key(65537, 2048)


def pem(key: object, form: PrivateFormat = PrivateFormat.PKCS8, passphrase: bytes = b"") -> bytes:
    hidden = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    made: bytes = key.private_bytes(Encoding.PEM, form, hidden)  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize(
    "text",
    [
        pem(GOOD),
        pem(GOOD, PrivateFormat.TraditionalOpenSSL),
        pem(ed25519.Ed25519PrivateKey.generate()),
    ],
)
def test_a_key_is_read(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(text)
    form = PrivateFormat.TraditionalOpenSSL if b"BEGIN RSA" in text else PrivateFormat.PKCS8
    assert pem(read_key(path), form) == text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (pem(GOOD, passphrase=b"x"), "is encrypted"),
        (b"", "no private key"),
        (b"\xff\x00 nonsense", "no private key"),
        (pem(GOOD)[:600], "no private key"),
        (
            GOOD.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "no private key",
        ),
        (pem(ec.generate_private_key(ec.SECP256R1())), "neither an RSA nor an Ed25519 key"),
        (pem(x25519.X25519PrivateKey.generate()), "neither an RSA nor an Ed25519 key"),
        (pem(rsa.generate_private_key(65537, 1024)), "RSA key of 1024 bits"),  # noqa: S505
    ],
)
def test_a_file_that_is_no_dkim_key_is_reported(
    tmp_path: Path, text: bytes, complaint: str
) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(text)
    with pytest.raises(ConfigError, match=rf"^dkim\.key_file: {path} .*{complaint}"):
        read_key(path)


def test_a_missing_file_or_a_folder_is_reported(tmp_path: Path) -> None:
    for path, complaint in ((tmp_path / "none.pem", "No such file"), (tmp_path, "directory")):
        with pytest.raises(ConfigError, match=complaint):
            read_key(path)


@pytest.mark.parametrize(("mode", "open_"), [(0o600, False), (0o640, True), (0o604, True)])
def test_whether_others_can_read_a_key(tmp_path: Path, mode: int, open_: bool) -> None:  # noqa: FBT001
    path = tmp_path / "key.pem"
    path.write_bytes(pem(GOOD))
    path.chmod(mode)
    assert others_can_read(path) == open_
