"""A real DNS server on loopback, UDP, that answers from a table."""

import socketserver
import threading
from collections.abc import Mapping, Sequence
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset

Zone = Mapping[tuple[str, str], Sequence[str]]
"""(name without its last dot, type) to the records as a zone file writes them."""
BROKEN = "broken"
"""As a name's type: every question about it is answered SERVFAIL."""


class DnsServer:
    """``with DnsServer(zone) as server: server.resolver()``; ``asked`` lists the questions."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[tuple[str, str]] = []
        self._server = socketserver.UDPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def resolver(self) -> dns.resolver.Resolver:
        made = dns.resolver.Resolver(configure=False)
        made.nameservers, made.port = ["127.0.0.1"], self._server.server_address[1]
        made.timeout = made.lifetime = 60.0
        return made

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def answer(self, octets: bytes) -> bytes:
        question = dns.message.from_wire(octets)
        [query] = question.question
        name, record_type = (
            query.name.to_text(omit_final_dot=True),
            dns.rdatatype.to_text(query.rdtype),
        )
        self.asked.append((name, record_type))
        made = dns.message.make_response(question)
        made.flags |= dns.flags.AA
        records = self.zone.get((name.lower(), record_type), ())
        if (name.lower(), BROKEN) in self.zone:
            made.set_rcode(dns.rcode.SERVFAIL)
        elif records:
            made.answer.append(dns.rrset.from_text(query.name, 60, "IN", record_type, *records))
        elif not any(name.lower() == known for known, _ in self.zone):
            made.set_rcode(dns.rcode.NXDOMAIN)
        return made.to_wire()


def _handler(server: DnsServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            octets, sender = self.request
            sender.sendto(server.answer(octets), self.client_address)

    return Handler
