"""``newsletter doctor --online``: what the DNS tells the world about our mail, and the model."""

import ipaddress
from collections.abc import Iterator

from newsletter.bootstrap import App
from newsletter.bootstrap.mail import bounce_address, sender_address, signer
from newsletter.bootstrap.writer import client
from newsletter.domain.addresses import mailbox
from newsletter.domain.checks import CheckResult
from newsletter.domain.hostnames import in_ascii
from newsletter.ingest.writer import check
from newsletter.mail import dns_checks
from newsletter.mail.dns import Dns


def resolver() -> Dns:
    """The one that this machine is configured to use."""
    import dns.exception
    import dns.resolver

    from newsletter.domain.errors import NewsletterError

    try:
        return Dns(dns.resolver.Resolver())
    except dns.exception.DNSException as error:
        raise NewsletterError(
            f"no DNS server is known: {error}", "check this machine's resolver"
        ) from error


def spf(app: App) -> Iterator[CheckResult]:
    """The envelope's domain, which receivers check, and the sender's; then our server."""
    dns, envelope = resolver(), _domain(bounce_address(app.settings))
    for domain in dict.fromkeys((envelope, _domain(sender_address(app.settings)))):
        yield dns_checks.spf(domain, dns)
    if host := _mail_server(app):
        yield from dns_checks.spf_of_host(envelope, host, _addresses(host, dns), dns)


def dkim(app: App, message: bytes) -> Iterator[CheckResult]:
    if key := signer(app):
        yield dns_checks.dkim(key, resolver().texts(key.record_name), message)


def dmarc(app: App) -> Iterator[CheckResult]:
    domain, dns = _domain(sender_address(app.settings)), resolver()
    records = list(dns_checks.walk(domain, dns.texts))
    key = signer(app)
    signed_by = key.domain if key else ""
    yield dns_checks.dmarc(domain, records, signed_by, _domain(bounce_address(app.settings)))


def mx(app: App) -> Iterator[CheckResult]:
    dns, sender = resolver(), sender_address(app.settings)
    reply_to = app.settings.newsletter.reply_to
    replies = mailbox(reply_to, "newsletter.reply_to").address if reply_to else sender
    addresses = sender, replies, bounce_address(app.settings)
    for domain in dict.fromkeys(map(_domain, addresses)):
        hosts = {host: dns.addresses(host) if host else [] for host in dns.mail_hosts(domain)}
        yield dns_checks.mx(domain, hosts, dns.addresses(domain))


def ptr(app: App) -> Iterator[CheckResult]:
    """The mail server that we connect to: it delivers, unless it relays."""
    host = _mail_server(app)
    if not host:
        if app.settings.delivery.channel == "smtp":
            finding = "the mail server is on this machine: what address it sends from is not known"
            yield CheckResult("PTR", "ok", finding)
        return
    dns = resolver()
    names = {
        address: {name: dns.addresses(name) for name in dns.names(address)}
        for address in _addresses(host, dns)
    }
    yield from dns_checks.ptr(host, names)


def model(app: App) -> Iterator[CheckResult]:
    """The endpoint that writes insights, where there is one."""
    if app.settings.writer.url:
        yield from check.endpoint(client(app.settings))


def _mail_server(app: App) -> str:
    """Its host; empty without one, or if it is this machine: its public address is not known."""
    host = app.settings.delivery.smtp.host
    return "" if app.settings.delivery.channel != "smtp" or _is_here(host) else host


def _addresses(host: str, dns: Dns) -> list[str]:
    return [host] if _is_address(host) else dns.addresses(in_ascii(host))


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
