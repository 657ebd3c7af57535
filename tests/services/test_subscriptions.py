"""Subscribing and importing without an entrance: against a real database."""

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from newsletter.domain.errors import UsageError
from newsletter.domain.model import State, Subscriber
from newsletter.services.subscriber_csv import read_csv
from newsletter.services.subscriber_import import ImportReport, import_subscribers
from newsletter.services.subscriptions import FIELDS, Defaults, Result, leave, subscribe
from newsletter.storage import Store, subscribers

ANN = "ann@letters.example"
NOW = datetime(2026, 3, 14, 6, tzinfo=UTC)
DEFAULTS = Defaults("Europe/Oslo", 6)
SECRET = b"a secret of the tests"


def state_of(store: Store, key: str) -> State | None:
    with store.reading() as db:
        subscriber = subscribers.find(db, key)
    return subscriber.state if subscriber else None


def bring_in(store: Store, text: str) -> ImportReport:
    return import_subscribers(store, text.encode(), "people.csv", DEFAULTS, NOW, SECRET)


def test_every_field_of_a_subscriber_is_imported_exported_and_shown() -> None:
    """A new field needs its name in FIELDS, and no more here."""
    assert set(FIELDS) == {field.name for field in fields(Subscriber)} - {"id"}
    header = ",".join(FIELDS)
    assert read_csv(f"{header}\n".encode()).columns == {name: name for name in FIELDS}


def test_subscribe_adds_changes_and_tells_which(store: Store) -> None:
    subscriber, result = subscribe(
        store, "ANN@letters.example", {"name": "Ann"}, DEFAULTS, NOW, secret=SECRET
    )
    assert (subscriber.timezone, subscriber.hour, result) == ("Europe/Oslo", 6, Result.ADDED)
    assert subscribe(store, ANN, {}, DEFAULTS, NOW, secret=SECRET)[1] == Result.UNCHANGED
    subscriber, result = subscribe(store, ANN, {"hour": 9}, DEFAULTS, NOW, secret=SECRET)
    assert (subscriber.name, subscriber.hour, result) == ("Ann", 9, Result.CHANGED)


def test_who_left_comes_back_by_their_own_wish_alone(store: Store) -> None:
    subscribe(store, ANN, {}, DEFAULTS, NOW, secret=SECRET)
    with store.reading() as db:
        ann = subscribers.find(db, ANN)
    assert ann is not None
    leave(store, ann, NOW)
    with pytest.raises(UsageError, match="is unsubscribed: only"):
        subscribe(store, ANN, {"hour": 9}, DEFAULTS, NOW, secret=SECRET)
    assert list(bring_in(store, f"email,status\n{ANN},enabled\n").refused) == [2]
    assert state_of(store, ANN) == "unsubscribed"
    assert (
        subscribe(store, ANN, {}, DEFAULTS, NOW, secret=SECRET, resubscribe=True)[1] == Result.ADDED
    )
    assert state_of(store, ANN) == "active"


def test_import_stores_who_left_elsewhere_as_gone(store: Store) -> None:
    report = bring_in(
        store,
        "email,status\na@s.example,enabled\nb@s.example,blocklisted\nc@s.example,unconfirmed\n"
        "d@s.example,\ne@s.example,sleeping\n",
    )
    assert (report.added, sorted(report.refused)) == (3, [5, 6])
    states = [state_of(store, f"{letter}@s.example") for letter in "abcde"]
    assert states == ["active", "unsubscribed", "pending", None, None]


def test_an_import_that_is_refused_as_a_whole_stores_nobody(store: Store) -> None:
    with pytest.raises(UsageError, match="nothing was taken"):
        bring_in(store, f"email,opted_out\n{ANN},yes\n")
    assert state_of(store, ANN) is None


def test_import_warns_once_of_each_zone_without_summer_time(store: Store) -> None:
    report = bring_in(store, "email,timezone\na@s.example,EST\nb@s.example,EST\nc@s.example,UTC\n")
    assert [warning.split()[0] for warning in report.warnings] == ["EST"]
