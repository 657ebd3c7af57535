"""Tokens of other programs, users of the desk, and the audit of what was changed."""

from newsletter.cli.arguments.commands import Commands
from newsletter.cli.arguments.types import count

ROLES = ("editor", "operator")
SCOPES = ("read", "subscribers", "erase", "briefs", "operate")


def add_commands(commands: Commands) -> None:
    _declare_api(commands)
    _declare_audit(commands)
    _declare_desk(commands)


def _declare_api(commands: Commands) -> None:
    api = Commands(commands.add("api", "", "manage the access of other programs"), "THING")
    group = Commands(api.add("token", "", "add, list and revoke tokens"), "ACTION")
    command = group.add(
        "add", "api:add_token", "make a token, and print it once", json=True, audited="name"
    )
    command.add_argument("name", metavar="NAME", help="a name for it, such as website")
    command.add_argument(
        "--scope", action="append", required=True, choices=SCOPES, help="repeatable"
    )
    command.add_argument("--days", type=int, default=365, metavar="N", help="default: 365")
    group.add("list", "api:list_tokens", "list the tokens; their secrets are not kept", json=True)
    command = group.add(
        "revoke", "api:revoke_token", "revoke a token at once", json=True, audited="name"
    )
    command.add_argument("name", metavar="NAME")


def _declare_audit(commands: Commands) -> None:
    command = commands.add("audit", "api:audit", "list who changed what, newest first", json=True)
    command.add_argument("about", nargs="?", default="", metavar="ADDRESS|DATE|ID")
    command.add_argument("--most", type=count, default=50, metavar="N", help="default: 50")


def _declare_desk(commands: Commands) -> None:
    desk = Commands(
        commands.add(
            "desk", "", "manage the users of the desk, the pages for editors and operators"
        ),
        "THING",
    )
    group = Commands(desk.add("user", "", "add, list and remove users"), "ACTION")
    command = group.add("add", "desk:add_user", "add a user; asks for the password", audited="name")
    command.add_argument("name", metavar="NAME")
    command.add_argument(
        "--role", choices=ROLES, default="operator", help="default: operator, with every right"
    )
    group.add("list", "desk:list_users", "list the users and their roles", json=True)
    command = group.add(
        "password", "desk:password", "change a password; ends the user's sessions", audited="name"
    )
    command.add_argument("name", metavar="NAME")
    command = group.add(
        "remove", "desk:remove_user", "remove a user; ends their sessions", audited="name"
    )
    command.add_argument("name", metavar="NAME")
