"""``newsletter serve``: the web pages, until it is stopped."""

import logging
import os
import signal
from argparse import Namespace
from collections.abc import Iterator
from socket import socket
from threading import Event, Thread

from newsletter.bootstrap import App
from newsletter.bootstrap.delivery import check_ready_to_send
from newsletter.bootstrap.desk import desk
from newsletter.bootstrap.signup import background, why_closed
from newsletter.bootstrap.web import site
from newsletter.cli.output import say, set_up_log, warn_each
from newsletter.domain.errors import NewsletterError, SchemaChanged, StoreError
from newsletter.services import desk_users
from newsletter.services.error_log import log_error
from newsletter.storage import Store
from newsletter.web import app as web

_LOOK_EVERY = 15  # seconds


def serve(app: App, args: Namespace) -> int:
    set_up_log()
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    if closed := why_closed(app):
        say(f"nobody can sign up: {closed}")
    if behind := background(app):
        warn_each(check_ready_to_send(app))
    public = site(app, behind)
    host = args.host or app.settings.web.host
    port = app.settings.web.port if args.port is None else args.port
    sites = [(public, _listening(host, port, "web"))]
    say(f"listening on {_url(sites[0][1])}; put a web server with TLS in front of it")
    if app.settings.desk.enabled:
        section = app.settings.desk
        sites.append((desk(app), _listening(section.host, section.port, "desk")))
        for line in about_the_desk(app, _url(sites[1][1])):
            say(line)
    ended = Event()
    Thread(target=_end_when_migrated, args=(app.store, ended), daemon=True).start()
    if behind:
        behind.start()
    try:
        web.serve(sites)
    finally:
        if behind:
            behind.stop()
    return 1 if ended.is_set() else 0


def about_the_desk(app: App, url: str) -> Iterator[str]:
    yield f"the desk: {url}/desk"
    if not desk_users.listed(app.store):
        yield "it has no user: add one with `newsletter desk user add NAME`"


def _listening(host: str, port: int, section: str) -> socket:
    try:
        return web.listening(host, port)
    except OSError as error:
        raise NewsletterError(
            f"cannot listen on {host}:{port}: {error.strerror}",
            f"set {section}.host and {section}.port, or end what listens there",
        ) from error


def _url(bound: socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _end_when_migrated(store: Store, ended: Event) -> None:
    """Stops when another program has migrated the database."""
    while not ended.wait(_LOOK_EVERY):
        try:
            store.verify()
        except SchemaChanged as error:
            log_error(error)
            ended.set()
            os.kill(os.getpid(), signal.SIGTERM)
        except StoreError as error:
            log_error(error)
