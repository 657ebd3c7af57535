"""The address of a second of an episode, in the form that its host understands.

By default a media fragment, ``#t=754`` (W3C Media Fragments URI 1.0), which browsers follow for an
audio file, and which does no harm to a page that does not know it.
"""

import re
from urllib.parse import urlsplit, urlunsplit

from newsletter.domain.text import clock

_T = "t={at}"
_QUERIES = {
    "youtube.com": _T,
    "youtu.be": _T,
    "open.spotify.com": _T,
    "podcasts.apple.com": _T,
    "pca.st": _T,
    "pocketcasts.com": _T,
    "podverse.fm": _T,
    "twitch.tv": "t={at}s",
    "dailymotion.com": "start={at}",
}
"""The parameter of hosts that take one; they answer for their subdomains as well."""
_NAMED = re.compile(r"(?<![^&])(t|start|time_continue)=[^&]*")
_NAMED_BEHIND = re.compile(r"(?<![^&])t=(?:npt:)?[0-9][^&]*")
_OVERCAST = re.compile(r"(/\+[\w-]+)(?:/[0-9:]*)?")


def at_second(url: str, at: int | None) -> str:
    """The URL itself where ``at`` is None, where it has a fragment that is no second, or where its
    host's pages know no seconds. A second that it names already gives way: it is where somebody
    stood when they shared the episode."""
    if not url or at is None:
        return url
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host == "overcast.fm":
        episode = _OVERCAST.fullmatch(parts.path)
        return urlunsplit(parts._replace(path=f"{episode[1]}/{clock(at)}")) if episode else url
    if parameter := _parameter(host):
        fragment = "" if _NAMED_BEHIND.match(parts.fragment) else parts.fragment
        query = _asking(parts.query, parameter.format(at=at))  # alone: braces are the URL's own
        return urlunsplit(parts._replace(query=query, fragment=fragment))
    return _with_fragment(url, parts.fragment, _fragment(host, at))


def own_at_second(url: str, at: int | None) -> str:
    """An insight's own address, which leads to its second by itself; where it names another than
    ``at``, of the words beside it, it is led there. 0 is what apps write for all of an episode."""
    parts = urlsplit(url)
    named = _NAMED_BEHIND.match(parts.fragment) or (
        _NAMED.search(parts.query) and _parameter(parts.hostname or "")
    )
    return at_second(url, at) if at and named else url


def _asking(query: str, second: str) -> str:
    """With the second where one was named, by the name it had there; else behind all."""
    found = _NAMED.search(query)
    if not found:
        return f"{query}&{second}" if query else second
    rest = _NAMED.sub("", query[found.end() :]).replace("&&", "&").rstrip("&")
    return f"{query[: found.start()]}{found[1]}={second.partition('=')[2]}{rest}"


def _with_fragment(url: str, fragment: str, second: str) -> str:
    """An unknown page's query stays: its "t" may be a topic."""
    if not fragment:
        return f"{url.removesuffix('#')}#{second}"
    if not _NAMED_BEHIND.match(fragment):
        return url
    return f"{url.removesuffix(fragment)}{_NAMED_BEHIND.sub(second, fragment, count=1)}"


def _parameter(host: str) -> str:
    return next((_QUERIES[known] for known in _QUERIES if _belongs(host, known)), "")


def _belongs(host: str, known: str) -> bool:
    return host == known or host.endswith(f".{known}")


def _fragment(host: str, at: int) -> str:
    return f"t={at}s" if _belongs(host, "vimeo.com") else f"t={at}"
