"""A group of subcommands, and the function that each of them runs."""

from argparse import ArgumentParser


class Commands:
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
