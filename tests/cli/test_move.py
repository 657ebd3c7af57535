"""``newsletter move``: to another database, as an operator sees it."""

import pytest

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


@pytest.mark.parametrize(
    ("there", "code", "said"),
    [
        ("foo", 2, "--to is no database address"),
        ("mysql://host/name", 2, "only SQLite and PostgreSQL are known"),
        ("sqlite://", 2, "--to names no file: write sqlite:///newsletter.db"),
        ("postgresql://nobody@127.0.0.1:1/nothing", 1, "is the server running, and --to right?"),
    ],
)
def test_a_bad_address_is_told_by_the_name_of_its_option(
    house: House, there: str, code: int, said: str
) -> None:
    done = house("move", "--to", there)
    assert (done.code, said in done.stderr) == (code, True)
    assert "store.url" not in done.stderr
    assert code == 1 or "write sqlite:///newsletter.db" in done.stderr
