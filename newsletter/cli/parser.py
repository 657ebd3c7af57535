"""The parser of the command line: its global options, and the commands of every subject."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from functools import cache
from typing import NoReturn

from newsletter import __version__
from newsletter.cli.arguments import (
    access,
    daily,
    deliveries,
    editing,
    inspection,
    returns,
    setup,
    sources,
    subscribers,
)
from newsletter.cli.arguments.commands import Commands

_SUBJECTS = (
    setup,
    daily,
    inspection,
    deliveries,
    returns,
    editing,
    subscribers,
    sources,
    access,
)
"""In the order in which ``--help`` lists their commands."""

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
    commands = Commands(top)
    for subject in _SUBJECTS:
        subject.add_commands(commands)
    return top
