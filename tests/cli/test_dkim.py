import re
import tomllib
from email import message_from_bytes
from pathlib import Path

import dkim
import pytest

from newsletter.domain.tokens import return_path
from tests.cli.conftest import CONFIG, House
from tests.smtp_server import SmtpServer

ANN = "ann@letters.example"


@pytest.fixture
def stocked(stocked: House) -> House:
    stocked.subscribe(ANN)
    return stocked


def made(house: House, *words: str) -> tuple[str, str, str]:
    """The record's name and text as the DNS would have them, and the [dkim] section."""
    done = house("dkim", "new", *words)
    assert done.code == 0, done.stderr
    [(name, strings)] = re.findall(r"^(\S+)\. IN TXT \( (.*) \)$", done.out, re.M)
    parts = re.findall(r'"([^"]*)"', strings)
    assert all(len(part) <= 255 for part in parts)
    assert done.out.count("[dkim]") == 1, "a section of that name is in the file already"
    keys = re.search(r'^(\w+ = ".*"\n){3}', done.out, re.M)
    assert keys
    return name, "".join(parts), f"[dkim]\n{keys[0]}"


def adopt(house: House, section: str) -> None:
    house.config.write_text(CONFIG + section, encoding="utf-8")


@pytest.mark.parametrize("options", [[], ["--ed25519"]])
def test_following_what_dkim_new_prints_is_enough(stocked: House, options: list[str]) -> None:
    name, text, section = made(stocked, *options)
    assert name == "news1._domainkey.letters.example"
    adopt(stocked, section)
    assert stocked("send").code == 0
    [sent] = stocked.messages()
    raw = sent.read_bytes()
    dns = {f"{name}.".encode(): text}
    assert dkim.verify(raw, dnsfunc=lambda name, **_: dns[name])
    assert stocked("preview", "--to", ANN, "--eml", "--out", "-").stdout == raw


def test_only_the_owner_can_read_the_key_and_it_is_never_overwritten(house: House) -> None:
    made(house, "spring")
    path = house.folder / "dkim-spring.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    again = house("dkim", "new", "spring")
    assert again.code == 2
    assert f"{path} is there already; nothing was changed" in again.stderr
    assert path.read_bytes() == before
    made(house, "autumn")
    assert path.read_bytes() == before


def test_the_domain_is_that_of_the_sender_or_what_is_asked_for(house: House) -> None:
    assert made(house, "a")[0] == "a._domainkey.letters.example"
    assert made(house, "b", "--domain", "bücher.example")[0] == (
        "b._domainkey.xn--bcher-kva.example"
    )
    house.config.write_text("", encoding="utf-8")
    none = house("dkim", "new", "c")
    assert none.code == 2
    assert "newsletter.from_address" in none.stderr
    assert not (house.folder / "dkim-c.pem").exists()


def test_ed25519_comes_with_a_warning(house: House) -> None:
    assert "RSA signatures only" in house("dkim", "new", "--ed25519").out
    assert "RSA signatures only" not in house("dkim", "new", "other").out


@pytest.mark.parametrize(
    "words", [["a b"], ["-a"], ["a/b"], ["../a"], ["a", "--domain", "a..b\u00fc"]]
)
def test_invalid_selectors_and_domains_are_refused(house: House, words: list[str]) -> None:
    before = sorted(house.folder.iterdir())
    assert house("dkim", "new", *words).code == 2
    assert sorted(house.folder.iterdir()) == before


def test_a_key_that_cannot_be_used_sends_nothing(stocked: House) -> None:
    adopt(stocked, '[dkim]\nselector = "s"\nkey_file = "config.toml"\n')
    for words in (["send"], ["preview", "--eml", "--out", "-"], ["send", "--test", ANN], ["run"]):
        done = stocked(*words)
        assert done.code == 2
        assert re.match(
            r"newsletter: dkim\.key_file: .*config\.toml holds no private key", done.stderr
        )
    assert not stocked.messages()


def test_an_invalid_dkim_domain_is_reported(stocked: House) -> None:
    adopt(stocked, '[dkim]\nselector = "s"\ndomain = "a\u3002\u3002b.example"\nkey_file = "k"\n')
    done = stocked("send")
    assert done.code == 2
    assert "newsletter: dkim.domain: " in done.stderr


def test_a_key_that_others_can_read_is_warned_of(stocked: House) -> None:
    adopt(stocked, made(stocked)[2])
    path = stocked.folder / "dkim-news1.pem"
    assert stocked("send").stderr == ""
    path.chmod(0o640)
    done = stocked("send")
    assert done.code == 0
    assert f"chmod 600 {path}" in done.stderr


def test_a_test_copy_is_signed(stocked: House, server: SmtpServer) -> None:
    _, text, section = made(stocked)
    adopt(stocked, section)
    stocked.smtp(server)
    assert stocked("send", "--test", ANN).code == 0
    [message] = server.messages
    assert dkim.verify(message.message, dnsfunc=lambda *_, **__: text)


def test_a_return_path_names_the_delivery(stocked: House, server: SmtpServer) -> None:
    stocked.subscribe("bea@letters.example")
    stocked.environment["NEWSLETTER_DELIVERY__RETURN_PATH"] = "bounces@letters.example"
    stocked.smtp(server)
    assert stocked("send").code == 0
    secret = (stocked.folder / "newsletter.secret").read_bytes().strip()
    wanted = {return_path(secret, "bounces@letters.example", row) for row in (1, 2)}
    assert {message.sender for message in server.messages} == wanted
    assert stocked("send", "--test", ANN).code == 0
    assert server.messages[-1].sender == "bounces@letters.example"


def test_without_return_path_bounces_go_to_the_sender(stocked: House, server: SmtpServer) -> None:
    stocked.smtp(server)
    stocked("send")
    assert [message.sender for message in server.messages] == ["news@letters.example"]


def test_non_ascii_domains_are_encoded_in_headers(stocked: House) -> None:
    config = CONFIG.replace("letters.example", "bücher.example")
    stocked.config.write_text(config, encoding="utf-8")
    assert stocked("send").code == 0
    [path] = stocked.messages()
    raw = path.read_bytes()
    assert raw.isascii()
    made = message_from_bytes(raw)
    for header in ("From", "Message-ID", "List-Id"):
        assert made[header].endswith("xn--bcher-kva.example>")
    assert re.findall(r"[\w-]+\.example", made["List-Unsubscribe"]) == ["xn--bcher-kva.example"] * 2
    db = "\n".join(stocked.dump())
    assert made["Message-ID"] in db


def test_an_invalid_sender_domain_is_reported(stocked: House) -> None:
    config = CONFIG.replace("https://letters.example", "https://ü..example")
    stocked.config.write_text(config, encoding="utf-8")
    done = stocked("send")
    assert done.code == 2
    assert "newsletter: newsletter.base_url: " in done.stderr


def test_an_alert_is_signed_as_well(stocked: House, server: SmtpServer) -> None:
    _, text, section = made(stocked)
    adopt(stocked, section)
    stocked.smtp(server)
    stocked.environment["NEWSLETTER_ALERTS__TO"] = "desk@letters.example"
    stocked.now = stocked.now.replace(hour=8)  # nobody is late yet
    server.fail("MAIL", "553 5.1.8 Sender unknown", times=1)
    stocked("send")
    message = next(
        message for message in server.messages if message.recipient == "desk@letters.example"
    )
    assert dkim.verify(message.message, dnsfunc=lambda *_, **__: text)
    alert = message_from_bytes(message.message)
    assert alert["Auto-Submitted"] == "auto-generated"
    assert alert["Message-ID"].endswith("@letters.example>")


def test_the_section_is_valid_toml(house: House, tmp_path: Path) -> None:
    assert set(tomllib.loads(made(house)[2])["dkim"]) == {"selector", "domain", "key_file"}
