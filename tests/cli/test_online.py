"""``doctor``: what the newsletter signs, and what a DNS server on loopback says of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.resolver
import pytest

from newsletter.cli import online
from newsletter.mail.dns import Dns
from tests.cli.conftest import CONFIG, House
from tests.dns_server import BROKEN, DnsServer

MAIL = {
    ("letters.example", "TXT"): ['"v=spf1 mx -all"'],
    ("letters.example", "MX"): ["10 mail.letters.example."],
    ("mail.letters.example", "A"): ["192.0.2.25"],
    ("25.2.0.192.in-addr.arpa", "PTR"): ["mail.letters.example."],
    ("_dmarc.letters.example", "TXT"): ['"v=DMARC1; p=none; rua=mailto:desk@letters.example"'],
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsServer]:
    with DnsServer(dict(MAIL)) as server:
        monkeypatch.setattr(online, "resolver", lambda: Dns(server.resolver()))
        yield server


@pytest.fixture
def signing(house: House, world: DnsServer) -> House:
    """With a key, and its record in the world's DNS as `dkim new` printed it."""
    out = house("dkim", "new").out
    [(name, strings)] = re.findall(r"^(\S+)\. IN TXT \( (.*) \)$", out, re.M)
    world.zone = {**world.zone, (name, "TXT"): [strings]}
    house.config.write_text(f"{CONFIG}[dkim]\n{out[out.index('selector = ') :]}", encoding="utf-8")
    return house


def findings(house: House, *words: str) -> dict[str, dict[str, Any]]:
    done = house("doctor", "--json", *words)
    lines = {line["check"]: line for line in done.json}
    assert done.code == any(line["verdict"] == "fail" for line in lines.values())
    return lines


def verdicts(house: House) -> dict[str, str]:
    """Of what only --online looks at."""
    here = findings(house)
    there = findings(house, "--online")
    return {check: line["verdict"] for check, line in there.items() if check not in here}


ALL_WELL = {
    "SPF of letters.example": "ok",
    "DKIM at news1._domainkey.letters.example": "ok",
    "DMARC of letters.example": "ok",
    "MX of letters.example": "ok",
}


def test_online_checks_all_pass(signing: House) -> None:
    assert verdicts(signing) == ALL_WELL


def test_without_online_the_dns_is_not_asked(signing: House, world: DnsServer) -> None:
    findings(signing)
    assert world.asked == []


def test_its_own_signature_is_verified(signing: House) -> None:
    line = findings(signing)["signature"]
    assert (line["verdict"], line["advice"]) == ("ok", "")
    assert "news1._domainkey.letters.example" in line["finding"]


def test_a_key_that_others_can_read(signing: House) -> None:
    path = signing.folder / "dkim-news1.pem"
    path.chmod(0o644)
    line = findings(signing)["signature"]
    assert (line["verdict"], line["advice"]) == ("warn", f"chmod 600 {path}")


def test_online_checks_without_a_key(house: House, world: DnsServer) -> None:
    line = findings(house)["signature"]
    assert line["verdict"] == "warn"
    assert "dkim new" in line["advice"]
    assert not [check for check in verdicts(house) if "DKIM" in check]


def test_a_key_that_cannot_be_used_is_a_finding(signing: House) -> None:
    (signing.folder / "dkim-news1.pem").unlink()
    done = signing("doctor", "--online")
    assert done.code == 1
    assert "Traceback" not in done.stderr
    assert "dkim-news1.pem cannot be read" in done.out


def test_another_key_in_the_dns(signing: House, world: DnsServer, elsewhere: Path) -> None:
    world.zone = {
        name: ['"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="']
        if "domainkey" in name[0]
        else records
        for name, records in world.zone.items()
    }
    line = findings(signing, "--online")["DKIM at news1._domainkey.letters.example"]
    assert line["verdict"] == "fail"
    assert "news1._domainkey.letters.example. IN TXT (" in line["advice"]


def test_an_empty_dns(signing: House, world: DnsServer) -> None:
    world.zone = {}
    assert verdicts(signing) == dict.fromkeys(ALL_WELL, "fail")


def test_a_dns_that_is_broken_is_a_finding_each(signing: House, world: DnsServer) -> None:
    world.zone = {
        ("letters.example", BROKEN): [],
        ("_dmarc.letters.example", BROKEN): [],
        ("news1._domainkey.letters.example", BROKEN): [],
    }
    lines = findings(signing, "--online")
    for check in ("SPF", "DKIM", "DMARC", "MX"):
        assert lines[check]["verdict"] == "fail"
        assert "the DNS did not answer" in lines[check]["finding"]


def test_bounces_and_answers_elsewhere_are_looked_at(signing: House, world: DnsServer) -> None:
    signing.environment |= {
        "NEWSLETTER_DELIVERY__RETURN_PATH": "b@bounces.example",
        "NEWSLETTER_NEWSLETTER__REPLY_TO": "Desk <desk@answers.example>",
    }
    verdict = verdicts(signing)
    assert verdict["SPF of bounces.example"] == verdict["MX of bounces.example"] == "fail"
    assert verdict["MX of answers.example"] == "fail"
    assert verdict["SPF of letters.example"] == "ok"


@pytest.mark.parametrize(
    ("host", "check", "verdict"),
    [
        ("mail.letters.example", "PTR of 192.0.2.25", "ok"),
        ("192.0.2.25", "PTR of 192.0.2.25", "ok"),
        ("192.0.2.99", "PTR of 192.0.2.99", "warn"),
        ("nowhere.example", "PTR of nowhere.example", "fail"),
        ("192.0.2.25", "SPF for 192.0.2.25", "ok"),
        ("mail.letters.example", "SPF for 192.0.2.25", "ok"),
        ("192.0.2.99", "SPF for 192.0.2.99", "warn"),
        ("localhost", "PTR", "ok"),
        ("127.0.0.1", "PTR", "ok"),
    ],
)
def test_the_address_of_the_mail_server(
    signing: House, monkeypatch: pytest.MonkeyPatch, host: str, check: str, verdict: str
) -> None:
    monkeypatch.setattr("newsletter.mail.channels.smtp.Smtp.greet", _met)
    signing.environment |= {
        "NEWSLETTER_DELIVERY__CHANNEL": "smtp",
        "NEWSLETTER_DELIVERY__SMTP__HOST": host,
    }
    assert findings(signing, "--online")[check]["verdict"] == verdict


def _met(_channel: object) -> Any:
    """192.0.2.0/24 is nobody's: no connection is tried there."""
    from newsletter.mail.channels.smtp import Greeting

    return Greeting("220 hello", "", "", None)


def test_this_machine_s_own_resolver_is_the_default() -> None:
    """It is set up, not asked."""
    assert isinstance(online.resolver(), Dns)


def test_no_resolver_at_all(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    def none(*_: object, **__: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", none)
    done = house("doctor", "--online")
    assert done.code == 1
    assert "no DNS server is known" in done.out
