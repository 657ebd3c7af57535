"""The parts that returns need: the rules, the mailbox, and how replies are forwarded."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from newsletter.bootstrap import App
from newsletter.bootstrap.mail import (
    bounce_address,
    channel,
    from_address,
    sender_address,
    sender_domain,
    sign,
)
from newsletter.bootstrap.rendering import secret
from newsletter.config import Settings
from newsletter.delivery.returned import ReturnRules, StormRules
from newsletter.domain.addresses import mailbox, parse_address
from newsletter.domain.errors import Refused
from newsletter.domain.returns import Return
from newsletter.mail.channels import Envelope
from newsletter.mail.mailboxes import Letter
from newsletter.returns.rules import BounceRules
from newsletter.services.returns import Intake, forward_replies
from newsletter.storage import mailboxes

if TYPE_CHECKING:
    from newsletter.mail.mailboxes.imap import Imap
    from newsletter.returns.ours import Ours

_PORTS = {"tls": 993, "starttls": 143, "none": 143}


def return_rules(settings: Settings) -> ReturnRules:
    section = settings.returns
    return ReturnRules(
        BounceRules(section.soft_bounces, section.soft_days, section.stayed_days),
        StormRules(section.storm_percent / 100, section.storm_least),
    )


def intake(app: App) -> Intake:
    return Intake(app.store, understanding(app), return_rules(app.settings), secret(app))


def understanding(app: App) -> Callable[[bytes], Return]:
    from newsletter.returns.understand import understand

    ours = our_marks(app)
    return lambda raw: understand(raw, ours)


def our_marks(app: App) -> "Ours":
    from newsletter.returns.ours import Ours

    settings = app.settings
    written_to = filter(None, (from_address(settings), settings.newsletter.reply_to))
    return Ours(
        secret=secret(app),
        return_path=bounce_address(settings),
        addresses=frozenset(parse_address(text)[1] for text in written_to),
        domain=sender_domain(settings),
    )


def has_mailbox(settings: Settings) -> bool:
    return bool(settings.returns.maildir or settings.returns.imap.host)


def new_letters(app: App) -> Iterator[Letter]:
    """What came into the configured mailbox. Raises NewsletterError where it cannot be read."""
    if app.settings.returns.imap.host:
        return _imap(app).letters()
    from newsletter.mail.mailboxes.files import new_letters as of_maildir

    return of_maildir(app.beside(app.settings.returns.maildir))


def _imap(app: App) -> "Imap":
    from newsletter.mail.mailboxes.imap import Imap

    section = app.settings.returns.imap
    return Imap(
        host=section.host,
        port=section.port or _PORTS[section.security],
        security=section.security,
        username=section.username,
        folder=section.folder,
        read=partial(mailboxes.last_read, app.store),
        store=partial(mailboxes.remember_read, app.store),
        password=section.password,
    )


def take_new(app: App, most: int | None = None) -> Counter[str]:
    """Take in what came into the configured mailbox, where there is one, ``most`` letters at a
    time; forward what waits."""
    done: Counter[str] = Counter()
    if has_mailbox(app.settings):
        done = intake(app).take_all(islice(new_letters(app), most), app.clock)
    return done + forward(app)


def letters_told(done: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(done.items()))


def forward(app: App) -> Counter[str]:
    """Forward the replies that wait; nothing where newsletter.reply_to is empty."""
    if not app.settings.newsletter.reply_to:
        return Counter()
    line = channel(app)
    try:
        return forward_replies(app.store, partial(_forward, app, line.send))
    finally:
        line.close()


def _forward(app: App, send: Callable[[Envelope], str], raw: bytes) -> str:
    """Raises DeliveryError; Refused for what must not be forwarded."""
    from newsletter.mail.forwarding import forwarded, may_forward

    settings, now = app.settings, app.clock()
    if not may_forward(raw, sender_address(settings)):
        raise Refused("a program wrote it, or it is one of ours")
    to = mailbox(settings.newsletter.reply_to, "newsletter.reply_to").address
    message = _wrapped(forwarded, raw, from_address(settings), to, sender_domain(settings), now)
    signed = sign(app)
    return send(Envelope(bounce_address(settings), to, signed(message) if signed else message))


def _wrapped(make: Callable[..., bytes], raw: bytes, *about: str | datetime) -> bytes:
    """A message that cannot be wrapped is the sender's doing: it stays listed, whole."""
    try:
        return make(raw, *about)
    except Exception as error:  # a defect of the standard library's parser must not block others
        raise Refused(f"it cannot be wrapped: {error!r}") from error
