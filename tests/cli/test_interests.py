"""``newsletter interests``: what a phrase finds in the archive, where the limit falls, and why."""

from tests.cli.conftest import House

CHIPS = (
    "A chip supply chain snaps at its first flood, for one valley makes the plates of every chip."
)
KETTLE = "A kettle descaled monthly boils a litre forty seconds sooner."
FERRY = "Ferries that leave on the hour lose passengers to missed trains."


def test_the_whole_archive_best_first(house: House) -> None:
    house.drop("one.json", KETTLE, CHIPS, FERRY)
    house("ingest")
    first, *others = house("interests", "chip supply chains", "--json").json
    assert set(first) == {"id", "text", "score", "said"}
    assert (first["text"], first["said"]) == (CHIPS, True)
    assert not any(match["said"] for match in others)
    scores = [first["score"], *(match["score"] for match in others)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0


def test_the_limit_and_the_words_are_shown(house: House) -> None:
    house.drop("one.json", KETTLE, CHIPS, FERRY)
    house("ingest")
    shown = house("interests", "chip supply chains", "--most", "1").out
    assert "matches" in shown.splitlines()[0]
    assert "chip, supply, chain" in shown
    assert "an email would say “You follow …” of 1: from 0.93 on" in shown
    unsure = house("interests", "chip glaciers").out
    assert "matches" not in unsure
    assert "none is sure enough" in unsure


def test_negatives_are_left_out(house: House) -> None:
    house.drop("one.json", KETTLE, CHIPS, FERRY)
    house("ingest")
    texts = [match["text"] for match in house("interests", "trains, not ferries", "--json").json]
    assert FERRY not in texts
    shown = house("interests", "trains, not ferries").out.splitlines()
    assert [line for line in shown if "Ferries" in line] == [f"left out      3  {FERRY[:-1]}"]
    assert "left out" not in house("interests", "trains, not glaciers").out


def test_negatives_alone_show_what_they_take_away(house: House) -> None:
    house.drop("one.json", KETTLE, CHIPS, FERRY)
    house("ingest")
    first, *taken = house("interests", "not ferries").out.splitlines()
    assert first == "no phrase says what is wanted: that is everything but these"
    assert taken == [f"left out      3  {FERRY[:-1]}"]
    assert "nothing would be left out" in house("interests", "not glaciers").out
    assert house("interests", "not ferries", "--json").json == []


def test_a_word_that_nobody_said_finds_nothing(house: House) -> None:
    house.drop("one.json", KETTLE, CHIPS, FERRY)
    house("ingest")
    assert house("interests", "zzzq").out == "nothing in the archive matches\n"
    shown = house("interests", "zzzq, not ferries").out.splitlines()
    assert shown == ["nothing in the archive matches", f"left out      3  {FERRY[:-1]}"]


def test_an_empty_archive_has_nothing(house: House) -> None:
    assert house("interests", "chips").out == "nothing in the archive matches\n"
    assert house("interests", "chips", "--json").json == []
