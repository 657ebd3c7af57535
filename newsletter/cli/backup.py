"""``newsletter backup`` and ``restore``."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newsletter.bootstrap import App
from newsletter.cli.output import say, table
from newsletter.domain.errors import UsageError
from newsletter.services import backup as service
from newsletter.storage.engine import file_of
from newsletter.storage.replay import Replayed, summary

_LOST = (
    "readers who joined since, their wishes and all changed ones: import or add them again",
    "pauses, cancelled dates, approvals and resolved deliveries since: do them again",
    "pins, blocks, corrections and opening lines since: do them again before you start what sends",
    "the insights of the messages sent since: they may come once more",
)


def backup(app: App, args: Namespace) -> int:
    database, target = _database(app), Path(args.file).absolute()
    with _paths(target):
        service.backup(database, target)
    say(f"{target}: {target.stat().st_size:,} bytes, whole; copy it to another machine")
    return 0


def restore(app: App, args: Namespace) -> int:
    database, source = _database(app), Path(args.file).absolute()
    with _paths(source):
        done = service.restore(source, database, app.clock(), app.unreplayed)
    app.drop_index()
    say(f"{database} is restored from {source}")
    if done.aside:
        say(f"the database before: {done.aside}")
    for line in _known(done.replayed) if done.journal else _unknown():
        say(line)
    if not done.journal or done.replayed.anything or done.replayed.incomplete:
        say("not known after the restore:")
        table([("-", line) for line in _LOST])
    say("look at `newsletter status`, then start again what you stopped")
    return 0


@contextmanager
def _paths(path: Path) -> Iterator[None]:
    """A path that the system refuses, such as one whose name is too long."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def _known(replayed: Replayed) -> Iterator[str]:
    yield f"from the journal: {summary(replayed)}"
    if replayed.strangers:
        names = ", ".join(replayed.strangers)
        yield f"not in the backup, and pending until you add them again: {names}"
    if replayed.incomplete:
        yield "the journal begins later than the backup: readers who left in between may get mail"


def _unknown() -> Iterator[str]:
    yield "there is no journal: the readers who were served or left since the backup are not known"
    yield "if today's issue has gone out, run `newsletter cancel --date` before anything sends"


def _database(app: App) -> Path:
    path = file_of(app.settings.store.url, app.path.parent)
    if path is None:
        raise UsageError("store.url names a PostgreSQL database: use pg_dump and pg_restore")
    return path
