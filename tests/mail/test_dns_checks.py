from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from newsletter.mail.dkim.signing import Signer, record
from newsletter.mail.dns_checks import dkim, dmarc, mx, organisation, ptr, spf, walk
from newsletter.mail.message import message
from tests.golden import POSTING
from tests.mail.dkim.test_signing import ED25519, RSA, SIGNED, SIGNERS
from tests.mail.test_message import HEAD

ORG = "example.org"
NEWS = "news.example.org"


@pytest.mark.parametrize(
    ("texts", "verdict", "told"),
    [
        (["v=spf1 mx -all"], "ok", "v=spf1 mx -all"),
        (["v=spf1 include:_spf.example.net ~all", "another text"], "ok", "include"),
        (["V=SPF1 MX -ALL"], "ok", "MX"),
        (["v=spf1 redirect=_spf.example.net"], "ok", "redirect"),
        ([], "fail", "no record"),
        (["v=spf10 -all", "spf1 -all"], "fail", "no record"),
        (["v=spf1 -all", "v=spf1 mx -all"], "fail", "2 records"),
        (["v=spf1 +all"], "fail", "+all"),
        (["v=spf1 mx all"], "fail", "all"),
        (["v=spf1 mx ?all"], "warn", "?all"),
        (["v=spf1"], "warn", "v=spf1"),
        ([f"v=spf1 {'include:a.example ' * 10}-all"], "ok", "include"),
        ([f"v=spf1 {'include:a.example ' * 10}a -all"], "fail", "include"),
        ([f"v=spf1 {'ip4:192.0.2.1 ' * 20}-all"], "ok", "ip4"),
    ],
)
def test_spf(texts: Sequence[str], verdict: str, told: str) -> None:
    line = spf(ORG, texts)
    assert (line.check, line.verdict) == ("SPF of example.org", verdict)
    assert told in line.finding
    assert bool(line.advice) == (verdict != "ok")


GOOD = record(RSA.public_key())


@pytest.mark.parametrize(
    ("texts", "verdict", "told"),
    [
        ([GOOD], "ok", "holds"),
        ([GOOD.replace("v=DKIM1; ", "")], "ok", "holds"),
        ([], "fail", "no records"),
        ([GOOD, GOOD], "fail", "2 records"),
        ([GOOD[:200]], "fail", "cut short"),
        ([record(ED25519.public_key())], "fail", "another key"),
        (["v=DKIM1; p="], "fail", "revoked"),
        ([f"{GOOD}; t=s:y"], "warn", "testing"),
        ([f"{GOOD}; t=s"], "ok", "holds"),
    ],
)
def test_dkim(texts: Sequence[str], verdict: str, told: str) -> None:
    line = dkim(SIGNERS["rsa"], texts, message(POSTING, SIGNED["rsa"]), "the record")
    assert line.verdict == verdict
    assert told in line.finding
    assert ("the record" in line.advice) == (verdict == "fail")


def test_dkim_looks_at_the_message_itself() -> None:
    other = replace(HEAD, signer=Signer("news.example.org", "s1", ED25519))
    assert dkim(SIGNERS["rsa"], [GOOD], message(POSTING, other), "").verdict == "fail"


def at(**records: str | list[str]) -> Callable[[str], Sequence[str]]:
    """A DNS of DMARC records, by domain with _ for a dot."""
    table = {
        f"_dmarc.{name.replace('_', '.')}": [one] if isinstance(one, str) else one
        for name, one in records.items()
    }
    return lambda name: table.get(name, [])


def test_the_walk_asks_from_the_domain_upwards_eight_times_at_most() -> None:
    asked: list[str] = []

    def nothing(name: str) -> list[str]:
        asked.append(name.removeprefix("_dmarc."))
        return []

    assert list(walk("a.b.c.d.e.f.g.h.i.mail.example.org", nothing)) == []
    assert asked == [
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
    ("records", "signed_by", "returned_to", "verdict", "told"),
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
    told: str,
) -> None:
    line = dmarc(NEWS, list(walk(NEWS, at(**records))), signed_by, returned_to)
    assert line.verdict == verdict, line
    assert told in line.finding
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
