"""Each setting, and where its value comes from: for the operator to look at."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import to_builtins

from newsletter.config.loading import PREFIX
from newsletter.config.sections import Section, Settings, keys
from newsletter.domain.urls import without_password

SECRETS = frozenset(
    {
        "delivery.smtp.password",
        "returns.imap.password",
        "returns.hooks.postmark",
        "returns.hooks.sendgrid_key",
        "returns.hooks.mailgun_key",
        "returns.hooks.token",
        "writer.api_key",
    }
)


class Origin(NamedTuple):
    """``origin`` is "file", the name of a variable of the environment, or empty: the default."""

    key: str
    value: str
    origin: str


def origins(settings: Settings, path: Path, environment: Mapping[str, str]) -> Iterator[Origin]:
    """As in TOML; of a secret only whether there is one. ``path`` was read before."""
    data = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    for key in keys(settings):
        value = _of(settings, key)
        if not isinstance(value, Section):
            yield Origin(key, _shown(key, value), _origin(key, data, environment))


def _of(settings: Settings, key: str) -> object:
    value: object = settings
    for name in key.split("."):
        value = getattr(value, name)
    return value


def _shown(key: str, value: object) -> str:
    if key in SECRETS:
        return "(set, not shown)" if value else '""'
    if isinstance(value, str) and "://" in value and "@" in value:
        value = without_password(value)
    return json.dumps(to_builtins(value), ensure_ascii=False)


def _origin(key: str, data: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    variable = key.replace(".", "__")
    for name in sorted(environment):
        named = name.removeprefix(PREFIX).lower() if name.startswith(PREFIX) else ""
        if named == variable or named.startswith(f"{variable}__"):
            return name
    value: Any = data
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else "file"
