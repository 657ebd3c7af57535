"""The parts that reading briefs needs: the inbox and its job."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from newsletter.bootstrap import App
from newsletter.ingest.ingest import IngestJob, IngestReport, Watch, ingest_sources, unread
from newsletter.ingest.sources.folder import Folder
from newsletter.services.inbox import check_inbox


def inbox_path(app: App) -> Path:
    return app.beside(app.settings.inbox.path)


def source_name(app: App) -> str:
    """What tells this machine's files from those of another."""
    return app.settings.inbox.source or socket.gethostname()


def ingest(
    app: App, pause: Callable[[], None], watch: Watch, paths: Sequence[str] = ()
) -> IngestReport:
    """Read ``paths``, or else the inbox. Raises ConfigError where the inbox cannot be read."""
    if not paths:
        check_inbox(inbox_path(app))
    return ingest_sources(ingest_job(app, pause, watch, paths), app.clock)


def unread_files(app: App) -> Sequence[str]:
    """The files in the inbox that are not read yet. Raises ConfigError where it cannot be read."""
    check_inbox(inbox_path(app))
    return unread(ingest_job(app, lambda: None, lambda _done, _total: None))


def ingest_job(
    app: App, pause: Callable[[], None], watch: Watch, paths: Sequence[str] = ()
) -> IngestJob:
    section = app.settings.inbox
    sources = [Path(path) for path in paths] or [inbox_path(app)]
    return IngestJob(
        store=app.store,
        source=source_name(app),
        sources=[Folder(path, section.max_bytes) for path in sources],
        phrases=section.boilerplate,
        timezone=app.settings.newsletter.timezone,
        pause=pause,
        watch=watch,
        named=bool(paths),
    )
