from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection

import pytest

from newsletter.services import audit, desk_sessions, desk_users
from newsletter.web.forms import MOST
from tests.builders import NOON
from tests.web.desk.conftest import SECRET, Browser


def lines(browser: Browser, about: str) -> list[tuple[str, str, str]]:
    found = audit.newest(browser.store, 10, about)
    return [(line["entrance"], line["who"], line["action"]) for line in found]


@pytest.mark.parametrize("path", ["/desk", "/desk/readers", "/desk/nothing/here"])
def test_a_stranger_is_sent_to_the_login(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status == 303
    wanted = "" if path == "/desk" else f"?next={path}"
    assert answer.headers["location"] == f"/desk/login{wanted}"


def test_a_strangers_form_changes_nothing_and_is_not_read(browser: Browser) -> None:
    answer = browser.post("/desk/change", {"address": "x" * 2 * MOST})
    assert (answer.status, answer.headers["location"]) == (303, "/desk/login")


def test_htmx_is_told_to_load_the_login(browser: Browser) -> None:
    answer = browser.get("/desk/readers", HX_Request="true")
    assert (answer.status, answer.headers["hx-redirect"]) == (401, "/desk/login")


def test_a_page_names_the_user_and_what_they_may_see(operator: Browser) -> None:
    page = operator.get("/desk").text
    assert "olga" in page
    assert '<a href="/desk" aria-current="page">Today</a>' in page
    assert "Readers" in page
    assert "Returns" not in page  # there is no such route here
    assert "Five &amp; &lt;b&gt;Counting&lt;/b&gt;" in page


def test_an_editor_sees_no_pages_of_operators(editor: Browser) -> None:
    assert "Readers" not in editor.get("/desk").text
    refused = editor.get("/desk/readers")
    assert refused.status == 403
    assert "This is for operators" in refused.text


def test_what_a_form_changed_stands_in_the_audit_and_is_said_once(operator: Browser) -> None:
    answer = operator.send("/desk/change", address="ann@example.org")
    assert (answer.status, answer.headers["location"]) == (303, "/desk")
    assert lines(operator, "ann@example.org") == [("desk", "olga", "readers change")]
    assert "ann@example.org is changed" not in operator.get("/desk", HX_Request="true").text
    assert "ann@example.org is changed" in operator.get("/desk").text
    assert "ann@example.org is changed" not in operator.get("/desk").text


def test_an_editor_may_not_post_what_is_for_operators(editor: Browser) -> None:
    assert editor.send("/desk/change", address="eddy@example.org").status == 403
    assert lines(editor, "eddy@example.org") == []
    assert editor.send("/desk/edit", address="eddy@example.org").status == 303
    assert lines(editor, "eddy@example.org") == [("desk", "eddy", "issue edit")]


def test_what_an_editor_may_not_send_is_not_waited_for(editor: Browser) -> None:
    with closing(HTTPConnection("127.0.0.1", editor.port, timeout=10)) as connection:
        connection.putrequest("POST", "/desk/change")
        connection.putheader("Cookie", f"desk={editor.cookies['desk']}")
        connection.putheader("Content-Length", "1000")
        connection.endheaders()
        assert connection.getresponse().status == 403


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "ä\udcff"])
def test_a_form_without_the_token_of_the_session_is_refused(operator: Browser, token: str) -> None:
    fields = {"csrf": token, "address": "forged@example.org"}
    refused = operator.post(
        "/desk/change", {k: v.encode("utf-8", "replace").decode() for k, v in fields.items()}
    )
    assert refused.status == 403
    assert lines(operator, "forged@example.org") == []


def test_the_token_of_another_session_is_refused(operator: Browser) -> None:
    other = operator.token()
    operator.log_in("olga")
    fields = {"csrf": other, "address": "forged@example.org"}
    assert operator.post("/desk/change", fields).status == 403


def test_a_form_from_a_page_of_another_site_is_refused(operator: Browser) -> None:
    fields = {"csrf": operator.token(), "address": "forged@example.org"}
    for site in ("cross-site", "same-site"):
        assert operator.post("/desk/change", fields, Sec_Fetch_Site=site).status == 403
    assert lines(operator, "forged@example.org") == []


def test_an_error_says_what_to_do_and_is_not_in_the_audit(operator: Browser) -> None:
    answer = operator.send("/desk/refuse")
    assert answer.status == 422
    assert "That cannot be." in answer.text
    assert "Try &lt;another&gt;." in answer.text
    assert operator.send("/desk/again").status == 422
    assert {line["action"] for line in audit.newest(operator.store, 50)} <= {
        "readers change",
        "issue edit",
        "log in",
        "log out",
    }


def test_a_form_that_is_too_large_is_refused(operator: Browser) -> None:
    answer = operator.send("/desk/change", address="x" * MOST)
    assert answer.status == 413
    assert "olga" in answer.text


def test_a_form_of_too_many_fields_is_refused(operator: Browser) -> None:
    answer = operator.send("/desk/change", **{f"f{number}": "" for number in range(300)})
    assert answer.status == 400
    assert "olga" in answer.text


def test_a_nul_reaches_no_page_and_no_form(operator: Browser) -> None:
    """PostgreSQL takes none."""
    assert "a\N{REPLACEMENT CHARACTER}b" in operator.get("/desk/log?about=a%00b").text
    assert operator.send("/desk/change", address="ann\0@example.org").status == 422
    assert not lines(operator, "ann")


def test_without_a_database_the_page_says_so(operator: Browser) -> None:
    answer = operator.get("/desk/fall")
    assert (answer.status, answer.headers["retry-after"]) == (503, "60")
    assert "disk" not in answer.text


def test_a_page_that_is_not_there_is_missing(operator: Browser) -> None:
    assert operator.get("/desk/nothing").status == 404
    assert operator.get("/desk/change").status == 404


def test_every_page_forbids_frames_and_foreign_scripts(operator: Browser) -> None:
    for answer in (operator.get("/desk"), operator.get("/desk/nothing")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"


def test_a_session_ends_when_it_is_not_used(operator: Browser) -> None:
    operator.clock.now = NOON + desk_sessions.IDLE - timedelta(seconds=1)
    assert operator.get("/desk").status == 200
    operator.clock.now += desk_sessions.IDLE - timedelta(seconds=1)
    assert operator.get("/desk").status == 200
    operator.clock.now += desk_sessions.IDLE
    assert operator.get("/desk").status == 303


def test_a_session_ends_after_its_time_however_busy(operator: Browser) -> None:
    while operator.clock.now < NOON + desk_sessions.LASTS - timedelta(hours=1):
        operator.clock.now += timedelta(hours=1)
        assert operator.get("/desk").status == 200
    operator.clock.now = NOON + desk_sessions.LASTS
    assert operator.get("/desk").status == 303


def test_a_changed_cookie_is_nobodys(operator: Browser) -> None:
    good = operator.cookies["desk"]
    random, _, signature = good.partition(".")
    other = "A" if signature[0] != "A" else "B"
    for bad in (
        random,
        f"{random}.",
        f"{random}.{other}{signature[1:]}",
        f"x{good}",
        f"{good}x",
        ".",
    ):
        operator.cookies["desk"] = bad
        assert operator.get("/desk").status == 303, bad
    operator.cookies["desk"] = desk_sessions.signed(b"another secret", random)
    assert operator.get("/desk").status == 303


def test_who_is_removed_is_logged_out(browser: Browser) -> None:
    desk_users.add(browser.store, "temp", "editor", "four words at random", NOON)
    browser.log_in("temp")
    assert browser.get("/desk").status == 200
    desk_users.remove(browser.store, "temp")
    assert browser.get("/desk").status == 303


def test_a_signature_for_a_cookie_is_none_for_a_form() -> None:
    random = desk_sessions.new_id()
    token = desk_sessions.form_token(SECRET, random)
    assert desk_sessions.unsigned(SECRET, f"{random}.{token}") is None
    assert not desk_sessions.token_holds(SECRET, random, desk_sessions.signed(SECRET, random))


def test_the_stylesheet_is_for_everybody_and_in_the_accent(browser: Browser) -> None:
    answer = browser.get("/desk/style.css")
    assert answer.status == 200
    assert "#0a7d4f" in answer.text
