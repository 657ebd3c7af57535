"""The page behind the link of a "still there?", on a real server, by a real notice's link."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest
from lxml.html import document_fromstring

from newsletter.domain.model import State
from newsletter.domain.notices import Purpose, path
from newsletter.services.sunset import NO_ANSWER, StillLinks
from newsletter.storage import Store, notices, subscribers
from newsletter.web.app import app
from newsletter.web.pages import Pages
from newsletter.web.still import routes
from tests.builders import NOON, TODAY, subscribe
from tests.conftest import new_store
from tests.golden import branding
from tests.web.test_unsubscribe import FORM, SECRET, ask, serving


class Site(NamedTuple):
    port: int
    store: Store
    link: str

    @property
    def state(self) -> str | None:
        with self.store.reading() as db:
            return subscribers.state_of(db, 1)

    def put(self, state: State, why: str = "", language: str = "") -> None:
        with self.store.writing() as db:
            subscribers.change(
                db, "ann@example.org", state=state, state_reason=why, language=language
            )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    store = new_store(tmp_path_factory.mktemp("still"))
    with store.writing() as db:
        ann = subscribe(db)
        notices.ask(db, ann.id, Purpose.STILL_THERE, TODAY, NOON)
        notice = notices.find(db, 1)
        assert notice
    links = StillLinks(store, SECRET, lambda: NOON)
    pages = Pages(replace(branding(), name="Five & <b>Counting</b>"))
    with serving(app(routes(links, pages))) as port:
        yield Site(port, store, path(SECRET, notice))
    store.close()


@pytest.fixture
def site(running: Site) -> Site:
    running.put("active")
    return running


def heading(html: str) -> str:
    return str(document_fromstring(html).findtext(".//h1"))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("query", ["", "?undo", "?keep"])
def test_looking_brings_nobody_back(site: Site, method: str, query: str) -> None:
    site.put("unsubscribed", NO_ANSWER)
    assert ask(site.port, method, site.link + query).status == 200
    assert site.state == "unsubscribed"


def test_it_asks_and_one_press_keeps_the_reader(site: Site) -> None:
    answer = ask(site.port, "GET", site.link)
    assert heading(answer.text) == "Do you still want Five & <b>Counting</b>?"
    assert "Yes, keep sending it" in answer.text
    assert "/u/1." in answer.text, "or leave at once"
    assert answer.headers["Cache-Control"] == "no-store"
    for _ in range(2):
        assert (
            heading(ask(site.port, "POST", site.link, b"", FORM).text) == "Thank you: it goes on."
        )
    assert site.state == "active"


def test_who_did_not_answer_comes_back_by_one_press(site: Site) -> None:
    site.put("unsubscribed", NO_ANSWER)
    assert heading(ask(site.port, "GET", site.link).text) == "We have stopped sending it."
    after = ask(site.port, "POST", site.link, b"", FORM)
    assert (heading(after.text), site.state) == ("You are subscribed again.", "active")


def test_it_is_in_the_language_of_the_reader(site: Site) -> None:
    titles = {"de": "Wir senden nicht mehr.", "fr": "Nous avons cessé l’envoi.",
              "es": "Hemos dejado de enviarlo."}  # fmt: skip
    for language, title in titles.items():
        site.put("unsubscribed", NO_ANSWER, language)
        answer = ask(site.port, "GET", site.link)
        assert heading(answer.text) == title
        assert f'lang="{language}"' in answer.text


def test_an_old_link_brings_nobody_back(site: Site) -> None:
    site.put("unsubscribed", "by the link in a message")
    answer = ask(site.port, "POST", site.link, b"", FORM)
    assert (answer.status, heading(answer.text)) == (200, "You have left Five & <b>Counting</b>.")
    assert site.state == "unsubscribed"


@pytest.mark.parametrize("link", ["/still/1-1.0.aaaaaaaaaaaaaaaaaaaaaa", "/still/x", "/still/1.2"])
def test_another_link_is_nobodys(site: Site, link: str) -> None:
    for method in ("GET", "POST"):
        answer = ask(site.port, method, link, b"" if method == "POST" else None, FORM)
        assert (answer.status, heading(answer.text)) == (404, "This link does not work.")
