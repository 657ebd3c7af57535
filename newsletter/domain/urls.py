"""Addresses on the web, as feeds and operators write them."""

import re
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from newsletter.domain.hostnames import in_ascii

_LONGEST = 1_500
"""A database keeps an index of them, and not every one takes longer keys."""
_UNSEEN = re.compile(r"[\x00-\x20\x7f]")
_FEED = re.compile(r"^(?:feed|pcast):(?://)?(?=https?://)", re.IGNORECASE)
_FEED_AT = re.compile(r"^(?:feed|pcast)://", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_KEPT = "%/:?#[]@!$&'()*+,;=~"


def web_address(text: str) -> str:
    """An absolute http or https address in ASCII; empty where ``text`` is none."""
    parts = _split(text.strip())
    if parts is None or len(text) > _LONGEST:
        return ""
    try:
        host = in_ascii((parts.hostname or "").rstrip(".")).lower()
        port = parts.port
    except ValueError:
        return ""
    if not host or not host.isascii() or _UNSEEN.search(host):
        return ""
    place = f"[{host}]" if ":" in host else host
    user = parts.netloc.rpartition("@")[0]
    shown_port = f":{port}" if port and port != _PORTS[parts.scheme.lower()] else ""
    netloc = f"{quote(user, _KEPT)}@" * bool(user) + place + shown_port
    path, query = quote(parts.path, _KEPT) or "/", quote(parts.query, _KEPT)
    return urlunsplit((parts.scheme.lower(), netloc, path, query, ""))


def resolved(base: str, text: str) -> str:
    """``text`` as an address, relative to ``base`` (RFC 3986, 5); as it is where it can be none."""
    try:
        return urljoin(base, text)
    except ValueError:
        return text


def feed_address(text: str) -> str:
    """As ``web_address``, also where a program marked it as a feed: "pcast:https://pods.example/x".

    "feed://pods.example/x" is http: so the scheme's own custom has it, and a server that has https
    leads there.
    """
    return web_address(_FEED_AT.sub("http://", _FEED.sub("", text.strip())))


def host_of(url: str) -> str:
    """Of an address that ``web_address`` made."""
    return urlsplit(url).hostname or ""


def without_user(url: str) -> str:
    """For what others will see, and for what is relative to it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def without_password(url: str) -> str:
    """For the screen and the log: a paid feed may carry its reader's password."""
    parts = urlsplit(_FEED.sub("", url))
    user, at, place = parts.netloc.rpartition("@")
    hidden = f"{user.partition(':')[0]}:***{at}{place}" if ":" in user else parts.netloc
    return urlunsplit(parts._replace(netloc=hidden))


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return parts if parts.scheme.lower() in ("http", "https") else None
