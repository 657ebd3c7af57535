"""``newsletter doctor --online``: what the world finds in the DNS about our mail."""

import ipaddress
from collections.abc import Iterator

from newsletter.bootstrap import App
from newsletter.bootstrap.mail import bounce_address, sender_address, signer
from newsletter.domain.addresses import mailbox
from newsletter.domain.checks import CheckResult
from newsletter.domain.hostnames import in_ascii
from newsletter.mail import dns_checks
from newsletter.mail.dns import Dns


def resolver() -> Dns:
    """As this machine is set up to ask."""
    import dns.exception
    import dns.resolver

    from newsletter.domain.errors import NewsletterError

    try:
        return Dns(dns.resolver.Resolver())
    except dns.exception.DNSException as error:
        raise NewsletterError(f"no DNS to ask: {error}: see to this machine's resolver") from error


def spf(app: App) -> Iterator[CheckResult]:
    asked = resolver()
    for domain in dict.fromkeys(
        (_domain(bounce_address(app.settings)), _domain(sender_address(app.settings)))
    ):
        yield dns_checks.spf(domain, asked.texts(domain))


def dkim(app: App, message: bytes) -> Iterator[CheckResult]:
    from newsletter.cli.dkim import zone_line

    if key := signer(app):
        texts = resolver().texts(key.place)
        yield dns_checks.dkim(key, texts, message, zone_line(key))


def dmarc(app: App) -> Iterator[CheckResult]:
    domain, asked = _domain(sender_address(app.settings)), resolver()
    found = list(dns_checks.walk(domain, asked.texts))
    key = signer(app)
    signed_by = key.domain if key else ""
    yield dns_checks.dmarc(domain, found, signed_by, _domain(bounce_address(app.settings)))


def mx(app: App) -> Iterator[CheckResult]:
    asked = resolver()
    reply_to = app.settings.newsletter.reply_to
    answers = (
        mailbox(reply_to, "newsletter.reply_to").address
        if reply_to
        else sender_address(app.settings)
    )
    for domain in dict.fromkeys(
        map(_domain, (sender_address(app.settings), answers, bounce_address(app.settings)))
    ):
        hosts = {host: asked.addresses(host) if host else [] for host in asked.mail_hosts(domain)}
        yield dns_checks.mx(domain, hosts, asked.addresses(domain))


def ptr(app: App) -> Iterator[CheckResult]:
    """Of the server that we hand over to: it is the one that delivers, unless it relays."""
    host = app.settings.delivery.smtp.host
    if app.settings.delivery.channel != "smtp":
        return
    if _is_here(host):
        yield CheckResult(
            "PTR", "ok", f"{host} is this machine: what address it sends from is not known"
        )
        return
    asked = resolver()
    called = {
        address: {name: asked.addresses(name) for name in asked.names(address)}
        for address in ([host] if _is_address(host) else asked.addresses(in_ascii(host)))
    }
    yield from dns_checks.ptr(host, called)


def _domain(address: str) -> str:
    return in_ascii(address.rpartition("@")[2]).lower()


def _is_here(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
