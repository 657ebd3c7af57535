"""Whatever is asked of any route of the desk, by whomever.

The routes are those of the program: a page that is added is attacked as well. HOSTILE_REQUESTS says
how many requests the heavy test makes.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from starlette.routing import Route

from newsletter.bootstrap import App
from newsletter.bootstrap.desk import desk, new_frame, pages
from newsletter.bootstrap.rendering import secret
from newsletter.cli import main
from newsletter.services import desk_sessions, desk_users
from newsletter.services.desk_users import Role, User
from tests.builders import NOON
from tests.cli.conftest import CONFIG, drop, fill
from tests.web.test_unsubscribe import serving

MARK = "<zq9x'\">"
_ODD = (
    *(MARK, "", ".", "..", "%00", "\0", "{{ 7*7 }}", "1", "0", "-1", "2026-03-14", "2026-03-13"),
    *("9" * 30, "x" * 3_000, "é", "日本", "\u202e", "\ud800", "a\r\nX-Evil: 1", "//evil.example"),
    *("0001-01-01", "9999-12-31", "' OR 1=1 --", "../../etc/passwd", "http://evil.example/"),
    *("ann@example.org", "active", "pending", "1,2", "on", "5", "address\nann@example.org"),
)
_QUERIES = ("q", "page", "state", "before", "after", "about", "date", "day", "to", "cursor", "id")
_SPARED = {"/desk/logout", "/desk/account/end", "/desk/account/password"}
"""They would end the session that asks, and hashing takes its time."""
LOGIN = {"/desk/login"}


@dataclass
class Target:
    """``fields`` are the names that the forms of the templates have."""

    port: int
    roles: dict[tuple[str, str], Role]
    paths: dict[str, set[str]]
    public: set[str]
    fields: list[str]
    cookies: dict[Role, tuple[str, str]]

    def ask(
        self, method: str, path: str, body: bytes | None = None, cookie: str = ""
    ) -> tuple[HTTPResponse, bytes]:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if cookie:
            headers["Cookie"] = f"desk={cookie}"
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            stream = answer.headers.get_content_type() == "text/event-stream"
            return answer, b"" if stream else answer.read()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("hostile") / "news"
    app = App(str(founded(folder)), {}, lambda: NOON)
    cookies: dict[Role, tuple[str, str]] = {}
    users: tuple[tuple[str, Role], ...] = (("eddy", "editor"), ("olga", "operator"))
    for number, (name, role) in enumerate(users, 1):
        desk_users.add(app.store, name, role, "correct horse battery", NOON)
        session = desk_sessions.begin(app.store, User(number, name, role), NOON, MARK, MARK)
        signed, token = (f(secret(app), session) for f in _BOTH)
        cookies[role] = signed, token
    frame = new_frame(app)
    routes = [route for route in pages(app, frame) if isinstance(route, Route)]
    paths: dict[str, set[str]] = {}
    for route in routes:
        paths.setdefault(route.path, set()).update((route.methods or set()) - {"HEAD"})
    public = {route.path for route in frame.look.files()} | LOGIN
    with serving(desk(app)) as port:
        yield Target(port, frame.roles, paths, public, fields(), cookies)
    app.close()


_BOTH = desk_sessions.signed, desk_sessions.form_token


def founded(folder: Path) -> Path:
    """A newsletter whose readers and insights are hostile as well."""
    run = ["--config", str(folder / "config.toml")]
    assert main(["init", str(folder)], clock=lambda: NOON, environment={}) == 0
    named = CONFIG.replace('"Five Insights"', '"Five &<b>{{7*7}}"', 1)
    (folder / "config.toml").write_text(named)
    fill(folder / "inbox", 0, 8, "2026-03-14")
    text = f"Sailors say that {MARK} calms the sea, and that no harbour has a better {MARK}."
    drop(folder / "inbox" / "odd.json", [text], "2026-03-14", podcast=MARK, title=MARK)
    (folder / "inbox" / f"{MARK}.txt").write_bytes(b"\xff\xfe\0")
    add = [*run, "subscribers", "add", "ann@example.org", "--name", MARK, "--interests", MARK]
    for words in (add, [*run, "ingest"], [*run, "send", "--now"]):
        main(words, clock=lambda: NOON, environment={})
    return folder / "config.toml"


def fields() -> list[str]:
    folder = Path(__file__).parents[3] / "templates" / "desk"
    text = "".join(path.read_text() for path in folder.glob("*.html"))
    return sorted(set(re.findall(r'\bname="([\w-]+)"', text)) - {"viewport", "csrf"})


def filled(path: str, word: str = "1") -> str:
    return re.sub(r"\{[^}]+\}", quote(word, safe="", errors="replace"), path)


def test_a_stranger_sees_nothing_and_changes_nothing(target: Target) -> None:
    assert len(target.paths) > 8
    for path, methods in target.paths.items():
        if path in target.public:
            continue
        for method in methods:
            for cookie in ("", "x", target.cookies["operator"][0][:-2] + "xx"):
                body = urlencode({"csrf": target.cookies["operator"][1]}).encode()
                sent = body if method == "POST" else None
                answer, text = target.ask(method, filled(path), sent, cookie)
                assert answer.status in (303, 401, 403), (method, path)
                assert not text
                assert answer.headers["location"].startswith("/desk/login")


def test_an_editor_reaches_nothing_of_operators(target: Target) -> None:
    cookie, token = target.cookies["editor"]
    body = urlencode({"csrf": token}).encode()
    closed = [key for key, role in target.roles.items() if role == "operator"]
    assert ("GET", "/desk/settings") in closed
    for method, path in closed:
        answer, text = target.ask(method, filled(path), body if method == "POST" else None, cookie)
        assert answer.status == 403, (method, path)
        assert b"is for operators" in text


def test_every_form_needs_its_token(target: Target) -> None:
    for method, path in target.roles:
        if method == "POST":
            for token in ("", target.cookies["editor"][1]):
                body = urlencode({"csrf": token}).encode()
                answer, _ = target.ask(method, filled(path), body, target.cookies["operator"][0])
                assert answer.status == 403, path


def attack(target: Target, seed: int, count: int, role: Role = "operator") -> Counter[int]:
    """How often each status came. Fails where an answer is a 500 or repeats a mark unescaped."""
    chance, statuses = random.Random(seed), Counter[int]()
    cookie, token = target.cookies[role]
    asked = sorted(key for key in target.roles if key[1] not in _SPARED)
    for _ in range(count):
        method, path = chance.choice(asked)
        path = filled(path, chance.choice(_ODD))
        names = chance.choices(target.fields or ["q"], k=chance.randrange(8))
        pairs = [(name, chance.choice(_ODD)) for name in names]
        if method == "GET":
            names = chance.choices(_QUERIES, k=chance.randrange(3))
            pairs += [(name, chance.choice(_ODD)) for name in names]
            path += f"?{urlencode(pairs, errors='replace')}"
        body = urlencode([*pairs, ("csrf", token)], errors="replace").encode()
        answer, text = target.ask(method, path, body if method == "POST" else None, cookie)
        assert answer.status < 500, (method, path, body)
        assert MARK.encode() not in text, (method, path, body)
        location = answer.headers["location"] or "/desk"
        assert re.match("/desk($|[/?])", location), (method, path, location)
        statuses[answer.status] += 1
    return statuses


def test_what_is_hostile_is_answered_and_shown_as_text(target: Target) -> None:
    statuses = attack(target, 1, 40)
    assert statuses[200] > 3


_EARLY = "0001-01-01T00:00:00+23:59"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        *((path.format("9" * 5_000), None) for path in ("/desk/readers/{}", "/desk/returns/{}")),
        ("/desk/sources/feed/" + "1" * 5_000, None),
        (f"/desk/returns?before={quote(_EARLY)},1", None),
        ("/desk/unknown", {"as": "sent", "listed": _EARLY}),
        ("/desk/issue/move", {"id": "1", "order": "1 " + "9" * 20}),
        ("/desk/issue/move", {"id": "1", "order": "1 \N{SUPERSCRIPT TWO}"}),
    ],
)
def test_what_no_number_or_instant_can_hold_is_answered(
    target: Target, path: str, fields: dict[str, str] | None
) -> None:
    cookie, token = target.cookies["operator"]
    body = urlencode({"csrf": token, **fields}).encode() if fields else None
    answer, _ = target.ask("POST" if fields else "GET", path, body, cookie)
    assert answer.status in (303, 404, 422)


@pytest.mark.heavy
def test_whatever_is_asked_gets_an_answer(target: Target) -> None:
    count = int(os.environ.get("HOSTILE_REQUESTS", "1500"))
    statuses = attack(target, 2, count) + attack(target, 3, count // 3, "editor")
    assert {200, 403, 404, 422} <= set(statuses)
