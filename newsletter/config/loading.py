"""TOML and environment to frozen settings; a ConfigError names the key and where it was set."""

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import ValidationError, convert

from newsletter.config.checks import faults
from newsletter.config.messages import explain_validation_error
from newsletter.config.sections import Settings, default
from newsletter.domain.errors import ConfigError

PREFIX = "NEWSLETTER_"


def load(path: Path, environment: Mapping[str, str]) -> Settings:
    """Read, override from the environment, check. Raises ConfigError."""
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path} is missing: make one with `newsletter init`, or name yours with --config"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}{_advice_on_repeats(str(error))}"
        ) from error
    return settings(_overridden(data, environment), str(path), environment)


def settings(
    data: Mapping[str, Any],
    where: str = "the configuration",
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Checked settings from plain values. Raises ConfigError, which names the key and its origin.

    That is ``where``, or the variable of ``environment`` that overrode the key.
    """
    try:
        settings = convert(data, Settings)
        fault = next(faults(settings), None)
    except ValidationError as error:
        fault = explain_validation_error(str(error))
    if fault:
        key, advice = fault
        raise ConfigError(
            f"{_origin(key, environment or {}) or where}: {key + ': ' * bool(key)}{advice}"
        )
    return settings


def _advice_on_repeats(error: str) -> str:
    """What to do about a key or section that tomllib finds twice."""
    if "twice" in error:
        return ": the section appears twice: merge the two"
    return ": a key appears twice: keep one" if "overwrite" in error else ""


def _overridden(data: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """NEWSLETTER_DELIVERY__SMTP__PORT=2525 is delivery.smtp.port; a list is written as in TOML."""
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name == f"{PREFIX}CONFIG":
            continue
        keys = name.removeprefix(PREFIX).lower().split("__")
        if len(keys) < 2 or not all(keys):
            raise ConfigError(f"{name} names no section: write {PREFIX}SECTION__KEY, or unset it")
        table = data
        for key in keys[:-1]:
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                raise ConfigError(f"{name}: {key} is no section")
        table[keys[-1]] = _value(name, keys, environment[name])
    return data


def _value(name: str, keys: Sequence[str], text: str) -> object:
    """``text`` as the type that the key has by default; as it is where that cannot be."""
    default_value = 0.0 if isinstance(default(keys[:-1]), dict) else default(keys)
    if isinstance(default_value, tuple):
        return _list(name, text)
    if isinstance(default_value, int | float):
        with suppress(ValidationError):
            return convert(text, type(default_value), strict=False)
    return text


def _list(name: str, text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f'{name} is no list: write ["one", "two"] ({error})') from error


def _origin(setting: str, environment: Mapping[str, str]) -> str:
    name = PREFIX + setting.upper().replace(".", "__")
    return next((key for key in environment if key == name or key.startswith(f"{name}__")), "")
