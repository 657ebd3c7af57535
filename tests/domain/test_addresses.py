import pytest

from newsletter.domain.addresses import mailbox, new_mailbox, parse_address
from newsletter.domain.errors import UsageError

LONG = "@" + ".".join(["b" * 60] * 3) + ".example"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("=cmd|calc!A1@letters.example", "it begins with ="),
        ("+cmd|calc!A1@letters.example", "it begins with +"),
        ("-cmd|calc!A1@letters.example", "it begins with -"),
        ("Ann <=1+1@letters.example>", "it begins with ="),
        ("a" * 65 + "@letters.example", "65 octets stand before the @, and at most 64 may"),
        ("é" * 33 + "@letters.example", "66 octets stand before the @, and at most 64 may"),
    ],
)
def test_an_address_that_cannot_be_written_to_is_still_found_to_be_removed(
    address: str, says: str
) -> None:
    mailbox(address)
    with pytest.raises(UsageError, match="is no address to write to") as caught:
        new_mailbox(address)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "a" * 64 + "@letters.example",
        "é" * 32 + "@letters.example",
        "a" * 63 + LONG,
        "a+b=c-d|e@f.example",
    ],
)
def test_the_longest_address_may_be_written_to(address: str) -> None:
    assert new_mailbox(address).address == address


@pytest.mark.parametrize("local", ["a" * 64, "é" * 32])
def test_an_address_of_255_octets_is_none(local: str) -> None:
    with pytest.raises(UsageError, match="too long"):
        mailbox(local + LONG)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("mira@example.org", ("", "mira@example.org")),
        ("Mira <mira@example.org>", ("Mira", "mira@example.org")),
        ('"Mira, S." <mira@example.org>', ("Mira, S.", "mira@example.org")),
        ("mira@example.org (Mira)", ("Mira", "mira@example.org")),
        ("mira@[192.0.2.1]", ("", "mira@[192.0.2.1]")),
        ("Mira <mira@[192.0.2.1]>", ("Mira", "mira@[192.0.2.1]")),
        ("Mira <mira@[IPv6:2001:db8::1]>", ("Mira", "mira@[IPv6:2001:db8::1]")),
        ("", ("", "")),
    ],
)
def test_an_address_is_read_the_same_by_every_python(text: str, parsed: tuple[str, str]) -> None:
    """Some refuse a domain literal by default: 3.13, and Debian's 3.11.2."""
    assert parse_address(text) == parsed
