"""The desk on a real server, and a client that keeps its cookies."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from starlette.responses import Response
from starlette.routing import BaseRoute

from newsletter.domain.errors import StoreError, UsageError
from newsletter.services import desk_sessions, desk_users
from newsletter.services.desk_users import Role
from newsletter.storage import Store
from newsletter.web.app import app
from newsletter.web.desk import account, log, login
from newsletter.web.desk.frame import Frame, Visit
from newsletter.web.desk.look import look
from tests.builders import NOON
from tests.conftest import new_store
from tests.web.test_unsubscribe import Answer, ask, serving

SECRET = b"a secret of the tests"
PASSWORD = "correct horse battery"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Browser:
    """A client with cookies. ``log_in`` begins a session without the work of hashing."""

    port: int
    store: Store
    clock: Clock
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Answer:
        return self._ask("POST", path, urlencode(fields).encode(), FORM | headers)

    def send(self, path: str, **fields: str) -> Answer:
        """A form of ours, with the token of this session."""
        return self.post(path, {"csrf": self.token(), **fields})

    def token(self, path: str = "/desk") -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(path).text)
        assert found
        return unescape(found[1])

    def log_in(self, name: str = "olga") -> None:
        found = {row["name"]: row for row in desk_users.listed(self.store)}[name]
        user = desk_users.User(found["id"], name, found["role"])
        random = desk_sessions.begin(self.store, user, self.clock(), "127.0.0.1", "a browser")
        self.cookies["desk"] = desk_sessions.signed(SECRET, random)

    def _ask(
        self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = ask(self.port, method, path, data, sent)
        for line in answer.headers.get_all("set-cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        return answer


def trial(frame: Frame) -> list[BaseRoute]:
    """Pages that use all of the frame."""

    def today(visit: Visit) -> Response:
        return visit.page("desk/problem.html", finding="today", advice="", back="/desk")

    def change(visit: Visit) -> Response:
        visit.about(visit.form["address"])
        return visit.back("/desk", f"{visit.form['address']} is changed")

    def refuse(_: Visit) -> Response:
        raise UsageError("that cannot be", "try <another>")

    def again(visit: Visit) -> Response:
        return visit.page("desk/problem.html", 422, finding="wrong", advice="", back="/desk")

    def fall(_: Visit) -> Response:
        raise StoreError("the disk is on fire")

    return [
        frame.get("/desk", today),
        frame.get("/desk/readers", today, role="operator"),
        frame.get("/desk/fall", fall),
        frame.post("/desk/change", change, audited="readers change"),
        frame.post("/desk/edit", change, audited="issue edit", role="editor"),
        frame.post("/desk/refuse", refuse, audited="refuse", role="editor"),
        frame.post("/desk/again", again, audited="again", role="editor"),
    ]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Store, Clock]]:
    store, clock = new_store(tmp_path_factory.mktemp("desk")), Clock()
    users: tuple[tuple[str, Role], ...] = (("olga", "operator"), ("eddy", "editor"))
    for name, role in users:
        desk_users.add(store, name, role, PASSWORD, NOON)
    frame = Frame(store, clock, SECRET, look("Five & <b>Counting</b>", "#0a7d4f", "UTC"))
    own = [*login.routes(frame), *account.routes(frame), *log.routes(frame)]
    routes = [*frame.look.files(), *own, *trial(frame), *frame.rest()]
    with serving(app(routes, {StoreError: frame.closed})) as port:
        yield port, store, clock
    store.close()


@pytest.fixture
def browser(running: tuple[int, Store, Clock]) -> Browser:
    """Of somebody who is not logged in."""
    port, store, clock = running
    clock.now = NOON
    return Browser(port, store, clock)


@pytest.fixture
def operator(browser: Browser) -> Browser:
    browser.log_in("olga")
    return browser


@pytest.fixture
def editor(browser: Browser) -> Browser:
    browser.log_in("eddy")
    return browser
