"""The front door: ``/`` with its form, ``/subscribe``, and the link in a confirmation.

Looking changes nothing: programs that scan mail follow links. Only a POST subscribes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from newsletter.domain.model import Issue
from newsletter.domain.timezones import zones_by_region
from newsletter.services.signup import Confirmation, Confirmations, LinkState, SignUp, checked
from newsletter.services.subscriptions import Defaults
from newsletter.web.errors import not_just_now, too_many
from newsletter.web.forms import Form, post
from newsletter.web.networks import Networks
from newsletter.web.page_cache import Page, PageCache
from newsletter.web.pages import Pages, public, shared
from newsletter.web.proof_of_work import ProofOfWork

TRAP = "website"
"""A field that nobody sees: who fills it in is a program."""
_FIELDS = ("address", "interests", "timezone", "hour")
_ZONE_JS = (Path(__file__).parent / "zone.js").read_bytes()


@dataclass(frozen=True)
class Door:
    """What signing up needs. ``sign_up`` is False where too many wait already; ``proof`` is None
    where no proof of work is asked for."""

    sign_up: Callable[[SignUp], bool]
    confirmations: Confirmations
    networks: Networks
    proof: ProofOfWork | None = None


def routes(
    pages: Pages,
    door: Door | None,
    defaults: Defaults,
    count: int,
    latest: Callable[[], Issue | None],
    cache: PageCache,
) -> Sequence[BaseRoute]:
    """``count`` is how many insights an issue has, ``latest`` finds the one shown as a sample.
    Without a ``door`` nobody can sign up."""
    front = _Front(pages, door, defaults, count, latest, cache)
    home = cache.route("/", front.home)
    if door is None:
        return [home]
    links = _Links(pages, door.confirmations)
    return [
        home,
        post("/subscribe", front.subscribe),
        Route("/subscribed", front.subscribed, methods=["GET"]),
        Route("/zone.js", front.zone_js, methods=["GET"]),
        Route("/confirm/{token}", links.look, methods=["GET"]),
        Route("/confirm/{token}", links.confirm, methods=["POST"]),
        *(door.proof.routes(pages) if door.proof else ()),
    ]


class _Front:
    """Not async: Starlette calls them in threads, for they wait for the database."""

    def __init__(
        self,
        pages: Pages,
        door: Door | None,
        defaults: Defaults,
        count: int,
        latest: Callable[[], Issue | None],
        cache: PageCache,
    ) -> None:
        self.pages, self.door, self.latest, self.count = pages, door, latest, count
        self.cache = cache
        self.gettext = pages.gettext
        self.empty = {
            "address": "",
            "interests": "",
            "timezone": _spaced(defaults.timezone),
            "hour": str(defaults.hour),
        }
        self.zones = {
            region: tuple(map(_spaced, names)) for region, names in zones_by_region().items()
        }

    def home(self, request: Request) -> Response:
        return self.cache.answer(request, "/", lambda: Page(self._home().encode()))

    def _home(self) -> str:
        description = self.gettext(
            "One email a day with what podcasts said that is new to you, at the hour you choose."
        )
        about = shared(self.pages.branding.name, description, "/")
        values = self._form(self.empty, frozenset(), chosen=False)
        return self.pages.render("home.html", **about, **values, issue=self.latest())

    def subscribe(self, request: Request, form: Form) -> Response:
        """The same answer, and after the same work, whoever the address belongs to."""
        assert self.door
        typed = {name: form.get(name, "")[:2_000] for name in _FIELDS}
        asked = checked(**typed)
        proved = self.door.proof is None or self.door.proof.holds(form.get("altcha", ""))
        if isinstance(asked, frozenset) or not proved:
            faults = asked if isinstance(asked, frozenset) else frozenset()
            faults |= frozenset() if proved else {"proof"}
            return self._with_faults(typed, faults)
        if not self.door.networks.allows(request):
            return too_many(self.pages)
        if not form.get(TRAP) and not self.door.sign_up(asked):
            return not_just_now(self.pages)
        return RedirectResponse(f"{self.pages.root}/subscribed", 303)

    def subscribed(self, request: Request) -> Response:  # noqa: ARG002
        title = self.gettext("Now look into your mailbox")
        return self.pages.personal("subscribed.html", title=title)

    def zone_js(self, request: Request) -> Response:
        return public(request, _ZONE_JS, "text/javascript", indexed=self.pages.indexed)

    def _with_faults(self, typed: Mapping[str, str], faults: frozenset[str]) -> Response:
        values = self._form(typed, faults, chosen=True)
        return self.pages.personal("signup.html", 422, title=self.gettext("Almost"), **values)

    def _form(
        self, typed: Mapping[str, str], faults: frozenset[str], *, chosen: bool
    ) -> dict[str, object]:
        known = any(typed["timezone"] in names for names in self.zones.values())
        return {
            "open": self.door is not None,
            "typed": typed,
            "faults": faults,
            "chosen": chosen,
            "zones": self.zones,
            "other_zone": "" if known else typed["timezone"],
            "trap": TRAP,
            "count": self.count,
            "proof": bool(self.door and self.door.proof),
        }


class _Links:
    def __init__(self, pages: Pages, confirmations: Confirmations) -> None:
        self.pages, self.confirmations = pages, confirmations

    def look(self, request: Request) -> Response:
        return self._page(self.confirmations.look(request.path_params["token"]))

    def confirm(self, request: Request) -> Response:
        return self._page(self.confirmations.confirm(request.path_params["token"]))

    def _page(self, confirmation: Confirmation) -> Response:
        status = 404 if confirmation.state is LinkState.UNKNOWN else 200
        zone = _spaced(confirmation.reader.timezone) if confirmation.reader else ""
        pages = self.pages.spoken_to(confirmation.reader.language if confirmation.reader else "")
        return pages.personal("confirm.html", status, found=confirmation, zone=zone)


def _spaced(zone: str) -> str:
    """As people read it; ``respelt`` reads it as well."""
    return zone.replace("_", " ")
