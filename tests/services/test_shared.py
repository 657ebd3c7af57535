from threading import Event, Thread

import pytest

from newsletter.domain.errors import StoreError
from newsletter.services import shared
from newsletter.services.shared import Shared

PATIENCE = 60


def test_it_is_made_once_for_all_who_ask() -> None:
    made: list[int] = []
    value = Shared(lambda: made.append(1) or len(made), 60)  # type: ignore[func-returns-value]
    assert [value.get(PATIENCE) for _ in range(3)] == [1, 1, 1]
    value.forget()
    assert [value.get(PATIENCE) for _ in range(2)] == [2, 2]


def test_nobody_waits_longer_than_their_patience() -> None:
    go_on, made = Event(), Event()

    def make() -> str:
        assert go_on.wait(PATIENCE)
        made.set()
        return "it"

    value = Shared(make, 60)
    assert value.get(0.01) is None
    go_on.set()
    assert made.wait(PATIENCE)
    assert value.get(PATIENCE) == "it"


def test_what_was_forgotten_while_it_was_made_is_made_again() -> None:
    begun, go_on = Event(), Event()
    made: list[int] = []

    def make() -> int:
        made.append(1)
        begun.set()
        assert go_on.wait(PATIENCE)
        return len(made)

    value = Shared(make, 60)
    assert value.get(0.0) is None
    assert begun.wait(PATIENCE)
    value.forget()
    go_on.set()
    assert value.get(PATIENCE) == 2


def test_who_asks_gets_the_error_and_the_next_one_a_new_try() -> None:
    answers = iter([StoreError("the disk is on fire"), None])

    def make() -> str:
        if error := next(answers):
            raise error
        return "it"

    value = Shared(make, 0)
    with pytest.raises(StoreError, match="on fire"):
        value.get(PATIENCE)
    value.forget()
    assert value.get(PATIENCE) == "it"


def test_what_is_quickly_made_is_always_of_the_version_asked_for() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    kept = Shared(make, 600)
    assert [kept.of("a"), kept.of("a"), kept.of("b")] == [1, 1, 2]


def test_what_takes_long_is_made_beside_its_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "_AT_ONCE", 0.0)
    monkeypatch.setattr(shared, "_SHARE", 0)
    go_on, done = Event(), Event()
    count = 0

    def make() -> int:
        nonlocal count
        count += 1
        if count > 1:
            assert go_on.wait(PATIENCE)
            done.set()
        return count

    kept = Shared(make, 600)
    assert kept.of("a") == 1
    assert [kept.of("b") for _ in range(5)] == [1] * 5  # nobody waits, and one thread makes it
    go_on.set()
    assert done.wait(PATIENCE)
    while kept.of("b") == 1:
        pass
    assert (kept.of("b"), count) == (2, 2)


def test_a_failure_keeps_the_value_before(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shared, "_AT_ONCE", 0.0)
    monkeypatch.setattr(shared, "_SHARE", 0)
    failed = Event()

    calls = iter([False, True])

    def make() -> str:
        if not next(calls, True):
            return "first"
        failed.set()
        raise OSError("the disk is gone")

    kept = Shared(make, 600)
    assert kept.of("a") == "first"
    assert kept.of("b") == "first"
    assert failed.wait(PATIENCE)
    assert kept.of("b") == "first"


def test_the_first_is_made_once_for_all_that_ask() -> None:
    begun, count = Event(), 0

    def make() -> int:
        nonlocal count
        count += 1
        assert begun.wait(PATIENCE)
        return count

    kept, got = Shared(make, 600), list[int]()
    threads = [Thread(target=lambda: got.append(kept.of("a"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert got == [1] * 4
