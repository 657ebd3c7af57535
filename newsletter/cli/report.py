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
    health = list_report(app.store, app.clock(), args.days)
    if args.html:
        _write(app, health, Path(args.html))
    if args.json:
        total = asdict(health.total)
        say_json({**asdict(health), "total": total, "complaint_limit": COMPLAINT_LIMIT})
    elif args.html:
        say(f"{args.html}: {health.first} to {health.last}")
    else:
        _print(health)
    return 0


def _print(health: ListReport) -> None:
    first, last = health.days[0], health.days[-1]
    joined, left = (sum(getattr(day, name) for day in health.days) for name in ("joined", "left"))
    before = max(first.active - first.joined + first.left, 0)
    growth = f"{before:,} readers, +{joined:,} -{left:,} = {last.active:,}"
    say(f"{health.first} to {health.last}: {growth}")
    _section("left", _leaves(health))
    _section("came back", [_HEADS, *map(_cells, [health.total, *health.domains[:_MOST_SHOWN]])])
    for domain in _over(health):
        say(
            f"  {domain.domain}: more complaints than Gmail and Yahoo allow ({COMPLAINT_LIMIT:.1%})"
        )
    _section("notices", [_NOTICE_HEADS, *_notices(health)] if health.notices else [])
    _section("active, and sent nothing", _unserved(health)[:_MOST_SHOWN])


def _section(title: str, rows: Sequence[Sequence[str]]) -> None:
    say()
    say(f"{title}:" if rows else f"{title}: none")
    table(rows, indent="  ")


def _leaves(health: ListReport) -> list[tuple[str, ...]]:
    return [(f"{row['count']:,}", row["state"], row["reason"]) for row in health.leaves]


def _cells(domain: Domain) -> tuple[str, ...]:
    bounced = f"{domain.bounced:,}", f"{domain.bounce_share:.2%}"
    return (
        domain.domain,
        f"{domain.sent:,}",
        *bounced,
        f"{domain.complained:,}",
        f"{domain.complaint_share:.2%}",
    )


def _notices(health: ListReport) -> list[tuple[str, ...]]:
    """What is answered is known of "still there" alone."""
    return [
        (
            row["purpose"],
            *(f"{row[name]:,}" for name in ("asked", "sent", "bounced")),
            f"{row['answered']:,}" if row["purpose"] == Purpose.STILL_THERE else "",
        )
        for row in health.notices
    ]


def _over(health: ListReport) -> list[Domain]:
    return [
        domain
        for domain in (health.total, *health.domains)
        if domain.complaint_share > COMPLAINT_LIMIT
    ]


def _unserved(health: ListReport) -> list[tuple[str, ...]]:
    """The counts of each cause first, then the readers."""
    whys = [(row["address"], _why(row), row["answer"] or "") for row in health.unserved]
    causes = Counter(why for _, why, _ in whys)
    return [*((f"{count:,} readers", why, "") for why, count in causes.most_common()), *whys]


def _why(row: Mapping[str, Any]) -> str:
    return state_and_reason(row) if row["state"] else "no issue fell due"


def _write(app: App, health: ListReport, file: Path) -> None:
    from newsletter.rendering.report_page import page
    from newsletter.rendering.report_page import table as html_table
    from newsletter.services.report_plots import plots

    rows = [health.total, *health.domains]
    heads = ("domain", "sent", "bounced", "share", "complained", "share")
    parts = [
        f"<p>{health.first} to {health.last}</p>",
        *plots(health, app.settings.returns.storm_percent),
        html_table(
            "Came back, by domain", heads, list(map(_cells, rows)),
            [domain.complaint_share > COMPLAINT_LIMIT for domain in rows],
        ),
        f"<p>Red: more complaints than Gmail and Yahoo allow ({COMPLAINT_LIMIT:.1%}).</p>"
        if any(domain.complaint_share > COMPLAINT_LIMIT for domain in rows)
        else "",
        html_table("Left", ("readers", "how", "why"), _leaves(health)),
        html_table("Notices", _NOTICE_HEADS, _notices(health)),
        html_table("Active, and sent nothing", ("reader", "issue", "answer"), _unserved(health)),
    ]  # fmt: skip
    try:
        file.write_text(page(f"{app.settings.newsletter.name}: the list", "en", parts), "utf-8")
    except OSError as error:
        raise NewsletterError(f"{file} cannot be written: {error.strerror}") from error
