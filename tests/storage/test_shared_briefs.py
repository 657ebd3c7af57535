"""A brief that several sources hold: none of them changes it for the others."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.domain.model import Brief
from newsletter.storage import Store, archive, candidates, feeds
from newsletter.storage.archive import Read
from newsletter.storage.schema import brief as briefs
from newsletter.storage.schema import file as files
from newsletter.storage.schema import insight as insights
from newsletter.storage.schema import mention as mentions
from tests.builders import NOON, TODAY, brief, read

HERE, THERE = "https://here.example/feed", "https://there.example/feed"
PAGE = "/inbox/eels.md"
EELS = replace(brief("Eels cross an ocean to breed.", "Nobody saw one spawn."), podcast="Pond")
OTHER = replace(brief("Carp remember a hook for a year."), podcast="Pond")


@pytest.fixture
def shared(store: Store) -> Store:
    """Two feeds, each with an episode that is the same brief."""
    with store.writing() as db:
        feeds.add(db, [HERE, THERE], NOON)
    enter(store, HERE, "e1", EELS)
    enter(store, THERE, "x9", EELS)
    return store


def enter(store: Store, source: str, path: str, *said: Brief, emptied: bool = False) -> None:
    one = replace(read(path, *said), source=source, emptied=emptied)
    with store.writing() as db:
        archive.record(db, [one], NOON, TODAY)


def said(store: Store, source: str) -> set[str]:
    """By the briefs that a source holds, in their present words."""
    query = (
        select(insights.c.text)
        .join(mentions, mentions.c.insight_id == insights.c.id)
        .join(files, files.c.brief_id == mentions.c.brief_id)
        .where(files.c.source == source, insights.c.date == TODAY)
    )
    with store.reading() as db:
        return set(db.scalars(query))


def words(of: Brief) -> set[str]:
    return {mention.text for mention in of.mentions}


@pytest.mark.parametrize(("changed", "kept"), [(HERE, THERE), (THERE, HERE)])
def test_a_feed_that_changes_an_episode_parts_from_another_feed(
    shared: Store, changed: str, kept: str
) -> None:
    enter(shared, changed, {HERE: "e1", THERE: "x9"}[changed], OTHER)
    assert said(shared, kept) == words(EELS)
    assert said(shared, changed) == words(OTHER)


def test_a_feed_that_parted_changes_its_own_brief_and_may_come_back(shared: Store) -> None:
    enter(shared, THERE, "x9", OTHER)
    enter(shared, THERE, "x9", brief("Pike wait."))
    with shared.reading() as db:
        assert archive.totals(db).briefs == 2
    enter(shared, THERE, "x9", EELS)
    with shared.reading() as db:
        assert db.execute(select(briefs.c.podcast, briefs.c.version)).all() == [("Pond", 1)]


def test_a_feed_corrects_nothing_around_the_words_of_another(shared: Store) -> None:
    linked = replace(EELS.mentions[0], link="https://there.example/buy", speaker="Nobody")
    about = replace(EELS, title="Buy", mentions=(linked, *EELS.mentions[1:]))
    enter(shared, THERE, "x9", replace(about, published=TODAY - timedelta(90)))
    with shared.reading() as db:
        assert db.execute(select(briefs.c.title, briefs.c.published)).all() == [("", TODAY)]
        assert set(db.scalars(select(mentions.c.link))) == {""}
    assert said(shared, HERE) == words(EELS)


def test_what_a_feed_alone_holds_it_corrects_in_place(store: Store) -> None:
    with store.writing() as db:
        feeds.add(db, [HERE], NOON)
    enter(store, HERE, "e1", EELS)
    enter(store, HERE, "e1 under another guid", EELS)
    enter(store, HERE, "e1", replace(EELS, title="Eels"))
    with store.writing() as db:
        assert db.scalars(select(briefs.c.title)).all() == ["Eels"]
        archive.forget(db, HERE, ["e1 under another guid"])
    enter(store, HERE, "e1", replace(OTHER, title="Carp"))
    with store.reading() as db:
        assert db.execute(select(briefs.c.title, briefs.c.version)).all() == [("Carp", 2)]


@pytest.mark.parametrize("guid", ["x1", PAGE])
def test_a_feed_parts_from_a_file_of_the_inbox_whatever_its_guid(store: Store, guid: str) -> None:
    with store.writing() as db:
        feeds.add(db, [THERE], NOON)
    enter(store, "desk", PAGE, EELS)
    enter(store, THERE, guid, EELS)
    enter(store, THERE, guid, OTHER)
    assert said(store, "desk") == words(EELS)
    assert said(store, THERE) == words(OTHER)


@pytest.mark.parametrize("guid", ["x1", PAGE])
def test_a_file_of_the_inbox_parts_from_a_feed_whatever_its_guid(store: Store, guid: str) -> None:
    with store.writing() as db:
        feeds.add(db, [THERE], NOON)
    enter(store, THERE, guid, EELS)
    for machine in ("desk", "lap"):
        enter(store, machine, PAGE, EELS)
    for machine in ("desk", "lap"):
        enter(store, machine, PAGE, OTHER)
        assert said(store, machine) == words(OTHER)
        assert said(store, THERE) == words(EELS)
    with store.reading() as db:
        assert archive.totals(db).briefs == 2


def test_another_file_on_another_machine_keeps_its_words(store: Store) -> None:
    enter(store, "desk", PAGE, EELS)
    enter(store, "lap", "/inbox/pond.md", EELS)
    enter(store, "lap", "/inbox/pond.md", OTHER)
    assert said(store, "desk") == words(EELS)
    enter(store, "desk", PAGE, OTHER)
    with store.reading() as db:
        assert archive.totals(db).briefs == 1


def test_what_a_feed_takes_back_or_leaves_behind_stays_with_the_other(shared: Store) -> None:
    enter(shared, THERE, "x9", emptied=True)
    assert said(shared, HERE) == words(EELS)
    enter(shared, THERE, "x9", EELS)
    with shared.writing() as db:
        feeds.remove(db, next(one for one in feeds.followed(db) if one.url == THERE))
    assert said(shared, HERE) == words(EELS)
    assert said(shared, THERE) == set()


def test_an_insight_that_stands_in_two_briefs_is_one_and_as_old_as_before(store: Store) -> None:
    """What was sent is known by the insight: it is sent once, though a feed parted with it."""
    with store.writing() as db:
        feeds.add(db, [HERE, THERE], NOON)
    undated = replace(EELS, published=None)
    before = TODAY - timedelta(9)
    reads = [
        Read(path, 1, 1, (undated,), source=url) for url, path in ((HERE, "e1"), (THERE, "x9"))
    ]
    with store.writing() as db:
        archive.record(db, reads, NOON, before)
        sent = {each.insight.id for each in candidates.of_day(db, TODAY, 14)}
    more = replace(undated, mentions=(*undated.mentions, *OTHER.mentions))
    enter(store, THERE, "x9", more)
    with store.reading() as db:
        assert archive.totals(db).briefs == 2
        dates = {each.insight.id: each.insight.date for each in candidates.of_day(db, TODAY, 14)}
    assert sent < dates.keys()
    assert [date for number, date in dates.items() if number in sent] == [before] * 2
    assert len(dates) == 3
