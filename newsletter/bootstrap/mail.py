"""The parts that mail needs: addresses, the signer and the channel."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from newsletter.bootstrap import App
from newsletter.config import Settings
from newsletter.domain.addresses import mailbox, parse_address
from newsletter.domain.errors import ConfigError
from newsletter.domain.hostnames import in_ascii
from newsletter.mail.channels import Channel

if TYPE_CHECKING:
    from newsletter.mail.dkim.signing import Signer

_PLACEHOLDER = "Preview <preview@example.org>"
_PORTS = {"none": 25, "starttls": 587, "tls": 465}


def from_address(settings: Settings) -> str:
    """As configured, or a placeholder for commands that only show."""
    return settings.newsletter.from_address or _PLACEHOLDER


def sender_address(settings: Settings) -> str:
    """The bare address of ``from_address``."""
    return mailbox(from_address(settings), "newsletter.from_address").address


def sender_domain(settings: Settings) -> str:
    """Of an address in ASCII not checked any more: what checks it takes long to load."""
    domain = parse_address(from_address(settings))[1].rpartition("@")[2]
    if not domain.isascii():
        domain = in_ascii(sender_address(settings).rpartition("@")[2])
    return domain.lower()


def bounce_address(settings: Settings) -> str:
    return settings.delivery.return_path or sender_address(settings)


def signer(app: App) -> "Signer | None":
    """Raises ConfigError where a key is configured and cannot be used."""
    section = app.settings.dkim
    if not section.key_file:
        return None
    from newsletter.mail.dkim.keys import read_key
    from newsletter.mail.dkim.signing import Signer

    domain = section.domain or sender_address(app.settings).rpartition("@")[2]
    try:
        domain = in_ascii(domain)
    except ValueError as error:
        problem = f"dkim.domain: {domain!r} is no domain"
        raise ConfigError(problem, f"write it as it is registered ({error})") from error
    return Signer(domain, section.selector, read_key(app.beside(section.key_file)))


def sign(app: App) -> Callable[[bytes], bytes] | None:
    """What adds a DKIM signature to a message; None without a key. Raises ConfigError."""
    key = signer(app)
    return key.sign if key else None


def channel(app: App) -> Channel:
    """The configured channel, not yet connected."""
    return CHANNELS[app.settings.delivery.channel](app)


def _folder(app: App) -> Channel:
    from newsletter.mail.channels.folder import Folder

    return Folder(app.beside(app.settings.delivery.folder.path))


def _smtp(app: App) -> Channel:
    from newsletter.mail.channels.smtp import Smtp

    delivery = app.settings.delivery
    smtp = delivery.smtp
    return Smtp(
        smtp.host,
        smtp.port or _PORTS[smtp.security],
        smtp.security,
        smtp.username,
        smtp.password,
        per_connection=delivery.pace.per_connection,
    )


CHANNELS: Mapping[str, Callable[[App], Channel]] = {"folder": _folder, "smtp": _smtp}
"""By the value of ``delivery.channel``."""
