"""DNS look-ups. A name or record that does not exist is an empty answer; no answer is an error."""

from typing import Any

import dns.exception
import dns.name
import dns.resolver
import dns.reversename

from newsletter.domain.errors import NewsletterError


class Dns:
    def __init__(self, resolver: dns.resolver.Resolver) -> None:
        self._resolver = resolver

    def texts(self, name: str) -> list[str]:
        """TXT, the strings of each record joined."""
        records = self._ask(name, "TXT")
        return [b"".join(record.strings).decode("utf-8", "replace") for record in records]

    def mail_hosts(self, name: str) -> list[str]:
        """MX in order of preference; one empty name if the domain takes no mail (RFC 7505)."""
        records = sorted(self._ask(name, "MX"), key=lambda record: record.preference)
        return [_plain(record.exchange) for record in records]

    def addresses(self, name: str) -> list[str]:
        """A and AAAA."""
        return [record.address for type_ in ("A", "AAAA") for record in self._ask(name, type_)]

    def names(self, address: str) -> list[str]:
        """PTR."""
        records = self._ask(str(dns.reversename.from_address(address)), "PTR")
        return [_plain(record.target) for record in records]

    def _ask(self, name: str, type_: str) -> list[Any]:
        try:
            return list(self._resolver.resolve(f"{name.rstrip('.')}.", type_))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as error:
            reason = " ".join(str(error).split())
            raise NewsletterError(
                f"the DNS did not answer about {type_} of {name} ({reason})",
                "try again, or check this machine's resolver",
            ) from error


def _plain(name: object) -> str:
    return str(name).rstrip(".").lower()


def is_name(text: str) -> bool:
    """Whether the DNS can be asked about it: labels of 1 to 63 octets, 255 in all."""
    try:
        return bool(text) and dns.name.from_text(text.rstrip(".")) != dns.name.root
    except (dns.exception.DNSException, UnicodeError):
        return False
