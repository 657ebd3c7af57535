"""The command line: parses, runs one command and prints. Only it reads environment and clock."""

import gc
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING

from newsletter.cli.parser import parser
from newsletter.domain.errors import NewsletterError

if TYPE_CHECKING:
    from newsletter.bootstrap import App

KILL_AT = "KILL_NEWSLETTER_AT"
"""Set only by the tests' kill harness."""

_COLLECT_AFTER = 200_000
"""New objects before a short command looks for rubbish. What a start makes stays: looking through
it every 700 objects takes a tenth of the time."""

_STAYING = {"run:run", "serve:serve", "worker:worker"}
"""What goes on for days: rubbish is looked for as often as Python has it."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def main(
    argv: Sequence[str] | None = None,
    *,
    clock: Callable[[], datetime] = utc_now,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run one command and return its exit code: 0 done, 1 something failed, 2 wrong usage."""
    _escape_unknown_letters()
    args = parser().parse_args(argv)
    if args.run not in _STAYING:
        gc.set_threshold(_COLLECT_AFTER)
    from newsletter.bootstrap import App
    from newsletter.cli.output import discard_output, printable
    from newsletter.failpoints import arm

    variables = os.environ if environment is None else environment
    arm(variables.get(KILL_AT, ""))
    app = App(args.config, variables, clock)
    try:
        return _run(app, args)
    except NewsletterError as error:
        print(f"newsletter: {printable(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has closed it (`| head`): no message would arrive.
        discard_output()
        return 1
    finally:
        app.close()


def _run(app: "App", args: Namespace) -> int:
    code = _command(args.run)(app, args)
    if args.audited and (code == 0 or getattr(args, "partly", False)):
        _audit(app, args)
    return code


def _audit(app: "App", args: Namespace) -> None:
    from newsletter.cli.output import operator_name
    from newsletter.domain.urls import without_password
    from newsletter.services.audit import record

    about = "" if args.audited == "run" else getattr(args, args.audited) or ""
    undo = " --undo" if getattr(args, "undo", False) else ""
    about = without_password(str(about))
    record(app.store, app.clock(), "cli", operator_name(), f"{args.named}{undo}", about)


def _escape_unknown_letters() -> None:
    """A locale may lack letters: they are escaped, so that nothing is lost."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _command(run: str) -> Callable[..., int]:
    """The function that ``module:function`` names."""
    module, name = run.split(":")
    command: Callable[..., int] = getattr(import_module(f"newsletter.cli.{module}"), name)
    return command
