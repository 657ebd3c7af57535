"""What the program prints: tables, JSON, progress on a terminal and log lines elsewhere."""

import getpass
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
    """One line; control characters in it are escaped."""
    with _standard_output():
        print(printable(text), flush=True)


def warn(text: str) -> None:
    print(f"warning: {printable(text)}", file=sys.stderr)


def warn_each(texts: Iterable[str]) -> None:
    for text in texts:
        warn(text)


def say_json(value: object) -> None:
    """In ASCII, so that it is the same in every locale; dates and instants in ISO 8601."""
    with _standard_output(needed=True):
        print(json.dumps(value, indent=2, default=_iso), flush=True)


def say_json_each(rows: Iterable[object]) -> None:
    """A JSON list, one item a line, each written as soon as it is read."""
    with _standard_output():
        before = "["
        for row in rows:
            print(before, json.dumps(row, default=_iso), sep="\n", end="")
            before = ","
        print("[]" if before == "[" else "\n]", flush=True)


def say_bytes(data: bytes) -> None:
    """Unchanged, whatever the locale."""
    with _standard_output(needed=True):
        sys.stdout.buffer.write(data)
        sys.stdout.flush()


@contextmanager
def _standard_output(*, needed: bool = False) -> Iterator[None]:
    """``needed``: the answer itself goes there. A closed one (``>&-``) is None in Python."""
    if needed and sys.stdout is None:
        raise NewsletterError("standard output cannot be written: it is closed")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_output()
        raise NewsletterError(f"standard output cannot be written: {error.strerror}") from error


def discard_output() -> None:
    """Discard what is buffered: Python would try to write it again when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _iso(value: date) -> str:
    return value.isoformat()


def table(rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Columns padded to their widest cell, except the last one."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        say((indent + "  ".join(cells)).rstrip())


@contextmanager
def progress(label: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A function that takes (done, total): a bar on a terminal, elsewhere a log line a minute."""
    if quiet or not sys.stderr.isatty():
        yield _lines(label)
        return
    with _bar(desc=label) as bar:

        def move(done: int, total: int) -> None:
            shown = bar(total)
            shown.update(done - shown.n)
            if done >= total:
                shown.close()  # the next output gets a line of its own

        yield move


@contextmanager
def _bar(**options: Any) -> Iterator[Callable[[int], "tqdm[Any]"]]:
    """Makes the bar at the first call, by its total, and removes it at the end.

    Log lines are written above it.
    """
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    bars: list[tqdm[Any]] = []

    def bar(total: int) -> "tqdm[Any]":
        if not bars:
            size = os.get_terminal_size(sys.stderr.fileno())
            options.update(ncols=size.columns or 80, nrows=size.lines or 24)
            bars.append(tqdm(unit="", leave=False, delay=0.3, position=0, **options))
        bars[0].total = total
        return bars[0]

    try:
        with logging_redirect_tqdm():
            yield bar
    finally:
        for shown in bars:
            shown.close()


def _lines(label: str) -> Callable[[int, int], None]:
    last = monotonic()

    def log_progress(done: int, total: int) -> None:
        nonlocal last
        if monotonic() - last >= _LOG_EVERY_SECONDS:
            last = monotonic()
            log.info("%s: %d of %d", label, done, total)

    return log_progress


_SHOWN = ("sent", "failed", "pending", "unknown")


@contextmanager
def live(*, quiet: bool = False) -> Iterator[Callable[[Counter[str], int], None]]:
    """A function that takes (outcomes, total): a live line on a terminal, else a log line a minute.

    For one run: rate and time left are counted from its first message.
    """
    if quiet or not sys.stderr.isatty():
        yield _minutes()
        return
    with _bar() as bar:

        def move(outcomes: Counter[str], total: int) -> None:
            line = bar(max(total, outcomes.total()))
            counts = ", ".join(f"{outcomes[state]} {state}" for state in _SHOWN)
            line.bar_format = _FORMAT + _TIME_LEFT * bool(outcomes["sent"])
            line.set_postfix_str(counts, refresh=False)
            line.update(outcomes.total() - line.n)

        yield move


_FORMAT, _TIME_LEFT = "{n_fmt} of {total_fmt}{postfix}; {rate_noinv_fmt}", ", {remaining} left"


def _minutes() -> Callable[[Counter[str], int], None]:
    begun = last = 0.0

    def log_progress(outcomes: Counter[str], total: int) -> None:
        nonlocal begun, last
        now = monotonic()
        if not begun:
            begun = last = now  # composing may have taken minutes before
        if now - last >= _LOG_EVERY_SECONDS:
            last = now
            rate = outcomes.total() / (now - begun)
            # Deferred or refused messages go at another rate.
            remaining = max(total - outcomes.total(), 0)
            left = f" left={remaining / rate:.0f}s" if outcomes["sent"] else ""
            counts = " ".join(f"{state}={outcomes[state]}" for state in _SHOWN)
            log.info("sending %s of=%d rate=%.1f/s%s", counts, total, rate, left)

    return log_progress


def set_up_log(*, verbose: bool = False) -> None:
    """Lines on standard error; ``verbose``: every change of a state, with addresses in clear."""
    handler = logging.StreamHandler(sys.stderr)
    line = "%(asctime)s %(levelname)s %(message)s"
    handler.setFormatter(OneLine(line, "%Y-%m-%dT%H:%M:%S%z"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    log.setLevel(logging.DEBUG if verbose else logging.INFO)
    for noisy in ("apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Its worker tells with a traceback that the database is away; ours tells it in a line.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)


class OneLine(logging.Formatter):
    """A record is one line, whatever it holds; the lines of a traceback begin with a bar.

    Above debug an address is replaced by a short hash of it: a server's answer may hold one.
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
    """Each address replaced by a short hash, the same one as in the log lines of its deliveries."""
    return _ADDRESS.sub(lambda match: digest(match[0])[:12], text)


_ADDRESS = re.compile(r"[^\s<>@,;:'\"()]+@[\w.-]*\w")


def printable(text: str) -> str:
    """Control characters as in Python's repr: a file name or a server's answer may hold some."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(letter: str) -> str:
    if letter.isprintable() or letter in _JOINERS:
        return letter
    return " " if unicodedata.category(letter) == "Zs" else repr(letter)[1:-1]


def operator_name() -> str:
    """Who is at the terminal."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())  # a machine may not know the name
