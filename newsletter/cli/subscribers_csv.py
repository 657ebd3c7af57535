"""``newsletter subscribers import`` and ``export``: many at once, as CSV."""

import sys
from argparse import Namespace
from operator import attrgetter
from pathlib import Path

from newsletter.bootstrap import App
from newsletter.bootstrap.rendering import secret
from newsletter.cli.output import say, say_bytes, say_json, table, warn
from newsletter.cli.subscribers import defaults
from newsletter.domain.errors import UsageError
from newsletter.services.readers import everyone
from newsletter.services.subscriber_csv import SubscriberFile, csv_parts
from newsletter.services.subscriber_import import ImportReport, import_subscribers


def export(app: App, args: Namespace) -> int:  # noqa: ARG001
    for part in csv_parts(everyone(app.store)):
        say_bytes(part)
    return 0


def import_(app: App, args: Namespace) -> int:
    name = Path(args.csv).name
    report = import_subscribers(
        app.store,
        _read(args.csv),
        name,
        defaults(app),
        app.clock(),
        secret(app),
        dry_run=args.dry_run,
    )
    # What the audit asks: whether anything was changed, though lines were refused.
    args.partly = bool(report.added)
    args.audited = "" if args.dry_run else args.audited
    for warning in sorted(report.warnings):
        warn(warning)
    if args.json:
        say_json(_as_json(report) | ({"lines": _lines(report)} if args.dry_run else {}))
    else:
        _say(report, dry_run=args.dry_run)
    return 1 if report.refused else 0


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error


def _as_json(report: ImportReport) -> dict[str, object]:
    refused = [{"line": line, "reason": reason} for line, reason in sorted(report.refused.items())]
    return {
        "added": report.added,
        "there_already": report.already_there,
        "refused": refused,
        "columns": report.file.columns,
        "ignored": list(report.file.ignored),
        "warnings": sorted(report.warnings),
    }


def _lines(report: ImportReport) -> list[dict[str, object]]:
    return [
        {"line": line.number, "address": line.address, "outcome": line.outcome, "why": line.why}
        for line in sorted(report.lines.values(), key=attrgetter("number"))
    ]


def _say(report: ImportReport, *, dry_run: bool) -> None:
    refused = sorted(report.refused.items())
    would = "nothing is stored yet; it would be: " if dry_run else ""
    there = f"{report.already_there:,} there already"
    say(f"{would}{report.added:,} added, {there}, {len(refused):,} refused")
    if not report.file.is_plain:
        _say_how_it_was_read(report.file)
    table([(f"line {line}", reason) for line, reason in refused], indent="  ")


def _say_how_it_was_read(file: SubscriberFile) -> None:
    columns = [f"{key} from {header!r}" for key, header in file.columns.items()]
    say(f"  read, with {file.delimiter} between values: {', '.join(columns)}")
    if file.state:
        say(f"  everybody in it is {file.state}, by the name of the file")
    if file.ignored:
        say(f"  not used: {', '.join(map(repr, file.ignored))}")
