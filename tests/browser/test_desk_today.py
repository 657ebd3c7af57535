"""Today in a real Chromium, on a morning on which everything happens."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from newsletter.services import operator_actions
from tests.browser.test_desk import SCREENS
from tests.browser.test_issues import violations
from tests.web.desk.day import Day, standing

pytestmark = pytest.mark.heavy
SOON = 60_000
"""Milliseconds; a busy machine looks less often."""

PAGES = (
    *("/desk", "/desk/checks", "/desk/unknown", "/desk/cancel?date=2026-03-15"),
    *("/desk/sources", "/desk/sources/feed/1", "/desk/sources/feed/1/remove"),
    "/desk/sources/file?source=here&path=/inbox/tides.md",
    *("/desk/returns", "/desk/returns/4", "/desk/report?days=30"),
)


@pytest.fixture
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with standing(tmp_path_factory.mktemp("morning")) as made:
        yield made


def logged_in(chromium: Browser, day: Day, *, script: bool = True) -> BrowserContext:
    context = chromium.new_context(java_script_enabled=script)
    cookie = day.browser("olga").cookies["desk"]
    context.add_cookies([{"name": "desk", "value": cookie, "url": at(day, "/desk")}])
    return context


def at(day: Day, path: str) -> str:
    return f"http://127.0.0.1:{day.port}{path}"


def faults(tab: Page) -> list[str]:
    """What Chromium says, its security policy among it; a dialog would be a stranger's script."""
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: said.append(dialog.message))
    return said


def test_what_happens_is_seen_without_a_reload(chromium: Browser, day: Day) -> None:
    context = logged_in(chromium, day)
    tab = context.new_page()
    said = faults(tab)
    tab.goto(at(day, "/desk"))
    expect(tab.locator("#live")).to_have_text("live", timeout=SOON)
    expect(tab.locator("#standing")).to_contain_text("Going out: 18 of 30 sent, 8 wait.")
    tab.locator("#a-cancel").focus()
    operator_actions.pause(day.store, day.clock())
    expect(tab.locator("#standing")).to_contain_text("Paused since", timeout=SOON)
    expect(tab.locator("#a-cancel")).to_be_focused()
    tab.get_by_role("link", name="Resume…").click()
    tab.get_by_role("button", name="Resume").click()
    expect(tab.get_by_role("status")).to_contain_text("Resumed")
    expect(tab.locator("#standing")).to_contain_text("Going out", timeout=SOON)
    day.browser("olga").send("/desk/pause")  # another session's
    expect(tab.locator("#standing")).to_contain_text("Paused since", timeout=SOON)
    assert said == []
    context.close()


def test_who_is_logged_out_is_told(chromium: Browser, day: Day) -> None:
    context = logged_in(chromium, day)
    tab, other = context.new_page(), context.new_page()
    tab.goto(at(day, "/desk"))
    expect(tab.locator("#live")).to_have_text("live", timeout=SOON)
    other.goto(at(day, "/desk/report"))
    other.get_by_role("button", name="Log out").click()
    expect(tab.locator("#live")).to_contain_text("You are logged out", timeout=SOON)
    context.close()


def test_without_a_script_the_page_is_loaded_anew(chromium: Browser, day: Day) -> None:
    context = logged_in(chromium, day, script=False)
    tab = context.new_page()
    tab.goto(at(day, "/desk"))
    expect(tab.locator("#live")).to_have_text("not live")
    tab.get_by_role("link", name="Pause…").click()
    tab.get_by_role("button", name="Pause").click()
    expect(tab.locator("#standing")).to_contain_text("Paused since", timeout=SOON)
    operator_actions.resume(day.store)
    while "Paused since" in tab.locator("#standing").inner_text():  # what was counted, for a while
        tab.get_by_role("link", name="Refresh").click()
    expect(tab.locator("#standing")).to_contain_text("Going out")
    context.close()


def test_axe_finds_nothing_and_no_text_of_a_stranger_runs(
    chromium: Browser, axe: str, day: Day
) -> None:
    context = logged_in(chromium, day)
    tab = context.new_page()
    said = faults(tab)
    for path in PAGES:
        tab.goto(at(day, path))
        for width, scheme in SCREENS:
            tab.set_viewport_size({"width": width, "height": 800})
            tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert violations(tab, axe) == [], (path, width, scheme)
            wide = tab.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (path, width)
    assert said == []
    context.close()
