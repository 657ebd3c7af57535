"""The desk, as axe-core, html-validate and a real Chromium see it."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import validate
from tests.browser.desk import Desk, context, log_in, opened_desk
from tests.browser.test_issues import violations

pytestmark = pytest.mark.heavy

SCREENS = [(width, scheme) for width in (390, 1280) for scheme in ("light", "dark")]
_FILES = (".csv", "/events", "/message")
"""What is no page."""


@pytest.fixture(scope="module")
def desk(demo: Path) -> Iterator[Desk]:
    with opened_desk(demo) as opened:
        yield opened


def reachable(tab: Page, desk: Desk) -> dict[str, int]:
    """The pages that links of the desk lead to, one of each kind, and their statuses."""
    found: set[str] = set()
    statuses: dict[str, int] = {}
    waiting = ["/desk", "/desk/nothing"]
    while waiting:
        path = waiting.pop(0)
        kind = kind_of(path)
        if kind in found or kind.partition("?")[0].endswith(_FILES):
            continue
        found.add(kind)
        answer = tab.goto(desk.address + path)
        assert answer
        statuses[path] = answer.status
        links = tab.locator("a[href^='/desk']").evaluate_all(
            "links => links.map(link => link.getAttribute('href').split('#')[0])"
        )
        waiting += links
    return statuses


def kind_of(path: str) -> str:
    """Without what tells pages of one kind apart: numbers, dates and the values of a query."""
    place, _, query = path.partition("?")
    parts = ["#" if re.search("[0-9@]", part) else part for part in place.split("/")]
    return "/".join(parts) + "?" + ",".join(sorted(name for name, _ in parse_qsl(query)))


def test_axe_and_html_validate_find_nothing_on_any_page(
    chromium: Browser, axe: str, node_modules: Path, desk: Desk, tmp_path: Path
) -> None:
    session = context(chromium)
    tab = session.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(f"{tab.url}: {message.text}"))
    tab.on("pageerror", lambda error: complaints.append(f"{tab.url}: {error}"))
    tab.goto(f"{desk.address}/desk/login")
    assert violations(tab, axe) == []
    log_in(tab, desk)
    files: list[Path] = []
    statuses = reachable(tab, desk)
    for path in statuses:
        tab.goto(desk.address + path)
        files.append(tmp_path / f"{len(files)}.html")
        files[-1].write_text(f"{tab.request.get(desk.address + path).text().rstrip()}\n")
        for width, scheme in SCREENS:
            tab.set_viewport_size({"width": width, "height": 800})
            tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert violations(tab, axe) == [], (path, width, scheme)
            wide = tab.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (path, width)
    session.close()
    assert {path for path, status in statuses.items() if status != 200} == {"/desk/nothing"}
    assert [one for one in complaints if "404" not in one and "postMessage" not in one] == []
    found = validate(node_modules, *files)
    said = [(one["filePath"], each) for one in found for each in one["messages"]]
    # A box that scrolls is a region with a name, whatever its element.
    assert [each for each in said if each[1]["ruleId"] != "prefer-native-element"] == []


@pytest.mark.parametrize("script", [True, False])
def test_by_the_keyboard_alone(chromium: Browser, desk: Desk, script: bool) -> None:  # noqa: FBT001
    session = context(chromium, script=script)
    tab = session.new_page()
    tab.goto(f"{desk.address}/desk/settings")
    expect(tab.get_by_label("Name")).to_be_focused()
    tab.keyboard.type("olga")
    tab.keyboard.press("Tab")
    tab.keyboard.type("correct horse battery")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Settings")
    tab.keyboard.press("Tab")
    skip = tab.get_by_text("Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#main")
    session.close()


def test_nobody_may_show_the_desk_in_a_frame(chromium: Browser, desk: Desk) -> None:
    session = context(chromium)
    tab = session.new_page()
    log_in(tab, desk)
    blocked: list[str] = []
    tab.on("console", lambda message: blocked.append(message.text))
    tab.set_content(f'<iframe src="{desk.address}/desk/settings"></iframe>')
    tab.wait_for_timeout(500)
    assert not any("Settings" in frame.content() for frame in tab.frames[1:])
    assert "frame-ancestors" in " ".join(blocked)
    session.close()
