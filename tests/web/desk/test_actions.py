"""Pause, resume, cancel, settle: a page that says what will happen, a form, and the audit."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import update

from newsletter.services import audit
from newsletter.storage import heartbeats, operator_actions, reports, send_queue
from newsletter.storage.schema import delivery
from tests.builders import NOON, TODAY
from tests.web.desk.conftest import Browser
from tests.web.desk.day import Day, standing

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    with standing(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with standing(tmp_path_factory.mktemp("untouched")) as made:
        yield made


@pytest.fixture
def olga(day: Day) -> Browser:
    return day.browser("olga")


def said(browser: Browser, answer_path: str = "/desk") -> str:
    return unescape(browser.get(answer_path).text)


def audited(day: Day) -> list[tuple[str, str, str]]:
    return [(row["who"], row["action"], row["about"]) for row in audit.newest(day.store, 5)]


def test_pause_and_resume(day: Day, olga: Browser) -> None:
    assert "Pause the newsletter?" in said(olga, "/desk/pause")
    assert not paused(day), "to ask changes nothing"
    assert olga.send("/desk/pause").headers["location"] == "/desk"
    page = said(olga)
    assert "Paused: no more messages are sent" in page
    assert "Paused since Sat 12:00" in page, "the page after a change shows it"
    assert paused(day)
    olga.send("/desk/resume")
    assert "Going out" in said(olga)
    assert not paused(day)
    assert audited(day) == [("olga", "resume", ""), ("olga", "pause", "")]


def paused(day: Day) -> bool:
    with day.store.reading() as db:
        return send_queue.paused(db) is not None


def test_without_its_token_a_form_changes_nothing(day: Day, olga: Browser) -> None:
    assert olga.post("/desk/pause", {"csrf": "another"}).status == 403
    assert not paused(day)


def test_cancel_a_date_and_take_it_back(day: Day, olga: Browser) -> None:
    assert 'type="date"' in said(olga, "/desk/cancel")
    page = said(olga, f"/desk/cancel?date={TODAY}")
    assert "Cancel the issue of Saturday, 14 March 2026?" in page
    assert "Waiting for it now: 8 readers, who will be skipped." in page
    assert "18 readers have it already." in page
    olga.send("/desk/cancel", date=TODAY.isoformat())
    page = said(olga)
    assert "is cancelled; 8 readers waited for it." in page
    assert "8 readers skipped until now stay so" in said(olga, f"/desk/uncancel?date={TODAY}")
    assert olga.get(f"/desk/cancel?date={TODAY}").status == 303
    olga.send("/desk/uncancel", date=TODAY.isoformat())
    assert "goes out to those whose hour is still to come; 8 readers skipped" in said(olga)
    with day.store.reading() as db:
        assert not operator_actions.is_cancelled(db, TODAY)
    about = TODAY.isoformat()
    assert audited(day) == [
        ("olga", "resume", about),
        ("olga", "cancel", about),
    ]


@pytest.mark.parametrize("date", ["", "2026-02-30", "14.3.2026", "9999-01-01", "<b>"])
def test_what_is_no_date(untouched: Day, date: str) -> None:
    olga = untouched.browser("olga")
    answer = olga.send("/desk/cancel", date=date)
    assert answer.status == 422
    assert "is no date" in answer.text or "is too far off" in answer.text
    assert olga.get("/desk/uncancel?date=2026-03-20").status == 422
    assert audited(untouched) == []


def unknown(day: Day) -> int:
    with day.store.reading() as db:
        return reports.unresolved(db)


def listed(page: str) -> str:
    return page.partition('name="listed" value="')[2].partition('"')[0]


def test_all_that_were_listed_are_settled(day: Day, olga: Browser) -> None:
    page = said(olga, "/desk/unknown")
    assert "<20260314.29@news.example>" in page
    assert olga.get("/desk/unknown.csv").text.count("@news.example>\r\n") == 2
    olga.send("/desk/unknown", **{"as": "sent", "listed": listed(page)})
    page = said(olga, "/desk/unknown")
    assert "2 deliveries settled as sent." in page
    assert "Nothing is unknown." in page
    assert unknown(day) == 0
    assert audited(day) == [("olga", "deliveries resolve", "all")]


def test_one_that_became_unknown_after_the_list_is_not_settled(day: Day, olga: Browser) -> None:
    shown = listed(said(olga, "/desk/unknown"))
    with day.store.writing() as db:
        heartbeats.show(db, NOON - timedelta(days=1))
        db.exec_driver_sql(
            "UPDATE delivery SET state = 'unknown', changed_at = '2026-03-14 12:00:01'"
            " WHERE subscriber_id = 1"
        )
    day.clock.now = NOON + timedelta(minutes=1)
    answer = olga.send("/desk/unknown", **{"as": "pending", "listed": shown})
    assert answer.status == 422
    assert "1 became unknown since you last listed them" in answer.text
    assert unknown(day) == 3


def test_one_of_them_needs_no_list(day: Day, olga: Browser) -> None:
    fields = {"as": "pending", "to": "reader28@mail.example", "date": TODAY.isoformat()}
    olga.send("/desk/unknown", **fields)
    assert "1 delivery settled as pending." in said(olga, "/desk/unknown")
    assert unknown(day) == 1
    assert audited(day)[0] == ("olga", "deliveries resolve", "reader28@mail.example")


def left_by_the_dead(day: Day, *readers: int) -> None:
    """These deliveries are listed as sending, by a process of another machine that is gone."""
    over = NOON - timedelta(hours=1)
    lease = {"owner": "gone:1:x/1", "boot": "another", "lease_end": 1.0, "lease_until": over}
    rows = update(delivery).where(delivery.c.subscriber_id.in_(readers))
    with day.store.writing() as db:
        db.execute(rows.values(state="sending", **lease))


def test_what_a_dead_sender_left_is_shown_and_settled_by_a_button(day: Day, olga: Browser) -> None:
    left_by_the_dead(day, 19, 20, 21)
    page = said(olga, "/desk/unknown")
    assert "3 messages are listed as being sent, and the process that sent them is gone" in page
    assert (unknown(day), audited(day)) == (2, [])
    assert olga.send("/desk/unknown/left").headers["location"] == "/desk/unknown"
    page = said(olga, "/desk/unknown")
    assert "3 messages settled: what nobody can know is listed here." in page
    assert "gone" not in page
    assert (unknown(day), audited(day)) == (5, [("olga", "deliveries", "")])


def kept(day: Day) -> list[str]:
    """All that the database holds, but for the session of who looks."""
    with closing(sqlite3.connect(day.folder / "newsletter.db")) as db:
        return [line for line in db.iterdump() if '"desk_session"' not in line]


@pytest.mark.parametrize("page", ["", "/checks", "/unknown", "/unknown.csv", "/returns", "/report"])
def test_to_look_changes_nothing(untouched: Day, page: str) -> None:
    left_by_the_dead(untouched, 19)
    olga, before = untouched.browser("olga"), kept(untouched)
    assert olga.get(f"/desk{page}").status == 200
    assert kept(untouched) == before
    assert unknown(untouched) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"as": "sent"},
        {"as": "sent", "listed": "yesterday"},
        {"as": "sent", "listed": "2026-03-14T12:00:00"},
        {"as": "sent", "listed": "2999-01-01T00:00:00+00:00"},
        {"as": "failed", "listed": "2026-03-14T12:00:00+00:00"},
        {"as": "sent", "to": "nobody@mail.example", "date": "2026-03-14"},
        {"as": "sent", "to": "reader28@mail.example", "date": "never"},
    ],
)
def test_no_other_form_settles_anything(untouched: Day, fields: dict[str, str]) -> None:
    assert untouched.browser("olga").send("/desk/unknown", **fields).status in (404, 422)
    assert unknown(untouched) == 2
    assert audited(untouched) == []
