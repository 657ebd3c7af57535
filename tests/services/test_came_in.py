from dataclasses import replace

import pytest

from newsletter.domain.errors import NotFound
from newsletter.services import came_in
from newsletter.storage import Store, archive, glance
from tests.builders import NOON, TODAY, brief, read
from tests.web.desk.morning import HOSTILE, morning


def test_files_are_found_by_parts_of_their_path(store: Store) -> None:
    morning(store)
    page = came_in.files_read(store, 50, 0, "", rejected=False)
    assert (page.total, page.rejected, len(page.rows)) == (3, 1, 3)
    assert {row["path"]: (row["insights"], row["dropped"]) for row in page.rows}[
        "/inbox/tides.md"
    ] == (4, 1)
    (broken,) = came_in.files_read(store, 50, 0, "BROK .md", rejected=True).rows
    assert (broken["path"], broken["line"]) == ("/inbox/broken.md", 17)
    assert came_in.files_read(store, 50, 0, "%", rejected=True).total == 0
    assert len(came_in.files_read(store, 2, 2, "", rejected=False).rows) == 1


def test_a_file_of_several_episodes_is_listed_with_each_and_counted_once(store: Store) -> None:
    episodes = [replace(brief(f"Tide {at} turns."), episode=f"E{at}") for at in range(3)]
    with store.writing() as db:
        archive.record(
            db, [read("/inbox/all.csv", *episodes), read("/x", reason="no")], NOON, TODAY
        )
        assert glance.came_in(db, TODAY, NOON).files == 2
        assert glance.came_in(db, TODAY, NOON).rejected == 1
    page = came_in.files_read(store, 50, 0, "", rejected=False)
    assert (page.files, page.total, len(page.rows)) == (2, 4, 4)
    assert came_in.files_read(store, 50, 0, "all", rejected=False).files == 1


def test_the_story_of_a_file(store: Store) -> None:
    morning(store)
    story = came_in.file_story(store, "here", "/inbox/tides.md")
    assert story.dropped == [(3, "Subscribe today!")]
    assert [one["role"] for one in story.insights] == ["lead", "related", "related", "related"]
    assert came_in.file_story(store, "here", "/inbox/broken.md").insights == ()
    with pytest.raises(NotFound):
        came_in.file_story(store, "there", "/inbox/tides.md")


def test_feeds_that_fail_come_first(store: Store) -> None:
    morning(store)
    feeds = came_in.followed(store)
    assert [(feed.ended, feed.failures) for feed in feeds] == [(True, 0), (False, 3), (False, 0)]
    story = came_in.feed_story(store, feeds[2].id)
    assert story.counts == {"read": 1, "empty": 1, "waiting": 1}
    assert [one["title"] for one in story.episodes] == ["Episode 0", "Episode 1", "Episode 2"]
    with pytest.raises(NotFound):
        came_in.feed_story(store, 999)
    (unread,) = came_in.unreadable(store)
    assert unread["reason"] == HOSTILE
