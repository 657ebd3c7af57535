"""The parts that delivering needs: its context, rate limits and the settings it requires."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial

from newsletter.bootstrap import App
from newsletter.bootstrap.mail import bounce_address, channel, signer
from newsletter.bootstrap.rate_limits import rate_limits
from newsletter.bootstrap.rendering import branding, secret
from newsletter.bootstrap.returns import return_rules
from newsletter.delivery.context import DeliveryContext, Watch
from newsletter.domain.errors import ConfigError
from newsletter.domain.notices import Notice, asked
from newsletter.domain.tokens import notice_return_path, return_path
from newsletter.services.clock import steady
from newsletter.services.notices import NoticeJob


def delivery_context(app: App, stop: threading.Event, watch: Watch) -> DeliveryContext:
    section = app.settings.delivery
    process = f"{socket.gethostname()}:{os.getpid()}"
    return DeliveryContext(
        store=app.store,
        channel=partial(channel, app),
        branding=cache(partial(branding, app)),
        sender=envelope_sender(app),
        owner=f"{process}:{threading.get_ident()}:{steady().seconds}",
        steady=steady,
        stop=stop.is_set,
        watch=watch,
        connections=section.connections,
        claim=section.claim,
        lease=timedelta(seconds=section.lease_seconds),
        pace=rate_limits(app.settings),
        returns=return_rules(app.settings),
    )


def notice_job(app: App, stop: threading.Event) -> NoticeJob:
    """A warm-up is for issues: somebody waits for a notice."""
    context = delivery_context(app, stop, lambda *_: None)
    pace = replace(context.pace, warm_ups=())
    return NoticeJob(replace(context, pace=pace), notice_sender(app), app.clock)


def envelope_sender(app: App) -> Callable[[int], str]:
    """By the id of a delivery; with ``delivery.return_path`` a bounce names its delivery."""
    if app.settings.delivery.return_path:
        return partial(return_path, secret(app), bounce_address(app.settings))
    address = cache(partial(bounce_address, app.settings))
    return lambda _id: address()


def notice_sender(app: App) -> Callable[[Notice], str]:
    """The same of a notice."""
    address = cache(partial(bounce_address, app.settings))
    if not app.settings.delivery.return_path:
        return lambda _notice: address()
    key = secret(app)

    def sender(notice: Notice) -> str:
        return notice_return_path(key, address(), notice.id, asked(notice.asked_at))

    return sender


def _unsubscribe_warnings(base_url: str) -> Iterator[str]:
    if not base_url:
        yield "newsletter.base_url is empty: readers can unsubscribe by mail only"
    elif not base_url.startswith("https://"):
        yield "newsletter.base_url is not https: mail programs offer no one-click unsubscribe"


def check_ready_to_send(app: App) -> Iterator[str]:
    """Raises ConfigError where nothing may be sent; yields warnings of what readers will miss."""
    channel(app)
    secret(app)
    section = app.settings.newsletter
    if not section.from_address:
        raise ConfigError(
            f"{app.path}: newsletter.from_address is missing",
            'write "Name <name@example.org>"',
        )
    if app.settings.delivery.channel != "folder":
        yield from _unsubscribe_warnings(section.base_url)
    if not section.postal_address:
        yield "newsletter.postal_address is empty: the law asks for one in many places"
    if signer(app):
        from newsletter.mail.dkim.keys import others_can_read

        key = app.beside(app.settings.dkim.key_file)
        if others_can_read(key):
            yield f"dkim.key_file: others can read {key} and sign in your name: chmod 600 {key}"
