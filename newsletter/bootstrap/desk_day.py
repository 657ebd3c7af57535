"""The parts of the desk's pages that show the day: today, checks, sources, returns, report."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from newsletter.bootstrap import App
from newsletter.bootstrap.health import HealthChecks
from newsletter.bootstrap.ingest import inbox_path, source_name
from newsletter.bootstrap.rate_limits import rate_limits
from newsletter.domain.checks import CheckResult
from newsletter.domain.due import local_date
from newsletter.domain.errors import UsageError
from newsletter.services.health import run_checks
from newsletter.services.status import day_status
from newsletter.services.today import Today, today
from newsletter.web.desk import actions, checks, report, returns, sources
from newsletter.web.desk import today as today_page
from newsletter.web.desk.frame import Frame

if TYPE_CHECKING:
    from newsletter.ingest.explain import Explained

_ASKED = ("server", "pace")
"""Checks that are made where somebody asks for them: one connects to the mail server, one reads all
readers' addresses."""


def routes(app: App, frame: Frame) -> Sequence[BaseRoute]:
    board = today_page.Board(partial(_today, app), partial(_check, app, _ASKED), frame.look)
    timezone = app.settings.newsletter.timezone
    percent = app.settings.returns.storm_percent
    return [
        *today_page.routes(frame, board),
        *actions.routes(frame, actions.Desk(app.store, timezone, board.forget)),
        *checks.routes(frame, partial(_check, app, ())),
        *sources.routes(frame, _sources(app, board)),
        *returns.routes(frame, returns.ReturnParts(app.store, app.clock)),
        *report.routes(frame, report.ReportParts(app.store, app.clock, percent)),
    ]


def _today(app: App) -> Today:
    now, settings = app.clock(), app.settings
    timezone, limits = settings.newsletter.timezone, rate_limits(settings)
    status = day_status(
        app.store,
        local_date(now, timezone),
        now,
        inbox=inbox_path(app),
        window_days=settings.selection.window_days,
        minimum=settings.selection.minimum,
        limits=limits,
    )
    return today(app.store, now, timezone, status, limits)


def _check(app: App, left_out: Sequence[str]) -> Sequence[CheckResult]:
    by_name = HealthChecks(app).by_name()
    return list(run_checks({name: by_name[name] for name in by_name if name not in left_out}))


def _sources(app: App, board: today_page.Board) -> sources.SourceParts:
    return sources.SourceParts(
        store=app.store,
        timezone=app.settings.newsletter.timezone,
        inbox=str(inbox_path(app)),
        explain=partial(_explain, app),
        changed=board.forget,
    )


def _explain(app: App, source: str, path: str) -> "Explained":
    """A file of the inbox alone: the desk must not show what else this machine holds."""
    from newsletter.bootstrap.ingest_explain import explain

    if source != source_name(app):
        raise UsageError(f"{path} is on another machine, {source}", "explain it there")
    inbox = os.path.realpath(inbox_path(app))
    if not Path(os.path.realpath(path)).is_relative_to(inbox):
        raise UsageError(
            f"{path} is not in the inbox, {inbox}",
            "`newsletter ingest --explain FILE` explains a file anywhere",
        )
    return explain(app, path)
