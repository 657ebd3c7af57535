"""The report within the desk."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from newsletter.services.report import ListReport, list_report
from newsletter.web.desk import report
from tests.web.desk.conftest import Browser
from tests.web.desk.day import Day, standing
from tests.web.test_unsubscribe import wait_for

PATIENCE = 60


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with standing(tmp_path_factory.mktemp("report")) as made:
        yield made


@pytest.mark.parametrize("days", [7, 30, 90, 365])
def test_the_list_over_a_period(day: Day, days: int) -> None:
    page = day.browser("olga").get(f"/desk/report?days={days}").text
    assert page.count("<svg") == 3
    assert "skipped (too few)" in page
    assert "still there" in page
    assert "reader32@mail.example" in page
    assert " style=" not in page


def test_an_editor_sees_causes_and_no_address(day: Day) -> None:
    page = day.browser("eddy").get("/desk/report").text
    assert "skipped (too few)" in page
    assert "@mail.example" not in page


@pytest.mark.parametrize("days", ["1", "", "x", "36500"])
def test_another_period_is_not_counted(day: Day, days: str) -> None:
    assert day.browser("olga").get(f"/desk/report?days={days}").status == 422


def test_a_page_does_not_wait_for_a_large_list(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Event()

    def slow(*args: Any) -> ListReport:
        assert go_on.wait(PATIENCE)
        return list_report(*args)

    monkeypatch.setattr(report, "list_report", slow)
    monkeypatch.setattr(report, "_PATIENCE", 0.01)
    with standing_again(day) as olga:
        page = olga.get("/desk/report").text
        assert "Counting takes a while" in page
        assert '<meta http-equiv="refresh"' in page
        go_on.set()
        wait_for(lambda: "<svg" in olga.get("/desk/report").text)


@contextmanager
def standing_again(day: Day) -> Iterator[Browser]:
    """With nothing counted yet."""
    folder = day.folder / "again"
    folder.mkdir()
    with standing(folder) as again:
        yield again.browser("olga")
