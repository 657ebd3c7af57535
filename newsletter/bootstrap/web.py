"""The pages of ``newsletter serve``, public ones and the operator's: a line for each module."""

from functools import partial

from starlette.routing import BaseRoute

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules
from newsletter.bootstrap.rendering import branding, secret
from newsletter.services.metrics import Figures, measure
from newsletter.services.subscriptions import Defaults
from newsletter.services.unsubscribe import UnsubscribeLinks
from newsletter.web import metrics, probes, stylesheet, unsubscribe
from newsletter.web.api import handler as api
from newsletter.web.api.endpoint import Parts
from newsletter.web.pages import Pages


def routes(app: App) -> list[BaseRoute]:
    head = branding(app)
    pages = Pages(head)
    return [
        *unsubscribe.routes(UnsubscribeLinks(app.store, secret(app), app.clock), head),
        *stylesheet.routes(pages),
    ]


def desk_routes(app: App) -> list[BaseRoute]:
    """For the operator and their programs."""
    return [
        *metrics.routes(partial(_measure, app)),
        *probes.routes(app.store),
        *api.routes(_api_parts(app)),
    ]


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
    )


def _measure(app: App) -> Figures:
    return measure(app.store, app.clock(), app.settings.newsletter.timezone)
