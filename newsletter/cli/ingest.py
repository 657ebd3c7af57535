"""``newsletter ingest``: brief files into the store."""

import time
from argparse import Namespace

from newsletter.bootstrap import App
from newsletter.cli.output import progress, say, say_json, table
from newsletter.domain.text import counted
from newsletter.ingest.ingest import IngestReport, ingest_sources
from newsletter.storage import archive

# Long enough for a copy to move on, short enough to wait for.
_MOMENT = 0.5
_COUNTED = ("briefs", "insights", "mentions")


def moment() -> None:
    """What lies between two looks at a file that may still be written."""
    time.sleep(_MOMENT)


def ingest(app: App, args: Namespace) -> int:
    with progress("reading", quiet=args.json) as watch:
        found = ingest_sources(app.ingest_job(moment, watch, args.paths), app.clock)
    if args.json:
        say_json(_as_json(found) | (_dropped(app) if args.dropped else {}))
    else:
        tell(found)
        if args.dropped:
            _list_dropped(app)
    return 1 if found.rejected or found.left else 0


def tell(found: IngestReport) -> None:
    before, after = found.before, found.after
    parts = []
    for name in _COUNTED:
        total, new = getattr(after, name), getattr(after, name) - getattr(before, name)
        parts.append(f"{counted(total, name[:-1])} ({new:+,})")
    parts.append(f"{after.rejected:,} rejected ({len(found.rejected):+,})")
    say(f"{', '.join(parts)}; {counted(after.dropped, 'paragraph')} dropped as boilerplate")
    for one in found.rejected:
        where = f", line {one.line}" if one.line else ""
        say(f"  rejected  {one.path}{where}: {one.reason}")
    for path in found.left:
        say(f"  left      {path}: still being written")


def _as_json(found: IngestReport) -> dict[str, object]:
    before, after = found.before, found.after
    totals = {
        name: {"new": getattr(after, name) - getattr(before, name), "total": getattr(after, name)}
        for name in _COUNTED
    }
    rejected = [
        {"path": one.path, "line": one.line, "reason": one.reason} for one in found.rejected
    ]
    return {
        **totals,
        "rejected": {"new": len(found.rejected), "total": after.rejected, "files": rejected},
        "left": list(found.left),
        "boilerplate": {"total": after.dropped},
    }


def _dropped(app: App) -> dict[str, object]:
    with app.store.reading() as db:
        rows = archive.dropped(db)
    return {"dropped": [{"path": path, "line": line, "text": text} for path, line, text in rows]}


def _list_dropped(app: App) -> None:
    with app.store.reading() as db:
        table([(f"{path}:{line}", text) for path, line, text in archive.dropped(db)], indent="  ")
