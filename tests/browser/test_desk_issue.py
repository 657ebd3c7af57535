"""The page Issue in a real Chromium: a morning of an editor, with and without JavaScript."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules
from newsletter.bootstrap.desk import desk
from newsletter.bootstrap.rendering import secret
from newsletter.composing.compose import compose
from newsletter.composing.readers import DUE
from newsletter.services import desk_sessions, desk_users
from tests.browser.test_issues import violations
from tests.web.test_unsubscribe import serving

pytestmark = pytest.mark.heavy
NOW = datetime(2026, 3, 15, 5, 30, tzinfo=UTC)
DAY = "2026-03-15"
SLIP = "A slip was <b>corrected</b>. What it says is the same."
_PATIENCE = 60_000


@pytest.fixture
def served(demo: Path, tmp_path: Path) -> Iterator[tuple[App, str, str]]:
    """An hour and a half before the demo's hour: the app, its address, the cookie."""
    shutil.copytree(demo, tmp_path / "demo")
    environment = {"NEWSLETTER_SCHEDULE__APPROVAL": "true", "NEWSLETTER_ALERTS__TO": "me@n.example"}
    app = App(str(tmp_path / "demo" / "config.toml"), environment, lambda: NOW)
    compose(compose_rules(app), NOW, None, DUE)
    desk_users.add(app.store, "eddy", "editor", "correct horse battery", NOW)
    session = desk_sessions.begin(
        app.store, desk_users.User(1, "eddy", "editor"), NOW, "127.0.0.1", "a browser"
    )
    with serving(desk(app)) as port:
        yield app, f"http://127.0.0.1:{port}", desk_sessions.signed(secret(app), session)
    app.close()


@contextmanager
def opened(
    chromium: Browser, served: tuple[App, str, str], width: int, scheme: str = "light", **more: bool
) -> Iterator[Page]:
    _, address, cookie = served
    context: BrowserContext = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        **more,  # type: ignore[arg-type]
    )
    context.add_cookies([{"name": "desk", "value": cookie, "url": address}])
    page = context.new_page()
    page.set_default_timeout(_PATIENCE)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{address}/desk/issue?date={DAY}")
    yield page
    context.close()
    assert said == []


@pytest.mark.parametrize("javascript", [True, False])
def test_a_morning(chromium: Browser, served: tuple[App, str, str], javascript: bool) -> None:  # noqa: FBT001
    with opened(chromium, served, 1280, java_script_enabled=javascript) as page:
        picks = page.locator("ol.picks > li")
        expect(picks).to_have_count(5)
        expect(page.get_by_text("waits for approval")).to_be_visible()
        first, second = (picks.nth(place).locator(".what").inner_text() for place in (0, 1))

        picks.nth(1).get_by_role("button", name="Move up").click()
        expect(page.get_by_role("status")).to_contain_text("is moved")
        expect(picks.nth(0).locator(".what")).to_contain_text(second[1:60])

        picks.nth(1).get_by_role("button", name="Block").click()
        expect(page.get_by_role("status")).to_contain_text("picked for nobody")
        expect(page.locator("ol.picks")).not_to_contain_text(first[1:60])

        picks.nth(0).locator("summary").click()
        picks.nth(0).get_by_label("The words that are shown").fill(SLIP)
        picks.nth(0).get_by_role("button", name="Save").click()
        expect(picks.nth(0)).to_contain_text(SLIP)

        page.get_by_placeholder("None: the issue begins").fill("Good morning.")
        page.locator("#opening + form").get_by_role("button", name="Save").click()
        phone = page.frame_locator("iframe[title='The message on a phone']")
        expect(phone.locator("body")).to_contain_text("Good morning.")
        expect(phone.locator("body")).to_contain_text(SLIP)

        page.get_by_role("button", name="Approve 15 March").click()
        expect(page.get_by_role("status")).to_contain_text("is approved")
        expect(page.locator(".badge.good").first).to_have_text("approved")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_every_view_fits_and_axe_finds_nothing(
    chromium: Browser, served: tuple[App, str, str], axe: str, width: int, scheme: str
) -> None:
    with opened(chromium, served, width, scheme) as page:
        for view in ("edit", "looks", "why", "source"):
            page.goto(f"{served[1]}/desk/issue?date={DAY}&view={view}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.locator("iframe").evaluate_all("all => all.forEach(one => one.remove())")
            session = page.context.new_cdp_session(page)
            session.send("Page.setBypassCSP", {"enabled": True})
            assert violations(page, axe) == [], view
            session.send("Page.setBypassCSP", {"enabled": False})


def test_with_the_keyboard_alone(chromium: Browser, served: tuple[App, str, str]) -> None:
    with opened(chromium, served, 1280) as page:
        page.locator("ol.picks > li").nth(2).locator("summary").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Control+A")
        page.keyboard.type("Typed by hand. And said why.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Corrected: “Typed by hand")
        expect(page.locator("ol.picks > li").nth(2)).to_contain_text("Typed by hand. And said why.")


def test_a_message_can_do_nothing_to_the_desk(
    chromium: Browser, served: tuple[App, str, str]
) -> None:
    with opened(chromium, served, 1280) as page:
        page.goto(f"{served[1]}/desk/issue?date={DAY}&view=looks")
        frames = page.locator("iframe")
        expect(frames).to_have_count(7)
        allowed = frames.evaluate_all(
            "all => all.map(one => [one.sandbox.length, one.contentDocument === null])"
        )
        assert allowed == [[0, True]] * 7
