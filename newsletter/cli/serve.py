"""``newsletter serve``: the web pages, until it is stopped."""

import logging
import os
import signal
from argparse import Namespace
from threading import Event, Thread

from newsletter.bootstrap import App
from newsletter.bootstrap.web import site
from newsletter.cli.output import say, set_up_log
from newsletter.domain.errors import NewsletterError, SchemaChanged, StoreError
from newsletter.services.error_log import log_error
from newsletter.storage import Store
from newsletter.web import app as web

_LOOK_EVERY = 15  # seconds


def serve(app: App, args: Namespace) -> int:
    set_up_log()
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    application = site(app)
    host = args.host or app.settings.web.host
    port = app.settings.web.port if args.port is None else args.port
    try:
        socket = web.listening(host, port)
    except OSError as error:
        raise NewsletterError(
            f"cannot listen on {host}:{port}: {error.strerror}",
            "set web.host and web.port, or end what listens there",
        ) from error
    port = socket.getsockname()[1]
    say(f"listening on http://{host}:{port}; put a web server with TLS in front of it")
    ended = Event()
    Thread(target=_end_when_migrated, args=(app.store, ended), daemon=True).start()
    web.serve(application, socket)
    return 1 if ended.is_set() else 0


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
