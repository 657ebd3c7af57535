"""The command line: composes everything, and alone reads the environment and the clock."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module

from newsletter.cli.parser import parser
from newsletter.errors import NewsletterError


def utc_now() -> datetime:
    return datetime.now(UTC)


def main(
    argv: Sequence[str] | None = None,
    *,
    clock: Callable[[], datetime] = utc_now,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run one command and return its exit code: 0 done, 1 something failed, 2 wrong usage."""
    from newsletter.cli.app import App

    words = parser().parse_args(argv)
    module, function = words.run.split(":")
    app = App(words.config, os.environ if environment is None else environment, clock)
    try:
        command: Callable[..., int] = getattr(import_module(f"newsletter.cli.{module}"), function)
        return command(app, words)
    except NewsletterError as error:
        print(f"newsletter: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing to tell anybody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
