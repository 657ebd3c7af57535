import json

from newsletter.services import api_tokens
from newsletter.storage import Store
from tests.cli.conftest import House


def test_a_token_is_shown_once_listed_and_revoked(house: House) -> None:
    house.stock(0, 1)
    made = house("api", "token", "add", "website", "--scope", "read", "--json")
    token = json.loads(made.out)["token"]
    store = Store(f"sqlite:///{house.folder / 'newsletter.db'}", house.folder)
    caller = api_tokens.caller(store, token, house.now)
    assert caller
    assert caller.scopes == {"read"}
    listed = house("api", "token", "list")
    assert "website" in listed.out
    assert "in force" in listed.out
    assert token not in listed.out
    assert house("api", "token", "add", "website", "--scope", "read").code == 2
    assert house("api", "token", "revoke", "website").code == 0
    assert api_tokens.caller(store, token, house.now) is None
    assert house("api", "token", "revoke", "website").code == 2
    assert "revoked" in house("api", "token", "list").out
    store.close()


def test_the_audit_says_what_the_command_line_changed(house: House) -> None:
    house.stock(0, 1)
    assert "nothing was changed yet" in house("audit").out
    house("subscribers", "add", "ann@letters.example")
    house("subscribers", "add", "no address")
    house("subscribers", "show", "ann@letters.example")
    house("pause")
    house("resume")
    lines = json.loads(house("audit", "--json").out)
    assert [(line["entrance"], line["action"], line["about"]) for line in lines] == [
        ("cli", "resume", ""),
        ("cli", "pause", ""),
        ("cli", "subscribers add", "ann@letters.example"),
    ]
    assert [line["about"] for line in json.loads(house("audit", "2030-01-01", "--json").out)] == []
