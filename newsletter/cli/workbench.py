"""``newsletter preview --serve``: starts the workbench, which looks at a copy of the store."""

from argparse import Namespace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from newsletter.bootstrap import App
from newsletter.bootstrap.workbench import Bench
from newsletter.cli.output import say
from newsletter.domain.errors import NewsletterError
from newsletter.web import app as web
from newsletter.web import workbench


def serve(app: App, args: Namespace) -> int:
    """Until it is stopped. Nothing in the store changes."""
    try:
        socket = web.listening(workbench.HOST, args.port)
    except OSError as error:
        raise NewsletterError(f"cannot listen on port {args.port}: {error.strerror}") from error
    port = socket.getsockname()[1]
    query = urlencode({key: value for key in ("date", "to") if (value := getattr(args, key))})
    with socket, TemporaryDirectory(prefix="newsletter-") as folder:
        bench = Bench(app, Path(folder))
        say(f"the workbench: http://{workbench.HOST}:{port}/{'?' * bool(query)}{query}")
        application = workbench.app(bench.page, bench.frame, bench.version, port)
        try:
            web.server(application).run(sockets=[socket])
        except KeyboardInterrupt:
            pass
        finally:
            bench.close()
    return 0
