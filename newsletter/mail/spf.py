"""SPF (RFC 7208): what the DNS says about an address that sends a domain's mail."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import NamedTuple

from newsletter.mail.dns import Dns, is_name

Address = IPv4Address | IPv6Address

MAX_LOOKUPS = 10  # 4.6.4, with those of included records
_MAX_VOID = 2  # 4.6.4: lookups without an answer
_MAX_NAMES = 10  # 4.6.4: hosts of one MX or PTR
_RESULTS = {"": "pass", "+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_NAMES = "all|include|a|mx|ptr|exists"
_PREFIX = r"/(?:0|[1-9]\d{0,2})"
_MECHANISM = re.compile(
    rf"([+?~-]?)({_NAMES})(?::([^/].*?))?((?:{_PREFIX})?(?:/{_PREFIX})?)", re.I | re.ASCII
)
_IP = re.compile(rf"([+?~-]?)(ip[46]):([^/]+)({_PREFIX})?", re.I | re.ASCII)
_DOMAIN = re.compile(  # 7.1: a macro or a top label at its end
    r"[!-~]*(?:%\{[^}]*\}|\.(?:[a-z0-9]*[a-z][a-z0-9]*|[a-z0-9]+-[a-z0-9-]*[a-z0-9])\.?)", re.I
)
_MODIFIER = re.compile(r"([a-z][\w.-]*)=(.*)", re.I | re.ASCII)
_MACRO = re.compile(r"%\{([slodipvhcrt])(\d*)(r?)([.+,/_=-]*)\}|%([%_-])|%", re.I)
_OTHER_MACROS = {"%": "%", "_": " ", "-": "%20"}


class SpfError(Exception):
    """Every check of the record fails ("permerror"): what is wrong, and what to do."""

    def __init__(self, problem: str, advice: str = "correct it: every check of it fails") -> None:
        super().__init__(problem)
        self.problem, self.advice = problem, advice


class _Term(NamedTuple):
    result: str
    name: str
    value: str
    prefixes: str


@dataclass
class Check:
    """One check of mail that ``address`` sends with ``sender`` in the envelope.

    Without an address nothing that names one matches: the result is what strangers get.
    """

    dns: Dns
    sender: str
    address: Address | None = None
    lookups: int = 0
    void_lookups: int = 0

    def result(self, domain: str) -> str:
        """Pass, fail, softfail, neutral, or none, where there is no record. Raises SpfError."""
        record = record_of(self.dns.texts(domain))
        if record is None:
            return "none"
        terms, redirect = _parse(record)
        for term in terms:
            if self._matches(term, domain):
                return term.result
        return self._redirected(redirect, domain) if redirect else "neutral"

    def _redirected(self, value: str, domain: str) -> str:
        self._count_lookup()
        target = self._expand(value, domain)
        result = self.result(target) if target else "neutral"
        if result == "none":
            raise SpfError(f"redirect={target} has no record")
        return result

    def _matches(self, term: _Term, domain: str) -> bool:
        if term.name == "all":
            return True
        if term.name in {"ip4", "ip6"}:
            return self.address is not None and self.address in ip_network(term.value, strict=False)
        self._count_lookup()
        target = self._expand(term.value, domain) if term.value else domain
        if not target:
            return False  # it depends on the address, which is not known
        match term.name:
            case "include":
                matches = self._includes(target)
            case "exists":
                matches = self._exists(target)
            case "ptr":
                matches = self._is_named(target)
            case "mx":
                matches = any(self._is_at(host, term.prefixes) for host in self._mail_hosts(target))
            case _:
                matches = self._is_at(target, term.prefixes)
        return matches

    def _includes(self, target: str) -> bool:
        result = self.result(target)
        if result == "none":
            raise SpfError(f"include:{target} has no record")
        return result == "pass"

    def _exists(self, target: str) -> bool:
        return bool(self._answers([ip for ip in self.dns.addresses(target) if "." in ip]))

    def _mail_hosts(self, target: str) -> list[str]:
        hosts = self._answers(self.dns.mail_hosts(target))
        if len(hosts) > _MAX_NAMES:
            raise SpfError(f"mx:{target} has more than {_MAX_NAMES} hosts")
        return hosts

    def _is_at(self, host: str, prefixes: str) -> bool:
        """Whether the address is one of the host's, or in their networks (``/24//64``)."""
        mark = ":" if self.address and self.address.version == 6 else "."
        addresses_of_host = self.dns.addresses(host) if is_name(host) else []
        addresses = self._answers(
            [ip for ip in addresses_of_host if mark in ip or not self.address]
        )
        prefix4, _, prefix6 = prefixes.partition("//")
        prefix = f"/{prefix6}" * bool(prefix6) if mark == ":" else prefix4
        if self.address is None:
            return False
        return any(self.address in ip_network(f"{ip}{prefix}", strict=False) for ip in addresses)

    def _is_named(self, target: str) -> bool:
        """Whether the address has a name in ``target`` that leads back to it (5.5)."""
        names = self.dns.names(str(self.address))[:_MAX_NAMES] if self.address else []
        return any(
            f".{name}".endswith(f".{target.lower()}")
            and str(self.address) in self.dns.addresses(name)
            for name in names
        )

    def _count_lookup(self) -> None:
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            advice = f"let it ask the DNS {MAX_LOOKUPS} times at most, with all that it includes"
            raise SpfError(f"it takes more than {MAX_LOOKUPS} DNS lookups", advice)

    def _answers(self, answers: list[str]) -> list[str]:
        self.void_lookups += not answers
        if self.void_lookups > _MAX_VOID:
            advice = "take out the names that are not in the DNS"
            raise SpfError(f"more than {_MAX_VOID} of its DNS lookups find nothing", advice)
        return answers

    def _expand(self, value: str, domain: str) -> str:
        """Macros replaced (7); empty if they ask for the address and it is not known."""
        local, _, home = self.sender.rpartition("@")
        texts = {"s": self.sender, "l": local or "postmaster", "o": home, "d": domain, "h": home}
        if self.address is not None:
            octets = self.address.exploded.replace(":", "")
            dotted = str(self.address) if self.address.version == 4 else ".".join(octets)
            version = "in-addr" if self.address.version == 4 else "ip6"
            texts |= {"i": dotted, "v": version, "p": "unknown", "c": str(self.address)}
        elif any(match[1] and match[1].lower() in "ivpc" for match in _MACRO.finditer(value)):
            return ""
        name = _MACRO.sub(lambda match: _macro(match, texts), value).rstrip(".")
        if not is_name(name):
            raise SpfError(f"{name!r} is no name of a domain")
        return name


def record_of(texts: list[str]) -> str | None:
    """The SPF record among the TXT records of a domain. Raises SpfError if there are several."""
    records = [text for text in texts if re.fullmatch(r"v=spf1( .*)?", text, re.I)]
    if len(records) > 1:
        raise SpfError(f"{len(records)} records", "leave one: with two, every check fails")
    return records[0] if records else None


def _parse(record: str) -> tuple[list[_Term], str]:
    """The mechanisms in order, and the value of ``redirect=``. Raises SpfError (4.6.1)."""
    texts = list(filter(None, record.split(" ")[1:]))
    modifiers = [match for text in texts if (match := _MODIFIER.fullmatch(text))]
    redirects = [match[2] for match in modifiers if match[1].lower() == "redirect"]
    if len(redirects) > 1 or not all(map(_DOMAIN.fullmatch, redirects)):
        raise SpfError("redirect= must stand there once, with a domain")
    terms = [_term(text) for text in texts if not _MODIFIER.fullmatch(text)]
    return terms, redirects[0] if redirects else ""


def _term(text: str) -> _Term:
    match = _IP.fullmatch(text) or _MECHANISM.fullmatch(text)
    name = match[2].lower() if match else ""
    value, prefixes = (match[3] or "", match[4] or "") if match else ("", "")
    if not match or not _is_valid(name, value, prefixes):
        raise SpfError(f"{text!r} is not a term of SPF")
    if name in {"ip4", "ip6"}:
        value += prefixes
    return _Term(_RESULTS[match[1]], name, value, prefixes)


def _is_valid(name: str, value: str, prefixes: str) -> bool:
    if name in {"ip4", "ip6"}:
        return _is_network(value + prefixes, int(name[2]))
    if value and not _DOMAIN.fullmatch(value):
        return False
    prefix4, _, prefix6 = prefixes.partition("//")
    if int(prefix4.removeprefix("/") or 0) > 32 or int(prefix6 or 0) > 128:
        return False
    return {
        "all": not value and not prefixes,
        "include": bool(value) and not prefixes,
        "exists": bool(value) and not prefixes,
        "ptr": not prefixes,
    }.get(name, True)


def _is_network(text: str, version: int) -> bool:
    try:
        return ip_network(text, strict=False).version == version
    except ValueError:
        return False


def _macro(match: re.Match[str], texts: dict[str, str]) -> str:
    letter, digits, reverse, delimiters, escape = match.groups()
    if letter is None or letter.lower() not in texts or digits == "0":
        if escape:
            return _OTHER_MACROS[escape]
        raise SpfError(f"{match[0]!r} is not a macro of SPF")
    parts = re.split(f"[{re.escape(delimiters or '.')}]", texts[letter.lower()])
    if reverse:
        parts.reverse()
    return ".".join(parts[-int(digits) :] if digits else parts)
