"""A reader's own page: ``/p/TOKEN``, with what they chose, their data, and erasing it.

GET and HEAD change nothing. ``/link`` has the link sent to who lost it, and says the same whoever
asks.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.domain.due import zone
from newsletter.domain.model import Subscriber
from newsletter.domain.notices import TO, Purpose
from newsletter.domain.timezones import zones
from newsletter.domain.tokens import token as unsubscribe_token
from newsletter.domain.weekdays import EVERY_DAY, numbers
from newsletter.language import available
from newsletter.language.words import own_name, words
from newsletter.services.month_matches import MonthMatch
from newsletter.services.preferences import Preferences, Reader, chosen
from newsletter.web.errors import not_just_now, too_many
from newsletter.web.forms import Form, post
from newsletter.web.networks import Networks
from newsletter.web.pages import Pages, public

_SCRIPT = Path(__file__).with_name("preferences.js")
_MONDAY = date(2024, 1, 1)
_DAYS = frozenset("0123456")
_LONGEST_INTERESTS = 1_000

Gettext = Callable[[str], str]


def routes(
    pages: Pages,
    preferences: Preferences,
    look: Callable[[str], MonthMatch],
    networks: Networks,
) -> list[Route]:
    """Without an address of the site no message has a link, and nobody can ask for one."""
    page = _Page(pages, preferences, look, networks)
    script = _SCRIPT.read_bytes()

    def serve_script(request: Request) -> Response:
        return public(request, script, "text/javascript")

    return [
        Route("/preferences.js", serve_script, methods=["GET"]),
        Route("/p/{token}", page.show, methods=["GET"]),
        post("/p/{token}", page.change),
        Route("/p/{token}/matches", page.matches, methods=["GET"]),
        Route("/p/{token}/data", page.data, methods=["GET"]),
        Route("/erase/{token}", page.ask_erase, methods=["GET"]),
        post("/erase/{token}", page.erase),
        *(
            (Route("/link", page.ask_link, methods=["GET"]), post("/link", page.send_link))
            if pages.public_url
            else ()
        ),
    ]


@dataclass(frozen=True)
class _Page:
    """The answers. ``look`` tells what interests match, ``networks`` who may ask for links."""

    pages: Pages
    preferences: Preferences
    look: Callable[[str], MonthMatch]
    networks: Networks

    def show(self, request: Request) -> Response:
        reader = self._reader(request)
        return self._page(request, reader, _typed(reader.subscriber)) if reader else self._unknown()

    def change(self, request: Request, form: Form) -> Response:
        reader = self._reader(request)
        if reader is None:
            return self._unknown()
        if "erase" in request.query_params:
            return self._ask_to_erase(request, reader)
        days = form.getlist("weekdays")
        typed = {
            **_typed(reader.subscriber),
            **form,
            "weekdays": [int(d) for d in days if d in _DAYS],
        }
        if "match" in request.query_params:
            return self._page(request, reader, typed, match=self._match(typed["interests"]))
        after, wrong = chosen(reader.subscriber, form, days, self.preferences.clock())
        if wrong:
            return self._page(request, reader, typed, wrong)
        self.preferences.save(reader.subscriber, after)
        saved = self._reader(request) or reader
        return self._page(request, saved, _typed(saved.subscriber), notice=_saved)

    def matches(self, request: Request) -> Response:
        """A part of a page, for the script."""
        reader = self._reader(request)
        if reader is None:
            return self._unknown()
        match = self._match(request.query_params.get("interests", ""))
        return self._spoken_to(reader.subscriber).personal("matches.html", found=match)

    def data(self, request: Request) -> Response:
        reader = self._reader(request)
        if reader is None:
            return self._unknown()
        content = msgspec.json.format(msgspec.json.encode(self.preferences.data(reader.subscriber)))
        headers = {"Content-Disposition": 'attachment; filename="newsletter.json"'}
        return Response(content, headers=headers, media_type="application/json")

    def _ask_to_erase(self, request: Request, reader: Reader) -> Response:
        typed = _typed(reader.subscriber)
        if reader.subscriber.state not in TO[Purpose.ERASE]:  # their page says why
            return self._page(request, reader, typed)
        asked = self.preferences.ask_to_erase(reader.subscriber)
        return self._page(request, reader, typed, notice=_asked if asked else _asked_before)

    def ask_erase(self, request: Request) -> Response:
        reader = self.preferences.to_erase(request.path_params["token"])
        return self._spoken_to(reader).personal("erase.html") if reader else self._unknown()

    def erase(self, request: Request, form: Form) -> Response:  # noqa: ARG002
        token = request.path_params["token"]
        reader = self.preferences.to_erase(token)
        if reader is None or not self.preferences.erase(token):
            return self._unknown()
        pages = self._spoken_to(reader)
        message = pages.gettext(
            "Nothing about you is left but a scrambled mark of your address, so that no list that"
            " somebody imports brings you back. Backups made before are dropped in their time."
        )
        return pages.personal("plain.html", title=pages.gettext("It is erased"), message=message)

    def ask_link(self, request: Request) -> Response:  # noqa: ARG002
        return self.pages.personal("link.html")

    def send_link(self, request: Request, form: Form) -> Response:
        """The same whatever the address is: nobody learns who reads."""
        if not self.networks.allows(request):
            return too_many(self.pages)
        if not self.preferences.send_link(form.get("address", "")):
            return not_just_now(self.pages)
        title, message = (
            self.pages.gettext("Look into your mailbox"),
            self.pages.gettext(
                "If this address gets the newsletter, a message with the link is on its way, at"
                " most one a day."
            ),
        )
        return self.pages.personal("plain.html", title=title, message=message)

    def _reader(self, request: Request) -> Reader | None:
        return self.preferences.reader(request.path_params["token"])

    def _spoken_to(self, reader: Subscriber) -> Pages:
        return self.pages.spoken_to(reader.language)

    def _unknown(self) -> Response:
        gettext = self.pages.gettext
        title = gettext("This link does not work")
        message = gettext(
            "Nothing has changed. Some mail programs cut long links in two: try the one at the end"
            " of your latest issue again, whole."
        )
        return self.pages.personal("plain.html", 404, title=title, message=message)

    def _match(self, interests: str) -> MonthMatch:
        return self.look(interests[:_LONGEST_INTERESTS])

    def _page(
        self,
        request: Request,
        reader: Reader,
        typed: Mapping[str, Any],
        wrong: Collection[str] = (),
        *,
        match: MonthMatch | None = None,
        notice: Callable[[Gettext], str] = lambda _: "",
    ) -> Response:
        pages = self._spoken_to(reader.subscriber)
        path = f"{pages.root}/p/{request.path_params['token']}"
        return pages.personal(
            "preferences.html",
            422 if wrong else 200,
            reader=reader.subscriber,
            next_due=reader.next_due.astimezone(zone(reader.subscriber.timezone)),
            typed=typed,
            wrong=wrong,
            found=match,
            notice=notice(pages.gettext),
            days=_days(pages.branding.language),
            zones=sorted(zones()),
            languages=_languages(pages.gettext),
            leave=unsubscribe_token(self.preferences.secret, reader.subscriber.id),
            matches_path=f"{path}/matches",
            data_path=f"{path}/data",
        )


def _asked(gettext: Gettext) -> str:
    return gettext("We have sent you a message. Open its link within 48 hours to erase all of it.")


def _asked_before(gettext: Gettext) -> str:
    return gettext(
        "We sent you that message today already: open its link within 48 hours of then. If it is"
        " not there, look where your mail program puts what it takes for spam, and ask again"
        " tomorrow."
    )


def _saved(gettext: Gettext) -> str:
    return gettext("Saved.")


def _typed(reader: Subscriber) -> dict[str, Any]:
    """What the form shows of a reader. One day is no choice of days for who would read daily."""
    days = EVERY_DAY if reader.weekly else reader.weekdays
    return {
        "interests": reader.interests,
        "name": reader.name,
        "timezone": reader.timezone,
        "hour": str(reader.hour),
        "frequency": reader.frequency,
        "weekdays": numbers(days),
        "weekday": str(numbers(reader.weekdays)[0]) if reader.weekly else "0",
        "paused_until": str(reader.paused_until or ""),
        "language": reader.language,
    }


def _days(language: str) -> list[tuple[int, str]]:
    weekday = words(language).weekday
    return [(number, weekday(_MONDAY + timedelta(number))) for number in range(7)]


def _languages(gettext: Gettext) -> list[tuple[str, str]]:
    """Each by its own name."""
    return [("", gettext("As the newsletter")), *((code, own_name(code)) for code in available())]
