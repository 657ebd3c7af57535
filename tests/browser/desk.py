"""The demo's newsletter on a desk, for tests and pictures."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from playwright.sync_api import Browser, BrowserContext, Page

from newsletter.bootstrap import App
from newsletter.bootstrap.desk import desk
from newsletter.services import desk_users
from newsletter.services.desk_users import Role
from tests.web.test_unsubscribe import serving

PASSWORD = "correct horse battery"
MORNING = datetime(2026, 3, 14, 8, 30, tzinfo=UTC)
"""Of the demo's last day."""
USERS: Mapping[str, Role] = {"olga": "operator", "eddy": "editor"}


@dataclass(frozen=True)
class Desk:
    app: App
    address: str


@contextmanager
def opened_desk(
    folder: Path,
    clock: Callable[[], datetime] = lambda: MORNING,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Desk]:
    app = App(str(folder / "config.toml"), environment, clock)
    known = {row["name"] for row in desk_users.listed(app.store)}
    for name, role in USERS.items():
        if name not in known:
            desk_users.add(app.store, name, role, PASSWORD, clock())
    with serving(desk(app)) as port:
        yield Desk(app, f"http://127.0.0.1:{port}")
    app.close()


def context(
    chromium: Browser, width: int = 1280, scheme: str = "light", *, script: bool = True
) -> BrowserContext:
    return chromium.new_context(
        viewport={"width": width, "height": 844 if width < 500 else 800},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=script,
        accept_downloads=True,
    )


def log_in(tab: Page, desk: Desk, name: str = "olga") -> None:
    tab.goto(f"{desk.address}/desk/login?next=/desk/account")
    tab.get_by_label("Name").fill(name)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Log in").click()
    tab.get_by_role("button", name="Log out").wait_for()
