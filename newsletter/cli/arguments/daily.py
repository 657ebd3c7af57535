"""Commands that do a day's work: ingest, scan, send, and the programs that run all day."""

from newsletter.cli.arguments.commands import Commands
from newsletter.cli.arguments.types import count, day, port

QUEUES = ("deliver", "compose", "scan", "gather", "returns")


def add_commands(commands: Commands) -> None:
    _declare_reading(commands)
    _declare_send(commands)
    _declare_servers(commands)


def _declare_reading(commands: Commands) -> None:
    command = commands.add("ingest", "ingest:ingest", "read brief files into the store", json=True)
    command.add_argument("paths", nargs="*", metavar="PATH", help="default: the configured inbox")
    command.add_argument(
        "--dropped", action="store_true", help="list the paragraphs left out as boilerplate"
    )
    command.add_argument(
        "--explain",
        metavar="FILE",
        help="show how each paragraph of a file is read, and by which rule; change nothing",
    )
    command = commands.add(
        "scan", "scan:scan", "read new episodes of the podcasts whose feeds are due", json=True
    )
    command.add_argument(
        "--dry-run", action="store_true", help="show what would be read; write nothing"
    )


def _declare_send(commands: Commands) -> None:
    command = commands.add(
        "send", "send:send", "ingest, compose and deliver once, to everybody who is due", json=True
    )
    command.add_argument(
        "--date",
        type=day,
        metavar="D",
        help="send the issue of this date (a later date needs --now)",
    )
    command.add_argument(
        "--to", action="append", metavar="ADDRESS", help="only to this subscriber; repeatable"
    )
    command.add_argument(
        "--now",
        action="store_true",
        help="to every active subscriber who has none yet, at any hour",
    )
    command.add_argument(
        "--dry-run", action="store_true", help="show who would get what; change nothing"
    )
    command.add_argument(
        "--test", metavar="ADDRESS", help="send one marked copy; the ledger does not change"
    )
    command.add_argument(
        "--as", dest="as_", metavar="SUBSCRIBER", help="whose issue --test sends (default: house)"
    )


def _declare_servers(commands: Commands) -> None:
    commands.add("run", "run:run", "ingest and deliver every day, until stopped")
    command = commands.add(
        "worker", "worker:worker", "do a share of the work, as one of several machines"
    )
    command.add_argument("--queues", metavar="NAME,…", help="default: " + ", ".join(QUEUES))
    command.add_argument(
        "--concurrency", type=count, default=2, help="tasks at the same time (default: 2)"
    )
    command = commands.add(
        "serve", "serve:serve", "serve the web pages: site, unsubscribing, desk, API"
    )
    command.add_argument("--host", help="default: web.host")
    command.add_argument("--port", type=port, help="default: web.port")
