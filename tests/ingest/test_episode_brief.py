"""The best source of an episode is the one that its brief is made of."""

from collections.abc import Sequence
from datetime import date

import pytest

from newsletter.domain.episode import Episode, Segment
from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Mention
from newsletter.ingest.episode_brief import episode_brief

TAKEAWAY = "A dike that is raised twice breaks where nobody looks."
EPISODE = Episode(
    "g", "The  flood", podcast="River Talk", url="https://river.example/41",
    enclosure="https://cdn.example/41.mp3", published=date(2026, 3, 31), speakers=("Ines Okoro",),
)  # fmt: skip
NOTED = Episode("g", "The flood", notes=f"<h3>Takeaways</h3><ul><li>{TAKEAWAY}</li></ul>")
TALK = (Segment(1, 5, "Water finds each gap that a wall has.", "Ines Okoro"),)


class Writer:
    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.asked = 0

    def write(self, episode: Episode, segments: Sequence[Segment]) -> tuple[Mention, ...]:  # noqa: ARG002
        self.asked += 1
        return tuple(Mention(text, "lead", "Bo", 3, origin="written") for text in self.texts)


def test_takeaways_that_people_wrote_come_first() -> None:
    writer = Writer("Walls wait.")
    (mention,) = episode_brief(NOTED, TALK, writer).mentions
    assert (mention.text, mention.origin, writer.asked) == (TAKEAWAY, "takeaway", 0)


def test_without_takeaways_the_model_writes() -> None:
    brief = episode_brief(EPISODE, TALK, Writer("Walls wait."))
    (mention,) = brief.mentions
    assert (mention.text, mention.at, mention.origin) == ("Walls wait.", 3, "written")
    assert (brief.podcast, brief.episode, brief.url) == ("River Talk", "The flood", EPISODE.url)
    assert (brief.published, brief.speakers) == (EPISODE.published, ("Ines Okoro",))


def test_the_page_of_an_episode_without_one_is_its_audio() -> None:
    bare = Episode("g", "t", enclosure="https://cdn.example/41.mp3", url="javascript:alert(1)")
    brief = episode_brief(bare, TALK, Writer("Walls wait."))
    assert (brief.url, brief.speakers) == ("https://cdn.example/41.mp3", ("Bo",))


def test_a_model_is_not_asked_without_a_transcript() -> None:
    writer = Writer("Walls wait.")
    with pytest.raises(BriefRejected, match="no takeaways in the notes, no transcript"):
        episode_brief(EPISODE, (), writer)
    assert writer.asked == 0


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("So that is what it was and we have to go to it then.", "no quote that stands alone"),
        ("so that is what it was and we have to go to it then", "without punctuation"),
        ("Das Wasser findet jede Lücke, die eine Mauer hat.", "not in English"),
    ],
)
def test_an_episode_without_an_insight_makes_no_brief(said: str, why: str) -> None:
    with pytest.raises(BriefRejected, match=why):
        episode_brief(EPISODE, (Segment(0, 1, said, "Bo"),) * 3, Writer())
