"""The configuration: TOML and environment to frozen settings; an error names the key and the mend.

Every key and its default stands here once; config.example.toml is tested to say the same.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from email.utils import parseaddr
from functools import cache
from importlib.resources import files
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints
from urllib.parse import quote

from msgspec import Meta, Struct, ValidationError, convert, field
from msgspec.structs import astuple

from newsletter.domain.errors import ConfigError

PREFIX = "NEWSLETTER_"

Fraction = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[int, Meta(ge=1)]
Weight = Annotated[float, Meta(ge=0, le=1000)]
Hour = Annotated[int, Meta(ge=0, le=23)]
Port = Annotated[int, Meta(ge=0, le=65535)]
Named = Annotated[str, Meta(min_length=1)]


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Newsletter(Section, frozen=True):
    name: Named = "Five Insights"
    from_address: str = ""
    reply_to: str = ""
    postal_address: str = ""
    base_url: str = ""
    timezone: str = "UTC"
    language: Named = "en"
    templates: str = ""
    accent: Named = "#a8321a"
    logo: str = ""


class Inbox(Section, frozen=True):
    path: Named = "inbox"
    boilerplate: tuple[str, ...] = (
        "Get your free personalized podcast brief",
        "We scan new podcasts and send you the top * insights daily.",
        "Related Insights",
    )
    max_bytes: Positive = 1_000_000
    source: str = ""


class Store(Section, frozen=True):
    url: Named = "sqlite:///newsletter.db"
    keep_days: Annotated[int, Meta(ge=3, le=36_500)] = 30


class Weights(Section, frozen=True):
    novelty: Weight = 1.0
    recurrence: Weight = 0.3
    freshness: Weight = 0.5
    interest: Weight = 0.8


class Selection(Section, frozen=True):
    count: Positive = 5
    minimum: Positive = 3
    window_days: Annotated[int, Meta(ge=1, le=3650)] = 14
    twin_limit: Annotated[float, Meta(gt=0, le=1)] = 0.2
    diversity: Fraction = 0.3
    per_brief: Positive = 2
    weights: Weights = field(default_factory=Weights)


class FolderChannel(Section, frozen=True):
    path: Named = "messages"


class SmtpChannel(Section, frozen=True):
    host: Named = "localhost"
    port: Port = 0
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str = ""
    password: str = ""


class RateLimits(Section, frozen=True):
    per_second: float = 0.0
    per_connection: Annotated[int, Meta(ge=0)] = 0
    per_domain: float = 0.0
    domains: dict[str, float] = field(default_factory=dict)


class Delivery(Section, frozen=True):
    channel: Literal["folder", "smtp"] = "folder"
    return_path: str = ""
    connections: Annotated[int, Meta(ge=1, le=100)] = 4
    claim: Annotated[int, Meta(ge=1, le=100)] = 50
    lease_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 900
    pace: RateLimits = field(default_factory=RateLimits)
    folder: FolderChannel = field(default_factory=FolderChannel)
    smtp: SmtpChannel = field(default_factory=SmtpChannel)


class Dkim(Section, frozen=True):
    selector: str = ""
    domain: str = ""
    key_file: str = ""


class Schedule(Section, frozen=True):
    ingest_every_minutes: Positive = 5
    send_hour: Hour = 7
    catch_up_hours: Annotated[float, Meta(gt=0, le=24)] = 6.0


class Web(Section, frozen=True):
    host: Named = "127.0.0.1"
    port: Port = 8025
    secret_file: Named = "newsletter.secret"  # noqa: S105


class Alerts(Section, frozen=True):
    to: str = ""
    command: tuple[str, ...] = ()
    late_hour: Hour = 9


class Settings(Section, frozen=True):
    newsletter: Newsletter = field(default_factory=Newsletter)
    inbox: Inbox = field(default_factory=Inbox)
    store: Store = field(default_factory=Store)
    selection: Selection = field(default_factory=Selection)
    delivery: Delivery = field(default_factory=Delivery)
    dkim: Dkim = field(default_factory=Dkim)
    schedule: Schedule = field(default_factory=Schedule)
    alerts: Alerts = field(default_factory=Alerts)
    web: Web = field(default_factory=Web)


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
        raise ConfigError(f"{path} is not valid TOML: {error}{_once(str(error))}") from error
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
        made = convert(data, Settings)
        fault = next(_faults(made), None)
    except ValidationError as error:
        fault = _understood(str(error))
    if fault:
        key, mend = fault
        raise ConfigError(
            f"{_origin(key, environment or {}) or where}: {key + ': ' * bool(key)}{mend}"
        )
    return made


def _once(error: str) -> str:
    """The mend of what tomllib finds twice."""
    if "twice" in error:
        return ": the section stands twice: join them"
    return ": a key stands twice: keep one" if "overwrite" in error else ""


@cache
def zones() -> frozenset[str]:
    """Every zone there is; zoneinfo.available_timezones says the same, ten times as slowly."""
    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


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
    """What its key holds, where the text can be that; a list only where the key holds one."""
    held = 0.0 if isinstance(_default(keys[:-1]), dict) else _default(keys)
    if isinstance(held, tuple):
        return _list(name, text)
    if isinstance(held, int | float):
        with suppress(ValidationError):
            return convert(text, type(held), strict=False)
    return text


def _list(name: str, text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f'{name} is no list: write ["one", "two"] ({error})') from error


def _default(keys: Sequence[str]) -> object:
    """The value of a key, or of a section, that nobody sets; None where there is no such key."""
    value: object = Settings()
    for key in keys:
        value = getattr(value, key, None) if isinstance(value, Section) else None
    return value


def _origin(key: str, environment: Mapping[str, str]) -> str:
    name = PREFIX + key.upper().replace(".", "__")
    return next((one for one in environment if one == name or one.startswith(f"{name}__")), "")


def _understood(text: str) -> tuple[str, str]:
    """A msgspec message as (key, what to do): ``selection.count`` for ``$.selection.count``."""
    what, _, path = text.partition(" - at `$.")
    key = re.sub(r"\[.*", "", path.rstrip("`"))
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", what):
        return _unknown(".".join(part for part in (key, unknown[1]) if part))
    if what.startswith("Invalid enum value"):
        return key, f"write {' or '.join(map(repr, get_args(_kind(key))))}"
    if limit := re.fullmatch(r"Expected `(int|float)` [<>]=? .*", what):
        return key, f"expected {_KINDS[limit[1]]} {_range(key)}"
    if what == "Expected `int`, got `float`":
        return key, "expected a whole number, got one with a decimal point"
    told = re.sub(r"`(\w+)`", lambda found: _KINDS.get(found[1], found[1]), what)
    quotes = ": write a domain's name in quotes" * (key == _DOMAINS and "`object`" in what)
    return key, told[:1].lower() + told[1:] + quotes


def _kind(key: str) -> Any:
    """What a key may hold, as its section has it."""
    section, _, last = key.rpartition(".")
    return get_type_hints(type(_default(section.split("."))), include_extras=True)[last]


def _range(key: str) -> str:
    """Both ends of it, where there are two."""
    limits = next(one for one in _kind(key).__metadata__ if isinstance(one, Meta))
    if limits.le is None:
        return f"from {limits.ge:g} up"
    if limits.ge is None:
        return f"above {limits.gt:g}, at most {limits.le:g}"
    return f"from {limits.ge:g} to {limits.le:g}"


_DOMAINS = "delivery.pace.domains"
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a section",
}


def _unknown(key: str) -> tuple[str, str]:
    """With the key that was probably meant: the same name elsewhere, else the nearest."""
    from difflib import get_close_matches

    there = list(_keys(Settings()))
    last = key.rpartition(".")[2]
    elsewhere = [one for one in there if one.rpartition(".")[2] == last]
    near = elsewhere or get_close_matches(key, there, 1)
    return key, f"there is no such key; {f'did you mean {near[0]}?' if near else 'remove it'}"


def _keys(section: Section, prefix: str = "") -> Iterator[str]:
    for name in section.__struct_fields__:
        value = getattr(section, name)
        yield prefix + name
        if isinstance(value, Section):
            yield from _keys(value, f"{prefix}{name}.")


_LONGEST_URL = 900
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = r"[^\s\x00-\x1f\x7f@/:;.]+"
_SHAPES = (
    (
        "newsletter.language",
        r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*",
        'a language tag such as "en" or "pt-BR"',
    ),
    (
        "newsletter.base_url",
        r"https?://[^\s/?#]+(/[^\s?#]*)?",
        "an address such as https://news.example.org",
    ),
    ("newsletter.accent", r"#[0-9A-Fa-f]{6}", 'a colour such as "#a8321a"'),
    (
        # 64 octets may stand before an @, and the token takes up to 37.
        "delivery.return_path",
        r"[A-Za-z0-9._+-]{1,27}@[^\s@<>]+",
        "an address such as bounces@news.example.org, at most 27 characters before the @",
    ),
    ("dkim.selector", rf"{_LABEL}(\.{_LABEL})*", "letters, digits and hyphens, such as news1"),
    ("dkim.domain", r"[^\s@/:;]+(\.[^\s@/:;]+)+", "a domain such as news.example.org"),
)


def _faults(made: Settings) -> Iterator[tuple[str, str]]:
    """(key, what to do) of what is of the right kind and still cannot be."""
    yield from _nulls(made)
    yield from _half_signed(made.dkim)
    yield from _unchoosing(made.selection)
    yield from _unmoving(made.delivery.pace)
    news = made.newsletter
    if news.timezone not in zones():
        mend = "write one such as Europe/Paris"
        yield "newsletter.timezone", f"no zone is called {news.timezone!r}: {mend}"
    for key, pattern, mend in _SHAPES:
        if (written := attrgetter(key)(made)) and not re.fullmatch(pattern, written):
            yield key, f"write {mend}"
    if len(quote(news.base_url)) > _LONGEST_URL:
        yield "newsletter.base_url", "shorten it: with a token it must fit a line of 998 octets"
    for key in ("newsletter.from_address", "newsletter.reply_to", "alerts.to"):
        if (written := attrgetter(key)(made)) and not _is_address(written):
            yield key, 'write "Name <name@example.org>" or "name@example.org"'


def _unchoosing(pick: Selection) -> Iterator[tuple[str, str]]:
    if pick.minimum > pick.count:
        yield "selection.minimum", f"{pick.minimum} is more than selection.count ({pick.count})"
    if not any(astuple(pick.weights)):
        yield "selection.weights", "one weight must be more than 0"


def _unmoving(pace: RateLimits) -> Iterator[tuple[str, str]]:
    """No rates, and no domains. msgspec would not say which of the domains it means."""
    rates = {"per_second": pace.per_second, "per_domain": pace.per_domain}
    rates |= {f"domains.{name!r}": rate for name, rate in pace.domains.items()}
    for key, rate in rates.items():
        if rate and not 0.001 <= rate <= 1_000_000:
            mend = "write messages a second: 0 for no limit, or from 0.001 to 1,000,000"
            yield f"delivery.pace.{key}", mend
    for name in pace.domains:
        if not re.fullmatch(rf"{_NAME}(\.{_NAME})*", name):
            yield f"delivery.pace.domains.{name!r}", 'write a domain such as "gmail.com"'


def _half_signed(dkim: Dkim) -> Iterator[tuple[str, str]]:
    if dkim.selector and not dkim.key_file:
        yield (
            "dkim.key_file",
            "is missing: `newsletter dkim new` makes a key and says what to write",
        )
    if dkim.key_file and not dkim.selector:
        yield "dkim.selector", "is missing: the name that the key has in the DNS"
    if dkim.domain and not dkim.key_file:
        yield "dkim.key_file", "is missing: set it to sign, or remove dkim.domain"


def _nulls(made: Settings) -> Iterator[tuple[str, str]]:
    """No path, host or address can hold one, and no other text needs one."""
    for key in _keys(made):
        held = attrgetter(key)(made)
        if isinstance(held, str) and "\0" in held:
            yield key, "remove the NUL character from it"


def _is_address(text: str) -> bool:
    address = parseaddr(text)[1]
    return (
        "\n" not in text
        and "\r" not in text
        and len(address.encode()) <= 254
        and re.fullmatch(r"[^\s@]+@[^\s@]+", address) is not None
    )
