"""[writer] made into parts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter import config
from newsletter.bootstrap import App
from newsletter.bootstrap.writer import client, writer, writer_settings
from newsletter.domain.errors import ConfigError
from newsletter.storage import Store

NAMED = {"url": "http://localhost:11434/v1", "model": "a-model"}


def app(folder: Path, text: str, **environment: str) -> App:
    (folder / "config.toml").write_text(text)
    return App(str(folder / "config.toml"), environment, lambda: datetime(2026, 3, 14, tzinfo=UTC))


def test_without_the_section_there_is_none(tmp_path: Path) -> None:
    assert writer(app(tmp_path, "")) is None


def test_with_it_there_is_one_and_the_key_comes_from_the_environment(tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path / 'newsletter.db'}", create=True).close()
    text = '[writer]\nurl = "http://localhost:11434/v1"\nmodel = "a-model"\nper_episode = 3\n'
    here = app(tmp_path, text, NEWSLETTER_WRITER__API_KEY="sk-1")
    made = writer(here)
    assert made
    assert made.settings.per_episode == 3
    assert made.calls.client.endpoint.api_key == "sk-1"
    here.close()


def test_what_the_settings_say_is_what_the_parts_have() -> None:
    section = {
        **NAMED,
        "json_schema": False,
        "answer_tokens": 700,
        "chunk_tokens": 1500,
        "timeout_seconds": 60,
        "tokens_a_day": 9_000,
        "money_a_day": 2.5,
        "price_in": 0.5,
        "price_out": 1.5,
    }
    settings = config.settings({"writer": section})
    parts, endpoint = writer_settings(settings), client(settings).endpoint
    assert (parts.chunk_tokens, parts.answer_tokens, parts.per_episode) == (1500, 700, 8)
    assert parts.limits.price(1_000_000, 2_000_000) == 3.5
    assert (parts.limits.tokens_a_day, parts.limits.money_a_day) == (9_000, 2.5)
    assert (endpoint.json_schema, endpoint.answer_tokens, endpoint.timeout) == (False, 700, 60.0)


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ({"url": "http://localhost:11434/v1"}, "writer.model"),
        ({"url": "http://localhost:99999/v1", "model": "m"}, "writer.url"),
        ({**NAMED, "url": "localhost:11434"}, "writer.url"),
        ({**NAMED, "url": "https://user:secret@host.example/v1"}, "writer.url"),
        ({**NAMED, "url": "https://host.example/v1?key=secret"}, "writer.url"),
        ({**NAMED, "money_a_day": 1.0}, "writer.price_in"),
        ({**NAMED, "tokens_a_day": 3_000}, "writer.tokens_a_day"),
        ({**NAMED, "api_key": "two words"}, "writer.api_key"),
        ({**NAMED, "api_key": "a\nb"}, "writer.api_key"),
        ({**NAMED, "per_episode": 0}, "writer.per_episode"),
        ({**NAMED, "price_in": -1.0}, "writer.price_in"),
    ],
)
def test_what_cannot_be_used_names_its_key_and_shows_no_secret(
    section: dict[str, object], key: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        config.settings({"writer": section})
    assert f": {key}: " in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "two words" not in str(caught.value)
