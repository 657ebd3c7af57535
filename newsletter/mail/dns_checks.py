"""What a domain's DNS records say about its mail, each with a verdict."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address

from newsletter.domain.checks import CheckResult
from newsletter.mail.dkim.dns_record import zone_line
from newsletter.mail.dkim.signing import Signer
from newsletter.mail.dkim.verification import verify
from newsletter.mail.dns import Dns
from newsletter.mail.spf import MAX_LOOKUPS, Check, SpfError, record_of

Walk = Sequence[tuple[str, Mapping[str, str]]]
"""The DMARC records on the way up from a domain: the name of each, and its tags."""

_MAX_LABELS = 7


def spf(domain: str, dns: Dns) -> CheckResult:
    """The record with all that it includes, and what it says about strangers (RFC 7208)."""
    title = f"SPF of {domain}"
    check = Check(dns, f"postmaster@{domain}")
    try:
        record = record_of(dns.texts(domain)) or ""
        result = check.result(domain)
    except SpfError as error:
        return CheckResult(title, "fail", error.problem, error.advice)
    finding = f"{record} ({check.lookups} of {MAX_LOOKUPS} DNS lookups)"
    match result:
        case "none":
            advice = 'publish a TXT record that names your mail server, such as "v=spf1 mx -all"'
            return CheckResult(title, "fail", "no record", advice)
        case "pass":
            advice = "end it in -all or ~all: so it lets everybody send"
            return CheckResult(title, "fail", finding, advice)
        case "neutral":
            return CheckResult(title, "warn", finding, "end it in -all")
    return CheckResult(title, "ok", finding)


def spf_of_host(
    domain: str, host: str, addresses: Sequence[str], dns: Dns
) -> Iterator[CheckResult]:
    """Whether ``host`` may send for ``domain``, for each of its addresses."""
    for address in addresses:
        title = f"SPF for {address}"
        try:
            result = Check(dns, f"postmaster@{domain}", ip_address(address)).result(domain)
        except SpfError as error:
            yield CheckResult(title, "fail", f"{domain}: {error.problem}", error.advice)
            continue
        finding = f"{result} at {domain}"
        if result == "pass":
            yield CheckResult(title, "ok", finding)
            continue
        term = f"ip{4 if '.' in address else 6}:{address}"
        advice = f"add {term} to its record, unless {host} sends through other servers"
        yield CheckResult(title, "warn", finding, advice)


def dkim(signer: Signer, texts: Sequence[str], message: bytes) -> CheckResult:
    """Whether a signed message holds with the public key that the DNS has for it."""
    title = f"DKIM at {signer.record_name}"
    if len(texts) != 1:
        advice = f"publish this one: {zone_line(signer)}"
        return CheckResult(title, "fail", f"{len(texts) or 'no'} records", advice)
    try:
        verify(message, texts[0])
    except ValueError as error:
        advice = f"publish {zone_line(signer)}"
        return CheckResult(title, "fail", f"a signature does not hold: {error}", advice)
    if re.search(r"(^|;)\s*t\s*=[^;]*\by\b", texts[0]):
        advice = "take t=y out: some receivers then ignore the signature"
        return CheckResult(title, "warn", "its t=y marks it as testing", advice)
    return CheckResult(title, "ok", "a signature holds with the key there")


def walk(
    domain: str, texts_at: Callable[[str], Sequence[str]]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The DNS tree walk of RFC 9989, 4.10: at most eight look-ups, from the domain upwards.

    Several records at a name count as none.
    """
    labels = domain.split(".")
    while labels:
        name = ".".join(labels)
        records = [tags for text in texts_at(f"_dmarc.{name}") if (tags := _dmarc(text))]
        if len(records) == 1:
            yield name, records[0]
            if records[0].get("psd", "").lower() in {"y", "n"}:
                return
        labels = labels[-_MAX_LABELS:] if len(labels) > _MAX_LABELS else labels[1:]


def organisation(domain: str, records: Walk) -> str:
    """The organisational domain (RFC 9989, 4.10.2); without records the domain itself."""
    if not records:
        return domain
    name, tags = records[-1]
    if tags.get("psd", "").lower() == "y" and name != domain:
        return ".".join(domain.split(".")[-len(name.split(".")) - 1 :])
    return name


def dmarc(domain: str, records: Walk, signed_by: str, returned_to: str) -> CheckResult:
    """RFC 9989: which policy applies to ``domain``, and whether our mail can pass it.

    ``signed_by`` is the d= of our signatures, or empty; ``returned_to`` the envelope's domain.
    """
    title = f"DMARC of {domain}"
    place, tags = _applicable(domain, records)
    policy = (tags.get("sp") if place != domain else "") or tags.get("p") or ""
    if not place:
        advice = (
            f'publish a TXT record at _dmarc.{domain}, "v=DMARC1; p=none; rua=mailto:..." at least'
        )
        return CheckResult(title, "fail", "no record", advice)
    if policy.lower() not in {"none", "quarantine", "reject"} and "rua" not in tags:
        return CheckResult(
            title, "fail", f"at {place}: no policy", "give it a p=: none, quarantine, reject"
        )
    finding = f"at {place}: p={policy.lower() or 'none'}{', t=y: testing' * (tags.get('t') == 'y')}"
    ways = {"adkim": signed_by, "aspf": returned_to}
    home = organisation(domain, records)
    if any(by and _aligned(domain, by, home, tags.get(way, "r")) for way, by in ways.items()):
        return CheckResult(title, "ok", finding)
    unaligned = " and ".join(sorted({by for by in ways.values() if by}))
    advice = f"sign for {domain} (dkim.domain), or let bounces go there (delivery.return_path)"
    finding = f"{finding}; {unaligned} is not aligned with it"
    # If we do not sign, a mail server may still sign for the domain.
    return CheckResult(title, "fail" if signed_by else "warn", finding, advice)


def _applicable(domain: str, walk: Walk) -> tuple[str, Mapping[str, str]]:
    """The domain's own record, else its organisation's or a public suffix's (RFC 9989, 4.10.1)."""
    records = dict(walk)
    for place in (domain, organisation(domain, walk), walk[-1][0] if walk else ""):
        if place in records:
            return place, records[place]
    return "", {}


def _aligned(domain: str, by: str, home: str, mode: str) -> bool:
    if mode.lower() == "s":
        return by == domain
    return by in (domain, home) or by.endswith(f".{home}")


def _dmarc(text: str) -> dict[str, str]:
    """The tags of a DMARC record; empty if the text is not one."""
    parts = [part.partition("=") for part in text.split(";")]
    tags = {name.strip().lower(): value.strip() for name, _, value in parts}
    return tags if parts[0][0].strip() == "v" and tags.get("v") == "DMARC1" else {}


def mx(domain: str, hosts: Mapping[str, Sequence[str]], addresses: Sequence[str]) -> CheckResult:
    """``hosts`` are the MX with their addresses, ``addresses`` the domain's own."""
    title = f"MX of {domain}"
    if set(hosts) == {""}:
        return CheckResult(
            title,
            "fail",
            "it takes no mail",
            "replies and bounces come to this domain: add an MX record",
        )
    if dead := sorted(host for host, its in hosts.items() if not its):
        advice = "give each an address, or take it out"
        return CheckResult(
            title,
            "fail" if len(dead) == len(hosts) else "warn",
            f"{', '.join(dead)} has no address",
            advice,
        )
    if hosts:
        return CheckResult(title, "ok", ", ".join(hosts))
    if addresses:
        return CheckResult(title, "warn", "no record; mail goes to its address", "add an MX record")
    return CheckResult(
        title, "fail", "no record", "replies and bounces come to this domain: add an MX record"
    )


def ptr(host: str, names: Mapping[str, Mapping[str, Sequence[str]]]) -> Iterator[CheckResult]:
    """``names``: for each address of the host its names, with the addresses of each name."""
    if not names:
        yield CheckResult(f"PTR of {host}", "fail", "it has no address", "check delivery.smtp.host")
    for address, its_names in names.items():
        title = f"PTR of {address}"
        good = [name for name, addresses in its_names.items() if address in addresses]
        if good:
            yield CheckResult(title, "ok", good[0])
            continue
        finding = f"{', '.join(its_names)} leads elsewhere" if its_names else "no record"
        advice = f"let the owner of the address name it {host}, if that server delivers by itself"
        yield CheckResult(title, "warn", finding, advice)
