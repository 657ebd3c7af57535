from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.bootstrap import App
from newsletter.bootstrap.desk import desk
from newsletter.cli.setup import create_newsletter
from newsletter.config import Settings, load
from newsletter.config.origins import SECRETS, origins
from newsletter.config.sections import keys
from newsletter.services import desk_sessions, desk_users
from tests.builders import NOON
from tests.web.test_unsubscribe import ask, serving

CONFIG = """\
[newsletter]
name = "Five <b>Insights</b>"
[delivery]
channel = "smtp"
[delivery.smtp]
password = "smtp-pass-word"
[store]
url = "sqlite:///newsletter.db"
"""
ENVIRONMENT = {
    "NEWSLETTER_WRITER__API_KEY": "an-api-key",
    "newsletter_web__port": "no",
    "NEWSLETTER_desk__Port": "8099",
    "NEWSLETTER_DELIVERY__PACE__DOMAINS__EXAMPLE": "2.5",
}


def test_each_setting_says_where_it_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    found = {each.key: each for each in origins(load(path, ENVIRONMENT), path, ENVIRONMENT)}
    assert found["delivery.channel"][1:] == ('"smtp"', "file")
    assert found["delivery.smtp.host"][1:] == ('"localhost"', "")
    assert found["delivery.smtp.password"][1:] == ("(set, not shown)", "file")
    assert found["writer.api_key"][1:] == ("(set, not shown)", "NEWSLETTER_WRITER__API_KEY")
    assert found["web.port"][1:] == ("8025", "")  # only the capital letters are ours
    assert found["desk.port"][1:] == ("8099", "NEWSLETTER_desk__Port")
    assert found["delivery.pace.domains"].origin == "NEWSLETTER_DELIVERY__PACE__DOMAINS__EXAMPLE"
    assert found["returns.hooks.token"].value == '""'
    assert "smtp-pass-word" not in repr(found)


def test_a_path_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    found = {each.key: each.value for each in origins(load(path, {}), path, {})}
    assert found["store.url"] == '"sqlite:///newsletter.db"'


def test_a_password_in_an_address_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[store]\nurl = "postgresql://owner:s3cr3t@db.example/news"\n')
    found = {each.key: each.value for each in origins(load(path, {}), path, {})}
    assert found["store.url"] == '"postgresql://owner:***@db.example/news"'


def test_what_is_named_like_a_secret_is_one() -> None:
    """Or known to be none: the names of files, and counts of a model's tokens."""
    harmless = {"web.secret_file", "dkim.key_file"}
    named = {
        key
        for key in keys(Settings())
        if any(word in key.rpartition(".")[2] for word in ("password", "secret", "key", "token"))
        and "tokens" not in key
    }
    assert named - harmless == SECRETS - {"returns.hooks.postmark"}


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[App]:
    app = App(None, {}, lambda: NOON)
    created = create_newsletter(app, tmp_path, CONFIG)
    yield created
    created.close()


def test_the_page_is_for_operators(house: App) -> None:
    desk_users.add(house.store, "olga", "operator", "correct horse battery", NOON)
    desk_users.add(house.store, "eddy", "editor", "correct horse battery", NOON)
    secret = house.beside(house.settings.web.secret_file).read_bytes().strip()
    users = [desk_users.User(1, "olga", "operator"), desk_users.User(2, "eddy", "editor")]
    sessions = [desk_sessions.begin(house.store, user, NOON, "", "") for user in users]
    cookies = [f"desk={desk_sessions.signed(secret, random)}" for random in sessions]
    with serving(desk(house)) as port:
        assert ask(port, "GET", "/", None, {}).headers["location"] == "/desk"
        shown, refused = (
            ask(port, "GET", "/desk/settings", None, {"Cookie": each}) for each in cookies
        )
    assert (shown.status, refused.status) == (200, 403)
    assert "Five &lt;b&gt;Insights" in shown.text
    assert "smtp-pass-word" not in shown.text
    assert "(set, not shown)" in shown.text
    assert str(house.path) in shown.text
