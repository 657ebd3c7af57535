import pytest

from newsletter.domain.addresses import parse_address


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
