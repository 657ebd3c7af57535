from threading import Event, Thread

import pytest

from newsletter.services import refreshed
from newsletter.services.refreshed import Refreshed

PATIENCE = 60


def test_what_is_quickly_made_is_always_of_the_version_asked_for() -> None:
    made: list[int | None] = []

    def make(before: int | None) -> int:
        made.append(before)
        return len(made)

    kept = Refreshed(make)
    assert [kept.get("a"), kept.get("a"), kept.get("b")] == [1, 1, 2]
    assert made == [None, 1]


def test_what_takes_long_is_made_beside_its_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshed, "_AT_ONCE", 0.0)
    monkeypatch.setattr(refreshed, "_LEAST_AGE", -1.0)
    go_on, done = Event(), Event()
    count = 0

    def make(before: int | None) -> int:
        nonlocal count
        count += 1
        if before is not None:
            assert go_on.wait(PATIENCE)
            done.set()
        return count

    kept = Refreshed(make)
    assert kept.get("a") == 1
    assert [kept.get("b") for _ in range(5)] == [1] * 5  # nobody waits, and one thread makes it
    go_on.set()
    assert done.wait(PATIENCE)
    while kept.get("b") == 1:
        pass
    assert (kept.get("b"), count) == (2, 2)


def test_a_failure_keeps_the_value_before(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(refreshed, "_AT_ONCE", 0.0)
    monkeypatch.setattr(refreshed, "_LEAST_AGE", -1.0)
    failed = Event()

    def make(before: str | None) -> str:
        if before is None:
            return "first"
        failed.set()
        raise OSError("the disk is gone")

    kept = Refreshed(make)
    assert kept.get("a") == "first"
    assert kept.get("b") == "first"
    assert failed.wait(PATIENCE)
    assert kept.get("b") == "first"


def test_the_first_is_made_once_for_all_that_ask() -> None:
    begun, count = Event(), 0

    def make(_: int | None) -> int:
        nonlocal count
        count += 1
        assert begun.wait(PATIENCE)
        return count

    kept, got = Refreshed(make), list[int]()
    threads = [Thread(target=lambda: got.append(kept.get("a"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert got == [1] * 4
