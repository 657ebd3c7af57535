"""What ``newsletter serve`` answers at the operator's own address."""

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from newsletter.bootstrap import App, desk_day, desk_issue, desk_readers
from newsletter.bootstrap.composing import compose_rules
from newsletter.bootstrap.rendering import secret
from newsletter.bootstrap.signup import defaults
from newsletter.config.origins import origins
from newsletter.domain.errors import StoreError
from newsletter.services.metrics import Figures, measure
from newsletter.web import metrics, probes
from newsletter.web.api import handler as api
from newsletter.web.api.endpoint import Parts
from newsletter.web.app import app as with_headers
from newsletter.web.desk import account, issue, log, login, settings
from newsletter.web.desk.frame import HOME, Frame
from newsletter.web.desk.look import look
from newsletter.web.desk.settings import Setting
from newsletter.web.proxies import behind, by_own_name


def desk(app: App) -> ASGIApp:
    """For the operator and their programs."""
    frame, section = new_frame(app), app.settings.desk
    app_with_headers = with_headers(
        [
            Route("/", _home, methods=["GET"]),
            *pages(app, frame),
            *metrics.routes(partial(_measure, app)),
            *probes.ready(app.store.verify),
            *api.routes(_api_parts(app)),
        ],
        {StoreError: frame.closed},
    )
    proxies = section.trusted_proxies
    return by_own_name(section.host, proxies, behind(proxies, app_with_headers))


def pages(app: App, frame: Frame) -> Sequence[BaseRoute]:
    """Behind the login: a line for each module of ``web/desk``."""
    return [
        *frame.look.files(),
        *login.routes(frame),
        *account.routes(frame),
        *issue.routes(frame, desk_issue.parts(app)),
        *log.routes(frame),
        *desk_readers.routes(app, frame),
        *settings.routes(frame, str(app.path), _settings(app)),
        *desk_day.routes(app, frame),
        *frame.rest(),
    ]


def new_frame(app: App) -> Frame:
    section = app.settings.newsletter
    appearance = look(section.name, section.accent, section.timezone)
    return Frame(app.store, app.clock, secret(app), appearance)


def _home(request: Request) -> Response:  # noqa: ARG001
    return RedirectResponse(HOME, 303)


def _settings(app: App) -> list[Setting]:
    allowed = origins(app.settings, app.path, app.environment)
    return [
        Setting(section, name, value, origin)
        for key, value, origin in allowed
        for section, _, name in [key.rpartition(".")]
    ]


def _api_parts(app: App) -> Parts:
    settings = app.settings
    return Parts(
        store=app.store,
        clock=app.clock,
        defaults=defaults(app),
        rules=partial(compose_rules, app),
        timezone=settings.newsletter.timezone,
        boilerplate=settings.inbox.boilerplate,
        max_bytes=settings.inbox.max_bytes,
        secret=secret(app),
    )


def _measure(app: App) -> Figures:
    return measure(app.store, app.clock(), app.settings.newsletter.timezone)
