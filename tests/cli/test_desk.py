import io
import json

import pytest

from newsletter.bootstrap import App
from newsletter.cli.serve import about_the_desk
from newsletter.services import desk_users
from newsletter.storage import Store
from tests.cli.conftest import House

PASSWORD = "correct horse battery"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_user_is_added_listed_changed_and_removed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.stock(0, 1)
    assert "nobody may log in" in house("desk", "user", "list").out
    typed(monkeypatch, f"{PASSWORD}\n")
    added = house("desk", "user", "add", "olga")
    assert "may log in to the desk as operator" in added.out
    assert "set desk.enabled" in added.out
    assert PASSWORD not in added.out
    (user,) = json.loads(house("desk", "user", "list", "--json").out)
    assert (user["name"], user["role"]) == ("olga", "operator")
    assert "password" not in user
    typed(monkeypatch, f"{PASSWORD}\n")
    assert house("desk", "user", "add", "olga").code == 2
    typed(monkeypatch, "another horse battery\r\n")
    assert house("desk", "user", "password", "olga").code == 0
    store = Store(f"sqlite:///{house.folder / 'newsletter.db'}", house.folder)
    assert desk_users.verified(store, "olga", PASSWORD) is None
    assert desk_users.verified(store, "olga", "another horse battery")
    store.close()
    assert house("desk", "user", "remove", "olga").code == 0
    assert house("desk", "user", "remove", "olga").code == 2
    actions = [line["action"] for line in json.loads(house("audit", "olga", "--json").out)]
    assert actions == ["desk user remove", "desk user password", "desk user add"]


@pytest.mark.parametrize(
    "password", ["", "short", "aaaaaaaaaaaaaaaa", "olga.longer.name", "x" * 1001]
)
def test_a_bad_password_is_refused_with_the_reason(
    house: House, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    house.stock(0, 1)
    typed(monkeypatch, password)
    refused = house("desk", "user", "add", "olga.longer.name", "--role", "editor")
    assert refused.code == 2
    assert "random" in refused.stderr
    assert password not in refused.stderr or len(password) < 12


@pytest.mark.parametrize("name", ["", "Olga", "-x", "a b", "x" * 65, "ö", "a\nb"])
def test_a_bad_name_is_refused_before_the_password_is_asked_for(house: House, name: str) -> None:
    house.stock(0, 1)
    assert house("desk", "user", "add", "--", name).code == 2


def test_at_a_terminal_it_is_asked_for_twice(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.stock(0, 1)
    monkeypatch.setattr("sys.stdin", Terminal())
    answers = iter([PASSWORD, f"{PASSWORD}!", PASSWORD, PASSWORD])
    monkeypatch.setattr("newsletter.cli.desk.getpass", lambda _: next(answers))
    assert "differ" in house("desk", "user", "add", "olga").stderr
    assert house("desk", "user", "add", "olga").code == 0


def test_serve_says_when_nobody_can_log_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    app = App(str(house.config), house.environment, lambda: house.now)
    first, second = about_the_desk(app, "http://127.0.0.1:8027")
    assert first == "the desk: http://127.0.0.1:8027/desk"
    assert "newsletter desk user add NAME" in second
    typed(monkeypatch, f"{PASSWORD}\n")
    house("desk", "user", "add", "olga")
    assert list(about_the_desk(app, "http://127.0.0.1:8027")) == [first]
    app.close()
