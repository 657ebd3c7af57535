"""What a person or a program sees: tables, JSON, a bar on a terminal and log lines elsewhere."""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

_LOG_EVERY_SECONDS = 10.0

log = logging.getLogger("newsletter")


def say(text: str = "") -> None:
    print(_printable(text))


def warn(text: str) -> None:
    print(f"warning: {_printable(text)}", file=sys.stderr)


def say_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


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
    from tqdm import tqdm

    with tqdm(desc=label, unit="", leave=False, delay=0.3) as bar:

        def move(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield move


def _lines(label: str) -> Callable[[int, int], None]:
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _LOG_EVERY_SECONDS:
            last = time.monotonic()
            log.info("%s: %d of %d", label, done, total)

    return tell


def set_up_log(*, verbose: bool = False) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S%z",
    )
    for noisy in ("apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _printable(text: str) -> str:
    """What a file name or a server's answer may hold must not steer the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)
