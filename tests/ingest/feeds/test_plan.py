"""Which episodes are read, as properties of any feed and any past."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.episode import Episode, TranscriptLink
from newsletter.ingest.feeds.plan import content_hash, episode_row, is_plausible, key, plan
from newsletter.storage.feeds import EpisodeRow, EpisodeState

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
EPISODES = st.lists(st.integers(0, 30), unique=True).map(
    lambda numbers: [Episode(f"g{n}", f"Episode {n}") for n in sorted(numbers, reverse=True)]
)
STATES = st.sampled_from(EpisodeState.__args__)  # type: ignore[attr-defined]


@st.composite
def pasts(draw: st.DrawFn) -> dict[str, EpisodeRow]:
    rows = {}
    for number in draw(st.sets(st.integers(0, 30))):
        episode = Episode(f"g{number}", f"Episode {number}", notes=draw(st.sampled_from(["", "x"])))
        rows[key(episode)] = episode_row(episode, None, NOON, draw(STATES))
    return rows


@given(EPISODES, pasts(), st.integers(0, 20))
def test_each_new_one_is_taken_or_passed_over_and_none_that_was_passed(
    episodes: list[Episode], known: dict[str, EpisodeRow], new: int
) -> None:
    planned = plan(episodes, known, new, NOON + HOUR, HOUR)
    unknown = [episode for episode in episodes if key(episode) not in known]
    fresh = [episode for episode in planned.take if key(episode) not in known]
    assert [*fresh, *planned.pass_over] == unknown
    assert len(fresh) == min(new, len(unknown))
    for episode in planned.take:
        if row := known.get(key(episode)):
            assert row.state != "passed"
            assert row.state == "waiting" or row.content_hash != content_hash(episode)


@given(EPISODES, pasts())
def test_what_was_read_is_not_read_again(
    episodes: list[Episode], known: dict[str, EpisodeRow]
) -> None:
    planned = plan(episodes, known, 3, NOON, HOUR)
    assert len(planned.take) <= 3 + 20
    read = {
        key(episode): episode_row(episode, known.get(key(episode)), NOON, "read")
        for episode in planned.take
    }
    passed = {key(one): episode_row(one, None, NOON, "passed") for one in planned.pass_over}
    again = plan(episodes, {**known, **read, **passed}, 3, NOON, HOUR)
    assert list(again.take) == list(planned.later)
    assert list(again.pass_over) == []


def test_a_token_in_an_address_is_no_change_and_another_transcript_is() -> None:
    def episode(*urls: str) -> Episode:
        return Episode("g", "One", transcripts=tuple(TranscriptLink(url) for url in urls))

    first = content_hash(episode("https://a.example/1.vtt?token=1"))
    assert first == content_hash(episode("https://a.example/1.vtt?token=2"))
    assert first != content_hash(episode())
    assert first != content_hash(episode("https://a.example/1.vtt", "https://a.example/1.srt"))


def test_a_date_may_be_tomorrow_and_no_later() -> None:
    today = date(2026, 3, 14)
    assert is_plausible(date(2026, 3, 15), today)
    assert not is_plausible(date(2026, 3, 16), today)
    assert not is_plausible(None, today)
