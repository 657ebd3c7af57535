"""``newsletter subscribers add --like``: interests from examples, in words that can be changed."""

import pytest

from tests.cli.conftest import House

ANN = "ann@letters.example"
KETTLE = "A kettle descaled monthly boils a litre forty seconds sooner."
FERRY = "Ferries that leave on the hour lose passengers to missed trains."


def interests(house: House) -> str:
    text: str = house("subscribers", "show", ANN, "--json").json["interests"]
    return text


def test_an_insight_by_its_number(house: House) -> None:
    house.drop("page.json", KETTLE, FERRY)
    house("ingest")
    (number,) = (m["id"] for m in house("insights", "search", "kettle", "--json").json)
    done = house("subscribers", "add", ANN, "--like", str(number))
    assert done.code == 0
    assert "kettle" in interests(house)
    assert interests(house) in done.out
    assert "ferries" not in interests(house)


def test_a_brief_file_that_is_not_read_yet_and_several_examples(house: House) -> None:
    house.drop("page.json", KETTLE)
    house("ingest")
    page = house.folder / "another.md"
    page.write_text(f"# Harbour\n\n- {FERRY}\n")
    assert house("subscribers", "add", ANN, "--like", str(page), "--like", "1").code == 0
    words = set(interests(house).replace(",", "").split())
    assert all(words & set(text.lower().split()) for text in (FERRY, KETTLE))
    assert house("insights", "search", "ferries", "--json").json == []


def test_an_existing_reader_gets_them_instead(house: House) -> None:
    house.drop("page.json", KETTLE)
    house("ingest")
    house("subscribers", "add", ANN, "--interests", "opera")
    house("subscribers", "add", ANN, "--like", "1")
    assert "opera" not in interests(house)


@pytest.mark.parametrize("example", ["99", "99999999999999999999999", "gone.md", "inbox", ""])
def test_what_is_no_example_is_said(house: House, example: str) -> None:
    refused = house("subscribers", "add", ANN, "--like", example)
    assert refused.code == 2
    assert "Traceback" not in refused.stderr
    assert house("subscribers", "list", "--json").json == []


def test_interests_are_given_one_way_only(house: House) -> None:
    assert house("subscribers", "add", ANN, "--like", "1", "--interests", "opera").code == 2
