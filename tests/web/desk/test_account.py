from datetime import timedelta

from newsletter.services import audit, desk_sessions, desk_users
from tests.builders import NOON
from tests.web.desk.conftest import PASSWORD, Browser

NEW = "staple battery horse"


def test_another_password_ends_the_other_sessions(browser: Browser) -> None:
    desk_users.add(browser.store, "ann", "editor", PASSWORD, NOON)
    browser.log_in("ann")
    elsewhere = dict(browser.cookies)
    browser.log_in("ann")
    page = browser.get("/desk/account").text
    assert page.count("a browser") == 2
    assert "End all other sessions" in page
    answer = browser.send("/desk/account/password", password=PASSWORD, new=NEW, again=NEW)
    assert answer.headers["location"] == "/desk/account"
    assert "Your password is changed" in browser.get("/desk/account").text
    assert desk_users.verified(browser.store, "ann", PASSWORD) is None
    assert desk_users.verified(browser.store, "ann", NEW)
    browser.cookies = elsewhere
    assert browser.get("/desk").status == 303
    (line,) = audit.newest(browser.store, 1)
    assert (line["who"], line["action"], line["about"]) == ("ann", "desk user password", "ann")


def test_other_sessions_are_ended(browser: Browser) -> None:
    browser.log_in("eddy")
    elsewhere, name = dict(browser.cookies), "eddy"
    browser.log_in(name)
    assert browser.send("/desk/account/end").status == 303
    assert "ended" in browser.get("/desk/account").text
    browser.cookies = elsewhere
    assert browser.get("/desk").status == 303


def test_what_is_wrong_with_a_new_password_is_said(editor: Browser) -> None:
    for now, new, again, said in (
        ("wrong", NEW, NEW, "not your current password"),
        (PASSWORD, NEW, f"{NEW}!", "differ"),
        (PASSWORD, "short", "short", "12 to 1,000 characters"),
    ):
        answer = editor.send("/desk/account/password", password=now, new=new, again=again)
        assert answer.status == 422
        assert said in answer.text
    assert desk_users.verified(editor.store, "eddy", PASSWORD)


def test_the_log_is_read_page_by_page(operator: Browser) -> None:
    for number in range(120):
        audit.record(operator.store, NOON, "api", "<i>site</i>", "readers add", f"{number}@x.org")
    first = operator.get("/desk/log").text
    assert "119@x.org" in first
    assert "&lt;i&gt;site" in first
    assert "Newest" not in first
    earlier = first.partition('href="/desk/log?before=')[2].partition('"')[0]
    second = operator.get(f"/desk/log?before={earlier}").text
    assert "19@x.org" in second
    assert "119@x.org" not in second
    found = operator.get("/desk/log?about=7@x.org").text
    assert found.count('<td data-label="About">') == 1
    assert "Nothing found" in operator.get("/desk/log?about=nobody&before=x").text


def test_the_log_is_for_operators(editor: Browser) -> None:
    assert editor.get("/desk/log").status == 403


def test_a_problem_that_htmx_meets_is_said_on_the_page_that_is_there(operator: Browser) -> None:
    fields = {"csrf": operator.token()}
    answer = operator.post("/desk/refuse", fields, HX_Request="true")
    assert (answer.status, answer.headers["hx-retarget"]) == (422, "#problem")
    assert "<html" not in answer.text
    assert "Try &lt;another&gt;." in answer.text


def test_a_session_that_goes_on_ends_with_its_user(browser: Browser) -> None:
    user = desk_users.User(2, "eddy", "editor")
    random = desk_sessions.begin(browser.store, user, NOON, "", "")
    session = desk_sessions.find(browser.store, random, NOON)
    assert session
    assert desk_sessions.holds(browser.store, session, NOON + timedelta(hours=1))
    desk_sessions.end(browser.store, session)
    assert not desk_sessions.holds(browser.store, session, NOON)
