"""Feeds and what became of their episodes, on either database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from newsletter.storage import Store, feeds
from newsletter.storage.feeds import EpisodeRow

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
URL = "https://pods.example/feed"
ROW = EpisodeRow("a" * 64, "One", "", date(2026, 3, 1), "b" * 64, "read", "", 2, 1, NOON)


def test_a_feed_is_followed_once(store: Store) -> None:
    with store.writing() as db:
        assert feeds.add(db, [URL, "https://b.example/"], NOON) == 2
        assert feeds.add(db, [URL, "https://c.example/"], NOON) == 1
        assert feeds.followed(db)[0].url == URL
        assert len(feeds.followed(db)) == 3


def test_what_is_saved_is_read_again(store: Store) -> None:
    with store.writing() as db:
        feeds.add(db, [URL], NOON, configured=True)
        (feed,) = feeds.followed(db)
        later = replace(feed, title="Ünï", etag='"x"', failures=2, failing_since=NOON, ended=True)
        assert feeds.save(db, later)
        assert feeds.followed(db) == [later]
        assert not feeds.save(db, replace(later, id=feed.id + 1))


def test_one_of_two_gets_a_feed(store: Store) -> None:
    with store.writing() as db:
        feeds.add(db, [URL], NOON)
        (feed,) = feeds.followed(db)
        assert feeds.claim(db, feed, NOON + timedelta(minutes=30))
        assert not feeds.claim(db, feed, NOON + timedelta(minutes=30))


def test_episodes_are_saved_anew_by_their_key(store: Store) -> None:
    many = [replace(ROW, key=f"{number:064}") for number in range(1200)]
    with store.writing() as db:
        feeds.add(db, [URL], NOON)
        (feed,) = feeds.followed(db)
        feeds.save_episodes(db, feed.id, many)
        feeds.save_episodes(db, feed.id, [replace(many[0], state="empty", reason="nothing")])
        known = feeds.known_episodes(db, feed.id)
    assert len(known) == 1200
    assert known[many[0].key].state == "empty"
    assert known[many[1].key] == many[1]


def test_only_states_that_there_are(store: Store) -> None:
    odd = replace(ROW, state="odd")  # type: ignore[arg-type]
    with store.writing() as db:
        feeds.add(db, [URL], NOON)
        (feed,) = feeds.followed(db)
    with store.engine.connect() as db, pytest.raises(IntegrityError, match="ck_episode_state"):
        feeds.save_episodes(db, feed.id, [odd])


def test_the_newest_episodes_are_listed_and_not_those_passed_over(store: Store) -> None:
    days = [(f"{n:064}", date(2026, 3, n + 1)) for n in range(5)]
    rows = [replace(ROW, key=key, title=key[-1], published=day) for key, day in days]
    with store.writing() as db:
        feeds.add(db, [URL], NOON)
        (feed,) = feeds.followed(db)
        feeds.save_episodes(db, feed.id, [*rows[:4], replace(rows[4], state="passed")])
        assert [row.title for row in feeds.listed_episodes(db, 2)[URL]] == ["3", "2"]


def test_going_down_and_up_leaves_the_rest(apart: Store) -> None:
    with apart.writing() as db:
        feeds.add(db, [URL], NOON)
        (feed,) = feeds.followed(db)
        feeds.save_episodes(db, feed.id, [ROW])
        feeds.keep_unread(db, feed.id, [feeds.Unread(URL, "odd", b"\x00\xff")], NOON)
        assert feeds.unread_body(db, URL) == b"\x00\xff"
    apart.migrate("0009")
    apart.migrate()
    with apart.reading() as db:
        assert feeds.followed(db) == []


def test_a_removed_feed_leaves_nothing_of_its_own(store: Store) -> None:
    with store.writing() as db:
        feeds.add(db, [URL], NOON)
        (feed,) = feeds.followed(db)
        feeds.save_episodes(db, feed.id, [ROW])
        feeds.keep_unread(db, feed.id, [feeds.Unread(URL, "odd", b"x")], NOON)
        feeds.remove(db, feed)
        assert (feeds.followed(db), feeds.unread(db)) == ([], [])
        assert feeds.known_episodes(db, feed.id) == {}
