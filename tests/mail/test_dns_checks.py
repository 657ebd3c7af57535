from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from newsletter.mail.dkim.dns_record import record_text, zone_line
from newsletter.mail.dkim.signing import Signer
from newsletter.mail.dns import Dns
from newsletter.mail.dns_checks import dkim, dmarc, mx, organisation, ptr, spf, spf_of_host, walk
from newsletter.mail.message import message
from tests.dns_server import DnsServer
from tests.golden import POSTING
from tests.mail.dkim.test_signing import ED25519, RSA, SIGNED, SIGNERS
from tests.mail.test_message import HEAD

ORG = "example.org"
NEWS = "news.example.org"


def zone(**texts: str | Sequence[str]) -> dict[tuple[str, str], Sequence[str]]:
    """TXT records by domain, with _ for a dot."""
    return {
        (name.replace("_", "."), "TXT"): [
            f'"{text}"' for text in ([its] if isinstance(its, str) else its)
        ]
        for name, its in texts.items()
    }


SPF = {
    **zone(
        one_example="v=spf1 ip4:192.0.2.1 -all",
        all_example="v=spf1 +all",
        five_example=f"v=spf1 {'a:host.example ' * 5}-all",
        deep_example="v=spf1 include:five.example include:five.example -all",
        loop_example="v=spf1 include:loop.example -all",
        bare_example="no record of SPF",
    ),
    ("host.example", "A"): ["192.0.2.7"],
    ("host.example", "AAAA"): ["2001:db8::7"],
    ("mail.example", "MX"): ["10 host.example."],
    ("192.0.2.9.list.example", "A"): ["127.0.0.2"],
    ("7.2.0.192.in-addr.arpa", "PTR"): ["host.example."],
}


@pytest.mark.parametrize(
    ("texts", "verdict", "finding"),
    [
        (["v=spf1 mx -all"], "ok", "v=spf1 mx -all (1 of 10 DNS lookups)"),
        (["v=spf1 include:one.example ~all", "another text"], "ok", "(1 of 10"),
        (["V=SPF1 MX -ALL"], "ok", "MX"),
        (["v=spf1 redirect=one.example"], "ok", "(1 of 10"),
        (["v=spf1 redirect=five.example"], "ok", "(6 of 10"),
        (["v=spf1 redirect=all.example"], "fail", "redirect=all.example"),
        (["v=spf1 include:all.example -all"], "fail", "include:all.example"),
        (["v=spf1 include:one.example"], "warn", "include"),
        (["v=spf1 redirect=bare.example"], "fail", "redirect=bare.example has no record"),
        (["v=spf1 include:bare.example -all"], "fail", "include:bare.example has no record"),
        (["v=spf1 include:nowhere.example -all"], "fail", "nowhere.example has no record"),
        ([], "fail", "no record"),
        (["v=spf10 -all", "spf1 -all"], "fail", "no record"),
        (["v=spf1 -all", "v=spf1 mx -all"], "fail", "2 records"),
        (["v=spf1 +all"], "fail", "+all"),
        (["v=spf1 mx all"], "fail", "all"),
        (["v=spf1 mx ?all"], "warn", "?all"),
        (["v=spf1"], "warn", "v=spf1"),
        (["v=spf1 include:five.example include:one.example -all"], "ok", "(7 of 10"),
        (["v=spf1 include:deep.example -all"], "fail", "more than 10 DNS lookups"),
        (["v=spf1 include:loop.example -all"], "fail", "more than 10 DNS lookups"),
        ([f"v=spf1 {'a:host.example ' * 10}-all"], "ok", "(10 of 10"),
        ([f"v=spf1 {'a:host.example ' * 11}-all"], "fail", "more than 10 DNS lookups"),
        (["v=spf1 a:x.nowhere.example a:y.nowhere.example a:z.nowhere.example -all"], "fail",
         "more than 2 of its DNS lookups find nothing"),
        ([f"v=spf1 {'ip4:192.0.2.1 ' * 9}-all"], "ok", "(0 of 10"),
        (["v=spf1 include:%{ir}.%{v}._spf.example -all"], "ok", "(1 of 10"),
        (["v=spf1 ip4:192.0.2.300 -all"], "fail", "'ip4:192.0.2.300' is not a term of SPF"),
        (["v=spf1 ipv4:192.0.2.1 -all"], "fail", "'ipv4:192.0.2.1' is not a term of SPF"),
        (["v=spf1 mx:mail.example/33 -all"], "fail", "is not a term of SPF"),
        (["v=spf1 exists:%{z}.example -all"], "fail", "is not a macro of SPF"),
    ],
)  # fmt: skip
def test_spf(texts: Sequence[str], verdict: str, finding: str) -> None:
    with DnsServer({**SPF, **zone(example_org=texts), (ORG, "MX"): ["10 host.example."]}) as server:
        line = spf(ORG, Dns(server.resolver()))
    assert (line.check, line.verdict) == ("SPF of example.org", verdict), line
    assert finding in line.finding
    assert bool(line.advice) == (verdict != "ok")


@pytest.mark.parametrize(
    ("record", "address", "result"),
    [
        ("ip4:192.0.2.0/24 -all", "192.0.2.25", "pass"),
        ("ip4:192.0.2.0/24 -all", "198.51.100.1", "fail"),
        ("ip6:2001:db8::/32 -all", "2001:db8::1", "pass"),
        ("a:host.example ~all", "192.0.2.7", "pass"),
        ("a:host.example ~all", "2001:db8::7", "pass"),
        ("a:host.example ~all", "192.0.2.8", "softfail"),
        ("a:host.example/24//64 ~all", "192.0.2.8", "pass"),
        ("a:host.example/24//64 ~all", "2001:db8::8", "pass"),
        ("mx:mail.example ?all", "192.0.2.7", "pass"),
        ("mx:mail.example ?all", "192.0.2.8", "neutral"),
        ("include:one.example -all", "192.0.2.1", "pass"),
        ("include:one.example -all", "192.0.2.2", "fail"),
        ("-ip4:192.0.2.1 include:one.example -all", "192.0.2.1", "fail"),
        ("redirect=one.example", "192.0.2.1", "pass"),
        ("redirect=one.example", "192.0.2.2", "fail"),
        ("exists:%{i}.list.example -all", "192.0.2.9", "pass"),
        ("exists:%{i}.list.example -all", "192.0.2.10", "fail"),
        ("ptr:host.example -all", "192.0.2.7", "pass"),
        ("ptr:other.example -all", "192.0.2.7", "fail"),
        ("", "192.0.2.7", "neutral"),
    ],
)
def test_spf_of_the_host_that_sends(record: str, address: str, result: str) -> None:
    with DnsServer({**SPF, **zone(example_org=f"v=spf1 {record}")}) as server:
        [line] = spf_of_host(ORG, "mail.example.org", [address], Dns(server.resolver()))
    assert (line.check, line.finding) == (f"SPF for {address}", f"{result} at example.org")
    assert line.verdict == ("ok" if result == "pass" else "warn")
    assert (address in line.advice) == (result != "pass")


def test_spf_of_a_host_without_a_record_or_with_a_broken_one() -> None:
    addresses = ["192.0.2.1", "2001:db8::1"]
    with DnsServer(zone(example_org="v=spf1 nonsense -all")) as server:
        dns = Dns(server.resolver())
        broken = list(spf_of_host(ORG, "mail.example.org", addresses, dns))
        none = list(spf_of_host(NEWS, "mail.example.org", addresses, dns))
    assert [line.verdict for line in broken] == ["fail", "fail"]
    assert "'nonsense' is not a term of SPF" in broken[0].finding
    assert [line.finding for line in none] == ["none at news.example.org"] * 2
    assert none[1].advice.startswith("add ip6:2001:db8::1 ")


GOOD = record_text(RSA.public_key())


@pytest.mark.parametrize(
    ("texts", "verdict", "finding"),
    [
        ([GOOD], "ok", "holds"),
        ([GOOD.replace("v=DKIM1; ", "")], "ok", "holds"),
        ([], "fail", "no records"),
        ([GOOD, GOOD], "fail", "2 records"),
        ([GOOD[:200]], "fail", "cut short"),
        ([record_text(ED25519.public_key())], "fail", "does not hold"),
        (["v=DKIM1; p="], "fail", "revoked"),
        ([f"{GOOD}; t=s:y"], "warn", "testing"),
        ([f"{GOOD}; t=s"], "ok", "holds"),
    ],
)
def test_dkim(texts: Sequence[str], verdict: str, finding: str) -> None:
    line = dkim(SIGNERS["rsa"], texts, message(POSTING, SIGNED["rsa"]))
    assert line.verdict == verdict
    assert finding in line.finding
    assert (zone_line(SIGNERS["rsa"]) in line.advice) == (verdict == "fail")


def test_dkim_looks_at_the_message_itself() -> None:
    other_domain = replace(HEAD, sign=Signer("news.example.org", "s1", ED25519).sign)
    assert dkim(SIGNERS["rsa"], [GOOD], message(POSTING, other_domain)).verdict == "fail"


def at(**records: str | list[str]) -> Callable[[str], Sequence[str]]:
    """A DNS of DMARC records, by domain with _ for a dot."""
    table = {
        f"_dmarc.{name.replace('_', '.')}": [record] if isinstance(record, str) else record
        for name, record in records.items()
    }
    return lambda name: table.get(name, [])


def test_the_walk_asks_from_the_domain_upwards_eight_times_at_most() -> None:
    names: list[str] = []

    def nothing(name: str) -> list[str]:
        names.append(name.removeprefix("_dmarc."))
        return []

    assert list(walk("a.b.c.d.e.f.g.h.i.mail.example.org", nothing)) == []
    assert names == [
        "a.b.c.d.e.f.g.h.i.mail.example.org",
        "f.g.h.i.mail.example.org",
        "g.h.i.mail.example.org",
        "h.i.mail.example.org",
        "i.mail.example.org",
        "mail.example.org",
        "example.org",
        "org",
    ]


@pytest.mark.parametrize("psd", ["y", "n"])
def test_the_walk_ends_where_a_record_says_so(psd: str) -> None:
    dns = at(example_org=f"v=DMARC1; p=none; psd={psd}", org="v=DMARC1; p=none")
    assert [name for name, _ in walk(NEWS, dns)] == [ORG]


def test_two_records_at_a_name_count_as_none_and_other_texts_are_none() -> None:
    dns = at(
        news_example_org=["v=DMARC1; p=none", "v=DMARC1; p=reject"],
        example_org=["v=DMARC1; p=reject", "v=dmarc1; p=none", "p=none; v=DMARC1", "v=DMARC10"],
    )
    assert list(walk(NEWS, dns)) == [(ORG, {"v": "DMARC1", "p": "reject"})]


@pytest.mark.parametrize(
    ("records", "home"),
    [
        ({}, "a.news.example.org"),
        ({"example_org": "v=DMARC1; p=none"}, ORG),
        ({"news_example_org": "v=DMARC1; p=none", "example_org": "v=DMARC1"}, ORG),
        ({"news_example_org": "v=DMARC1; psd=n", "example_org": "v=DMARC1"}, NEWS),
        ({"org": "v=DMARC1; psd=y"}, ORG),
        ({"example_org": "v=DMARC1; psd=y"}, NEWS),
        ({"a_news_example_org": "v=DMARC1; psd=y"}, "a.news.example.org"),
    ],
)
def test_the_organisational_domain(records: dict[str, str | list[str]], home: str) -> None:
    """The cases of RFC 9989, 4.10.2."""
    domain = "a.news.example.org"
    assert organisation(domain, list(walk(domain, at(**records)))) == home


@pytest.mark.parametrize(
    ("records", "signed_by", "returned_to", "verdict", "finding"),
    [
        ({"news_example_org": "v=DMARC1; p=none"}, NEWS, NEWS, "ok", f"at {NEWS}: p=none"),
        ({"example_org": "v=DMARC1; p=reject"}, NEWS, NEWS, "ok", f"at {ORG}: p=reject"),
        ({"example_org": "v=DMARC1; p=none; sp=reject"}, NEWS, NEWS, "ok", "p=reject"),
        ({"org": "v=DMARC1; p=reject; psd=y"}, NEWS, NEWS, "ok", "at org: p=reject"),
        ({"example_org": "v=DMARC1; p=reject; t=y"}, NEWS, NEWS, "ok", "t=y"),
        ({"example_org": "v=DMARC1; rua=mailto:a@example.org"}, NEWS, NEWS, "ok", "p=none"),
        ({"example_org": "v=DMARC1; p=maybe"}, NEWS, NEWS, "fail", "no policy"),
        ({}, NEWS, NEWS, "fail", "no record"),
        ({"example_org": "v=DMARC1; p=none"}, ORG, "bounces.example", "ok", ""),
        ({"example_org": "v=DMARC1; p=none"}, "mail.example.org", "", "ok", ""),
        ({"example_org": "v=DMARC1; p=none; adkim=s"}, ORG, "other.example", "fail", "aligned"),
        ({"example_org": "v=DMARC1; p=none; adkim=s"}, NEWS, "other.example", "ok", ""),
        ({"example_org": "v=DMARC1; p=none"}, "other.example", NEWS, "ok", ""),
        ({"example_org": "v=DMARC1; p=none; aspf=s"}, "other.example", ORG, "fail", "aligned"),
        ({"example_org": "v=DMARC1; p=none"}, "notexample.org", "x.example", "fail", "aligned"),
        ({"example_org": "v=DMARC1; p=none"}, "", "other.example", "warn", "aligned"),
        ({"news_example_org": "v=DMARC1; psd=n; p=none"}, ORG, "x.example", "fail", "aligned"),
    ],
)  # fmt: skip
def test_dmarc(
    records: dict[str, str | list[str]],
    signed_by: str,
    returned_to: str,
    verdict: str,
    finding: str,
) -> None:
    line = dmarc(NEWS, list(walk(NEWS, at(**records))), signed_by, returned_to)
    assert line.verdict == verdict, line
    assert finding in line.finding
    assert bool(line.advice) == (verdict != "ok")


@pytest.mark.parametrize(
    ("hosts", "addresses", "verdict"),
    [
        ({"mx.example.org": ["192.0.2.1"]}, [], "ok"),
        ({"mx.example.org": ["192.0.2.1"], "gone.example.org": []}, [], "warn"),
        ({"gone.example.org": []}, ["192.0.2.1"], "fail"),
        ({"": []}, ["192.0.2.1"], "fail"),
        ({}, ["192.0.2.1"], "warn"),
        ({}, [], "fail"),
    ],
)
def test_mx(hosts: dict[str, list[str]], addresses: list[str], verdict: str) -> None:
    line = mx(ORG, hosts, addresses)
    assert line.verdict == verdict
    assert bool(line.advice) == (verdict != "ok")


@pytest.mark.parametrize(
    ("names", "verdicts"),
    [
        ({"192.0.2.1": {"mail.example.org": ["192.0.2.1"]}}, ["ok"]),
        ({"192.0.2.1": {"old.example.org": []}}, ["warn"]),
        ({"192.0.2.1": {"old.example.org": [], "mail.example.org": ["192.0.2.1"]}}, ["ok"]),
        ({"192.0.2.1": {}, "192.0.2.2": {"mail.example.org": ["192.0.2.2"]}}, ["warn", "ok"]),
        ({}, ["fail"]),
    ],
)
def test_ptr(names: dict[str, dict[str, list[str]]], verdicts: list[str]) -> None:
    lines = list(ptr("mail.example.org", names))
    assert [line.verdict for line in lines] == verdicts
    assert all(bool(line.advice) == (line.verdict != "ok") for line in lines)
