"""The pages of ``newsletter serve``: a line for each module of ``web``."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from newsletter.bootstrap import App, hooks
from newsletter.bootstrap.composing import compose_rules, house_subscriber
from newsletter.bootstrap.rendering import branding, secret
from newsletter.bootstrap.signup import Background, defaults, door
from newsletter.domain.model import Issue
from newsletter.rendering.picture import draw
from newsletter.rendering.rendered_email import RenderedEmail, render_email
from newsletter.services.month_matches import MonthMatches
from newsletter.services.pictures import Pictures
from newsletter.services.preferences import Preferences
from newsletter.services.public_archive import PublicArchive
from newsletter.services.sunset import StillLinks
from newsletter.services.unsubscribe import UnsubscribeLinks
from newsletter.services.view import IssueLinks
from newsletter.services.votes import VoteLinks
from newsletter.web import (
    feeds,
    pictures,
    preferences,
    probes,
    proxies,
    public,
    signup,
    still,
    stylesheet,
    unsubscribe,
    view,
    votes,
)
from newsletter.web.app import app as with_headers
from newsletter.web.errors import handlers
from newsletter.web.metrics import timed
from newsletter.web.networks import Networks
from newsletter.web.page_cache import PageCache
from newsletter.web.pages import Pages
from newsletter.web.signup import Door


def site(app: App, behind: Background | None = None) -> ASGIApp:
    """``behind`` works off what is asked for; without it nobody can sign up or ask for a link."""
    web = app.settings.web
    pages = Pages(branding(app), open_to_all=web.public, indexed=web.robots == "index")
    all_routes = routes(app, pages, behind)
    application = timed(with_headers(all_routes, handlers(pages)), all_routes)
    return proxies.behind(web.trusted_proxies, application)


def routes(app: App, pages: Pages, behind: Background | None = None) -> list[BaseRoute]:
    chosen = Preferences(app.store, secret(app), app.clock)
    if behind:
        chosen = replace(chosen, wake=behind.notices.wake, later=behind.later)
    networks = Networks(app.settings.web.signups_an_hour)
    archive = _archive(app)
    cache = PageCache(archive.version, app.clock, pages.root, indexed=pages.indexed)
    links = UnsubscribeLinks(app.store, secret(app), app.clock)
    return [
        *unsubscribe.routes(links, pages),
        *votes.routes(VoteLinks(app.store, secret(app), app.clock), pages),
        *stylesheet.routes(pages),
        *preferences.routes(
            pages, chosen, MonthMatches(compose_rules(app), app.clock).look, networks
        ),
        *still.routes(StillLinks(app.store, secret(app), app.clock), pages),
        *view.routes(pages, IssueLinks(app.store, secret(app), app.clock)),
        *pictures.logo(pages),
        *probes.health(app.store.verify),
        *_front(app, pages, archive, cache, door(app, behind, networks)),
        *(_public(app, pages, archive, cache) if app.settings.web.public else ()),
        *hooks.routes(app),
    ]


def _front(
    app: App, pages: Pages, archive: PublicArchive, cache: PageCache, entrance: Door | None
) -> Sequence[BaseRoute]:
    """Nothing where the site is neither open to read nor to sign up."""
    is_public = app.settings.web.public
    if entrance is None and not is_public:
        return ()

    def latest() -> Issue | None:
        return next(iter(archive.newest(1)), None) if is_public else None

    count = app.settings.selection.count
    return signup.routes(pages, entrance, defaults(app), count, latest, cache)


def _public(app: App, pages: Pages, archive: PublicArchive, cache: PageCache) -> list[BaseRoute]:
    house = house_subscriber(app.settings)

    def render(issue: Issue) -> RenderedEmail:
        return render_email(issue, house, pages.branding, public=True)

    folder = app.index_cache.with_suffix(".pictures")
    return [
        *public.routes(pages, archive, cache, render),
        *feeds.routes(pages, archive, cache, lambda issue: render(issue).subject),
        *pictures.routes(pages, archive, cache, Pictures(folder, draw)),
    ]


def _archive(app: App) -> PublicArchive:
    settings = app.settings
    return PublicArchive(
        store=app.store,
        timezone=settings.newsletter.timezone,
        hour=settings.schedule.send_hour,
        clock=app.clock,
        language=settings.newsletter.language,
        index_cache=app.index_cache,
    )
