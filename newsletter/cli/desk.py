"""``newsletter desk user``: who may log in to the operator's pages.

A password is asked for twice at a terminal, and read from standard input elsewhere: everybody on
the machine could read it on a command line.
"""

import sys
from argparse import Namespace
from getpass import getpass

from newsletter.bootstrap import App
from newsletter.cli.output import say, say_json, table
from newsletter.domain.errors import UsageError
from newsletter.services import desk_users
from newsletter.services.wording import local_time


def add_user(app: App, args: Namespace) -> int:
    desk_users.check_name(args.name)
    desk_users.add(app.store, args.name, args.role, _password(), app.clock())
    say(f"{args.name} may log in to the desk as {args.role}")
    if not app.settings.desk.enabled:
        say("it is off: set desk.enabled to true, and start `newsletter serve` again")
    return 0


def list_users(app: App, args: Namespace) -> int:
    rows = desk_users.listed(app.store)
    if args.json:
        shown = ("name", "role", "created_at")
        say_json([{name: row[name] for name in shown} for row in rows])
        return 0
    zone = app.settings.newsletter.timezone
    table([(row["name"], row["role"], local_time(row["created_at"], zone)) for row in rows])
    if not rows:
        say("nobody may log in to the desk: newsletter desk user add NAME")
    return 0


def password(app: App, args: Namespace) -> int:
    desk_users.user_id(app.store, args.name)
    desk_users.set_password(app.store, args.name, _password())
    say(f"{args.name} has another password, and is logged out everywhere")
    return 0


def remove_user(app: App, args: Namespace) -> int:
    desk_users.remove(app.store, args.name)
    say(f"{args.name} may not log in any more, and is logged out")
    return 0


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass("password (12 characters or more): ")
    if getpass("the same again: ") != first:
        raise UsageError("the two passwords differ", "try again")
    return first
