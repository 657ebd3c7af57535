import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from newsletter.mail.dkim.dns_record import record_text, zone_line
from newsletter.mail.dkim.verification import verify
from newsletter.mail.message import message
from tests.golden import POSTING
from tests.mail.dkim.test_signing import KEYS, SIGNED, SIGNERS


def test_the_record_of_rfc_8463() -> None:
    """Appendix A.2."""
    key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    assert record_text(Ed25519PublicKey.from_public_bytes(key)) == record


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_zone_line_is_the_record_in_strings_that_the_dns_can_hold(algorithm: str) -> None:
    line = zone_line(SIGNERS[algorithm])
    assert line.startswith("s1._domainkey.news.example.org. IN TXT ( ")
    strings = re.findall(r'"([^"]*)"', line)
    assert all(len(string) <= 255 for string in strings)
    assert "".join(strings) == record_text(KEYS[algorithm].public_key())
    verify(message(POSTING, SIGNED[algorithm]), "".join(strings))
