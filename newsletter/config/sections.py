"""The sections of config.toml: every key and its default, as config.example.toml has them."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

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
    max_bytes: Positive = 5_000_000
    source: str = ""


class Sources(Section, frozen=True):
    feeds: tuple[str, ...] = ()
    poll_minutes: Annotated[int, Meta(ge=5, le=10_080)] = 60
    first_episodes: Annotated[int, Meta(ge=1, le=100)] = 3
    max_bytes: Positive = 10_000_000
    timeout_seconds: Annotated[float, Meta(gt=0, le=600)] = 30.0
    connections: Annotated[int, Meta(ge=1, le=100)] = 8
    allow_hosts: tuple[str, ...] = ()
    contact: str = ""


class Store(Section, frozen=True):
    url: Named = "sqlite:///newsletter.db"
    keep_days: Annotated[int, Meta(ge=3, le=36_500)] = 30


class Weights(Section, frozen=True):
    novelty: Weight = 1.0
    recurrence: Weight = 0.3
    freshness: Weight = 0.5
    interest: Weight = 0.8
    votes: Weight = 0.5


class Selection(Section, frozen=True):
    count: Positive = 5
    minimum: Positive = 3
    window_days: Annotated[int, Meta(ge=1, le=3650)] = 14
    twin_limit: Annotated[float, Meta(gt=0, le=1)] = 0.2
    diversity: Fraction = 0.3
    per_brief: Positive = 2
    weights: Weights = field(default_factory=Weights)


class Similarity(Section, frozen=True):
    encoder: Literal["", "minilm"] = ""


class FolderChannel(Section, frozen=True):
    path: Named = "messages"


class SmtpChannel(Section, frozen=True):
    host: Named = "localhost"
    port: Port = 0
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str = ""
    password: str = ""


class WarmUp(Section, frozen=True):
    start: date
    a_day: tuple[int, ...]
    domains: tuple[str, ...] = ()


class RateLimits(Section, frozen=True):
    per_second: float = 0.0
    per_connection: Annotated[int, Meta(ge=0)] = 0
    per_domain: float = 0.0
    warm_up: tuple[WarmUp, ...] = ()
    domains: dict[str, float] = field(default_factory=dict)


class Delivery(Section, frozen=True):
    channel: Literal["folder", "smtp"] = "folder"
    return_path: str = ""
    connections: Annotated[int, Meta(ge=1, le=100)] = 4
    claim: Annotated[int, Meta(ge=1, le=1000)] = 400
    lease_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 900
    pace: RateLimits = field(default_factory=RateLimits)
    folder: FolderChannel = field(default_factory=FolderChannel)
    smtp: SmtpChannel = field(default_factory=SmtpChannel)


class ReturnsImap(Section, frozen=True):
    host: str = ""
    port: Port = 0
    security: Literal["none", "starttls", "tls"] = "tls"
    username: str = ""
    password: str = ""
    folder: Named = "INBOX"


class Hooks(Section, frozen=True):
    ses_topics: tuple[str, ...] = ()
    postmark: str = ""
    sendgrid_key: str = ""
    mailgun_key: str = ""
    token: str = ""


class Sunset(Section, frozen=True):
    months: Annotated[int, Meta(ge=0, le=120)] = 0
    a_day: Annotated[int, Meta(ge=1, le=10_000)] = 200


class Returns(Section, frozen=True):
    maildir: str = ""
    every_minutes: Positive = 5
    soft_bounces: Annotated[int, Meta(ge=1, le=100)] = 3
    soft_days: Annotated[int, Meta(ge=1, le=365)] = 10
    stayed_days: Annotated[int, Meta(ge=1, le=30)] = 3
    storm_percent: Annotated[float, Meta(gt=0, le=100)] = 5.0
    storm_least: Positive = 10
    sunset: Sunset = field(default_factory=Sunset)
    imap: ReturnsImap = field(default_factory=ReturnsImap)
    hooks: Hooks = field(default_factory=Hooks)


class Dkim(Section, frozen=True):
    selector: str = ""
    domain: str = ""
    key_file: str = ""


class Writer(Section, frozen=True):
    url: str = ""
    model: str = ""
    api_key: str = ""
    json_schema: bool = True
    per_episode: Annotated[int, Meta(ge=1, le=50)] = 8
    chunk_tokens: Annotated[int, Meta(ge=500, le=100_000)] = 2_000
    answer_tokens: Annotated[int, Meta(ge=100, le=32_000)] = 900
    timeout_seconds: Annotated[int, Meta(ge=1, le=3_600)] = 180
    tokens_a_day: Annotated[int, Meta(ge=0)] = 500_000
    money_a_day: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0
    price_in: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0
    price_out: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0


class Schedule(Section, frozen=True):
    ingest_every_minutes: Positive = 5
    send_hour: Hour = 7
    catch_up_hours: Annotated[float, Meta(gt=0, le=24)] = 6.0
    approval: bool = False
    approval_lead_hours: Annotated[float, Meta(gt=0, le=12)] = 2.0
    approval_wait_hours: Annotated[float, Meta(ge=0, le=12)] = 1.0


class Cluster(Section, frozen=True):
    enabled: bool = False
    lanes: Annotated[int, Meta(ge=1, le=1000)] = 4
    share: Annotated[int, Meta(ge=100, le=100_000)] = 2_000


class Web(Section, frozen=True):
    host: Named = "127.0.0.1"
    port: Port = 8025
    secret_file: Named = "newsletter.secret"  # noqa: S105
    public: bool = True
    robots: Literal["index", "noindex"] = "index"
    signup: bool = True
    signups_an_hour: Annotated[int, Meta(ge=1, le=100_000)] = 10
    pending_days: Annotated[int, Meta(ge=3, le=365)] = 14
    proof_of_work: bool = False
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")


class Desk(Section, frozen=True):
    enabled: bool = False
    host: Named = "127.0.0.1"
    port: Port = 8027
    trusted_proxies: tuple[str, ...] = ()


class Alerts(Section, frozen=True):
    to: str = ""
    command: tuple[str, ...] = ()
    late_hour: Hour = 9


class Settings(Section, frozen=True):
    newsletter: Newsletter = field(default_factory=Newsletter)
    inbox: Inbox = field(default_factory=Inbox)
    sources: Sources = field(default_factory=Sources)
    store: Store = field(default_factory=Store)
    selection: Selection = field(default_factory=Selection)
    similarity: Similarity = field(default_factory=Similarity)
    delivery: Delivery = field(default_factory=Delivery)
    returns: Returns = field(default_factory=Returns)
    dkim: Dkim = field(default_factory=Dkim)
    writer: Writer = field(default_factory=Writer)
    schedule: Schedule = field(default_factory=Schedule)
    cluster: Cluster = field(default_factory=Cluster)
    alerts: Alerts = field(default_factory=Alerts)
    web: Web = field(default_factory=Web)
    desk: Desk = field(default_factory=Desk)


def default(keys: Sequence[str]) -> object:
    """The default of a key or a section; None where there is no such key."""
    value: object = Settings()
    for key in keys:
        value = getattr(value, key, None) if isinstance(value, Section) else None
    return value


def keys(section: Section, prefix: str = "") -> Iterator[str]:
    for name in section.__struct_fields__:
        value = getattr(section, name)
        yield prefix + name
        if isinstance(value, Section):
            yield from keys(value, f"{prefix}{name}.")
