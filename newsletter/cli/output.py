"""What a person or a program sees: tables, JSON, a bar on a terminal and log lines elsewhere."""

import json
import logging
import os
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any

from newsletter.domain.errors import NewsletterError
from newsletter.domain.model import digest

if TYPE_CHECKING:
    from tqdm import tqdm

_LOG_EVERY_SECONDS = 60.0
_JOINERS = "\u200c\u200d"  # Persian words and emoji are written with them

_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

log = logging.getLogger("newsletter")


def say(text: str = "") -> None:
    """One line: whatever it holds, it cannot end the line or steer the terminal."""
    with _standard_output():
        print(printable(text), flush=True)


def warn(text: str) -> None:
    print(f"warning: {printable(text)}", file=sys.stderr)


def warn_each(texts: Iterable[str]) -> None:
    for text in texts:
        warn(text)


def say_json(value: object) -> None:
    """ASCII alone, so that it says the same in every locale; dates and instants in ISO 8601."""
    with _standard_output(needed=True):
        print(json.dumps(value, indent=2, default=_iso), flush=True)


def say_json_each(rows: Iterable[object]) -> None:
    """A list, each item on a line of its own and written as it is read."""
    with _standard_output():
        before = "["
        for row in rows:
            print(before, json.dumps(row, default=_iso), sep="\n", end="")
            before = ","
        print("[]" if before == "[" else "\n]", flush=True)


def say_bytes(data: bytes) -> None:
    """As they are, whatever the locale."""
    with _standard_output(needed=True):
        sys.stdout.buffer.write(data)
        sys.stdout.flush()


@contextmanager
def _standard_output(*, needed: bool = False) -> Iterator[None]:
    """``needed``: what was asked for goes there. Closed (``>&-``), it is None for Python."""
    if needed and sys.stdout is None:
        raise NewsletterError("standard output cannot be written: it is closed")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        hush()
        raise NewsletterError(f"standard output cannot be written: {error.strerror}") from error


def hush() -> None:
    """What is still held back goes nowhere: Python would try to write it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _iso(value: date) -> str:
    return value.isoformat()


def table(rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Columns padded to their widest cell; the last one is left as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        say((indent + "  ".join(cells)).rstrip())


@contextmanager
def progress(label: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A function to be told (done, of how many): a bar on a terminal, a line now and then else."""
    if quiet or not sys.stderr.isatty():
        yield _lines(label)
        return
    with _bar(desc=label) as bar:

        def move(done: int, total: int) -> None:
            one = bar(total)
            one.update(done - one.n)
            if done >= total:
                one.close()  # what comes next has the line to itself

        yield move


@contextmanager
def _bar(**how: Any) -> Iterator[Callable[[int], "tqdm[Any]"]]:
    """A bar by its total: there from the first time it is asked for, gone at the end.

    The log's lines are written above it.
    """
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    made: list[tqdm[Any]] = []

    def bar(total: int) -> "tqdm[Any]":
        if not made:
            size = os.get_terminal_size(sys.stderr.fileno())
            how.update(ncols=size.columns or 80, nrows=size.lines or 24)
            made.append(tqdm(unit="", leave=False, delay=0.3, position=0, **how))
        made[0].total = total
        return made[0]

    try:
        with logging_redirect_tqdm():
            yield bar
    finally:
        for one in made:
            one.close()


def _lines(label: str) -> Callable[[int, int], None]:
    last = monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if monotonic() - last >= _LOG_EVERY_SECONDS:
            last = monotonic()
            log.info("%s: %d of %d", label, done, total)

    return tell


_SHOWN = ("sent", "failed", "waiting", "unknown")


@contextmanager
def live(*, quiet: bool = False) -> Iterator[Callable[[Counter[str], int], None]]:
    """To be told (outcomes, of how many): a line that lives on a terminal, a line a minute else.

    For one run: rate and time left are counted from its first message.
    """
    if quiet or not sys.stderr.isatty():
        yield _minutes()
        return
    with _bar() as bar:

        def move(outcomes: Counter[str], total: int) -> None:
            one = bar(max(total, outcomes.total()))
            counts = ", ".join(f"{outcomes[state]} {state}" for state in _SHOWN)
            one.bar_format = _FORM + _LEFT * bool(outcomes["sent"])
            one.set_postfix_str(counts, refresh=False)
            one.update(outcomes.total() - one.n)

        yield move


_FORM, _LEFT = "{n_fmt} of {total_fmt}{postfix}; {rate_noinv_fmt}", ", {remaining} left"


def _minutes() -> Callable[[Counter[str], int], None]:
    begun = last = 0.0

    def tell(outcomes: Counter[str], total: int) -> None:
        nonlocal begun, last
        now = monotonic()
        if not begun:
            begun = last = now  # composing may have taken minutes before
        if now - last >= _LOG_EVERY_SECONDS:
            last = now
            rate = outcomes.total() / (now - begun)
            # What is only put off, or refused, goes at a rate of its own.
            some = max(total - outcomes.total(), 0)
            left = f" left={some / rate:.0f}s" if outcomes["sent"] else ""
            counts = " ".join(f"{state}={outcomes[state]}" for state in _SHOWN)
            log.info("sending %s of=%d rate=%.1f/s%s", counts, total, rate, left)

    return tell


def set_up_log(*, verbose: bool = False) -> None:
    """Lines on standard error; ``verbose``: each change of a state, and addresses as they are."""
    handler = logging.StreamHandler(sys.stderr)
    line = "%(asctime)s %(levelname)s %(message)s"
    handler.setFormatter(OneLine(line, "%Y-%m-%dT%H:%M:%S%z"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    log.setLevel(logging.DEBUG if verbose else logging.INFO)
    for noisy in ("apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class OneLine(logging.Formatter):
    """Whatever a record holds, it cannot pass for two; a traceback's lines stand behind a bar.

    Above debug an address is a short hash, always the same: a server's answer may hold one.
    """

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno <= logging.DEBUG else discreet(text)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return printable(super().formatMessage(record))

    def formatException(self, ei: _Raised) -> str:  # noqa: N802
        lines = super().formatException(ei).splitlines()
        return "\n".join(f"  | {printable(line)}" for line in lines)


def discreet(text: str) -> str:
    """Each address as a short hash of it, the same one that a delivery's log line bears."""
    return _ADDRESS.sub(lambda found: digest(found[0])[:12], text)


_ADDRESS = re.compile(r"[^\s<>@,;:'\"()]+@[\w.-]*\w")


def printable(text: str) -> str:
    """What a file name or a server's answer may hold, with controls as in Python's repr."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(letter: str) -> str:
    if letter.isprintable() or letter in _JOINERS:
        return letter
    return " " if unicodedata.category(letter) == "Zs" else repr(letter)[1:-1]
