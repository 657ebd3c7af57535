"""Commands on what came back: returns, and the report on the list's health."""

from newsletter.cli.arguments.commands import Commands
from newsletter.cli.arguments.types import days, return_id


def add_commands(commands: Commands) -> None:
    command = commands.add(
        "returns", "returns:returns", "process returned mail: bounces, complaints, answers",
        json=True,
    )  # fmt: skip
    command.add_argument(
        "path", nargs="?", metavar="PATH|-",
        help="a Maildir, an mbox, a folder of .eml, a message; - for standard input"
        " (default: the mailbox of [returns])",
    )  # fmt: skip
    look = command.add_mutually_exclusive_group()
    look.add_argument("--list", action="store_true", help="list the returns that may need a look")
    look.add_argument("--all", action="store_true", help="list all returns")
    look.add_argument(
        "--show", type=return_id, metavar="ID", help="show one return, as far as it is kept"
    )
    command.add_argument(
        "--days", type=days, default=30, metavar="N", help="of --list (default: 30)"
    )
    command = commands.add(
        "report", "report:report", "show the health of the list: growth, leaves, returns",
        json=True,
    )  # fmt: skip
    command.add_argument("--days", type=days, default=30, metavar="N", help="default: 30")
    command.add_argument("--html", metavar="FILE", help="write it as a page with plots")
