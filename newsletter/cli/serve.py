"""``newsletter serve``: the web pages, until it is stopped."""

import logging
from argparse import Namespace

from newsletter.bootstrap import App
from newsletter.bootstrap.rendering import branding, secret
from newsletter.cli.output import say, set_up_log
from newsletter.domain.errors import NewsletterError
from newsletter.services.unsubscribe import UnsubscribeLinks
from newsletter.web import app as web
from newsletter.web import unsubscribe


def serve(app: App, args: Namespace) -> int:
    set_up_log()
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    links = UnsubscribeLinks(app.store, secret(app), app.clock)
    application = web.app(unsubscribe.routes(links, branding(app)))
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
    web.serve(application, socket)
    return 0
