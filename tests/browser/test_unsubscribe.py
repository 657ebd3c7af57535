"""The page behind the unsubscribe link, as html-validate, axe-core and a real Chromium see it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from newsletter.domain.tokens import token
from newsletter.services.unsubscribe import LinkState, UnsubscribeLinks
from newsletter.web.app import app
from newsletter.web.pages import Pages
from newsletter.web.unsubscribe import page, routes
from tests.browser.conftest import validate
from tests.browser.test_issues import violations
from tests.builders import NOON, subscribe
from tests.conftest import new_store
from tests.golden import head
from tests.web.test_unsubscribe import serving

pytestmark = pytest.mark.heavy
SECRET = b"a secret of the tests"


def test_html_validate_finds_nothing(node_modules: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{state}.html" for state in LinkState]
    for file in files:
        file.write_text(page(Pages(head()), LinkState(file.stem)).rstrip() + "\n", encoding="utf-8")
    found = validate(node_modules, *files)
    assert [(one["filePath"], one["messages"]) for one in found if one["messages"]] == []


@pytest.mark.parametrize("state", LinkState)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chromium: Browser, axe: str, state: LinkState, scheme: str) -> None:
    tab = chromium.new_page(viewport={"width": 375, "height": 700})
    tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    tab.set_content(page(Pages(head()), state))
    tab.add_style_tag(content=Pages(head()).render("site.css"))
    assert violations(tab, axe) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= 375
    heights = tab.evaluate(
        "[...document.querySelectorAll('button')].map(button => button.offsetHeight)"
    )
    assert all(height >= 44 for height in heights)
    tab.close()


def test_a_reader_leaves_and_comes_back_by_pressing_buttons(
    chromium: Browser, tmp_path: Path
) -> None:
    """Also from the address with the query that undoing leaves in the browser."""
    store = new_store(tmp_path)
    with store.writing() as db:
        reader = subscribe(db)
    links = UnsubscribeLinks(store, SECRET, lambda: NOON)
    tab = chromium.new_page()
    with serving(app(routes(links, Pages(head())))) as port:
        link = token(SECRET, reader.id)
        tab.goto(f"http://127.0.0.1:{port}/u/{link}")
        for _ in range(2):
            tab.get_by_role("button", name="Unsubscribe").click()
            expect(tab.get_by_role("heading", level=1)).to_have_text("You have left The Five.")
            assert links.look(link).state is LinkState.LEFT
            tab.reload()
            expect(tab.get_by_role("heading", level=1)).to_have_text("You have left The Five.")
            tab.get_by_role("button", name="Undo").click()
            expect(tab.get_by_role("heading", level=1)).to_have_text("You are subscribed again.")
            assert links.look(link).state is LinkState.SUBSCRIBED
            tab.goto(tab.url)
        assert "?undo" in tab.url
    tab.close()
    store.close()
