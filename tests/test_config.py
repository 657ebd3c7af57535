from pathlib import Path

import pytest

from newsletter.config import Settings, load, settings
from newsletter.domain.errors import ConfigError


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def complaint(path: Path, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, environment or {})
    return str(caught.value)


def test_every_key_is_optional(tmp_path: Path) -> None:
    assert load(written(tmp_path, ""), {}) == Settings()


def test_what_is_written_is_taken_and_the_rest_keeps_its_default(tmp_path: Path) -> None:
    made = load(written(tmp_path, "[selection]\ncount = 7\n[selection.weights]\nnovelty = 2\n"), {})
    assert (made.selection.count, made.selection.minimum) == (7, 3)
    assert (made.selection.weights.novelty, made.selection.weights.interest) == (2.0, 0.8)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    made = load(written(tmp_path, b"\xef\xbb\xbf[newsletter]\nname = 'K\xc3\xbcste'\n"), {})
    assert made.newsletter.name == "Küste"


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    message = complaint(tmp_path / "none.toml")
    assert str(tmp_path / "none.toml") in message
    assert "newsletter init" in message


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    assert f"{tmp_path} cannot be read" in complaint(tmp_path)


def test_broken_toml_is_told_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "[newsletter]\nname = 'Five'\nfrom_address = \n")
    assert f"{path} is not valid TOML" in complaint(path)
    assert "line 3" in complaint(path)


def test_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "[newsletter]\nname = 'Küste'\n".encode("latin-1"))
    assert complaint(path) == f"{path}, line 2: save the file as UTF-8"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[selection]\ncuont = 5", "selection.cuont: there is no such key; did you mean"),
        ("[selection]\ncuont = 5", "selection.count?"),
        ("[delivery.stmp]\nport = 25", "did you mean delivery.smtp?"),
        ("from_address = 'a@b.example'", "did you mean newsletter.from_address?"),
        ("[zebra]", "zebra: there is no such key; remove it"),
        ("[selection]\ncount = 'many'", "selection.count: expected a whole number, got text"),
        ("[selection]\ncount = 0", "selection.count: expected a whole number from 1 up"),
        ("[delivery]\nclaim = 50.5", "delivery.claim: expected a whole number, got one with a dec"),
        ("[delivery]\nclaim = 0", "delivery.claim: expected a whole number from 1 to 1000"),
        ("[delivery]\nlease_seconds = 86401", "expected a whole number from 1 to 86400"),
        ("[delivery.smtp]\nport = '25'", "delivery.smtp.port: expected a whole number, got text"),
        ("[selection]\ndiversity = '0.3'", "selection.diversity: expected a number, got text"),
        ("[delivery.pace.domains]\n'a.example' = '1'", "domains: expected a number, got text"),
        ("selection = 5", "selection: expected a section, got a whole number"),
        ("[newsletter]\nname = ''", "newsletter.name: expected text of length >= 1"),
        ("[newsletter]\nname = 5", "newsletter.name: expected text, got a whole number"),
        ("[inbox]\npath = ''", "inbox.path: expected text of length >= 1"),
        ("[inbox]\nboilerplate = 'one'", "inbox.boilerplate: expected a list, got text"),
        ("[inbox]\nboilerplate = [1]", "inbox.boilerplate: expected text"),
        ("[delivery]\nchannel = 'smpt'", "delivery.channel: write 'folder' or 'smtp'"),
        ("[delivery.smtp]\nsecurity = 'ssl'", "write 'none' or 'starttls' or 'tls'"),
        (
            "[delivery.smtp]\nport = 70000",
            "delivery.smtp.port: expected a whole number from 0 to 65535",
        ),
        ("[selection]\ntwin_limit = 1.5", "twin_limit: expected a number above 0, at most 1"),
        ("[selection]\ntwin_limit = 0", "twin_limit: expected a number above 0, at most 1"),
        ("[selection]\nwindow_days = 3651", "window_days: expected a whole number from 1 to 3650"),
        ("[newsletter]\nbase_url = 'https://a.example/" + "ü" * 200 + "'", "base_url: shorten it"),
        ("[newsletter]\nreply_to = 'a@" + "b." * 130 + "example'", "newsletter.reply_to: write"),
        ("[delivery]\nreturn_path = 'B <b@a.example>'", "delivery.return_path: write an address"),
        ("[delivery]\nreturn_path = '" + "b" * 28 + "@a.example'", "at most 27 characters"),
        ("[dkim]\nselector = 's'", "dkim.key_file: is missing: `newsletter dkim new`"),
        ("[dkim]\nkey_file = 'k.pem'", "dkim.selector: is missing"),
        ("[dkim]\ndomain = 'a.example'", "dkim.key_file: is missing"),
        ("[dkim]\nkey_file = 'k'\nselector = 's;t=y'", "dkim.selector: write letters"),
        ("[dkim]\nkey_file = 'k'\nselector = 's'\ndomain = 'a b.c'", "dkim.domain: write a domain"),
        ('[store]\nurl = "sqlite:///a\\u0000b"', "store.url: remove the NUL character"),
        ('[web]\nsecret_file = "a\\u0000b"', "web.secret_file: remove the NUL character"),
        ('[delivery.folder]\npath = "\\u0000"', "delivery.folder.path: remove the NUL character"),
        ("[selection]\ntwin_limit = nan", "selection.twin_limit: expected a number"),
        ("[selection.weights]\nnovelty = inf", "selection.weights.novelty: expected a number"),
        ("[selection.weights]\nnovelty = nan", "selection.weights.novelty: expected a number"),
        ("[delivery.pace]\nper_second = -1", "delivery.pace.per_second: write messages a second"),
        ("[delivery.pace]\nper_second = 0.0001", "delivery.pace.per_second: write messages a sec"),
        ("[delivery.pace]\nper_domain = nan", "delivery.pace.per_domain: write messages a second"),
        ("[delivery.pace]\nper_domain = inf", "delivery.pace.per_domain: write messages a second"),
        ("[delivery.pace]\nper_connection = -1", "delivery.pace.per_connection: expected a whole"),
        ("[delivery.pace.domains]\n'a.example' = -1", "delivery.pace.domains.'a.example': write"),
        ("[delivery.pace.domains]\n'a.example' = nan", "delivery.pace.domains.'a.example': write"),
        (
            "[delivery.pace.domains]\n'b@a.example' = 1",
            "domains.'b@a.example': write a domain such",
        ),
        ("[delivery.pace.domains]\n'a..example' = 1", "domains.'a..example': write a domain such"),
        (
            "[delivery.pace.domains]\na.example = 1",
            "domains: expected a number, got a section: write a domain's name in quotes",
        ),
        ("[dkim]\n[web]\n[dkim]\n", "line 3, column 6): the section appears twice: merge the two"),
        ("[web]\nport = 1\nport = 2\n[dkim]\n", "a key appears twice: keep one"),
        ("[schedule]\nsend_hour = 24", "schedule.send_hour: expected a whole number from 0 to 23"),
        (
            "[schedule]\ncatch_up_hours = 0",
            "schedule.catch_up_hours: expected a number above 0, at most 24",
        ),
        ("[selection]\ncount = 2", "selection.minimum: 3 is more than selection.count (2)"),
        (
            "[selection.weights]\nnovelty = 0\nrecurrence = 0\nfreshness = 0\ninterest = 0",
            "selection.weights: one weight must be more than 0, besides that of votes",
        ),
        ("[newsletter]\ntimezone = 'Paris'", "newsletter.timezone: no zone is called 'Paris'"),
        ("[newsletter]\ntimezone = '../UTC'", "newsletter.timezone: no zone is called"),
        ("[newsletter]\nlanguage = 'english please'", "newsletter.language: write a language tag"),
        ("[newsletter]\nbase_url = 'news.example'", "newsletter.base_url: write an address such"),
        ("[newsletter]\nbase_url = 'ftp://news.example'", "newsletter.base_url: write an address"),
        ("[newsletter]\nfrom_address = 'nobody'", 'from_address: write "Name <name@example.org>"'),
        ('[newsletter]\nreply_to = "a@b.example\\nBcc: c@d.example"', "newsletter.reply_to: write"),
    ],
)
def test_a_mistake_names_the_file_the_key_and_what_to_write(
    tmp_path: Path, text: str, expected: str
) -> None:
    path = written(tmp_path, text)
    assert complaint(path).startswith(str(path))
    assert expected in complaint(path)


def test_a_mail_server_may_be_named_by_its_number(tmp_path: Path) -> None:
    """Python's own parser refuses such an address from 3.13 on, and in Debian's 3.11.2."""
    path = written(tmp_path, "[newsletter]\nfrom_address = 'Five <five@[192.0.2.1]>'\n")
    assert load(path, {}).newsletter.from_address == "Five <five@[192.0.2.1]>"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[delivery.smtp]\nport = 25\nhost = 'one.example'\n")
    made = load(
        path,
        {
            "NEWSLETTER_DELIVERY__SMTP__PORT": "2525",
            "NEWSLETTER_SELECTION__TWIN_LIMIT": "0.7",
            "NEWSLETTER_DELIVERY__PACE__PER_SECOND": "0.5",
            "NEWSLETTER_DELIVERY__PACE__DOMAINS__a.example": "2",
            "NEWSLETTER_CONFIG": "elsewhere.toml",
            "HOME": "/nowhere",
        },
    )
    assert (made.delivery.smtp.port, made.delivery.smtp.host) == (2525, "one.example")
    assert made.selection.twin_limit == 0.7
    assert made.delivery.pace.per_second == 0.5
    assert made.delivery.pace.domains == {"a.example": 2.0}


def test_a_list_in_the_environment_is_written_as_in_toml(tmp_path: Path) -> None:
    name = "NEWSLETTER_INBOX__BOILERPLATE"
    made = load(written(tmp_path, ""), {name: '["Listen now", "Subscribe *"]'})
    assert made.inbox.boilerplate == ("Listen now", "Subscribe *")
    assert f'{name} is no list: write ["one", "two"]' in complaint(
        tmp_path / "config.toml", {name: "[Listen"}
    )


@pytest.mark.parametrize("password", ["[brackets", "[1, 2]", "12345", "true", "null", "", "ä b"])
def test_a_password_is_taken_to_the_letter(tmp_path: Path, password: str) -> None:
    made = load(written(tmp_path, ""), {"NEWSLETTER_DELIVERY__SMTP__PASSWORD": password})
    assert made.delivery.smtp.password == password


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("NEWSLETTER_PORT", "25", "names no section: write NEWSLETTER_SECTION__KEY"),
        ("NEWSLETTER___", "25", "names no section"),
        ("NEWSLETTER_DELIVERY__SMTP__PORT", "many", "delivery.smtp.port: expected a whole number"),
        ("NEWSLETTER_SELECTION__CUONT", "5", "did you mean selection.count?"),
        ("NEWSLETTER_DELIVERY__STMP__PORT", "5", "did you mean delivery.smtp?"),
        ("NEWSLETTER_NEWSLETTER__TIMEZONE", "Mars", "no zone is called 'Mars'"),
        ("NEWSLETTER_NEWSLETTER__NAME__X", "Mars", "newsletter.name"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(
    tmp_path: Path, name: str, value: str, expected: str
) -> None:
    message = complaint(written(tmp_path, ""), {name: value})
    assert message.startswith(name)
    assert expected in message


def test_a_variable_cannot_make_a_section_of_a_key(tmp_path: Path) -> None:
    path = written(tmp_path, "[newsletter]\nname = 'Five'\n")
    assert "name is no section" in complaint(path, {"NEWSLETTER_NEWSLETTER__NAME__X": "y"})


def test_plain_values_are_checked_alike() -> None:
    assert settings({"selection": {"count": 6}}).selection.count == 6
    with pytest.raises(ConfigError, match=r"the configuration: selection\.count"):
        settings({"selection": {"count": -1}})
