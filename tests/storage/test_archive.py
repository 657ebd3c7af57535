"""What counts as the same brief, and what a date can choose from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text

from newsletter.domain.model import Brief, Citation, Dropped, Mention
from newsletter.storage import Connection, Store, archive, candidates
from newsletter.storage.archive import Totals
from newsletter.storage.schema import brief as briefs
from newsletter.storage.schema import insight as insights
from tests.builders import NOON, TODAY, brief, read
from tests.conftest import SLOW


def record(store: Store, *reads: archive.Read, today: date = TODAY) -> Totals:
    with store.writing() as db:
        archive.record(db, reads, NOON, today)
        return archive.totals(db)


def texts(db: Connection) -> set[str]:
    return {insight.text for insight in candidates.known(db, TODAY, range(1, 100))}


def test_a_brief_is_counted_once_under_any_path(store: Store) -> None:
    page = brief("Copper is scarce.", "Kettles boil.", podcast="Pod")
    assert record(store, read("a.txt", page)) == Totals(1, 2, 2, 0, 0)
    assert record(store, read("b.txt", page), read("a.txt", page, version=2)) == Totals(
        1, 2, 2, 0, 0
    )


def test_insights_are_shared_between_briefs(store: Store) -> None:
    totals = record(
        store,
        read("a.txt", brief("Copper is scarce.", "Kettles boil.")),
        read("b.txt", brief("Rivers bend.", "copper  is SCARCE.")),
    )
    assert totals == Totals(briefs=2, insights=3, mentions=4, rejected=0, dropped=0)


def test_a_changed_file_is_a_new_version(store: Store) -> None:
    record(store, read("a.txt", brief("Old one.", "Kept one.")))
    totals = record(store, read("a.txt", brief("New one.", "Kept one."), version=2))
    assert totals == Totals(1, 2, 2, 0, 0)
    with store.reading() as db:
        assert db.scalars(select(briefs.c.version)).all() == [2]
        assert texts(db) == {"New one.", "Kept one."}


def test_a_new_version_of_an_undated_brief_keeps_its_day(store: Store) -> None:
    record(store, read("a.txt", brief("Old one.", published=None)), today=TODAY - timedelta(3))
    record(store, read("a.txt", brief("New one.", published=None), version=2))
    with store.reading() as db:
        (candidate,) = candidates.of_day(db, TODAY, 14)
    assert candidate.insight.date == TODAY - timedelta(3)


def test_a_corrected_date_is_no_new_version_but_counts(store: Store) -> None:
    record(store, read("a.txt", brief("One.", published=TODAY)))
    earlier = TODAY - timedelta(5)
    record(store, read("a.txt", brief("One.", published=earlier), version=2))
    with store.reading() as db:
        assert db.scalars(select(briefs.c.version)).all() == [1]
        assert [candidate.insight.date for candidate in candidates.of_day(db, TODAY, 14)] == [
            earlier
        ]


def test_a_copy_that_changes_becomes_its_own_brief(store: Store) -> None:
    page = brief("Shared.")
    record(store, read("a.txt", page), read("copy.txt", page))
    assert record(store, read("copy.txt", brief("Different."), version=2)).briefs == 2


def test_a_file_that_becomes_another_brief_leaves_none_behind(store: Store) -> None:
    record(store, read("a.txt", brief("First.")), read("b.txt", brief("Second.")))
    totals = record(store, read("a.txt", brief("Second."), version=2))
    assert totals == Totals(1, 1, 1, 0, 0)
    with store.reading() as db:
        assert texts(db) == {"Second."}


def test_a_file_that_breaks_keeps_its_last_good_version(store: Store) -> None:
    record(store, read("a.json", brief("Good.")))
    assert record(store, read("a.json", reason="malformed", version=2)).rejected == 1
    totals = record(store, read("a.json", brief("Good."), version=3))
    assert totals == Totals(1, 1, 1, 0, 0)


def test_a_file_that_says_nothing_any_more_is_withdrawn(store: Store) -> None:
    record(store, read("a.md", brief("Private.", podcast="A"), brief("Also.", podcast="B")))
    emptied = replace(read("a.md", reason="no insight in it", version=2), emptied=True)
    assert record(store, emptied) == Totals(0, 0, 0, 1, 0)
    with store.reading() as db:
        assert texts(db) == set()
    assert record(store, read("a.md", brief("Again."), version=3)) == Totals(1, 1, 1, 0, 0)


def test_a_copy_of_what_one_file_says_no_more_keeps_it(store: Store) -> None:
    record(store, read("a.md", brief("Told.")), read("b.md", brief("Told.")))
    emptied = replace(read("a.md", reason="no insight in it", version=2), emptied=True)
    assert record(store, emptied) == Totals(1, 1, 1, 1, 0)


def test_rejections_say_why_and_where(store: Store) -> None:
    record(store, archive.Read("b.json", 1, 1, (), "malformed JSON", 3))
    with store.reading() as db:
        (row,) = archive.rejected(db)
    assert (row["path"], row["reason"], row["line"]) == ("b.json", "malformed JSON", 3)


def test_dropped_paragraphs_are_counted_and_listed(store: Store) -> None:
    page = Brief((Mention("Kept.", "lead"),), dropped=(Dropped(1, "Subscribe!"), Dropped(9, "Ad")))
    assert record(store, read("a.txt", page)).dropped == 2
    with store.reading() as db:
        assert archive.dropped(db) == [("a.txt", 1, "Subscribe!"), ("a.txt", 9, "Ad")]


def test_a_renamed_file_is_the_same_brief_and_may_change_then(store: Store) -> None:
    record(store, read("old.txt", brief("One.")))
    with store.writing() as db:
        archive.forget(db, "", ["old.txt"])
    record(store, read("new.txt", brief("One.")))
    assert record(store, read("new.txt", brief("Two."), version=2)) == Totals(1, 1, 1, 0, 0)


def test_candidates_are_of_the_window_only(store: Store) -> None:
    dates = {"Today.": 0, "Old.": 13, "Too old.": 14, "Tomorrow.": -1}
    record(
        store,
        *[read(text, brief(text, published=TODAY - timedelta(age))) for text, age in dates.items()],
    )
    with store.reading() as db:
        by_text = {candidate.insight.text for candidate in candidates.of_day(db, TODAY, 14)}
        assert by_text == {"Today.", "Old."}
        assert texts(db) == {"Today.", "Old.", "Too old."}


def test_an_insight_is_dated_by_its_earliest_brief_and_cited_from_its_best(store: Store) -> None:
    record(
        store,
        read("a", brief("Lead.", "Said twice.", podcast="Early", published=TODAY - timedelta(4))),
        read("b", brief("Said twice.", podcast="Leads", published=TODAY)),
    )
    with store.reading() as db:
        by_text = {
            candidate.insight.text: candidate for candidate in candidates.of_day(db, TODAY, 14)
        }
    twice = by_text["Said twice."]
    assert twice.insight.date == TODAY - timedelta(4)
    assert (twice.citation.podcast, twice.brief_count) == ("Leads", 2)


def test_what_was_said_later_is_not_known_on_a_day(store: Store) -> None:
    ages = {"a": -1, "b": 0, "c": 6, "d": 7}
    for path, age in ages.items():
        page = brief(f"Page {path}.", "Said often.", published=TODAY - timedelta(age))
        record(store, read(path, page))
    with store.reading() as db:
        [often] = [c for c in candidates.of_day(db, TODAY, 14) if c.insight.text == "Said often."]
    assert often.brief_count == 3


def test_shows_that_said_it_are_named_once_each_and_only_by_their_own_pages(store: Store) -> None:
    record(store, read("a", brief("Said.", podcast="One show")))
    record(store, read("b", brief("Said.", "Else.", podcast="ONE  show")))
    record(store, read("c", brief("Lead.", "Said.", podcast="A page that relates it")))
    record(store, read("d", brief("Said.", podcast="Another show")))
    record(store, read("e", brief("Said.", "More.")))
    with store.reading() as db:
        shows = {c.insight.text: c.shows for c in candidates.of_day(db, TODAY, 14)}
    assert shows["Said."] == ("One show", "Another show")
    assert shows["Else."] == ()


def test_a_related_insight_is_not_cited_from_a_page_about_another(store: Store) -> None:
    record(store, read("a", brief("Lead.", "Said elsewhere.", podcast="Pod")))
    with store.reading() as db:
        by_text = {
            candidate.insight.text: candidate for candidate in candidates.of_day(db, TODAY, 14)
        }
    lead, related = by_text["Lead."], by_text["Said elsewhere."]
    assert lead.citation.podcast == "Pod"
    assert related.citation == Citation()


def test_the_topics_of_a_page_are_not_those_of_each_insight_on_it(store: Store) -> None:
    about_ports, about_nothing = brief("A crane waits.", "A pilot sleeps.").mentions
    mentions = replace(about_ports, topics=("cranes",)), about_nothing
    record(store, read("a", Brief(mentions, topics=("ports",))))
    with store.reading() as db:
        topics = {
            candidate.insight.text: candidate.topics
            for candidate in candidates.of_day(db, TODAY, 14)
        }
    assert topics == {"A crane waits.": ("cranes",), "A pilot sleeps.": ()}


@pytest.mark.parametrize(
    ("about", "speaker"),
    [
        ({}, "Mara Ellison"),
        ({"episode": "The Slow Book", "title": ""}, "Mara Ellison"),
        ({"title": ""}, ""),
        ({"podcast": "Slow Talk"}, ""),  # its host, as a rule, and others spoke as well
        ({"speakers": ("Mara Ellison", "Olu Adeyemi")}, ""),
    ],
)
def test_what_a_book_says_its_author_says(
    store: Store, about: dict[str, str | tuple[str, ...]], speaker: str
) -> None:
    said = (Mention("Attention is trained.", "lead"), Mention("So is patience.", "lead", "Ann"))
    book = Brief(said, title="The Slow Book", speakers=("Mara Ellison",))
    record(store, read("book.md", replace(book, **about)))  # type: ignore[arg-type]
    with store.reading() as db:
        cited = [each.citation.speaker for each in candidates.of_day(db, TODAY, 14)]
    assert cited == [speaker, "Ann"]


def test_a_citation_has_the_insights_own_link_and_says_how_it_came(store: Store) -> None:
    [mention] = brief("Said word for word.").mentions
    own = replace(mention, link="https://a.example/snip/7", origin="quote")
    record(store, read("a", replace(brief("Said word for word."), mentions=(own,))))
    with store.reading() as db:
        [candidate] = candidates.of_day(db, TODAY, 14)
    assert (candidate.citation.link, candidate.citation.origin) == (own.link, "quote")


def test_an_insight_that_no_brief_says_any_more_is_no_candidate(store: Store) -> None:
    record(store, read("a", brief("Gone.")))
    record(store, read("a", brief("Here."), version=2))
    with store.reading() as db:
        assert [candidate.insight.text for candidate in candidates.of_day(db, TODAY, 14)] == [
            "Here."
        ]
        assert db.scalar(select(insights.c.date).where(insights.c.text == "Gone.")) is None


PATHS = st.sampled_from(["a", "b", "c"])
PAGES = st.lists(st.sampled_from(["One.", "Two.", "Three."]), min_size=1, max_size=3, unique=True)


@given(st.lists(st.tuples(PATHS, PAGES), min_size=1, max_size=12))
@settings(suppress_health_check=[*SLOW, HealthCheck.function_scoped_fixture])
def test_totals_are_those_of_the_pages_that_stand(
    sqlite: Store, steps: list[tuple[str, list[str]]]
) -> None:
    """Whatever is written, copied and overwritten in whatever order."""
    with sqlite.writing() as db:
        for table in ("file", "mention", "brief", "insight"):
            db.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
    standing: dict[str, tuple[str, ...]] = {}
    for version, (path, page) in enumerate(steps, start=1):
        standing[path] = tuple(page)
        totals = record(sqlite, read(path, brief(*page), version=version))
    distinct = set(standing.values())
    assert totals == Totals(
        briefs=len(distinct),
        insights=len({text for page in distinct for text in page}),
        mentions=sum(map(len, distinct)),
        rejected=0,
        dropped=0,
    )


@pytest.mark.parametrize("count", [1300])
def test_a_long_brief_fits_every_statement(store: Store, count: int) -> None:
    totals = record(store, read("a", brief(*(f"Insight {number}." for number in range(count)))))
    assert totals.mentions == count


def episode(name: str, *said: str, podcast: str = "Tides") -> Brief:
    return replace(brief(*said, podcast=podcast, published=None), episode=name)


def held(store: Store) -> dict[str, tuple[int, int]]:
    """The number and the version of the brief of each episode."""
    with store.reading() as db:
        rows = db.execute(select(briefs.c.episode, briefs.c.id, briefs.c.version)).all()
    return {name: (number, version) for name, number, version in rows}


def test_each_episode_of_a_file_is_a_brief_whatever_stands_before_it(store: Store) -> None:
    one, two = episode("One", "Mud is old."), episode("Two", "Sand moves.")
    record(store, read("all.csv", one, two), today=TODAY - timedelta(3))
    before = held(store)
    longer = episode("Two", "Sand moves.", "Silt stays.")
    record(store, read("all.csv", episode("New", "Fog bends."), one, longer, version=2))
    after = held(store)
    assert after["One"] == before["One"]
    assert after["Two"] == (before["Two"][0], 2)
    with store.reading() as db:
        assert {each.insight.text for each in candidates.of_day(db, TODAY, 1)} == {"Fog bends."}


def test_two_episodes_of_one_title_are_two_briefs_of_a_file(store: Store) -> None:
    one, two = episode("News", "Mud is old."), episode("News", "Sand moves.")
    one, two = replace(one, published=TODAY - timedelta(1)), replace(two, published=TODAY)
    assert record(store, read("march.md", one, two)).briefs == 2
    longer = replace(episode("News", "Sand moves.", "Silt stays."), published=TODAY)
    record(store, read("march.md", longer, one, version=2))
    with store.reading() as db:
        versions = db.execute(select(briefs.c.published, briefs.c.version)).all()
        assert texts(db) == {"Mud is old.", "Sand moves.", "Silt stays."}
    assert sorted(versions) == [(TODAY - timedelta(1), 1), (TODAY, 2)]


def test_an_episode_that_is_told_in_two_files_is_one(store: Store) -> None:
    one, two = episode("One", "Mud is old."), episode("Two", "Sand moves.")
    assert record(store, read("all.csv", one, two), read("two.md", two)).briefs == 2
    record(store, read("all.csv", one, version=2))
    assert held(store).keys() == {"One", "Two"}
    with store.writing() as db:
        archive.forget(db, "", ["two.md", "all.csv"])
        assert archive.known(db, "") == {}
    assert held(store).keys() == {"One", "Two"}


def test_an_episode_that_a_file_does_not_tell_any_more_is_withdrawn(store: Store) -> None:
    one, two = episode("One", "Mud is old."), episode("Two", "Sand moves.")
    record(store, read("all.csv", one, two))
    assert record(store, read("all.csv", two, version=2)) == Totals(1, 1, 1, 0, 0)
    with store.reading() as db:
        assert texts(db) == {"Sand moves."}


def test_a_renamed_episode_and_a_file_that_is_parted_keep_their_briefs(store: Store) -> None:
    mixed = brief("Mud is old.", "Sand moves.", published=None)
    record(store, read("all.csv", mixed), today=TODAY - timedelta(3))
    [(number, _)] = held(store).values()
    one, two = episode("One", "Mud is old."), episode("Two", "Sand moves.")
    record(store, read("all.csv", one, two, version=2))
    assert held(store)["One"] == (number, 2)
    renamed = episode("One, again", "Mud is old.")
    record(store, read("all.csv", renamed, two, version=3))
    assert held(store)["One, again"] == (number, 3)
    with store.reading() as db:
        assert db.scalar(select(insights.c.date).where(insights.c.text == "Mud is old.")) == (
            TODAY - timedelta(3)
        )


def library(show: str, count: int) -> list[Brief]:
    """Every episode ends with the same sentence."""
    words = [
        (f"Wave {at} breaks.", f"Tide {at} turns.", "Thanks to the sea.") for at in range(count)
    ]
    return [replace(episode(f"E{at}", *each), podcast=show) for at, each in enumerate(words)]


def test_of_a_renamed_show_each_episode_keeps_its_brief(store: Store) -> None:
    record(store, read("all.csv", *library("The Sea", 12)))
    before = held(store)
    record(store, read("all.csv", *library("The Sea, daily", 12), version=2))
    assert {name: number for name, (number, _) in held(store).items()} == {
        name: number for name, (number, _) in before.items()
    }


def test_renaming_a_show_costs_as_much_for_each_episode_of_many(sqlite: Store) -> None:
    """A library of 3,000 was compared with itself 3,000 times."""
    asked = 0

    def count(
        _db: object, _cursor: object, _words: str, values: Sequence[object], *_: object
    ) -> None:
        nonlocal asked
        asked += len(values)

    def renamed(path: str, episodes: int) -> int:
        record(sqlite, read(path, *library(path, episodes)))
        before = asked
        record(sqlite, read(path, *library(f"{path}, daily", episodes), version=2))
        return asked - before

    event.listen(sqlite.engine, "before_cursor_execute", count)
    few, many = renamed("few", 15), renamed("many", 90)
    assert few > 15
    assert many < 8 * few


def test_what_was_said_before_stays_old_where_its_file_is_parted_or_moves(store: Store) -> None:
    """A library that was one brief would be all news on the day it grows."""
    old = TODAY - timedelta(60)
    mixed = brief("Mud is old.", "Sand moves.", "Silt stays.", published=None)
    record(store, read("all.csv", mixed), read("x.csv", episode("X", "Fog bends.")), today=old)
    one = episode("One", "Mud is old.", "Rain is new.")
    parted = read("all.csv", one, episode("Two", "Sand moves.", "Silt stays."), version=2)
    moved = episode("X", "Fog bends.")
    record(store, parted, read("x.csv", reason="empty", version=2), read("y.csv", moved))
    with store.reading() as db:
        assert {each.insight.text for each in candidates.of_day(db, TODAY, 30)} <= {"Rain is new."}
        assert db.scalars(select(insights.c.date).distinct()).all() == [old]


def test_a_library_is_one_brief_after_going_down_and_its_episodes_again_after_going_up(
    apart: Store,
) -> None:
    one, two = episode("One", "Mud is old.", "Sand moves."), episode("Two", "Silt stays.", "Fog.")
    shared = episode("Three", "Rain falls.")
    files = read("all.csv", one, two, shared), read("three.md", shared), read("to.csv", two, shared)
    old = record(apart, *files, today=TODAY - timedelta(60))
    assert (old.briefs, old.mentions) == (3, 5)
    apart.migrate("0025")
    with apart.reading() as db:
        rows = db.execute(text("SELECT path, size, brief_id FROM file ORDER BY path")).all()
        said = text("SELECT brief_id, position FROM mention ORDER BY brief_id, position")
        positions = [tuple(row) for row in db.execute(said)]
        assert [(row.path, row.size) for row in rows] == [
            *(("all.csv", -1), ("three.md", 1), ("to.csv", -1))
        ]
        assert {row.brief_id for row in rows} == {number for number, _ in positions}
        assert len(positions) == 5
    apart.migrate()
    again = read("all.csv", one, two, shared, version=2)
    assert record(apart, again).mentions == 5
    assert held(apart).keys() == {"One", "Two", "Three"}
    with apart.reading() as db:
        assert set(db.scalars(select(insights.c.date))) == {TODAY - timedelta(60)}


def test_a_library_that_breaks_is_one_rejected_file_and_keeps_its_briefs(store: Store) -> None:
    one, two = episode("One", "Mud is old."), episode("Two", "Sand moves.")
    record(store, read("all.csv", one, two))
    broken = record(store, read("all.csv", reason="malformed", version=2))
    assert (broken.briefs, broken.rejected) == (2, 1)
    with store.reading() as db:
        assert archive.known(db, "") == {"all.csv": (2, 2)}
    assert record(store, read("all.csv", two, one, version=3)) == Totals(2, 2, 2, 0, 0)
