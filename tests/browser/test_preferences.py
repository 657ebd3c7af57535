"""The preferences page in a real Chromium, with and without JavaScript, and as axe sees it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from newsletter.services.preferences import Preferences
from newsletter.storage import subscribers
from newsletter.web import stylesheet
from newsletter.web.app import app
from newsletter.web.networks import Networks
from newsletter.web.pages import Pages
from newsletter.web.preferences import routes
from tests.browser.test_issues import violations
from tests.builders import NOON, subscribe
from tests.conftest import new_store
from tests.golden import head
from tests.web.test_preferences import ANN, SECRET, look
from tests.web.test_unsubscribe import serving

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reader_chooses(
    chromium: Browser,
    axe: str,
    tmp_path: Path,
    script: bool,  # noqa: FBT001
    scheme: str,
) -> None:
    store = new_store(tmp_path)
    with store.writing() as db:
        subscribe(db)
    pages = Pages(head())
    own = routes(pages, Preferences(store, SECRET, lambda: NOON), look, Networks(10))
    context = chromium.new_context(
        viewport={"width": 390, "height": 800},
        java_script_enabled=script,
        color_scheme="dark" if scheme == "dark" else "light",
    )
    tab = context.new_page()
    with serving(app([*own, *stylesheet.routes(pages)])) as port:
        tab.goto(f"http://127.0.0.1:{port}/p/{ANN}")
        tab.get_by_label("Interests").fill("tea")
        if script:
            expect(tab.locator("#matches")).to_contain_text("About tea.")
        else:
            tab.get_by_role("button", name="Show what it matches").click()
            expect(tab.locator("#matches")).to_contain_text("About tea.")
        tab.get_by_label("Once a week").check()
        tab.get_by_label("On this day, if weekly").select_option("Thursday")
        tab.get_by_label("Time zone").fill("Nowhere")
        tab.get_by_role("button", name="Save").click()
        expect(tab.locator("#timezone-fault")).to_be_visible()
        expect(tab.get_by_label("Interests")).to_have_value("tea")
        tab.get_by_label("Time zone").fill("Asia/Tokyo")
        tab.get_by_role("button", name="Save").click()
        expect(tab.get_by_role("status")).to_have_text("Saved.")
        tab.screenshot(path=tmp_path / "page.png", full_page=True)
    with store.reading() as db:
        ann = subscribers.find(db, "ann@example.org")
    assert ann
    assert (ann.interests, ann.weekdays, ann.frequency) == ("tea", 8, "weekly")
    assert ann.timezone == "Asia/Tokyo"
    if script:
        assert violations(tab, axe) == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
    store.close()
