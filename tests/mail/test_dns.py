from collections.abc import Iterator

import dns.resolver
import pytest

from newsletter.domain.errors import NewsletterError
from newsletter.mail.dns import Dns
from tests.dns_server import BROKEN, DnsServer

LONG = "x" * 255
ZONE = {
    ("example.org", "TXT"): ['"v=spf1 -all"', f'"{LONG}" "y"'],
    ("example.org", "MX"): ["20 far.example.org.", "10 Near.example.org."],
    ("none.example.org", "MX"): ["0 ."],
    ("near.example.org", "A"): ["192.0.2.25", "192.0.2.26"],
    ("near.example.org", "AAAA"): ["2001:db8::25"],
    ("25.2.0.192.in-addr.arpa", "PTR"): ["near.example.org."],
    ("broken.example.org", BROKEN): [],
}


@pytest.fixture
def resolver() -> Iterator[Dns]:
    with DnsServer(ZONE) as server:
        yield Dns(server.resolver())


def test_answers_are_read(resolver: Dns) -> None:
    assert sorted(resolver.texts("example.org")) == ["v=spf1 -all", f"{LONG}y"]
    assert resolver.mail_hosts("example.org") == ["near.example.org", "far.example.org"]
    assert resolver.mail_hosts("none.example.org") == [""]
    assert sorted(resolver.addresses("near.example.org")) == [
        "192.0.2.25", "192.0.2.26", "2001:db8::25",
    ]  # fmt: skip
    assert resolver.names("192.0.2.25") == ["near.example.org"]


def test_what_is_not_there_is_empty(resolver: Dns) -> None:
    assert resolver.texts("near.example.org") == resolver.texts("nobody.example.org") == []
    assert (
        resolver.mail_hosts("nobody.example.org") == resolver.addresses("nobody.example.org") == []
    )
    assert resolver.names("2001:db8::25") == []


@pytest.mark.parametrize("name", ["broken.example.org", "x" * 64 + ".example.org", "a..b"])
def test_no_answer_is_an_error_that_says_what_to_do(resolver: Dns, name: str) -> None:
    with pytest.raises(NewsletterError, match=f"TXT of {name} .*resolver"):
        resolver.texts(name)


def test_without_a_resolver() -> None:
    nobody = dns.resolver.Resolver(configure=False)
    with pytest.raises(NewsletterError, match="the DNS did not answer"):
        Dns(nobody).texts("example.org")
