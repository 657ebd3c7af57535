"""The pages of ``newsletter serve``: a line for each module of ``web``."""

from starlette.routing import BaseRoute

from newsletter.bootstrap import App, hooks
from newsletter.bootstrap.rendering import branding, secret
from newsletter.services.unsubscribe import UnsubscribeLinks
from newsletter.web import stylesheet, unsubscribe
from newsletter.web.pages import Pages


def routes(app: App) -> list[BaseRoute]:
    head = branding(app)
    pages = Pages(head)
    return [
        *unsubscribe.routes(UnsubscribeLinks(app.store, secret(app), app.clock), head),
        *stylesheet.routes(pages),
        *hooks.routes(app),
    ]
