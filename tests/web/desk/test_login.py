import re
import threading
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.services import audit, desk_users
from newsletter.web.desk.login import Attempts, own_path
from tests.web.desk.conftest import PASSWORD, Browser
from tests.web.test_unsubscribe import Answer


def enter(browser: Browser, name: str, password: str, wanted: str = "", **headers: str) -> Answer:
    token = browser.token("/desk/login")
    fields = {"csrf": token, "name": name, "password": password, "next": wanted}
    return browser.post("/desk/login", fields, **headers)


def test_who_logs_in_goes_where_they_wanted_and_logs_out_again(browser: Browser) -> None:
    page = browser.get("/desk/login?next=/desk/readers%3Fq%3Dann")
    assert 'value="/desk/readers?q=ann"' in page.text
    answer = enter(browser, " Olga ", PASSWORD, "/desk/readers?q=ann")
    assert (answer.status, answer.headers["location"]) == (303, "/desk/readers?q=ann")
    assert browser.get("/desk").status == 200
    assert browser.get("/desk/login").status == 303
    before = dict(browser.cookies)
    assert browser.send("/desk/logout").headers["location"] == "/desk/login"
    assert "desk" not in browser.cookies
    browser.cookies = before
    assert browser.get("/desk").status == 303
    actions = [line["action"] for line in audit.newest(browser.store, 2)]
    assert actions == ["log out", "log in"]


def test_the_cookie_is_kept_from_scripts_other_sites_and_other_paths(browser: Browser) -> None:
    answer = enter(browser, "olga", PASSWORD)
    lines = answer.headers.get_all("set-cookie", [])
    (cookie,) = [line for line in lines if line.startswith("desk=")]
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/desk"} <= flags
    assert "secure" not in flags


def test_behind_tls_the_cookie_is_secure(browser: Browser) -> None:
    """The test's server trusts no proxy, as by default nobody but this machine is."""
    answer = browser.get("/desk/login", X_Forwarded_Proto="https")
    assert "secure" not in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("name", "password"), [("olga", "wrong horse battery"), ("nobody", PASSWORD), ("", "")]
)
def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(
    browser: Browser, name: str, password: str
) -> None:
    answer = enter(browser, name, password)
    assert answer.status == 422
    assert "Wrong name or password" in answer.text
    assert "desk" not in browser.cookies
    assert password not in answer.text or not password


def test_an_unknown_name_is_hashed_as_well(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = desk_users._holds

    def holds(of: str, password: str) -> bool:
        hashed.append(of)
        return real(of, password)

    monkeypatch.setattr(desk_users, "_holds", holds)
    assert desk_users.verified(browser.store, "nobody", PASSWORD) is None
    (used,) = hashed
    assert used.split("$")[:4] == desk_users._hash("x").split("$")[:4]


def test_the_login_form_needs_its_own_token(browser: Browser) -> None:
    fields = {"name": "olga", "password": PASSWORD}
    assert browser.post("/desk/login", fields).status == 403
    token = browser.token("/desk/login")
    browser.cookies.clear()
    assert browser.post("/desk/login", fields | {"csrf": token}).status == 403
    assert enter(browser, "olga", PASSWORD, Sec_Fetch_Site="cross-site").status == 403
    assert "desk" not in browser.cookies


def test_a_login_begins_a_new_session(browser: Browser) -> None:
    """What somebody else put into the browser before is worth nothing after it."""
    browser.log_in("eddy")
    planted = browser.cookies["desk"]
    browser.cookies.clear()
    token = browser.token("/desk/login")
    browser.cookies["desk"] = planted
    fields = {"csrf": token, "name": "olga", "password": PASSWORD}
    assert browser.post("/desk/login", fields).status == 303
    assert browser.cookies["desk"] != planted
    browser.cookies["desk"] = planted
    assert browser.get("/desk").status == 303


def test_attempts_are_limited_by_name_and_network() -> None:
    attempts = Attempts()
    tried = [attempts.allow("olga", "192.0.2.7") for _ in range(12)]
    assert tried == [True] * 10 + [False] * 2
    assert attempts.allow("olga", "198.51.100.1")
    assert attempts.allow("eddy", "192.0.2.9")
    others = [attempts.allow(f"name{number}", "192.0.2.200") for number in range(30)]
    assert others.count(True) == 19  # 30 a network, of which 10 and 1 came before
    elsewhere = [attempts.allow("olga", f"203.{number}.1.1") for number in range(120)]
    assert 80 < elsewhere.count(True) < 100


def test_who_tries_too_often_has_to_wait(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Attempts, "allow", lambda *_: False)
    answer = enter(browser, "olga", PASSWORD)
    assert (answer.status, answer.headers["retry-after"]) == (429, "900")
    assert "desk" not in browser.cookies


def test_a_crowd_does_not_hold_the_threads_of_the_site(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, waiting = threading.Event(), threading.Semaphore(0)

    def slow(*_: object) -> None:
        waiting.release()
        assert go.wait(60)

    tries: list[object] = []

    def counted(*one: object) -> bool:
        tries.append(one)
        return True

    monkeypatch.setattr(desk_users, "verified", slow)
    monkeypatch.setattr(Attempts, "allow", lambda *_: True)
    crowd = [
        threading.Thread(target=enter, args=(replace(browser, cookies={}), "olga", "x"))
        for _ in range(4)
    ]
    for each in crowd:
        each.start()
    assert all(waiting.acquire(timeout=60) for _ in crowd)
    monkeypatch.setattr(Attempts, "allow", counted)
    assert enter(browser, "olga", PASSWORD).status == 503
    assert not tries, "who found no turn has not tried"
    go.set()
    for each in crowd:
        each.join(60)
    monkeypatch.undo()
    assert enter(browser, "olga", PASSWORD).status == 303


@pytest.mark.parametrize(
    "path",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/desk/../x", "/deskx",
     "/archive", "/desk//evil.example", "javascript:alert(1)", "/desk\r\nX: y", "/desk#", " /desk",
     ""],
)  # fmt: skip
def test_a_login_leads_nowhere_else(browser: Browser, path: str) -> None:
    assert own_path(path) == "/desk"
    assert f'value="{path}"' not in browser.get(f"/desk/login?next={quote(path)}").text


@given(st.text("/desk.\\:?#%@&= \n\r\t-éx"))
def test_only_paths_of_the_desk_are_own(text: str) -> None:
    assert re.match("/desk($|[/?])", own_path(text))
    assert re.match("/desk($|[/?])", own_path("/desk" + text))
    assert "//" not in own_path("/desk" + text).partition("?")[0]


@pytest.mark.parametrize("path", ["/desk/issue", "/desk/readers/12?page=2&q=a%20b", "/desk"])
def test_own_paths_are_kept(path: str) -> None:
    assert own_path(path) == path
