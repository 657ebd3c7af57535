"""The pages of ``newsletter serve``, public ones and the operator's: a line for each module."""

from functools import partial

from starlette.routing import BaseRoute

from newsletter.bootstrap import App
from newsletter.bootstrap.rendering import branding, secret
from newsletter.services.metrics import Figures, measure
from newsletter.services.unsubscribe import UnsubscribeLinks
from newsletter.web import metrics, probes, stylesheet, unsubscribe
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
    ]


def _measure(app: App) -> Figures:
    return measure(app.store, app.clock(), app.settings.newsletter.timezone)
