"""What the model was asked is kept for a while, and the account of a day is never too low."""

from datetime import UTC, datetime, timedelta, timezone

from newsletter.storage import Store, model_calls, pruning
from newsletter.storage.model_calls import Answer, Spent
from tests.builders import NOON, TODAY

KEY, OTHER = "a" * 64, "b" * 64
DAY = timedelta(days=1)


def test_a_call_costs_the_most_until_it_is_settled(store: Store) -> None:
    with store.writing() as db:
        number = model_calls.enter(db, KEY, NOON, (1000, 900), 0.5)
        assert model_calls.spent(db, TODAY) == Spent(1900, 0.5)
        assert model_calls.answer(db, KEY) is None
        model_calls.settle(db, number, Answer("{}", "", 950, 40), 0.25)
        assert model_calls.spent(db, TODAY) == Spent(990, 0.25)
        assert model_calls.answer(db, KEY) == Answer("{}", "", 950, 40)
        assert model_calls.answer(db, OTHER) is None


def test_what_was_never_worked_on_costs_nothing(store: Store) -> None:
    with store.writing() as db:
        gone = model_calls.enter(db, KEY, NOON, (10, 10), 0.5)
        refused = model_calls.enter(db, OTHER, NOON, (10, 10), 0.5)
        model_calls.withdraw(db, gone)
        model_calls.free(db, refused)
        assert model_calls.spent(db, TODAY) == Spent(0, 0.0)
        assert model_calls.days_without(db, KEY, TODAY + DAY) == 0
        assert model_calls.days_without(db, OTHER, TODAY + DAY) == 1


def test_days_are_those_of_utc(store: Store) -> None:
    """Whatever the zone of the machine."""
    east = datetime(2026, 3, 15, 5, tzinfo=timezone(timedelta(hours=9)))
    with store.writing() as db:
        model_calls.enter(db, KEY, east, (10, 10), 0.0)
        assert model_calls.spent(db, east.astimezone(UTC).date()) == Spent(20, 0.0)
        assert model_calls.spent(db, east.date()) == Spent(0, 0.0)


def test_days_without_an_answer_are_earlier_ones_each_once(store: Store) -> None:
    with store.writing() as db:
        for days in (0, 0, 1, 2, 2):
            model_calls.enter(db, KEY, NOON + days * DAY, (10, 10), 0.0)
        assert [model_calls.days_without(db, KEY, TODAY + n * DAY) for n in range(4)] == [
            0,
            1,
            2,
            3,
        ]


def test_the_last_answer_counts_and_any_text_can_be_kept(store: Store) -> None:
    with store.writing() as db:
        for content in ("first", "", "a\0b \U0001f35e"):
            number = model_calls.enter(db, KEY, NOON, (1, 1), 0.0)
            model_calls.settle(db, number, Answer(content, "cut off"), 0.0)
        kept = model_calls.answer(db, KEY)
    assert kept == Answer("ab \U0001f35e", "cut off")


def test_an_empty_answer_is_one(store: Store) -> None:
    with store.writing() as db:
        number = model_calls.enter(db, KEY, NOON, (1, 1), 0.0)
        model_calls.settle(db, number, Answer(""), 0.0)
        assert model_calls.answer(db, KEY) == Answer("")


def test_old_ones_are_pruned(store: Store) -> None:
    with store.writing() as db:
        for key, at in ((KEY, NOON), (OTHER, NOON + DAY)):
            number = model_calls.enter(db, key, at, (1, 1), 0.0)
            model_calls.settle(db, number, Answer("{}"), 0.0)
    pruning.prune(store, NOON + DAY)
    with store.reading() as db:
        assert model_calls.answer(db, KEY) is None
        assert model_calls.answer(db, OTHER)
