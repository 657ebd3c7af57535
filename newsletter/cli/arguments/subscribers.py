"""Commands on subscribers."""

from newsletter.cli.arguments.commands import Commands
from newsletter.cli.arguments.types import hour
from newsletter.language import available


def add_commands(commands: Commands) -> None:
    group = Commands(
        commands.add("subscribers", "", "add, change, list, import and export subscribers"),
        "ACTION",
    )
    _declare_add(group)
    _declare_inspection(group)
    _declare_leaving(group)
    _declare_csv(group)


def _declare_add(group: Commands) -> None:
    command = group.add(
        "add",
        "subscribers:add",
        "add a subscriber, or change one",
        json=True,
        audited="address",
    )
    command.add_argument("address", metavar="ADDRESS")
    command.add_argument("--name")
    command.add_argument("--timezone", metavar="ZONE", help="such as Europe/Paris")
    command.add_argument("--hour", type=hour, metavar="H", help="local hour, 0 to 23")
    command.add_argument(
        "--weekdays", metavar="DAYS", help='"mon wed fri", "mon-fri" or "every day"'
    )
    command.add_argument(
        "--paused-until", metavar="D", help="no issue before this date; 'none' ends the pause"
    )
    command.add_argument(
        "--frequency",
        choices=("daily", "weekly"),
        help="weekly: one digest, on the first of the weekdays",
    )
    command.add_argument(
        "--language",
        metavar="L",
        help=f"language of the words around the insights: {', '.join(available())}",
    )
    about = command.add_mutually_exclusive_group()
    about.add_argument("--interests", metavar="TEXT", help='such as "chip supply chains, sleep"')
    about.add_argument(
        "--like",
        action="append",
        metavar="BRIEF|INSIGHT",
        help="take interests from a brief file or an insight's number; repeatable",
    )
    command.add_argument(
        "--resubscribe",
        action="store_true",
        help="bring back a subscriber who left and asked to return",
    )


def _declare_inspection(group: Commands) -> None:
    command = group.add("list", "subscribers:list_", "list the subscribers, a line each", json=True)
    command.add_argument(
        "--state", choices=("pending", "active", "unsubscribed", "bounced", "complained")
    )
    command = group.add(
        "show", "subscribers:show", "show one subscriber and their deliveries", json=True
    )
    command.add_argument("address", metavar="ADDRESS")


def _declare_leaving(group: Commands) -> None:
    command = group.add(
        "remove",
        "subscribers:remove",
        "unsubscribe an address; its row is kept",
        json=True,
        audited="address",
    )
    command.add_argument("address", metavar="ADDRESS")
    command = group.add(
        "erase",
        "subscribers:erase",
        "erase everything about a subscriber, for good",
        json=True,
        audited="run",
    )
    command.add_argument("address", metavar="ADDRESS")


def _declare_csv(group: Commands) -> None:
    command = group.add(
        "import",
        "subscribers_csv:import_",
        "add subscribers from a CSV file",
        json=True,
        audited="csv",
    )
    command.add_argument("csv", metavar="CSV", help="with a header line; - for standard input")
    command.add_argument(
        "--dry-run", action="store_true", help="show what each line would change; store nothing"
    )
    group.add("export", "subscribers_csv:export", "write all subscribers as CSV to standard output")
