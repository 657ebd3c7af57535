"""Many readers at once: a CSV file that is looked at before it is imported, and the export."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute

from newsletter.domain.errors import UsageError
from newsletter.services.kept_uploads import KeptUpload, KeptUploads
from newsletter.services.readers import everyone
from newsletter.services.subscriber_csv import csv_parts, written
from newsletter.services.subscriber_import import ImportReport, Line, Outcome, import_subscribers
from newsletter.web.desk.frame import Frame, Visit
from newsletter.web.desk.readers import PATH, Parts
from newsletter.web.forms import Upload

_IMPORT = f"{PATH}/import"
_MOST = 20_000_000
"""Octets: some 100,000 readers with all their fields."""
_MOST_LINES = 200_000
"""Each takes memory of its own, however short it is, in the process that serves the site."""
_SHOWN = 100
"""Lines of each kind."""
_ORDER = (Outcome.REFUSED, Outcome.LEFT, Outcome.CONFIRMED, Outcome.ADDED, Outcome.THERE)


def routes(frame: Frame, parts: Parts, uploads: KeptUploads) -> Sequence[BaseRoute]:
    files = _Files(parts, uploads)
    return [
        frame.get(_IMPORT, files.form, role="operator"),
        frame.post(_IMPORT, files.try_out, audited="subscribers import --dry-run", most=_MOST),
        frame.get(f"{_IMPORT}/lines.csv", files.download_lines, role="operator"),
        frame.post(f"{_IMPORT}/confirm", files.confirm, audited="subscribers import"),
        frame.get(f"{PATH}/export.csv", files.export, role="operator"),
    ]


@dataclass(frozen=True, slots=True)
class Group:
    """The lines with one outcome: how many, and the first of them."""

    outcome: Outcome
    count: int
    first: Sequence[Line]


class _Files:
    def __init__(self, parts: Parts, uploads: KeptUploads) -> None:
        self.parts, self.uploads = parts, uploads

    def form(self, visit: Visit) -> Response:
        return visit.page("desk/readers_import.html", most=_MOST, fault=None, pasted="")

    def try_out(self, visit: Visit) -> Response:
        """What each line would do; nothing is stored but the file, for an hour."""
        try:
            upload = _upload(visit)
            report = self._import(visit, upload.name, upload.content, dry_run=True)
        except UsageError as error:
            pasted = visit.form.get("pasted", "")
            values = {"most": _MOST, "fault": error, "pasted": pasted}
            return visit.page("desk/readers_import.html", 422, **values)
        visit.about(upload.name)
        kept = KeptUpload(visit.now, upload.name, upload.content, _as_csv(report))
        token = self.uploads.keep(kept)
        return visit.page(
            "desk/readers_import_shown.html",
            report=report,
            file_name=upload.name,
            token=token,
            groups=_groups(report),
            takes=report.added,
        )

    def download_lines(self, visit: Visit) -> Response:
        token = visit.request.query_params.get("file", "")
        kept = self.uploads.look(token, visit.now)
        return Response(kept.shown, headers=_download("import-lines.csv"))

    def confirm(self, visit: Visit) -> Response:
        """Exactly the file that was shown, once."""
        kept = self.uploads.take(visit.form.get("file", ""), visit.now)
        visit.about(kept.name)
        report = self._import(visit, kept.name, kept.content, dry_run=False)
        count = Counter(line.outcome for line in report.lines.values())
        counts = ", ".join(f"{count[outcome]:,} {outcome}" for outcome in Outcome if count[outcome])
        return visit.back(PATH, f"Imported: {counts or 'nothing'}.")

    def export(self, visit: Visit) -> Response:
        name = f"readers-{visit.now:%Y-%m-%d}.csv"
        return StreamingResponse(csv_parts(everyone(self.parts.store)), headers=_download(name))

    def _import(self, visit: Visit, name: str, content: bytes, *, dry_run: bool) -> ImportReport:
        parts = self.parts
        return import_subscribers(
            parts.store,
            content,
            name,
            parts.defaults,
            visit.now,
            parts.secret,
            dry_run=dry_run,
        )


def _upload(visit: Visit) -> Upload:
    """The file, or what was pasted where none was chosen. Raises UsageError where nothing
    was, or too much."""
    file = visit.files.get("file")
    if not (file and (file.name or file.content)):
        pasted = visit.form.get("pasted", "")
        if not pasted.strip():
            raise UsageError("there is nothing to import", "choose a file, or paste lines")
        file = Upload("", pasted.encode())
    if max(file.content.count(end) for end in (b"\n", b"\r")) > _MOST_LINES:
        raise UsageError(
            f"it has more than {_MOST_LINES:,} lines",
            "import it in parts, or with `newsletter subscribers import`",
        )
    return file


def _groups(report: ImportReport) -> list[Group]:
    lines = sorted(report.lines.values(), key=lambda line: line.number)
    by_outcome = {outcome: [ln for ln in lines if ln.outcome is outcome] for outcome in _ORDER}
    return [
        Group(outcome, len(lines_of_outcome), lines_of_outcome[:_SHOWN])
        for outcome, lines_of_outcome in by_outcome.items()
        if lines_of_outcome
    ]


def _as_csv(report: ImportReport) -> bytes:
    lines = sorted(report.lines.values(), key=lambda line: line.number)
    rows = [(str(line.number), line.address, line.outcome, line.why) for line in lines]
    return written([("line", "address", "outcome", "why"), *rows])


def _download(name: str) -> dict[str, str]:
    return {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
