"""What ``newsletter serve`` answers at the operator's own address."""

from functools import partial

from starlette.types import ASGIApp

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules
from newsletter.bootstrap.rendering import secret
from newsletter.services.metrics import Figures, measure
from newsletter.services.subscriptions import Defaults
from newsletter.web import metrics, probes
from newsletter.web.api import handler as api
from newsletter.web.api.endpoint import Parts
from newsletter.web.app import app as with_headers


def desk(app: App) -> ASGIApp:
    """For the operator and their programs."""
    return with_headers(
        [
            *metrics.routes(partial(_measure, app)),
            *probes.ready(app.store.verify),
            *api.routes(_api_parts(app)),
        ]
    )


def _api_parts(app: App) -> Parts:
    settings = app.settings
    return Parts(
        store=app.store,
        clock=app.clock,
        defaults=Defaults(settings.newsletter.timezone, settings.schedule.send_hour),
        rules=partial(compose_rules, app),
        timezone=settings.newsletter.timezone,
        boilerplate=settings.inbox.boilerplate,
        max_bytes=settings.inbox.max_bytes,
        secret=secret(app),
    )


def _measure(app: App) -> Figures:
    return measure(app.store, app.clock(), app.settings.newsletter.timezone)
