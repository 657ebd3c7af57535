"""Returns: what came back, and what stands in it."""

from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest

from newsletter.domain.returns import Return, ReturnKind
from newsletter.storage import returns
from newsletter.storage.return_owners import Owner
from newsletter.storage.returns import Incoming
from tests.builders import NOON
from tests.web.desk.conftest import Browser
from tests.web.desk.day import Day, standing
from tests.web.desk.morning import HOSTILE


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with standing(tmp_path_factory.mktemp("returns")) as made:
        with made.store.writing() as db:
            for at in range(60):
                one = Incoming(
                    f"auto {at}", "mail", Return(ReturnKind.AUTOMATIC, words=f"away {at};")
                )
                returns.keep(db, one, None, "ignored", NOON - timedelta(days=3, minutes=at))
        yield made


@pytest.fixture
def olga(day: Day) -> Browser:
    return day.browser("olga")


def test_what_came_back(olga: Browser) -> None:
    page = olga.get("/desk/returns").text
    assert f"4.2.2 mailbox full {HOSTILE}" in unescape(page)
    assert "&lt;b&gt;hello&lt;/b&gt;" in page
    assert '<script>alert("1")' not in page
    assert "away 45;" in page
    assert "away 46;" not in page
    later = page.rpartition('<a href="')[2].partition('"')[0]
    assert later.startswith("/desk/returns?"), later
    page = olga.get(unescape(later)).text
    assert "away 46;" in page
    assert "away 45;" not in page
    assert "Earlier ones" not in page


@pytest.mark.parametrize(
    ("query", "there", "missing"),
    [
        ("kind=complaint", "abuse", "away"),
        ("which=open", "abuse", "away"),
        ("days=1", "abuse", "away"),
        ("kind=automatic", "away", "abuse"),
    ],
)
def test_some_of_it(olga: Browser, query: str, there: str, missing: str) -> None:
    page = olga.get(f"/desk/returns?{query}").text
    assert there in page
    assert missing not in page


@pytest.mark.parametrize(
    "query",
    [
        "days=2",
        "days=x",
        "kind=x",
        "before=x",
        "before=2026-03-14,1",
        "before=,",
        "before=2026-03-14T12:00:00%2B00:00,-1",
    ],
)
def test_what_no_link_of_ours_asks_for(olga: Browser, query: str) -> None:
    assert olga.get(f"/desk/returns?{query}").status == 422


def test_whose_it_is_leads_to_their_story(day: Day, olga: Browser) -> None:
    with day.store.writing() as db:
        owner = Owner(1, "reader0@mail.example", proved=True)
        one = Incoming("owned", "mail", Return(ReturnKind.LEAVE))
        number = returns.keep(db, one, owner, "unsubscribed", NOON)
    link = '<a href="/desk/readers/1">'
    assert f"{link}reader0@mail.example</a>" in olga.get("/desk/returns?kind=leave").text
    assert link in olga.get(f"/desk/returns/{number}").text


def test_one_of_them_with_its_headers(olga: Browser) -> None:
    page = olga.get("/desk/returns/4").text
    assert f"X-Odd: {HOSTILE}" in unescape(page)
    assert '<script>alert("1")' not in page
    assert olga.get(f"/desk/returns/{4 + (1 << 31)}").status == 404
    assert olga.get("/desk/returns/99999999999999999999").status == 404
