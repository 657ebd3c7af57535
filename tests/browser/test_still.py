"""The page of a "still there?" as axe and html-validate see it; its button in a real Chromium."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from newsletter.domain.model import Subscriber
from newsletter.domain.notices import Purpose, path
from newsletter.services.sunset import NO_ANSWER, Still, StillLinks, StillState
from newsletter.storage import notices, subscriber_states, subscribers
from newsletter.web import stylesheet
from newsletter.web.app import app
from newsletter.web.pages import Pages
from newsletter.web.still import page, routes
from tests.browser.conftest import validate
from tests.browser.test_issues import violations
from tests.builders import NOON, TODAY, subscribe
from tests.conftest import new_store
from tests.golden import head
from tests.web.test_unsubscribe import SECRET, serving

pytestmark = pytest.mark.heavy
ANN = Subscriber(1, "ann@example.org", "UTC", 7)


def html(state: StillState, language: str = "en") -> str:
    found = Still(state, replace(ANN, language=language), "1.token")
    return bytes(page(Pages(head()), found).body).decode()


def test_html_validate_finds_nothing(node_modules: Path, tmp_path: Path) -> None:
    files = []
    for state in StillState:
        files.append(tmp_path / f"{state}.html")
        files[-1].write_text(html(state).rstrip() + "\n", encoding="utf-8")
    found = validate(node_modules, *files)
    assert [(one["filePath"], one["messages"]) for one in found if one["messages"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_axe_finds_nothing(chromium: Browser, axe: str, language: str, scheme: str) -> None:
    tab = chromium.new_page(viewport={"width": 375, "height": 700})
    tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    css = f"<style>{Pages(head()).render('site.css')}</style>"
    for state in StillState:
        tab.set_content(html(state, language).replace("</head>", f"{css}</head>"))
        assert violations(tab, axe) == [], state
        assert tab.evaluate("document.documentElement.scrollWidth") <= 375, state
    tab.close()


def test_a_reader_comes_back_by_the_keyboard(chromium: Browser, tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with store.writing() as db:
        ann = subscribe(db)
        notices.ask(db, ann.id, Purpose.STILL_THERE, TODAY, NOON)
        notice = notices.find(db, 1)
        subscriber_states.leave(db, ann.id, NOON, NO_ANSWER)
    assert notice
    pages = Pages(head())
    links = routes(StillLinks(store, SECRET, lambda: NOON), pages)
    with serving(app([*links, *stylesheet.routes(pages)])) as port:
        tab = chromium.new_page()
        tab.goto(f"http://127.0.0.1:{port}{path(SECRET, notice)}")
        expect(tab.get_by_role("heading", level=1, name="We have stopped")).to_be_visible()
        tab.get_by_role("button", name="Send it to me again").focus()
        tab.keyboard.press("Enter")
        expect(tab.get_by_role("heading", name="You are subscribed again.")).to_be_visible()
        tab.close()
    with store.reading() as db:
        assert subscribers.state_of(db, ann.id) == "active"
    store.close()
