"""``newsletter ingest``: brief files into the store."""

import time
from argparse import Namespace

from newsletter.bootstrap import App
from newsletter.bootstrap.ingest import inbox_path, unread_files
from newsletter.bootstrap.ingest import ingest as read_briefs
from newsletter.cli.output import progress, say, say_json, table, warn
from newsletter.domain.errors import NewsletterError
from newsletter.domain.text import counted
from newsletter.ingest.ingest import IngestReport
from newsletter.storage import archive

# Long enough for a copy to move on, short enough to wait for.
_PAUSE_SECONDS = 0.5
_TOTALS = ("briefs", "insights", "mentions")


def pause() -> None:
    """Between two looks at a file that may still be written."""
    time.sleep(_PAUSE_SECONDS)


def ingest(app: App, args: Namespace) -> int:
    if args.explain:
        from newsletter.cli.ingest_explain import (
            ingest_explain,  # with the parsers, which take long
        )

        return ingest_explain(app, args)
    with progress("reading", quiet=args.json) as watch:
        report = read_briefs(app, pause, watch, args.paths)
    if args.json:
        say_json(_as_json(report) | (_dropped(app) if args.dropped else {}))
    else:
        _print(report)
        if args.dropped:
            _print_dropped(app)
    return 1 if report.rejected or report.left else 0


def warn_of_unread(app: App) -> None:
    """For what looks and does not read: an insight may be missing there for this reason alone."""
    try:
        count = len(unread_files(app))
    except NewsletterError as error:
        warn(str(error))
        return
    if count:
        files = f"{counted(count, 'file')} {'waits' if count == 1 else 'wait'}"
        warn(f"{files} in {inbox_path(app)}: run `newsletter ingest` first")


def _print(report: IngestReport) -> None:
    before, after = report.before, report.after
    parts = []
    for name in _TOTALS:
        total, new = getattr(after, name), getattr(after, name) - getattr(before, name)
        parts.append(f"{counted(total, name[:-1])} ({new:+,})")
    parts.append(f"{after.rejected:,} rejected ({len(report.rejected):+,})")
    say(f"{', '.join(parts)}; {counted(after.dropped, 'paragraph')} dropped as boilerplate")
    for file in report.rejected:
        where = f", line {file.line}" if file.line else ""
        say(f"  rejected  {file.path}{where}: {file.reason}")
    for path in report.left:
        say(f"  left      {path}: still being written")


def _as_json(report: IngestReport) -> dict[str, object]:
    before, after = report.before, report.after
    totals = {
        name: {"new": getattr(after, name) - getattr(before, name), "total": getattr(after, name)}
        for name in _TOTALS
    }
    rejected = [
        {"path": file.path, "line": file.line, "reason": file.reason} for file in report.rejected
    ]
    return {
        **totals,
        "rejected": {"new": len(report.rejected), "total": after.rejected, "files": rejected},
        "left": list(report.left),
        "boilerplate": {"total": after.dropped},
    }


def _dropped(app: App) -> dict[str, object]:
    with app.store.reading() as db:
        rows = archive.dropped(db)
    return {"dropped": [{"path": path, "line": line, "text": text} for path, line, text in rows]}


def _print_dropped(app: App) -> None:
    with app.store.reading() as db:
        table([(f"{path}:{line}", text) for path, line, text in archive.dropped(db)], indent="  ")
