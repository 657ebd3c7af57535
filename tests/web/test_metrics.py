from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from newsletter.domain.returns import Return, ReturnKind
from newsletter.domain.states import DeliveryState
from newsletter.services.clock import steady
from newsletter.services.metrics import Figures, measure
from newsletter.storage import Store, heartbeats, returns
from newsletter.storage.returns import Incoming
from newsletter.web import metrics, probes
from newsletter.web.app import app
from tests.builders import NOON, subscribe
from tests.conftest import new_store
from tests.web.test_unsubscribe import ask, serving

_LABELS = ("page", "method", "status", "state", "reason", "domain", "kind", "done", "le")
SECRET_PATH = "/u/17.not-a-token"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = new_store(tmp_path)
    yield store
    store.close()


def figures() -> Figures:
    return Figures(
        deliveries=[(DeliveryState.SENT, None, 40), (DeliveryState.SKIPPED, "too_few", 2)],
        waiting=[('ex"ample\n.org', 7)],
        oldest_due_age=61.5,
        unknown=1,
        returns=[("complaint", "complained", 3)],
        subscribers={"active": 49},
        feeds={"followed": 3, "failing": 1, "ended": 0},
        heartbeat_age=None,
        paused=True,
    )


def read(text: str) -> dict[tuple[str, ...], float]:
    """By the name of a sample and the values of its labels, as a monitor reads it."""
    return {
        (sample.name, *(sample.labels[name] for name in _LABELS if name in sample.labels)): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_monitor_reads_the_figures() -> None:
    with serving(app(metrics.routes(figures))) as port:
        answer = ask(port, "GET", "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    values = read(answer.text)
    assert values["newsletter_deliveries", "sent", ""] == 40
    assert values["newsletter_deliveries", "skipped", "too_few"] == 2
    assert values["newsletter_waiting", 'ex"ample\n.org'] == 7
    assert values["newsletter_oldest_due_age_seconds",] == 61.5
    assert values["newsletter_feeds", "failing"] == 1
    assert values["newsletter_returns", "complaint", "complained"] == 3
    assert values["newsletter_paused",] == 1
    assert not any(name.startswith("newsletter_heartbeat") for name, *_ in values)


def test_the_figures_of_a_database(store: Store) -> None:
    with store.writing() as db:
        subscribe(db, "ann@example.org")
        heartbeats.beat(db, "here:1:2", NOON - timedelta(seconds=40), steady())
    measured = measure(store, NOON, "UTC")
    assert measured.subscribers == {"active": 1}
    assert measured.heartbeat_age == 40
    assert measured.oldest_due_age is None
    assert (measured.deliveries, measured.waiting, measured.unknown) == ([], [], 0)
    assert not measured.paused


def test_what_came_back_is_counted_from_local_midnight_on(store: Store) -> None:
    """At noon in UTC it is 21:00 in Tokyo, whose day began at 15:00 UTC of the day before."""
    for hours in (22, 20, 1):
        came_back(store, f"return {hours}", NOON - timedelta(hours=hours))
    assert measure(store, NOON, "Asia/Tokyo").returns == [("bounce", "listed", 2)]
    assert measure(store, NOON, "UTC").returns == [("bounce", "listed", 1)]


def came_back(store: Store, key: str, at: datetime) -> None:
    one = Incoming(key, "mail", Return(ReturnKind.BOUNCE))
    with store.writing() as db:
        returns.keep(db, one, None, "listed", at)


def test_requests_are_timed_by_the_first_part_of_their_path_alone() -> None:
    """Paths hold tokens, and a stranger may ask for a million of them."""
    routes = metrics.routes(figures)
    with serving(metrics.timed(app(routes), routes)) as port:
        for path in (SECRET_PATH, "/one", "/two/three", "/metrics"):
            ask(port, "GET", path)
        ask(port, "BREW", "/metrics")
        text = ask(port, "GET", "/metrics").text
    values, name = read(text), "newsletter_request_seconds_count"
    assert values[name, "other", "GET", "404"] >= 3
    assert values[name, "/metrics", "GET", "200"] >= 1
    assert values[name, "/metrics", "other", "405"] >= 1
    assert "not-a-token" not in text


def test_ready_while_the_database_is_ours(store: Store) -> None:
    with serving(app(probes.ready(store.verify))) as port:
        assert ask(port, "GET", "/readyz").status == 200
        with store.writing() as db:
            db.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        answer = ask(port, "GET", "/readyz")
    assert answer.status == 503
    assert "9999" in answer.text


def test_measuring_needs_no_more_than_a_store(store: Store) -> None:
    with serving(app(metrics.routes(partial(measure, store, NOON, "UTC")))) as port:
        assert ask(port, "GET", "/metrics").status == 200
