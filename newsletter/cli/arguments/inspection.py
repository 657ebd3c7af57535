"""Commands that show and check, and change nothing."""

from newsletter.cli.arguments.commands import Commands
from newsletter.cli.arguments.types import day, port


def add_commands(commands: Commands) -> None:
    _declare_preview(commands)
    _declare_lint(commands)
    _declare_explanations(commands)
    _declare_checks(commands)


def _declare_preview(commands: Commands) -> None:
    command = commands.add(
        "preview", "preview:preview", "render an issue as it would be sent; change nothing"
    )
    command.add_argument("--date", type=day, metavar="D", help="default: today")
    command.add_argument("--to", metavar="ADDRESS", help="whose issue (default: the house issue)")
    command.add_argument("--out", metavar="FILE", help="where to write it (- for standard output)")
    command.add_argument("--open", action="store_true", help="open it in a browser")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--text", action="store_true", help="the plain text part")
    form.add_argument("--eml", action="store_true", help="the message itself, byte for byte")
    command.add_argument("--why", action="store_true", help="also print why these five were picked")
    command.add_argument("--now", action="store_true", help="as `send --now` would send it")
    command.add_argument(
        "--serve",
        action="store_true",
        help="open the workbench: every form of the issue, in a browser",
    )
    command.add_argument("--port", type=port, default=8026, help="of --serve (default: 8026)")


def _declare_lint(commands: Commands) -> None:
    command = commands.add(
        "lint", "lint:lint", "check that a template fits every mail program", json=True
    )
    command.add_argument(
        "template", nargs="?", metavar="TEMPLATE", help="default: the issue.html in use"
    )


def _declare_explanations(commands: Commands) -> None:
    command = commands.add(
        "explain",
        "preview:explain",
        "show why these five were picked, and the others not",
        json=True,
    )
    command.add_argument("--to", metavar="ADDRESS", help="whose issue (default: the house issue)")
    command.add_argument("--date", type=day, metavar="D", help="default: today")
    command = commands.add(
        "related", "related:show", "show the earlier insights nearest to a text", json=True
    )
    command.add_argument("about", metavar="TEXT|ID", help="a text, or the number of an insight")
    command.add_argument("--most", type=int, default=10, metavar="N", help="default: 10")
    command = commands.add(
        "interests",
        "interests:show",
        "show what a reader's phrases match in the archive",
        json=True,
    )
    command.add_argument("phrases", metavar="PHRASE", help='such as "chip supply chains, not cars"')
    command.add_argument("--most", type=int, default=20, metavar="N", help="default: 20")


def _declare_checks(commands: Commands) -> None:
    command = commands.add(
        "status",
        "status:status",
        "show what was read, sent and not sent, and what is due next",
        json=True,
    )
    command.add_argument("--date", type=day, metavar="D", help="default: today")
    command = commands.add(
        "doctor",
        "doctor:doctor",
        "check the configuration, the database and the delivery",
        json=True,
    )
    command.add_argument(
        "--online",
        action="store_true",
        help="also check the DNS (SPF, DKIM, DMARC, MX, PTR) and the model of [writer]",
    )
