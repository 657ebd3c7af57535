"""The configuration: TOML and environment to frozen settings; an error names the key and the mend.

Every key and its default stands here once; config.example.toml is tested to say the same.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from msgspec import Meta, Struct, ValidationError, convert, field
from msgspec.structs import astuple

from newsletter.errors import ConfigError

PREFIX = "NEWSLETTER_"

Fraction = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[int, Meta(ge=1)]
Weight = Annotated[float, Meta(ge=0)]
Hour = Annotated[int, Meta(ge=0, le=23)]
Port = Annotated[int, Meta(ge=0, le=65535)]


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Newsletter(Section, frozen=True):
    name: Annotated[str, Meta(min_length=1)] = "Five Insights"
    from_address: str = ""
    reply_to: str = ""
    postal_address: str = ""
    base_url: str = ""
    timezone: str = "UTC"
    language: Annotated[str, Meta(pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")] = "en"
    templates: str = ""


class Inbox(Section, frozen=True):
    path: str = "inbox"
    boilerplate: tuple[str, ...] = (
        "Get your free personalized podcast brief",
        "We scan new podcasts and send you the top * insights daily.",
        "Related Insights",
    )
    max_bytes: Positive = 1_000_000


class Store(Section, frozen=True):
    url: str = "sqlite:///newsletter.db"


class Weights(Section, frozen=True):
    novelty: Weight = 1.0
    recurrence: Weight = 0.3
    freshness: Weight = 0.5
    interest: Weight = 0.8


class Selection(Section, frozen=True):
    count: Positive = 5
    minimum: Positive = 3
    window_days: Positive = 14
    twin_limit: Fraction = 0.5
    diversity: Fraction = 0.3
    per_brief: Positive = 2
    weights: Weights = field(default_factory=Weights)


class FolderChannel(Section, frozen=True):
    path: str = "messages"


class SmtpChannel(Section, frozen=True):
    host: str = "localhost"
    port: Port = 0
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str = ""
    password: str = ""


class Delivery(Section, frozen=True):
    channel: Literal["folder", "smtp"] = "folder"
    folder: FolderChannel = field(default_factory=FolderChannel)
    smtp: SmtpChannel = field(default_factory=SmtpChannel)


class Schedule(Section, frozen=True):
    ingest_every_minutes: Positive = 5
    send_hour: Hour = 7
    catch_up_hours: Annotated[float, Meta(gt=0, le=24)] = 6.0


class Web(Section, frozen=True):
    host: str = "127.0.0.1"
    port: Port = 8025
    secret_file: str = "newsletter.secret"  # noqa: S105


class Settings(Section, frozen=True):
    newsletter: Newsletter = field(default_factory=Newsletter)
    inbox: Inbox = field(default_factory=Inbox)
    store: Store = field(default_factory=Store)
    selection: Selection = field(default_factory=Selection)
    delivery: Delivery = field(default_factory=Delivery)
    schedule: Schedule = field(default_factory=Schedule)
    web: Web = field(default_factory=Web)


def load(path: Path, environment: Mapping[str, str]) -> Settings:
    """Read, override from the environment, check. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path} is missing: make one with `newsletter init`, or name yours with --config"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    return settings(_overridden(data, environment), str(path))


def settings(data: Mapping[str, Any], where: str = "the configuration") -> Settings:
    """Checked settings from plain values. Raises ConfigError."""
    try:
        made = convert(data, Settings, strict=False)
    except ValidationError as error:
        raise ConfigError(_told(str(error), where)) from error
    _check(made, where)
    return made


def _overridden(data: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """NEWSLETTER_DELIVERY__SMTP__PORT=2525 is delivery.smtp.port; a list is written as in TOML."""
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name == f"{PREFIX}CONFIG":
            continue
        keys = name.removeprefix(PREFIX).lower().split("__")
        if len(keys) < 2:
            raise ConfigError(f"{name} names no section: write {PREFIX}SECTION__KEY")
        table = data
        for key in keys[:-1]:
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                raise ConfigError(f"{name}: {key} is no section")
        table[keys[-1]] = _value(name, environment[name])
    return data


def _value(name: str, text: str) -> object:
    if not text.startswith("["):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f'{name} is no list: write ["one", "two"] ({error})') from error


def _told(text: str, where: str) -> str:
    """A msgspec message with the key in TOML's words: ``selection.count`` for ``$.selection``."""
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`(?: - at `\$\.?(.*)`)?", text):
        key = ".".join(part for part in (unknown[2], unknown[1]) if part)
        return f"{where}: there is no {key}: config.example.toml names every key"
    what, _, path = text.partition(" - at `$.")
    return f"{where}: {path.rstrip('`') or 'the file'}: {what[:1].lower()}{what[1:]}"


def _check(made: Settings, where: str) -> None:
    for key, mend in _faults(made):
        raise ConfigError(f"{where}: {key}: {mend}")


def _faults(made: Settings) -> Iterator[tuple[str, str]]:
    news, pick = made.newsletter, made.selection
    if news.timezone not in available_timezones():
        yield "newsletter.timezone", f"no zone is called {news.timezone!r}: write Europe/Paris"
    if news.base_url and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", news.base_url):
        yield "newsletter.base_url", "write an address such as https://news.example.org"
    for key in ("from_address", "reply_to"):
        if (written := getattr(news, key)) and not _is_address(written):
            yield f"newsletter.{key}", 'write "Name <name@example.org>" or "name@example.org"'
    if pick.minimum > pick.count:
        yield "selection.minimum", f"{pick.minimum} is more than selection.count ({pick.count})"
    if not any(astuple(pick.weights)):
        yield "selection.weights", "one weight must be more than 0"


def _is_address(text: str) -> bool:
    address = parseaddr(text)[1]
    return (
        "\n" not in text
        and "\r" not in text
        and re.fullmatch(r"[^\s@]+@[^\s@]+", address) is not None
    )
