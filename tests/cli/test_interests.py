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
    assert "matches" not in house("interests", "glaciers").out.splitlines()[0]


def test_negatives_are_left_out(house: House) -> None:
    house.drop("one.json", KETTLE, CHIPS, FERRY)
    house("ingest")
    texts = [match["text"] for match in house("interests", "trains, not ferries", "--json").json]
    assert FERRY not in texts
    refused = house("interests", "not ferries")
    assert refused.code == 2


def test_an_empty_archive_has_nothing(house: House) -> None:
    assert house("interests", "chips").out == "nothing in the archive matches\n"
    assert house("interests", "chips", "--json").json == []
