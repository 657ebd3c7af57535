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
_OWN = re.compile(r"(?:^|[&?])(?:t|start|time_continue)=")
_OVERCAST = re.compile(r"/\+[\w-]+/?")


def at_second(url: str, at: int | None) -> str:
    """The URL itself if it leads to a second already, has a fragment of its own, or is empty."""
    if not url or at is None:
        return url
    parts = urlsplit(url)
    if _OWN.search(parts.query):
        return url
    if parameter := _parameter(parts.hostname or ""):
        added = parameter.format(at=at)  # alone: braces of the URL are its own
        query = f"{parts.query}&{added}" if parts.query else added
        return urlunsplit(parts._replace(query=query))
    if parts.hostname == "overcast.fm" and _OVERCAST.fullmatch(parts.path):
        return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{clock(at)}"))
    return url if parts.fragment else f"{url.removesuffix('#')}#{_fragment(parts.hostname, at)}"


def _parameter(host: str) -> str:
    return next((_QUERIES[known] for known in _QUERIES if _belongs(host, known)), "")


def _belongs(host: str, known: str) -> bool:
    return host == known or host.endswith(f".{known}")


def _fragment(host: str | None, at: int) -> str:
    return f"t={at}s" if _belongs(host or "", "vimeo.com") else f"t={at}"
