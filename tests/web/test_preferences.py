"""A reader's own page over a real server: what is chosen is kept, and nothing typed is lost."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.model import Subscriber
from newsletter.domain.notices import Notice, Purpose, path
from newsletter.domain.tokens import link_token, token
from newsletter.services.month_matches import MonthMatch
from newsletter.services.preferences import Preferences, chosen
from newsletter.services.unsubscribe import UnsubscribeLinks
from newsletter.storage import Store, notices, subscribers
from newsletter.web import unsubscribe
from newsletter.web.app import app
from newsletter.web.networks import Networks
from newsletter.web.pages import Pages
from newsletter.web.preferences import routes
from tests.builders import NOON, subscribe
from tests.conftest import new_store
from tests.golden import head
from tests.web.test_unsubscribe import FORM, Answer, ask, serving, wait_for

SECRET = head().secret
ANN = link_token(SECRET, "preferences", 1)
AN_HOUR = 20
GOOD = {
    "interests": "ports, <b>sleep</b>",
    "frequency": "daily",
    "hour": "9",
    "timezone": "europe/paris",
    "name": "Ann",
    "language": "de",
    "paused_until": "",
}


class Site(NamedTuple):
    port: int
    store: Store

    @property
    def ann(self) -> Subscriber:
        with self.store.reading() as db:
            ann = subscribers.numbered(db, 1)
        assert ann
        return ann

    def post(self, where: str, form: dict[str, str], *days: int) -> Answer:
        fields = [*form.items(), *(("weekdays", str(day)) for day in days)]
        return ask(self.port, "POST", where, urlencode(fields).encode(), FORM)


def look(interests: str) -> MonthMatch:
    return MonthMatch(len(interests), 40, (f"About {interests}.",))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    store = new_store(tmp_path)
    with store.writing() as db:
        subscribe(db)
    pages = Pages(head())
    leaving = unsubscribe.routes(UnsubscribeLinks(store, SECRET, lambda: NOON), pages)
    own = routes(pages, Preferences(store, SECRET, lambda: NOON), look, Networks(AN_HOUR))
    with serving(app([*own, *leaving])) as port:
        yield Site(port, store)
    store.close()


def test_what_is_chosen_is_kept_and_the_page_speaks_their_language(site: Site) -> None:
    before = site.ann
    page = ask(site.port, "GET", f"/p/{ANN}")
    assert (page.status, site.ann) == (200, before)
    assert "Sunday, 15 March 2026" in page.text
    saved = site.post(f"/p/{ANN}?save", GOOD, 0, 2)
    assert saved.status == 200
    assert "Gespeichert." in saved.text
    assert "Montag, 16. März 2026" in saved.text
    ann = site.ann
    assert (ann.timezone, ann.hour, ann.weekdays, ann.language) == ("Europe/Paris", 9, 5, "de")
    assert "<b>sleep" not in saved.text
    site.post(f"/p/{ANN}?save", {**GOOD, "frequency": "weekly", "weekday": "3"}, 0, 2)
    assert (site.ann.frequency, site.ann.weekdays) == ("weekly", 8)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "Nowhere/At all"),
        ("hour", "25"),
        ("hour", "noon"),
        ("paused_until", "2026-03-14"),
        ("paused_until", "soon"),
        ("paused_until", "2099-01-01"),
        ("name", "x" * 101),
        ("interests", "y" * 1001),
        ("language", "tlh"),
        ("weekdays", ""),
    ],
)
def test_a_fault_stands_by_its_field_and_nothing_typed_is_lost(
    site: Site, field: str, value: str
) -> None:
    before = site.ann
    days = () if field == "weekdays" else (1,)
    answer = site.post(f"/p/{ANN}?save", {**GOOD, field: value}, *days)
    assert (answer.status, site.ann) == (422, before)
    assert re.findall('id="([a-z_]+)-fault"', answer.text) == [field]
    kept = {**GOOD, field: value}
    for typed in (kept["name"], "&lt;b&gt;sleep" if field != "interests" else value):
        assert typed in answer.text


@given(st.dictionaries(st.sampled_from([*GOOD, "weekday"]), st.text()), st.lists(st.text()))
def test_no_form_chooses_what_a_reader_cannot_have(form: dict[str, str], days: list[str]) -> None:
    before = Subscriber(1, "ann@example.org", "UTC", 7)
    after, wrong = chosen(before, form, days, NOON)
    assert (after.id, after.address, after.state) == (1, before.address, "active")
    if not wrong:
        assert 1 <= after.weekdays <= 127
        assert not after.weekly or after.weekdays.bit_count() == 1


def test_what_interests_match_is_shown_with_and_without_the_script(site: Site) -> None:
    live = ask(site.port, "GET", f"/p/{ANN}/matches?interests=%3Ci%3Etea")
    assert "6 of this month" in live.text
    assert "&lt;i&gt;tea" in live.text
    one = ask(site.port, "GET", f"/p/{ANN}/matches?interests=x")
    assert "They would have matched 1 of this month&#39;s insights" in one.text
    before = site.ann
    shown = site.post(f"/p/{ANN}?match", GOOD, 0)
    assert f"{len(GOOD['interests'])} of this month" in shown.text
    assert site.ann == before
    assert ask(site.port, "GET", "/preferences.js").status == 200


def test_a_reader_downloads_what_is_kept(site: Site) -> None:
    answer = ask(site.port, "GET", f"/p/{ANN}/data")
    assert json.loads(answer.text)["subscriber"]["address"] == "ann@example.org"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"


def asked(site: Site, purpose: Purpose) -> list[Notice]:
    with site.store.reading() as db:
        rows = notices.of_subscriber(db, 1)
        found = [notices.find(db, row["id"]) for row in rows if row["purpose"] == purpose]
    return [notice for notice in found if notice]


def test_erasing_is_confirmed_by_mail_and_by_a_button(site: Site) -> None:
    assert "We have sent you a message" in site.post(f"/p/{ANN}?erase", {}).text
    assert "today already" in site.post(f"/p/{ANN}?erase", {}).text
    with site.store.writing() as db:
        subscribers.change(db, "ann@example.org", language="de")
    [notice] = asked(site, Purpose.ERASE)
    assert notice.language == "de"
    where = path(SECRET, notice)
    assert '<html lang="de"' in ask(site.port, "GET", where).text
    for method in ("GET", "HEAD"):
        assert ask(site.port, method, where).status == 200
    assert site.ann.address
    assert "Es ist gelöscht" in site.post(f"{where}?erase", {}).text
    for gone in (f"/p/{ANN}", f"/u/{token(SECRET, 1)}", where):
        assert ask(site.port, "GET", gone).status == 404
    assert site.post(where, {}).status == 404
    assert ask(site.port, "POST", f"/u/{token(SECRET, 1)}?undo").status == 404


def test_the_link_is_sent_once_a_day_and_the_page_tells_nobody_who_reads(site: Site) -> None:
    answers = {
        site.post("/link", {"address": address}).text
        for address in ("Ann@example.org", "ann@example.org", "nobody@example.org", "x", "")
    }
    assert len(answers) == 1
    wait_for(lambda: bool(asked(site, Purpose.LINK)))  # it is asked for after the answer
    assert len(asked(site, Purpose.LINK)) == 1


def test_a_network_asks_for_so_many_links_an_hour(site: Site) -> None:
    """Whoever is asked about: the limit tells nobody who reads."""
    addresses = [f"nobody{number}@example.org" for number in range(AN_HOUR)]
    assert {site.post("/link", {"address": address}).status for address in addresses} == {200}
    refused = {
        (answer.status, answer.text)
        for address in ("ann@example.org", "nobody@example.org")
        for answer in [site.post("/link", {"address": address})]
    }
    [(status, text)] = refused
    assert status == 429
    assert "nothing was sent" in text
    assert asked(site, Purpose.LINK) == []


@pytest.mark.parametrize("state", ["bounced", "complained", "unsubscribed", "pending"])
def test_who_gets_nothing_is_told_why(site: Site, state: str) -> None:
    with site.store.writing() as db:
        subscribers.change(db, "ann@example.org", state=state)
    page = ask(site.port, "GET", f"/p/{ANN}").text
    assert "othing is sent to ann@example.org" in page
    assert ("?erase" in page) is (state not in ("bounced", "complained"))
    site.post(f"/p/{ANN}?erase", {})
    site.post("/link", {"address": "ann@example.org"})
    assert len(asked(site, Purpose.ERASE)) == (state not in ("bounced", "complained"))
    assert asked(site, Purpose.LINK) == []


@pytest.mark.parametrize("wrong", ["x", ANN[:-1], token(SECRET, 1), link_token(SECRET, "view", 1)])
def test_another_token_opens_nothing(site: Site, wrong: str) -> None:
    for end in ("", "/matches", "/data"):
        assert ask(site.port, "GET", f"/p/{wrong}{end}").status == 404
    assert site.post(f"/p/{wrong}?save", GOOD, 1).status == 404
    assert ask(site.port, "GET", f"/erase/{wrong}").status == 404


def test_who_leaves_may_say_why_and_come_back(site: Site) -> None:
    where = f"/u/{token(SECRET, 1)}"
    assert "Would you tell us why?" in ask(site.port, "POST", where).text
    words = f"One\nmore {'x' * 600}"
    told = site.post(f"{where}?why", {"why": "too often", "words": words})
    assert "somebody will read it" in told.text
    with site.store.reading() as db:
        _, reason = subscribers.state_since(db, 1)
    assert reason == f"too often: One more {'x' * 491}"
    assert site.post(f"{where}?why", {"why": "<script>"}).status == 200
    assert "subscribed again" in ask(site.port, "POST", f"{where}?undo").text
    assert ask(site.port, "POST", f"{where}?why", b"\xff" * 70_000, FORM).status == 200
    assert site.ann.state == "unsubscribed"
