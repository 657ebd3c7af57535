"""``newsletter move``: to another database, as an operator sees it."""

from tests.cli.conftest import House


def test_all_goes_into_a_new_file_and_nothing_into_one_in_use(house: House) -> None:
    house("subscribers", "add", "ann@letters.example")
    there = f"sqlite:///{house.folder / 'there.db'}"
    done = house("move", "--to", there)
    assert done.code == 0
    assert "subscriber       1 row\n" in done.out
    assert "all is there, counted and summed in both" in done.out
    again = house("move", "--to", there)
    assert again.code == 1
    assert "has rows already" in again.stderr
