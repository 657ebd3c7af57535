"""The pages of ``newsletter serve``: a line for each module of ``web``."""

from starlette.routing import BaseRoute

from newsletter.bootstrap import App
from newsletter.bootstrap.rendering import branding, secret
from newsletter.services.unsubscribe import UnsubscribeLinks
from newsletter.services.votes import VoteLinks
from newsletter.web import stylesheet, unsubscribe, votes
from newsletter.web.pages import Pages


def routes(app: App) -> list[BaseRoute]:
    head = branding(app)
    pages = Pages(head)
    return [
        *unsubscribe.routes(UnsubscribeLinks(app.store, secret(app), app.clock), head),
        *votes.routes(VoteLinks(app.store, secret(app), app.clock), pages),
        *stylesheet.routes(pages),
    ]
