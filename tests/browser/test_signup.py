"""Signing up in a real Chromium: the form, the message at a real server, its link."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from newsletter.storage import subscribers
from newsletter.web import proof_of_work
from tests.browser.conftest import validate
from tests.browser.test_issues import violations
from tests.smtp_server import SmtpServer
from tests.web.test_signup import Door, link, standing
from tests.web.test_unsubscribe import ask

pytestmark = pytest.mark.heavy
ADDRESS = "mira@example.org"


@pytest.fixture(scope="module", params=["false", "true"], ids=["plain", "proof"])
def door(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    with SmtpServer() as mail:
        folder = tmp_path_factory.mktemp("door")
        clock = lambda: datetime.now(UTC)  # noqa: E731 - ALTCHA reads the machine's own
        with standing(folder, mail, clock=clock, proof=request.param) as open_door:
            yield open_door


def at(door: Door, path: str) -> str:
    return f"http://127.0.0.1:{door.port}{path}"


def faults(tab: Page) -> list[str]:
    """What Chromium says of the page, its security policy among it."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if not message.location["url"].endswith("/favicon.ico"):  # asked for by itself
            said.append(message.text)

    tab.on("console", hear)
    tab.on("pageerror", lambda error: said.append(str(error)))
    return said


def test_from_the_form_to_a_reader(chromium: Browser, door: Door) -> None:
    context = chromium.new_context(timezone_id="Asia/Calcutta")
    tab = context.new_page()
    said = faults(tab)
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(at(door, "/"))
    expect(tab.get_by_label("Where you are")).to_have_value("Asia/Calcutta")
    tab.get_by_label("Your email address").fill(ADDRESS)
    tab.get_by_label("What you care about").fill("harbours")
    tab.get_by_label("When it comes").select_option("6")
    proves = door.app.settings.web.proof_of_work
    if proves:
        expect(tab.locator("altcha-widget label")).to_have_text("I am not a robot")  # our words
        tab.locator("altcha-widget label").click()
        expect(tab.locator("altcha-widget [data-state=verified]")).to_be_visible(timeout=60_000)
    tab.get_by_role("button", name="Subscribe").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Now look into your mailbox")
    [text] = door.received(1)
    tab.goto(at(door, link(text)))
    expect(tab.get_by_text("harbours")).to_be_visible()
    tab.get_by_role("button", name="Confirm the subscription").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("You are subscribed.")
    with door.store.reading() as db:
        reader = subscribers.find(db, ADDRESS)
    assert reader
    assert (reader.state, reader.hour, reader.timezone) == ("active", 6, "Asia/Calcutta")
    assert all(url.startswith(at(door, "/")) for url in asked if not url.startswith("blob:")), asked
    assert said == []
    context.close()


def test_it_works_without_javascript(chromium: Browser, door: Door) -> None:
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(at(door, "/"))
    expect(tab.get_by_label("Where you are")).to_have_value("Europe/Paris")
    tab.get_by_label("Your email address").fill("noscript@example.org")
    tab.get_by_role("button", name="Subscribe").click()
    proves = door.app.settings.web.proof_of_work
    title = "Almost: something is missing" if proves else "Now look into your mailbox"
    expect(tab.get_by_role("heading", level=1)).to_have_text(title)
    context.close()


def test_a_solved_challenge_counts_once(door: Door) -> None:
    if not door.app.settings.web.proof_of_work:
        pytest.skip("no proof is asked for")
    from altcha import Challenge, Payload, solve_challenge

    challenge = Challenge.from_dict(json.loads(ask(door.port, "GET", "/altcha/challenge").text))
    solution = solve_challenge(challenge)
    assert solution
    payload = Payload(challenge, solution).to_base64()
    typed = {"address": "proof@example.org", "timezone": "UTC", "hour": "7", "altcha": payload}
    assert door.post(typed).status == 303
    assert door.post(typed).status == 422, "not a second time"
    for wrong in ("", "e30=", "x", payload[:-8], "W10=", "bnVsbA==", "eyJjaGFsbGVuZ2UiOjF9"):
        assert door.post({**typed, "altcha": wrong}).status == 422


def test_what_is_served_of_altcha_is_what_was_published() -> None:
    source = json.loads((proof_of_work._FOLDER / "source.json").read_text())
    for name, digest in source["sha256"].items():
        content = (proof_of_work._FOLDER / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, name


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    chromium: Browser, axe: str, door: Door, width: int, scheme: str
) -> None:
    """Evaluated by the browser's own tools: the pages' policy allows no script but theirs."""
    context = chromium.new_context(
        bypass_csp=True,
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    tab = context.new_page()
    wrong = ask(door.port, "POST", "/subscribe", b"address=x&hour=99&timezone=x").text
    for path in ("/", "/subscribed", "/confirm/x"):
        tab.goto(at(door, path))
        assert violations(tab, axe) == [], path
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.set_content(wrong)
    assert violations(tab, axe) == []
    context.close()


def test_html_validate_finds_nothing(node_modules: Path, tmp_path: Path, door: Door) -> None:
    if door.app.settings.web.proof_of_work:
        pytest.skip("the widget's element is not HTML's own")
    pages = {
        "home": ask(door.port, "GET", "/"),
        "subscribed": ask(door.port, "GET", "/subscribed"),
        "unknown": ask(door.port, "GET", "/confirm/x"),
        "wrong": ask(door.port, "POST", "/subscribe", b"address=x&hour=99&timezone=x"),
    }
    files = [tmp_path / f"{name}.html" for name in pages]
    for file, answer in zip(files, pages.values(), strict=True):
        file.write_text(answer.text.rstrip() + "\n", encoding="utf-8")
    found = validate(node_modules, *files)
    assert [(one["filePath"], one["messages"]) for one in found if one["messages"]] == []
