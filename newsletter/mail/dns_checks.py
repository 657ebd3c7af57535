"""What a domain says about its mail in the DNS, judged: texts in, a finding out."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from newsletter.domain.checks import CheckResult
from newsletter.mail.dkim.signing import Signer, public_key, verify

Walk = Sequence[tuple[str, Mapping[str, str]]]
"""The DMARC records on the way up from a domain: where each stands, and its tags."""

_ASKS = re.compile(r"[+?~-]?(include|a|mx|ptr|exists|redirect)([:=/].*)?")
_MOST_ASKED = 10
_MOST_LABELS = 7


def spf(domain: str, texts: Sequence[str]) -> CheckResult:
    """RFC 7208, as far as the record itself tells: what it includes is not followed."""
    what = f"SPF of {domain}"
    found = [text for text in texts if re.fullmatch(r"v=spf1( .*)?", text, re.IGNORECASE)]
    if not found:
        mend = 'publish a TXT record that names your mail server, such as "v=spf1 mx -all"'
        return CheckResult(what, "fail", "no record", mend)
    if len(found) > 1:
        return CheckResult(
            what, "fail", f"{len(found)} records", "leave one: with two, every check fails"
        )
    terms = found[0].lower().split()[1:]
    if sum(bool(_ASKS.fullmatch(term)) for term in terms) > _MOST_ASKED:
        mend = f"let it ask the DNS {_MOST_ASKED} times at most: with more, every check fails"
        return CheckResult(what, "fail", found[0], mend)
    if {"+all", "all"} & set(terms):
        return CheckResult(
            what, "fail", found[0], "end it in -all or ~all: so it lets everybody send"
        )
    if {"-all", "~all"} & set(terms) or "redirect=" in found[0].lower():
        return CheckResult(what, "ok", found[0])
    return CheckResult(what, "warn", found[0], "end it in -all")


def dkim(signer: Signer, texts: Sequence[str], message: bytes, zone_line: str) -> CheckResult:
    """Whether a signed message holds against the key that the DNS has for it."""
    what = f"DKIM at {signer.place}"
    if len(texts) != 1:
        mend = f"publish this one: {zone_line}"
        return CheckResult(what, "fail", f"{len(texts) or 'no'} records", mend)
    try:
        verify(message, public_key(texts[0]))
    except ValueError as error:
        return CheckResult(
            what, "fail", f"a signature does not hold: {error}", f"publish {zone_line}"
        )
    if re.search(r"(^|;)\s*t\s*=[^;]*\by\b", texts[0]):
        return CheckResult(
            what, "warn", "its t=y says testing", "take t=y out: some count it for nothing"
        )
    return CheckResult(what, "ok", "a signature holds against the key there")


def walk(
    domain: str, texts_at: Callable[[str], Sequence[str]]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The tree walk of RFC 9989, 4.10: at most eight questions, from the domain upwards.

    More than one record at a name counts as none.
    """
    labels = domain.split(".")
    while labels:
        name = ".".join(labels)
        found = [tags for text in texts_at(f"_dmarc.{name}") if (tags := _dmarc(text))]
        if len(found) == 1:
            yield name, found[0]
            if found[0].get("psd", "").lower() in {"y", "n"}:
                return
        labels = labels[-_MOST_LABELS:] if len(labels) > _MOST_LABELS else labels[1:]


def organisation(domain: str, found: Walk) -> str:
    """The organisational domain (RFC 9989, 4.10.2); the domain itself where nobody says."""
    if not found:
        return domain
    name, tags = found[-1]
    if tags.get("psd", "").lower() == "y" and name != domain:
        return ".".join(domain.split(".")[-len(name.split(".")) - 1 :])
    return name


def dmarc(domain: str, found: Walk, signed_by: str, returned_to: str) -> CheckResult:
    """RFC 9989: which policy applies to ``domain``, and whether our mail can pass it.

    ``signed_by`` is the d= of our signatures, or empty; ``returned_to`` the envelope's domain.
    """
    what = f"DMARC of {domain}"
    place, tags = _applying(domain, found)
    policy = (tags.get("sp") if place != domain else "") or tags.get("p") or ""
    if not place:
        mend = (
            f'publish a TXT record at _dmarc.{domain}, "v=DMARC1; p=none; rua=mailto:..." at least'
        )
        return CheckResult(what, "fail", "no record", mend)
    if policy.lower() not in {"none", "quarantine", "reject"} and "rua" not in tags:
        return CheckResult(
            what, "fail", f"at {place}: no policy", "give it a p=: none, quarantine, reject"
        )
    told = f"at {place}: p={policy.lower() or 'none'}{', t=y: testing' * (tags.get('t') == 'y')}"
    ways = {"adkim": signed_by, "aspf": returned_to}
    home = organisation(domain, found)
    if any(by and _aligned(domain, by, home, tags.get(way, "r")) for way, by in ways.items()):
        return CheckResult(what, "ok", told)
    others = " and ".join(sorted({by for by in ways.values() if by}))
    mend = f"sign for {domain} (dkim.domain), or let bounces go there (delivery.return_path)"
    told = f"{told}; {others} is not aligned with it"
    # Unsigned by us: a mail server may still sign for the domain.
    return CheckResult(what, "fail" if signed_by else "warn", told, mend)


def _applying(domain: str, found: Walk) -> tuple[str, Mapping[str, str]]:
    """The domain's own record; its organisation's; a public suffix's (RFC 9989, 4.10.1)."""
    records = dict(found)
    for place in (domain, organisation(domain, found), found[-1][0] if found else ""):
        if place in records:
            return place, records[place]
    return "", {}


def _aligned(domain: str, by: str, home: str, mode: str) -> bool:
    if mode.lower() == "s":
        return by == domain
    return by in (domain, home) or by.endswith(f".{home}")


def _dmarc(text: str) -> dict[str, str]:
    """The tags of a DMARC record; none where it is no such record."""
    parts = [part.partition("=") for part in text.split(";")]
    tags = {name.strip().lower(): value.strip() for name, _, value in parts}
    return tags if parts[0][0].strip() == "v" and tags.get("v") == "DMARC1" else {}


def mx(domain: str, hosts: Mapping[str, Sequence[str]], addresses: Sequence[str]) -> CheckResult:
    """``hosts``: each MX with its addresses; ``addresses``: the domain's own."""
    what = f"MX of {domain}"
    if set(hosts) == {""}:
        return CheckResult(
            what, "fail", "it takes no mail", "answers and bounces come back here: name an MX"
        )
    if dead := sorted(host for host, found in hosts.items() if not found):
        mend = "give each an address, or take it out"
        return CheckResult(
            what,
            "fail" if len(dead) == len(hosts) else "warn",
            f"{', '.join(dead)} has no address",
            mend,
        )
    if hosts:
        return CheckResult(what, "ok", ", ".join(hosts))
    if addresses:
        return CheckResult(what, "warn", "no record; mail goes to its address", "name an MX")
    return CheckResult(what, "fail", "no record", "answers and bounces come back here: name an MX")


def ptr(host: str, names: Mapping[str, Mapping[str, Sequence[str]]]) -> Iterator[CheckResult]:
    """``names``: each address of the host, what it is called, and where each name leads."""
    if not names:
        yield CheckResult(f"PTR of {host}", "fail", "it has no address", "check delivery.smtp.host")
    for address, found in names.items():
        what = f"PTR of {address}"
        good = [name for name, back in found.items() if address in back]
        mend = f"let whoever owns the address name it {host}, if that server delivers by itself"
        if good:
            yield CheckResult(what, "ok", good[0])
        else:
            led = f"{', '.join(found)} leads elsewhere" if found else "no record"
            yield CheckResult(what, "warn", led, mend)
