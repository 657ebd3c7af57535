"""The whole way in a real Chromium, over the real application, with the messages at a real SMTP
server: sign up, confirm, choose, read, vote, leave, come back.

Every page on it is looked at by axe and html-validate, and loads nothing from elsewhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.bootstrap.signup import background
from newsletter.bootstrap.web import site
from newsletter.cli import main
from newsletter.storage import subscribers
from newsletter.web.app import listening, server
from tests.browser.conftest import validate
from tests.browser.test_issues import violations
from tests.browser.test_signup import faults
from tests.builders import NOON
from tests.smtp_server import SmtpServer
from tests.web.public_site import PublicSite, filled
from tests.web.test_unsubscribe import PATIENCE, wait_for

pytestmark = pytest.mark.heavy
ADDRESS = "mira@example.org"
SMTP = """
[delivery]
channel = "smtp"
[delivery.smtp]
host = "127.0.0.1"
port = {}
security = "none"
"""


@dataclass
class Way:
    """``tab`` is a real browser's; ``pages`` is the HTML of every page that was looked at."""

    made: PublicSite
    mail: SmtpServer
    tab: Page
    axe: str
    width: int
    pages: dict[str, str] = field(default_factory=dict)

    def arrived(self, heading: str) -> None:
        """At a page with this heading, in which nobody finds a fault."""
        expect(self.tab.get_by_role("heading", level=1)).to_have_text(heading)
        self.look()
        assert self.tab.evaluate("document.documentElement.scrollWidth") <= self.width, heading
        answer = self.tab.request.get(self.tab.url.partition("?")[0])
        if answer.ok:
            self.pages.setdefault(heading, answer.text())

    @property
    def base(self) -> str:
        return self.made.app.settings.newsletter.base_url

    def look(self) -> None:
        """axe is a script: where none may run, the same page was looked at before."""
        if self.axe:
            assert violations(self.tab, self.axe) == []

    def press(self, button: str) -> None:
        self.tab.get_by_role("button", name=button, exact=True).click()

    def open_message(self, number: int) -> None:
        """The HTML of the message that came as this one, as a mail program shows it."""
        wait_for(lambda: len(self.mail.messages) >= number)
        assert len(self.mail.messages) == number
        parsed = message_from_bytes(self.mail.messages[-1].message, policy=policy.default)
        html = parsed.get_body(("html",))
        assert html
        self.tab.set_content(html.get_content())
        self.look()

    def state(self) -> str:
        with self.made.store.reading() as db:
            found = subscribers.find(db, ADDRESS)
        return found.state if found else ""


@contextmanager
def running(folder: Path, mail: SmtpServer) -> Iterator[PublicSite]:
    with listening("127.0.0.1", 0) as bound:
        base = f"http://127.0.0.1:{bound.getsockname()[1]}"
        made = filled(folder, SMTP.format(mail.port), base)
        behind = background(made.app)
        assert behind
        behind.start()
        running = server(site(made.app, behind))
        thread = Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield made
        finally:
            running.should_exit = True
            thread.join(PATIENCE)
            behind.stop()
            made.app.close()


@pytest.fixture(params=[(390, "light", True), (1280, "dark", True), (390, "dark", False)])
def way(
    request: pytest.FixtureRequest, tmp_path: Path, chromium: Browser, axe: str
) -> Iterator[Way]:
    """``bypass_csp``: axe is evaluated in the page, whose policy allows no script but ours."""
    width, scheme, script = request.param
    with SmtpServer() as mail, running(tmp_path, mail) as made:
        context = chromium.new_context(
            bypass_csp=True,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            java_script_enabled=script,
        )
        tab = context.new_page()
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        said = faults(tab)
        yield Way(made, mail, tab, axe if script else "", width)
        base = made.app.settings.newsletter.base_url
        assert [url for url in asked if not url.startswith((f"{base}/", "data:"))] == []
        assert [one for one in said if "404 (Not Found)" not in one] == [], "but for /nothing"
        context.close()


def test_from_the_front_page_to_leaving_and_back(way: Way, node_modules: Path) -> None:
    sign_up(way)
    choose(way)
    vote(way)
    leave_and_come_back(way)
    have_all_erased(way)
    valid(way, node_modules)


def sign_up(way: Way) -> None:
    tab = way.tab
    tab.goto(f"{way.base}/")
    way.arrived("What podcasts said that you have not heard yet")
    tab.get_by_label("Your email address").fill(ADDRESS)
    tab.get_by_label("What you care about").fill("harbours, sleep")
    way.press("Subscribe")
    way.arrived("Now look into your mailbox")
    assert way.state() in ("", "pending")

    way.open_message(1)
    tab.get_by_role("link", name="Confirm the subscription").click()
    way.arrived("One press, and it comes.")
    assert way.state() == "pending"
    way.press("Confirm the subscription")
    way.arrived("You are subscribed.")
    assert way.state() == "active"


def choose(way: Way) -> None:
    tab = way.tab
    tab.get_by_role("link", name="Choose what it is about").click()
    way.arrived("Preferences")
    tab.get_by_label("Your name").fill("Mira")
    way.press("Save")
    expect(tab.get_by_role("status")).to_have_text("Saved.")
    way.arrived("Preferences")


def vote(way: Way) -> None:
    tab = way.tab
    send = ["--config", str(way.made.folder / "config.toml"), "send", "--now", "--to", ADDRESS]
    assert main(send, clock=lambda: NOON) == 0
    way.open_message(2)
    tab.get_by_role("link", name="More like this").first.click()
    way.arrived("More like this?")
    way.press("Remember this")
    way.arrived("You asked for more like this.")
    way.press("Undo: forget it")
    way.arrived("It is forgotten.")


def leave_and_come_back(way: Way) -> None:
    tab = way.tab
    way.open_message(2)
    tab.get_by_role("link", name="Read in a browser").click()
    expect(tab.get_by_text("Welcome, Mira.")).to_be_visible()
    tab.get_by_role("link", name="Unsubscribe").click()
    way.arrived("Leave Five & <b>Counting</b>?")
    assert way.state() == "active"
    way.press("Unsubscribe")
    way.arrived("You have left Five & <b>Counting</b>.")
    assert way.state() == "unsubscribed"
    tab.get_by_label("It comes too often").check()
    way.press("Tell them")
    expect(tab.get_by_role("status")).to_have_text("Thank you: somebody will read it.")
    way.press("Undo: keep sending it to me")
    way.arrived("You are subscribed again.")
    assert way.state() == "active"


def have_all_erased(way: Way) -> None:
    tab = way.tab
    for path, heading in (("/link", "Send me a link"), ("/nothing", "This page does not exist")):
        tab.goto(way.base + path)
        way.arrived(heading)
    tab.goto(f"{way.base}/link")
    tab.get_by_label("Your email address").fill(ADDRESS)
    way.press("Send me a link")
    way.arrived("Look into your mailbox")
    way.open_message(3)
    tab.get_by_role("link", name="Open my preferences").click()
    way.press("Send me a message to confirm it")
    way.open_message(4)
    tab.get_by_role("link", name="Look at it and decide").click()
    way.arrived("Erase what we keep about you?")
    way.press("Erase all of it")
    way.arrived("It is erased")
    assert way.state() == ""


def valid(way: Way, node_modules: Path) -> None:
    files = []
    for number, html in enumerate(way.pages.values()):
        files.append(way.made.folder / f"page-{number}.html")
        files[-1].write_text(html.rstrip() + "\n", encoding="utf-8")
    found = validate(node_modules, *files)
    assert [(one["filePath"], one["messages"]) for one in found if one["messages"]] == []
