"""``newsletter report``: how healthy the list is, as tables, JSON, or one page with plots."""

from argparse import Namespace
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from newsletter.bootstrap import App
from newsletter.cli.output import say, say_json, table
from newsletter.domain.errors import NewsletterError
from newsletter.domain.notices import Purpose
from newsletter.services.report import COMPLAINT_LIMIT, Domain, ListReport, list_report
from newsletter.services.wording import state_and_reason

_MOST_SHOWN = 20
_NOTICE_HEADS = ("", "asked", "sent", "bounced", "answered")
_HEADS = ("domain", "sent", "bounced", "", "complained", "")


def report(app: App, args: Namespace) -> int:
    found = list_report(app.store, app.clock(), args.days)
    if args.html:
        _write(app, found, Path(args.html))
    if args.json:
        total = asdict(found.total)
        say_json({**asdict(found), "total": total, "complaint_limit": COMPLAINT_LIMIT})
    elif args.html:
        say(f"{args.html}: {found.first} to {found.last}")
    else:
        _print(found)
    return 0


def _print(found: ListReport) -> None:
    first, last = found.days[0], found.days[-1]
    joined, left = (sum(getattr(day, name) for day in found.days) for name in ("joined", "left"))
    before = max(first.active - first.joined + first.left, 0)
    growth = f"{before:,} readers, +{joined:,} -{left:,} = {last.active:,}"
    say(f"{found.first} to {found.last}: {growth}")
    _section("left", _leaves(found))
    _section("came back", [_HEADS, *map(_cells, [found.total, *found.domains[:_MOST_SHOWN]])])
    for one in _over(found):
        say(f"  {one.domain}: more complaints than Gmail and Yahoo allow ({COMPLAINT_LIMIT:.1%})")
    _section("notices", [_NOTICE_HEADS, *_notices(found)] if found.notices else [])
    _section("active, and sent nothing", _unserved(found)[:_MOST_SHOWN])


def _section(title: str, rows: Sequence[Sequence[str]]) -> None:
    say()
    say(f"{title}:" if rows else f"{title}: none")
    table(rows, indent="  ")


def _leaves(found: ListReport) -> list[tuple[str, ...]]:
    return [(f"{row['count']:,}", row["state"], row["reason"]) for row in found.leaves]


def _cells(one: Domain) -> tuple[str, ...]:
    bounced = f"{one.bounced:,}", f"{one.bounce_share:.2%}"
    return (
        one.domain,
        f"{one.sent:,}",
        *bounced,
        f"{one.complained:,}",
        f"{one.complaint_share:.2%}",
    )


def _notices(found: ListReport) -> list[tuple[str, ...]]:
    """What is answered is known of "still there" alone."""
    return [
        (
            row["purpose"],
            *(f"{row[name]:,}" for name in ("asked", "sent", "bounced")),
            f"{row['answered']:,}" if row["purpose"] == Purpose.STILL_THERE else "",
        )
        for row in found.notices
    ]


def _over(found: ListReport) -> list[Domain]:
    return [one for one in (found.total, *found.domains) if one.complaint_share > COMPLAINT_LIMIT]


def _unserved(found: ListReport) -> list[tuple[str, ...]]:
    """The counts of each cause first, then the readers."""
    whys = [(row["address"], _why(row), row["answer"] or "") for row in found.unserved]
    causes = Counter(why for _, why, _ in whys)
    return [*((f"{count:,} readers", why, "") for why, count in causes.most_common()), *whys]


def _why(row: Mapping[str, Any]) -> str:
    return state_and_reason(row) if row["state"] else "no issue fell due"


def _write(app: App, found: ListReport, file: Path) -> None:
    from newsletter.rendering.report_page import page
    from newsletter.rendering.report_page import table as html_table
    from newsletter.services.report_plots import plots

    rows = [found.total, *found.domains]
    heads = ("domain", "sent", "bounced", "share", "complained", "share")
    parts = [
        f"<p>{found.first} to {found.last}</p>",
        *plots(found, app.settings.returns.storm_percent),
        html_table(
            "Came back, by domain", heads, list(map(_cells, rows)),
            [one.complaint_share > COMPLAINT_LIMIT for one in rows],
        ),
        f"<p>Red: more complaints than Gmail and Yahoo allow ({COMPLAINT_LIMIT:.1%}).</p>"
        if any(one.complaint_share > COMPLAINT_LIMIT for one in rows)
        else "",
        html_table("Left", ("readers", "how", "why"), _leaves(found)),
        html_table("Notices", _NOTICE_HEADS, _notices(found)),
        html_table("Active, and sent nothing", ("reader", "issue", "answer"), _unserved(found)),
    ]  # fmt: skip
    try:
        file.write_text(page(f"{app.settings.newsletter.name}: the list", "en", parts), "utf-8")
    except OSError as error:
        raise NewsletterError(f"{file} cannot be written: {error.strerror}") from error
