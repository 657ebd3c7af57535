"""The commands and their options. Imports nothing heavy, so that ``--help`` answers at once."""

import re
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from datetime import date
from functools import cache
from typing import NoReturn

from newsletter import __version__
from newsletter.domain.numbers import parse_id

QUEUES = ("deliver", "compose", "scan", "gather", "returns")
DELIVERY_STATES = ("pending", "sending", "sent", "failed", "unknown", "skipped")

ROLES = ("editor", "operator")
SCOPES = ("read", "subscribers", "erase", "briefs", "operate")

_EPILOG = """\
a first day:
  newsletter init                         a config.toml, an inbox and the database, here
  newsletter subscribers add you@example.org --timezone Europe/Paris
  newsletter ingest                       read the brief files in the inbox
  newsletter preview --open               look at today's issue
  newsletter send --now                   send it
  newsletter run                          and every day from now on

exit codes: 0 done, 1 something failed, 2 wrong usage or configuration, 130 interrupted
"""


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """The message repeats what was typed, which may hold control characters."""
        from newsletter.cli.output import printable

        super().error(printable(message))


@cache
def parser() -> ArgumentParser:
    """Made once in a process: it holds nothing of a command, and takes some milliseconds."""
    top = _Parser(
        prog="newsletter",
        description="A daily email of the five insights that are newest to its reader.",
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"newsletter {__version__}")
    top.add_argument(
        "--config",
        metavar="FILE",
        help="the configuration (default: NEWSLETTER_CONFIG, else ./config.toml)",
    )
    top.add_argument("--verbose", action="store_true", help="log every change of a state")
    commands = _Commands(top)
    _setup(commands)
    _daily(commands)
    _looking(commands)
    _deliveries(commands)
    _returns(commands)
    _editing(commands)
    _subscribers(commands)
    _sources(commands)
    _api(commands)
    _desk(commands)
    return top


class _Commands:
    """A group of subcommands; each names the function that runs it as ``module:function``."""

    def __init__(
        self, top: ArgumentParser, metavar: str = "COMMAND", *, required: bool = True
    ) -> None:
        self._group = top.add_subparsers(metavar=metavar, required=required)

    def add(
        self, name: str, run: str, about: str, *, json: bool = False, audited: str = ""
    ) -> ArgumentParser:
        """``audited``: it changes something, and this argument of it says what."""
        command = self._group.add_parser(
            name, help=about, description=about[:1].upper() + about[1:]
        )
        named = command.prog.partition(" ")[2]
        command.set_defaults(run=run, json=False, audited=audited, named=named)
        if json:
            command.add_argument("--json", action="store_true", help="print JSON only")
        return command


def _setup(commands: _Commands) -> None:
    command = commands.add("init", "setup:init", "write a config.toml, an inbox and the database")
    command.add_argument("dir", nargs="?", default=".", metavar="DIR")
    command.add_argument(
        "--systemd",
        action="store_true",
        help="write units of systemd and blocks of a web server into DIR/deploy as well",
    )
    command = commands.add(
        "demo", "demo:demo", "replay a week on sample briefs, into a fresh folder"
    )
    command.add_argument("dir", nargs="?", metavar="DIR", help="default: a new folder in ./demo")
    command.add_argument("--date", type=_date, metavar="D", help="the last day of the replay")
    commands.add("migrate", "setup:migrate", "bring the database up to date, or make it")
    command = commands.add(
        "backup", "backup:backup", "a whole copy of the database, while it is used"
    )
    command.add_argument("file", metavar="FILE", help="a new one")
    command = commands.add(
        "restore", "backup:restore", "put a backup back, with all the journal knows"
    )
    command.add_argument("file", metavar="FILE", help="what `newsletter backup` wrote")
    commands.add("prune", "prune:prune", "drop what explains old messages (store.keep_days)")
    group = _Commands(commands.add("dkim", "", "the key that messages are signed with"), "ACTION")
    command = group.add("new", "dkim:new", "make a key, and say what to write into the DNS")
    command.add_argument(
        "selector", nargs="?", type=_selector, default="news1", metavar="SELECTOR",
        help="the key's name in the DNS (default: news1)",
    )  # fmt: skip
    command.add_argument("--domain", help="whose mail is signed (default: from_address's)")
    command.add_argument("--ed25519", action="store_true", help="instead of RSA with 2048 bits")


def _daily(commands: _Commands) -> None:
    command = commands.add("ingest", "ingest:ingest", "read brief files into the store", json=True)
    command.add_argument("paths", nargs="*", metavar="PATH", help="default: the configured inbox")
    command.add_argument(
        "--dropped", action="store_true", help="list the paragraphs taken for boilerplate"
    )
    command.add_argument(
        "--explain",
        metavar="FILE",
        help="show what is made of each paragraph of a file, and by which rule; change nothing",
    )
    command = commands.add(
        "scan", "scan:scan", "read new episodes of the podcasts that are due", json=True
    )
    command.add_argument(
        "--dry-run", action="store_true", help="say what would come; write nothing"
    )
    command = commands.add(
        "send", "send:send", "the one-off: ingest, compose, deliver to those due", json=True
    )
    command.add_argument(
        "--date",
        type=_date,
        metavar="D",
        help="the issue of this date (of one to come: with --now)",
    )
    command.add_argument(
        "--to", action="append", metavar="ADDRESS", help="only to these; repeatable"
    )
    command.add_argument(
        "--now", action="store_true", help="to all active not yet served, at any hour"
    )
    command.add_argument(
        "--dry-run", action="store_true", help="say who would get what; change nothing"
    )
    command.add_argument("--test", metavar="ADDRESS", help="one marked copy, outside the ledger")
    command.add_argument(
        "--as", dest="as_", metavar="SUBSCRIBER", help="whose issue --test sends (default: house)"
    )
    commands.add("run", "run:run", "the scheduler: ingest and deliver, every day, until stopped")
    command = commands.add(
        "worker", "worker:worker", "one of several machines: a share of the work"
    )
    command.add_argument("--queues", metavar="NAME,…", help="default: all of " + ", ".join(QUEUES))
    command.add_argument("--concurrency", type=_most, default=2, help="tasks at the same time (2)")
    command = commands.add("move", "move:move", "copy everything into another database")
    command.add_argument("--to", required=True, metavar="URL", help="sqlite:///… or postgresql://…")
    command = commands.add(
        "serve", "serve:serve", "the web side: the page behind the unsubscribe link"
    )
    command.add_argument("--host", help="default: web.host")
    command.add_argument("--port", type=_port, help="default: web.port")


def _looking(commands: _Commands) -> None:
    command = commands.add(
        "preview", "preview:preview", "render what would be sent; change nothing"
    )
    command.add_argument("--date", type=_date, metavar="D", help="default: today")
    command.add_argument("--to", metavar="ADDRESS", help="whose issue (default: the house issue)")
    command.add_argument("--out", metavar="FILE", help="where to write it (- for standard output)")
    command.add_argument("--open", action="store_true", help="open it in a browser")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--text", action="store_true", help="the plain text part")
    form.add_argument("--eml", action="store_true", help="the message itself, byte for byte")
    command.add_argument("--why", action="store_true", help="print why these five as well")
    command.add_argument("--now", action="store_true", help="as `send --now` would send it")
    command.add_argument(
        "--serve", action="store_true", help="the workbench: every way to see it, in a browser"
    )
    command.add_argument("--port", type=_port, default=8026, help="where --serve listens (8026)")
    command = commands.add(
        "lint", "lint:lint", "is a template fit for every mail program? Says what is not", json=True
    )
    command.add_argument(
        "template", nargs="?", metavar="TEMPLATE", help="default: the issue.html that is sent"
    )
    command = commands.add(
        "explain", "preview:explain", "why these five, and why not others", json=True
    )
    command.add_argument("--to", metavar="ADDRESS", help="whose issue (default: the house issue)")
    command.add_argument("--date", type=_date, metavar="D", help="default: today")
    command = commands.add(
        "related", "related:show", "the earlier insights a text comes nearest to", json=True
    )
    command.add_argument("about", metavar="TEXT|ID", help="a text, or the number of an insight")
    command.add_argument("--most", type=int, default=10, metavar="N", help="default: 10")
    command = commands.add(
        "interests", "interests:show", "what a reader's phrases find in the archive", json=True
    )
    command.add_argument("phrases", metavar="PHRASE", help='such as "chip supply chains, not cars"')
    command.add_argument("--most", type=int, default=20, metavar="N", help="default: 20")
    command = commands.add(
        "status", "status:status", "what came in, went out, did not and why, is due next", json=True
    )
    command.add_argument("--date", type=_date, metavar="D", help="default: today")


def _deliveries(commands: _Commands) -> None:
    top = commands.add(
        "deliveries", "deliveries:list_", "the ledger, a line for each reader and date", json=True
    )
    top.add_argument("--state", choices=DELIVERY_STATES)
    top.add_argument(
        "--date", type=_date, metavar="D", help="default: today; with --state, every date"
    )
    group = _Commands(top, "[resolve]", required=False)
    command = group.add(
        "resolve",
        "deliveries:resolve",
        "say what became of unknown deliveries",
        json=True,
        audited="date",
    )
    command.add_argument(
        "--as", dest="as_", required=True, choices=("sent", "pending"), help="pending: send again"
    )
    command.add_argument("--to", action="append", metavar="ADDRESS", help="only these; repeatable")
    command.add_argument("--date", type=_date, metavar="D", help="default: every date")
    commands.add(
        "pause", "deliveries:pause", "send no more messages, from the next one on", audited="run"
    )
    command = commands.add(
        "resume", "deliveries:resume", "end a pause, or take back a cancel", audited="date"
    )
    command.add_argument("--date", type=_date, metavar="D", help="the date that was cancelled")
    command = commands.add(
        "cancel", "deliveries:cancel", "nobody else gets the issue of a date", audited="date"
    )
    command.add_argument("--date", type=_date, metavar="D", required=True)
    command = commands.add(
        "approve", "approve:approve", "let the issues of a date go (schedule.approval)",
        json=True, audited="date",
    )  # fmt: skip
    command.add_argument("--date", type=_date, metavar="D", help="default: the one that waits")
    command = commands.add(
        "doctor", "doctor:doctor", "check what can be checked here and now", json=True
    )
    command.add_argument(
        "--online",
        action="store_true",
        help="and what the DNS says (SPF, DKIM, DMARC, MX, PTR), and the model of [writer]",
    )


def _returns(commands: _Commands) -> None:
    command = commands.add(
        "returns", "returns:returns", "take in what came back: bounces, complaints, answers",
        json=True,
    )  # fmt: skip
    command.add_argument(
        "path", nargs="?", metavar="PATH|-",
        help="a Maildir, an mbox, a folder of .eml, a message; - for standard input"
        " (default: the mailbox of [returns])",
    )  # fmt: skip
    look = command.add_mutually_exclusive_group()
    look.add_argument("--list", action="store_true", help="those that may need a look")
    look.add_argument("--all", action="store_true", help="list all")
    look.add_argument("--show", type=_return_id, metavar="ID", help="one, as far as it is kept")
    command.add_argument("--days", type=_days, default=30, metavar="N", help="of --list (30)")
    command = commands.add(
        "report", "report:report", "how healthy the list is: growth, leaves, what came back",
        json=True,
    )  # fmt: skip
    command.add_argument("--days", type=_days, default=30, metavar="N", help="default: 30")
    command.add_argument("--html", metavar="FILE", help="write one page with plots")


def _editing(commands: _Commands) -> None:
    command = commands.add(
        "note", "note:note", "the opening line of a date's issues", json=True, audited="date"
    )
    command.add_argument("words", nargs="?", default="", metavar="TEXT", help="default: show it")
    command.add_argument("--date", type=_date, metavar="D", help="default: today")
    command.add_argument("--clear", action="store_true", help="take it away")
    top = commands.add("insights", "", "the editor's hand: find, show, pin, block, correct")
    group = _Commands(top, "ACTION")
    command = group.add("search", "insights:search", "those that hold these words", json=True)
    command.add_argument("words", nargs="+", metavar="WORD")
    command.add_argument("--most", type=_most, default=20, metavar="N", help="default: 20")
    command = group.add(
        "show", "insights:show", "where it was said, whose issues hold it, what was changed",
        json=True,
    )  # fmt: skip
    command.add_argument("id", type=_insight_id, metavar="ID")
    command = group.add(
        "pin", "insights:pin", "pick it for everybody who was not sent it", json=True, audited="id"
    )
    command.add_argument("id", type=_insight_id, metavar="ID")
    command.add_argument("--date", type=_date, metavar="D", help="default: today")
    command.add_argument("--undo", action="store_true", help="take it back")
    command = group.add(
        "block", "insights:block", "pick it for nobody from now on", json=True, audited="id"
    )
    command.add_argument("id", type=_insight_id, metavar="ID")
    command.add_argument("--undo", action="store_true", help="take it back")
    command = group.add(
        "edit", "insights:edit", "show corrected words; its own are kept", json=True, audited="id"
    )
    command.add_argument("id", type=_insight_id, metavar="ID")
    command.add_argument("words", nargs="?", default="", metavar="TEXT")
    command.add_argument("--undo", action="store_true", help="show its own words again")

    command = group.add(
        "order", "insights:order", "in which order those picked stand in a date's issues",
        json=True, audited="date",
    )  # fmt: skip
    command.add_argument("ids", nargs="*", type=_insight_id, metavar="ID")
    command.add_argument("--date", type=_date, metavar="D", help="default: today")
    command.add_argument("--undo", action="store_true", help="the order of choosing again")


def _subscribers(commands: _Commands) -> None:
    group = _Commands(commands.add("subscribers", "", "who reads, where and when"), "ACTION")
    command = group.add(
        "add",
        "subscribers:add",
        "subscribe an address, or change one",
        json=True,
        audited="address",
    )
    command.add_argument("address", metavar="ADDRESS")
    command.add_argument("--name")
    command.add_argument("--timezone", metavar="ZONE", help="such as Europe/Paris")
    command.add_argument("--hour", type=_hour, metavar="H", help="local hour, 0 to 23")
    command.add_argument(
        "--weekdays", metavar="DAYS", help='"mon wed fri", "mon-fri" or "every day"'
    )
    command.add_argument(
        "--paused-until", metavar="D", help="no issue before this date; none ends the pause"
    )
    command.add_argument(
        "--frequency",
        choices=("daily", "weekly"),
        help="weekly: a digest, on the first of the weekdays",
    )
    command.add_argument(
        "--language", metavar="L", help="of the words around the insights, such as de"
    )
    about = command.add_mutually_exclusive_group()
    about.add_argument("--interests", metavar="TEXT", help='such as "chip supply chains, sleep"')
    about.add_argument(
        "--like",
        action="append",
        metavar="BRIEF|INSIGHT",
        help="interests from a brief file, or an insight by its number; more than once for several",
    )
    command.add_argument(
        "--resubscribe", action="store_true", help="bring back who left, at their own wish"
    )
    command = group.add("list", "subscribers:list_", "everybody, a line each", json=True)
    command.add_argument(
        "--state", choices=("pending", "active", "unsubscribed", "bounced", "complained")
    )
    command = group.add(
        "show", "subscribers:show", "one subscriber and their deliveries", json=True
    )
    command.add_argument("address", metavar="ADDRESS")
    command = group.add(
        "remove", "subscribers:remove", "unsubscribe; the row is kept", json=True, audited="address"
    )
    command.add_argument("address", metavar="ADDRESS")
    command = group.add(
        "erase",
        "subscribers:erase",
        "erase everything about one reader, for good",
        json=True,
        audited="run",
    )
    command.add_argument("address", metavar="ADDRESS")
    command = group.add(
        "import", "subscribers_csv:import_", "add many from a CSV file", json=True, audited="csv"
    )
    command.add_argument("csv", metavar="CSV", help="with a header line; - for standard input")
    command.add_argument(
        "--dry-run", action="store_true", help="say what each line would do, and store nothing"
    )
    group.add("export", "subscribers_csv:export", "everybody as CSV, to standard output")


def _sources(commands: _Commands) -> None:
    group = _Commands(commands.add("sources", "", "the podcasts that are followed"), "ACTION")
    command = group.add(
        "add", "sources:add", "follow a feed, or all of an OPML file", json=True, audited="source"
    )
    command.add_argument("source", metavar="URL|OPML")
    command = group.add("list", "sources:list_", "each feed, and how it does", json=True)
    command.add_argument("--episodes", action="store_true", help="and what came of its newest ones")
    command = group.add(
        "remove", "sources:remove", "follow it no more; briefs stay", json=True, audited="url"
    )
    command.add_argument("url", metavar="URL")
    command = group.add("check", "sources:check", "show what would come; write nothing", json=True)
    command.add_argument("url", nargs="?", metavar="URL", help="default: all that are followed")
    command = group.add("unread", "sources:unread", "what was fetched and is unreadable", json=True)
    command.add_argument("url", nargs="?", metavar="URL", help="write what is kept of this one")


def _api(commands: _Commands) -> None:
    api = _Commands(commands.add("api", "", "what other programs may do"), "THING")
    group = _Commands(api.add("token", "", "the tokens of other programs"), "ACTION")
    command = group.add(
        "add", "api:add_token", "make a token, and print it once", json=True, audited="name"
    )
    command.add_argument("name", metavar="NAME", help="to tell it by, such as website")
    command.add_argument(
        "--scope", action="append", required=True, choices=SCOPES, help="repeatable"
    )
    command.add_argument("--days", type=int, default=365, metavar="N", help="default: 365")
    group.add("list", "api:list_tokens", "each token, but not its words", json=True)
    command = group.add(
        "revoke", "api:revoke_token", "it is good for nothing now", json=True, audited="name"
    )
    command.add_argument("name", metavar="NAME")
    command = commands.add("audit", "api:audit", "who changed what, the newest first", json=True)
    command.add_argument("about", nargs="?", default="", metavar="ADDRESS|DATE|ID")
    command.add_argument("--most", type=_most, default=50, metavar="N", help="default: 50")


def _desk(commands: _Commands) -> None:
    desk = _Commands(commands.add("desk", "", "the operator's pages in a browser"), "THING")
    group = _Commands(desk.add("user", "", "who may log in"), "ACTION")
    command = group.add(
        "add", "desk:add_user", "let somebody log in; the password is asked for", audited="name"
    )
    command.add_argument("name", metavar="NAME")
    command.add_argument(
        "--role", choices=ROLES, default="operator", help="default: operator, who may do everything"
    )
    group.add("list", "desk:list_users", "who may log in, and as what", json=True)
    command = group.add(
        "password", "desk:password", "another password; the user is logged out", audited="name"
    )
    command.add_argument("name", metavar="NAME")
    command = group.add(
        "remove", "desk:remove_user", "they may not log in any more", audited="name"
    )
    command.add_argument("name", metavar="NAME")


def _date(text: str) -> date:
    from newsletter.domain.days import parse_day
    from newsletter.domain.errors import UsageError

    try:
        return parse_day(text)
    except UsageError as error:
        raise ArgumentTypeError(str(error)) from None


def _hour(text: str) -> int:
    from newsletter.domain.errors import UsageError
    from newsletter.domain.timezones import parse_hour

    try:
        return parse_hour(text)
    except UsageError as error:
        raise ArgumentTypeError(str(error)) from None


def _selector(text: str) -> str:
    if not re.fullmatch("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", text):
        raise ArgumentTypeError(f"{text!r} is no selector: write letters and digits, such as news1")
    return text


def _insight_id(text: str) -> int:
    if (number := parse_id(text)) is None:
        raise ArgumentTypeError(f"{text!r} is no number of an insight, such as 12")
    return number


def _return_id(text: str) -> int:
    if (number := parse_id(text)) is None:
        raise ArgumentTypeError(f"{text!r} is no number of a return, such as 12")
    return number


def _days(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,3}", text):
        raise ArgumentTypeError(f"{text!r} is no number of days: write one from 1 to 9999")
    return int(text)


def _most(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise ArgumentTypeError(f"{text!r} is no count: write a number from 1 on")
    return int(text)


def _port(text: str) -> int:
    if not (re.fullmatch("[0-9]{1,5}", text) and int(text) <= 65535):
        raise ArgumentTypeError(f"{text!r} is no port: write a number up to 65535 (0: any)")
    return int(text)
