"""What the editor did is kept, and an issue keeps what held when it was composed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsletter.domain.model import Citation, Echo, Issue, Pick
from newsletter.storage import Connection, Store, archive, candidates, editing, issues
from newsletter.storage.editing import Action, Change
from tests.builders import NOON, TODAY, brief, read


@pytest.fixture
def db_ids(store: Store) -> list[int]:
    with store.writing() as db:
        archive.record(db, [read("a.txt", brief("One.", "Two.", "Three."))], NOON, TODAY)
        return [insight.id for insight in candidates.known(db, TODAY, range(1, 10))]


def act(
    db: Connection,
    action: Action,
    insight_id: int | None = None,
    day: date | None = None,
    words: str = "",
) -> None:
    editing.record(db, Change(NOON, "ed", action, insight_id, day, words))


def test_the_latest_of_a_matter_holds(store: Store, db_ids: list[int]) -> None:
    one, two, three = db_ids
    with store.writing() as db:
        for insight_id in (one, two, three, one):
            act(db, "pin", insight_id, TODAY)
        act(db, "unpin", two, TODAY)
        act(db, "pin", two, TODAY + timedelta(1))
        act(db, "block", two)
        act(db, "block", three)
        act(db, "unblock", three)
        act(db, "note", day=TODAY, words="First.")
        act(db, "note", day=TODAY, words="Second.")
        act(db, "edit", one, words="Right.")
        act(db, "edit", two, words="Wrong.")
        act(db, "edit", two)
    with store.reading() as db:
        held = editing.editing_of(db, TODAY)
        assert (held.note, held.pinned, held.blocked) == ("Second.", (three, one), frozenset({two}))
        assert editing.note(db, TODAY + timedelta(1)) == ""
        assert editing.corrections(db) == {one: "Right."}
        done = [(change.action, change.day, change.words) for change in editing.changes(db, two)]
    assert done == [
        ("pin", TODAY, ""),
        ("unpin", TODAY, ""),
        ("pin", TODAY + timedelta(1), ""),
        ("block", None, ""),
        ("edit", None, "Wrong."),
        ("edit", None, ""),
    ]


def test_an_issue_keeps_its_note_its_pins_and_the_words_of_then(
    store: Store, db_ids: list[int]
) -> None:
    one, two, three = db_ids
    echo = Echo(three, "Three, corrected", 0.5, TODAY, dated=TODAY - timedelta(9), edited=True)
    plain = replace(echo, text="Three", edited=False)
    picks = (
        Pick(1, one, "One, corrected.", Citation(), 0.5, {}, (echo,), (plain,), "", edited=True),
        Pick(2, two, "Two.", Citation(), 0.5, {}, pinned=True),
    )
    issue = Issue(TODAY, picks, note="Good morning.")
    with store.writing() as db:
        issue_id = issues.save(db, issue, NOON)
        act(db, "edit", one, words="Corrected once more.")
        act(db, "edit", three, words="This one, too.")
        assert issues.load(db, issue_id) == issue


def test_candidates_carry_corrections_and_pinned_ones_of_any_age(
    store: Store, db_ids: list[int]
) -> None:
    later = TODAY + timedelta(100)
    with store.writing() as db:
        act(db, "edit", db_ids[1], words="Two, corrected.")
        assert candidates.of_day(db, later, 14) == []
        [candidate] = candidates.of_day(db, later, 14, [db_ids[1]])
        assert (candidate.insight.text, candidate.insight.shown) == ("Two.", "Two, corrected.")
        [insight] = candidates.known(db, later, [db_ids[1]])
        assert insight.shown == "Two, corrected."
