"""Questions to the DNS. What is not there is an empty answer; no answer at all is an error."""

from typing import Any

import dns.exception
import dns.resolver
import dns.reversename

from newsletter.domain.errors import NewsletterError


class Dns:
    def __init__(self, resolver: dns.resolver.Resolver) -> None:
        self._resolver = resolver

    def texts(self, name: str) -> list[str]:
        """TXT, each in one piece."""
        found = self._ask(name, "TXT")
        return [b"".join(one.strings).decode("utf-8", "replace") for one in found]

    def mail_hosts(self, name: str) -> list[str]:
        """MX, the preferred first; one empty name where it takes no mail (RFC 7505)."""
        found = sorted(self._ask(name, "MX"), key=lambda one: one.preference)
        return [_plain(one.exchange) for one in found]

    def addresses(self, name: str) -> list[str]:
        return [one.address for kind in ("A", "AAAA") for one in self._ask(name, kind)]

    def names(self, address: str) -> list[str]:
        """PTR."""
        found = self._ask(str(dns.reversename.from_address(address)), "PTR")
        return [_plain(one.target) for one in found]

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(self._resolver.resolve(f"{name.rstrip('.')}.", kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as error:
            told = " ".join(str(error).split())
            raise NewsletterError(
                f"the DNS did not answer about {kind} of {name} ({told}):"
                " try again, or see to this machine's resolver"
            ) from error


def _plain(name: object) -> str:
    return str(name).rstrip(".").lower()
