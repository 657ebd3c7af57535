"""Checks that types cannot make: shapes of addresses, ranges, keys that belong together."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from operator import attrgetter
from urllib.parse import quote

from msgspec.structs import astuple, replace

from newsletter.config.sections import (
    Dkim,
    RateLimits,
    Selection,
    Settings,
    Sources,
    Writer,
    keys,
)
from newsletter.domain.addresses import parse_address
from newsletter.domain.timezones import zone_fault
from newsletter.domain.urls import feed_address, web_address
from newsletter.language import available, base

_LONGEST_URL = 900
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = r"[^\s\x00-\x1f\x7f@/:;.]+"
_SHAPES = (
    (
        "newsletter.language",
        r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*",
        'a language tag such as "en" or "de-CH"',
    ),
    (
        "newsletter.base_url",
        r"https?://[^\s/?#]+(/[^\s?#]*)?",
        "an address such as https://news.example.org",
    ),
    (
        "writer.url",
        r"https?://[^\s/?#@]+(/[^\s?#]*)?",
        "the base of an endpoint, such as http://localhost:11434/v1; a key stands in api_key",
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


def faults(settings: Settings) -> Iterator[tuple[str, str]]:
    """(key, what to do) for each value that has the right type and still cannot be used."""
    yield from _nul_faults(settings)
    yield from _dkim_faults(settings.dkim)
    yield from _selection_faults(settings.selection)
    yield from _encoder_faults(settings)
    yield from _rate_faults(settings.delivery.pace)
    yield from _source_faults(settings.sources)
    yield from _writer_faults(settings.writer)
    yield from _cluster_faults(settings)
    yield from _return_faults(settings)
    yield from _proxy_faults("web", settings.web.trusted_proxies)
    yield from _proxy_faults("desk", settings.desk.trusted_proxies)
    news = settings.newsletter
    if fault := zone_fault(news.timezone):
        yield "newsletter.timezone", fault
    for key, pattern, advice in _SHAPES:
        if (value := attrgetter(key)(settings)) and not re.fullmatch(pattern, value):
            yield key, f"write {advice}"
    if base(news.language) not in available():
        yield (
            "newsletter.language",
            f"there is no catalogue of {news.language!r}: write one of {', '.join(available())}",
        )
    if len(quote(news.base_url)) > _LONGEST_URL:
        yield "newsletter.base_url", "shorten it: with a token it must fit a line of 998 octets"
    for key in ("newsletter.from_address", "newsletter.reply_to", "alerts.to"):
        if (value := attrgetter(key)(settings)) and not _is_address(value):
            yield key, 'write "Name <name@example.org>" or "name@example.org"'


def _selection_faults(selection: Selection) -> Iterator[tuple[str, str]]:
    if selection.minimum > selection.count:
        yield (
            "selection.minimum",
            f"{selection.minimum} is more than selection.count ({selection.count})",
        )
    if not any(astuple(replace(selection.weights, votes=0))):
        yield "selection.weights", "one weight must be more than 0, besides that of votes"


def _encoder_faults(settings: Settings) -> Iterator[tuple[str, str]]:
    language = settings.newsletter.language
    if settings.similarity.encoder and base(language) != "en":
        yield "similarity.encoder", f"it reads English only, not {language!r}: remove it"


def _cluster_faults(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.cluster.enabled and not settings.store.url.startswith("postgres"):
        yield "cluster.enabled", "several machines share a PostgreSQL: write it into store.url"


def _writer_faults(writer: Writer) -> Iterator[tuple[str, str]]:
    if writer.url and not web_address(writer.url):
        yield "writer.url", "is no address: write one such as http://localhost:11434/v1"
    if writer.url and not writer.model:
        yield "writer.model", "is missing: the name of the model as the endpoint lists it"
    if writer.money_a_day and not (writer.price_in or writer.price_out):
        yield "writer.price_in", "is missing: what a million tokens cost, to keep to money_a_day"
    if not re.fullmatch(r"[\x21-\x7e]*", writer.api_key):
        yield "writer.api_key", "write printable ASCII letters without spaces"
    least = writer.chunk_tokens + writer.answer_tokens + 1_500
    if 0 < writer.tokens_a_day < least:
        yield "writer.tokens_a_day", f"write at least {least}, which one call may take, or 0"


def _rate_faults(pace: RateLimits) -> Iterator[tuple[str, str]]:
    """Checked here because msgspec would not say which of the domains is wrong."""
    rates = {"per_second": pace.per_second, "per_domain": pace.per_domain}
    rates |= {f"domains.{name!r}": rate for name, rate in pace.domains.items()}
    for key, rate in rates.items():
        if rate and not 0.001 <= rate <= 1_000_000:
            advice = "write messages a second: 0 for no limit, or from 0.001 to 1,000,000"
            yield f"delivery.pace.{key}", advice
    yield from _warm_up_faults(pace)
    for name in pace.domains:
        if not re.fullmatch(rf"{_NAME}(\.{_NAME})*", name):
            yield f"delivery.pace.domains.{name!r}", 'write a domain such as "gmail.com"'


def _warm_up_faults(pace: RateLimits) -> Iterator[tuple[str, str]]:
    for group in pace.warm_up:
        if not group.a_day or min(group.a_day) < 1:
            yield "delivery.pace.warm_up", "a_day: write messages a day, from 1 up: [50, 100, 200]"
        for name in group.domains:
            if not re.fullmatch(rf"{_NAME}(\.{_NAME})*", name):
                yield "delivery.pace.warm_up", f"{name!r} is no domain, such as gmail.com"


def _source_faults(sources: Sources) -> Iterator[tuple[str, str]]:
    for url in sources.feeds:
        if not feed_address(url):
            yield "sources.feeds", f"{url!r} is no address: write https://example.org/feed.xml"
    for host in sources.allow_hosts:
        if not re.fullmatch(r"[^\s/@:]+|[0-9A-Fa-f:.]+", host):
            yield "sources.allow_hosts", f'{host!r} is no host: write a name such as "podcasts.lan"'
    if not re.fullmatch(r"[^\s()<>\\]*", sources.contact) or not sources.contact.isascii():
        yield "sources.contact", "write an address or a page, without spaces or brackets"


def _return_faults(settings: Settings) -> Iterator[tuple[str, str]]:
    returns = settings.returns
    if returns.imap.host and not returns.imap.username:
        yield "returns.imap.username", "is missing: who logs in to returns.imap.host"
    if returns.imap.host and returns.maildir:
        yield "returns.maildir", "remove it, or returns.imap.host: one mailbox is read"
    if returns.sunset.months and not settings.newsletter.base_url:
        advice = "needs newsletter.base_url: readers answer by a link"
        yield "returns.sunset.months", advice
    hooks = returns.hooks
    for topic in hooks.ses_topics:
        if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+", topic):
            yield "returns.hooks.ses_topics", f"{topic!r} is no topic: write arn:aws:sns:..."
    if hooks.postmark and not re.fullmatch(r"[^:\s]+:\S{8,}", hooks.postmark):
        yield "returns.hooks.postmark", 'write "user:password", with 8 characters at least'
    if hooks.token and not re.fullmatch(r"[\x21-\x7e]{20,}", hooks.token):
        yield "returns.hooks.token", "write 20 or more printable ASCII letters without spaces"


def _proxy_faults(section: str, proxies: Sequence[str]) -> Iterator[tuple[str, str]]:
    for proxy in proxies:
        try:
            ip_network(proxy)
        except ValueError as error:
            advice = "write an address or a network, such as 10.0.0.0/8"
            yield f"{section}.trusted_proxies", f"{error}: {advice}"


def _dkim_faults(dkim: Dkim) -> Iterator[tuple[str, str]]:
    if dkim.selector and not dkim.key_file:
        yield (
            "dkim.key_file",
            "is missing: `newsletter dkim new` makes a key and says what to write",
        )
    if dkim.key_file and not dkim.selector:
        yield "dkim.selector", "is missing: the name that the key has in the DNS"
    if dkim.domain and not dkim.key_file:
        yield "dkim.key_file", "is missing: set it to sign, or remove dkim.domain"


def _nul_faults(settings: Settings) -> Iterator[tuple[str, str]]:
    """A NUL cannot be part of any path, host or address."""
    for key in keys(settings):
        value = attrgetter(key)(settings)
        if isinstance(value, str) and "\0" in value:
            yield key, "remove the NUL character from it"


def _is_address(text: str) -> bool:
    address = parse_address(text)[1]
    return (
        "\n" not in text
        and "\r" not in text
        and len(address.encode()) <= 254
        and re.fullmatch(r"[^\s@]+@[^\s@]+", address) is not None
    )
