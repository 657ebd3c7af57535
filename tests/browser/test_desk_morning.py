"""A whole morning of work at the desk, in a real Chromium, with a real SMTP server behind it.

Once on a desktop with scripts, once on a phone without.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.cli import main
from tests.browser.desk import PASSWORD, Desk, context, opened_desk
from tests.browser.test_issues import violations
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.heavy

ADA, KOFI = "ada@reader.example", "kofi@reader.example"
OPENING = "Good morning: today, two things about <salt> & sleep."
CSV = "email,name\nann@example.org,Ann\nada@reader.example,Ada\nno address,Nobody\n"


def at(hour: int, minute: int = 0) -> datetime:
    """The day after the demo's last one."""
    return datetime(2026, 3, 15, hour, minute, tzinfo=UTC)


@dataclass
class Morning:
    """Ada's issue is due at 06:00 and Kofi's at 10:00; a date waits for approval from two hours
    before."""

    folder: Path
    server: SmtpServer
    now: datetime
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = {
            "NEWSLETTER_DESK__ENABLED": "true",
            "NEWSLETTER_SCHEDULE__APPROVAL": "true",
            "NEWSLETTER_DELIVERY__CHANNEL": "smtp",
            "NEWSLETTER_DELIVERY__SMTP__HOST": self.server.host,
            "NEWSLETTER_DELIVERY__SMTP__PORT": str(self.server.port),
            "NEWSLETTER_DELIVERY__SMTP__SECURITY": "none",
        }

    def send(self) -> None:
        """What the scheduler does again and again."""
        words = ["--config", str(self.folder / "config.toml"), "send"]
        main(words, clock=lambda: self.now, environment=self.environment)

    def received(self, address: str) -> list[EmailMessage]:
        return [
            message_from_bytes(one.message, policy=policy.default)
            for one in self.server.messages
            if one.recipient == address
        ]


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    """A machine that has other work is slow, not wrong."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def morning(demo: Path, tmp_path: Path) -> Iterator[Morning]:
    folder = tmp_path / "news"
    shutil.copytree(demo, folder)
    with SmtpServer() as server:
        made = Morning(folder, server, at(4, 30))
        made.send()
        yield made


def pressed(tab: Page, name: str, *, role: str = "button") -> None:
    """By the keyboard: Tab until it has the focus, then Enter."""
    assert role in ("button", "link")
    goal = tab.get_by_role("link" if role == "link" else "button", name=name).first
    for _ in range(60):
        if goal.evaluate("it => it === document.activeElement"):
            tab.keyboard.press("Enter")
            return
        tab.keyboard.press("Tab")
    raise AssertionError(f"{name} is not reached by Tab")


@pytest.mark.parametrize(("width", "script"), [(1280, True), (390, False)])
def test_a_morning_of_work(
    chromium: Browser,
    axe: str,
    morning: Morning,
    tmp_path: Path,
    width: int,
    script: bool,  # noqa: FBT001
) -> None:
    with opened_desk(morning.folder, lambda: morning.now, morning.environment) as desk:
        session = context(chromium, width, script=script)
        tab = session.new_page()
        complaints: list[str] = []
        tab.on("console", lambda message: complaints.append(f"{tab.url}: {message.text}"))
        tab.on("pageerror", lambda error: complaints.append(f"{tab.url}: {error}"))

        def looked_at() -> None:
            tab.wait_for_load_state()  # a form's answer may stand there without its style
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, tab.url
            if script:
                assert violations(tab, axe) == [], tab.url

        begins_by_the_keyboard(tab, desk)
        looked_at()
        blocked, pinned = changes_the_issue(tab, morning)
        looked_at()
        sends_a_test_and_approves(tab, morning)
        looked_at()
        morning.now = at(6, 5)
        morning.send()
        (message,) = morning.received(ADA)
        text = message.get_body(("plain",))
        assert text
        assert "today, two things about <salt> & sleep" in one_line(text.get_content())
        assert blocked not in one_line(text.get_content())
        looks_for_a_reader(tab)
        looked_at()
        imports_readers(tab, tmp_path, looked_at)
        morning.server.fail("RCPT", "550 5.1.1 no such user", recipient=KOFI)
        morning.now = at(10, 5)
        morning.send()
        reads_the_returns(tab)
        looked_at()
        reads_the_log_and_leaves(tab, desk)
        assert pinned
        session.close()
    # axe-core asks the message's frame, which no script reaches.
    assert [one for one in complaints if "postMessage" not in one] == []


def begins_by_the_keyboard(tab: Page, desk: Desk) -> None:
    tab.goto(f"{desk.address}/desk")
    enters(tab)
    expect(tab.get_by_role("heading", level=1)).to_have_text("Today")
    pressed(tab, "Issue", role="link")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Issue of Sunday, 15 March")


def enters(tab: Page) -> None:
    """By the keyboard: the name has the focus."""
    expect(tab.get_by_label("Name")).to_be_focused()
    tab.keyboard.type("olga")
    tab.keyboard.press("Tab")
    tab.keyboard.type(PASSWORD)
    tab.keyboard.press("Enter")


def changes_the_issue(tab: Page, morning: Morning) -> tuple[str, str]:
    """The beginnings of what was blocked and pinned."""
    tab.get_by_label("Reader").fill(ADA)
    tab.get_by_role("button", name="Show", exact=True).click()
    picks = tab.locator("ol.picks > li")
    expect(picks).to_have_count(5)
    blocked = beginning(picks.nth(4).locator(".what").inner_text())
    picks.nth(4).get_by_role("button", name=re.compile("^Block")).click()
    expect(tab.get_by_role("status").first).to_contain_text("is blocked")
    expect(tab.locator("ol.picks")).not_to_contain_text(blocked)
    expect(picks).to_have_count(5)
    pinned = beginning(picks.nth(1).locator(".what").inner_text())
    picks.nth(1).get_by_role("button", name=re.compile("^Pin")).click()
    expect(tab.get_by_role("status").first).to_contain_text("is pinned")
    tab.get_by_placeholder("None: the issue begins").fill(OPENING)
    tab.locator("section", has=tab.get_by_role("heading", name="Opening line")).get_by_role(
        "button", name="Save"
    ).click()
    expect(tab.get_by_placeholder("None: the issue begins")).to_have_value(OPENING)
    if tab.locator("iframe").count():
        expect(tab.frame_locator("iframe").first.locator("body")).to_contain_text(
            "two things about"
        )
    assert morning.received(ADA) == []
    return blocked, pinned


def sends_a_test_and_approves(tab: Page, morning: Morning) -> None:
    tab.get_by_label("To", exact=True).fill("olga@example.org")
    tab.get_by_role("button", name="Send a copy").click()
    expect(tab.get_by_role("status").first).to_contain_text("olga@example.org")
    (copy,) = morning.received("olga@example.org")
    text = copy.get_body(("plain",))
    assert text
    assert "two things about <salt>" in one_line(text.get_content())
    tab.get_by_role("button", name=re.compile("^Approve")).click()
    expect(tab.locator("main")).to_contain_text("approved")


def looks_for_a_reader(tab: Page) -> None:
    tab.get_by_role("link", name="Readers", exact=True).first.click()
    tab.get_by_label("Begins with").fill("ada")
    tab.get_by_role("button", name="Search").click()
    tab.get_by_role("link", name=ADA).click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text(ADA)
    expect(tab.locator("main")).to_contain_text("2026-03-15")


def imports_readers(tab: Page, folder: Path, looked_at: object) -> None:
    (folder / "new.csv").write_text(CSV)
    tab.get_by_role("link", name="Readers", exact=True).first.click()
    tab.get_by_role("link", name="Import").click()
    tab.get_by_label("CSV file").set_input_files(folder / "new.csv")
    tab.get_by_role("button", name="Show what it would do").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("new.csv")
    expect(tab.locator("main")).to_contain_text("no address")
    assert callable(looked_at)
    looked_at()
    tab.get_by_role("button", name="Add 1 reader").click()
    tab.get_by_role("link", name="Readers", exact=True).first.click()
    expect(tab.get_by_role("link", name="ann@example.org")).to_be_visible()


def reads_the_returns(tab: Page) -> None:
    """Hours later: the session has ended, and the login leads to the page that was asked for."""
    tab.get_by_role("link", name="Returns", exact=True).first.click()
    enters(tab)
    expect(tab.get_by_role("heading", level=1)).to_have_text("Returns")
    expect(tab.locator("main")).to_contain_text(KOFI)
    expect(tab.locator("main")).to_contain_text("no such user")


def reads_the_log_and_leaves(tab: Page, desk: Desk) -> None:
    tab.goto(f"{desk.address}/desk/log")
    for done in ("insights pin", "insights block", "note", "send --test", "approve", "import"):
        expect(tab.locator("main")).to_contain_text(done)
    tab.get_by_role("button", name="Log out").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Log in to the desk")
    tab.go_back()
    tab.reload()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Log in to the desk")


def beginning(text: str) -> str:
    return one_line(re.sub(r"^\d+\s*", "", text))[:40]


def one_line(text: str) -> str:
    return " ".join(text.split())
