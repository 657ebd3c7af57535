"""What templates may do with values: the filters, in the newsletter's language."""

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

from newsletter.domain.deep_links import at_second, own_at_second
from newsletter.domain.model import Citation, Pick
from newsletter.domain.text import clock, first_and_rest, first_sentence, headline, wrap
from newsletter.language.words import Words
from newsletter.rendering.colour import legible


def filters(words: Words) -> dict[str, Callable[..., object]]:
    """By the names that templates use."""
    plain = first_and_rest, first_sentence, headline, wrap, legible, link, moment
    return {
        **{function.__name__: function for function in plain},
        **_messages(words),
        "long_date": words.long_date,
        "typographic": words.typographic,
        "taken_apart": taken_apart(words),
        "as_said": lambda text, cited: _as_said(text, cited, words),
    }


def uri(url: str) -> str:
    """The URL in the characters that RFC 3986 allows: ASCII, no spaces, no control characters."""
    return quote(url, safe=":/?#[]@!$&'()*+,;=%~", errors="replace")


@lru_cache(maxsize=4096)
def link(citation: Citation) -> str:
    """The insight's own, or else the episode's with the second; empty unless http or https."""
    own = _web(citation.link)
    return own_at_second(own, citation.at) if own else at_second(_web(citation.url), citation.at)


def _web(url: str) -> str:
    url = uri(url.strip())
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return ""
    return url


def moment(seconds: int | None) -> str:
    """754 -> "12:34", 3723 -> "1:02:03", None -> ""."""
    return "" if seconds is None else clock(seconds)


def taken_apart(
    words: Words,
) -> Callable[[Iterable[Pick]], list[tuple[int, str, Citation, str, list[str]]]]:
    """A filter that gives rank, text, citation, reason and two related insights with their dates.

    They are the keys of fragments, and as they are shown: what was said word for word in quotation
    marks. Five attribute look-ups in a template take five times as long.
    """

    @lru_cache(maxsize=4096)
    def earlier(text: str, day: date | None) -> str:
        claim = words.typographic(first_sentence(text))
        if day is None:
            return claim
        return words.gettext("%(date)s: %(claim)s", date=words.day_month(day), claim=claim)

    def take_apart(picks: Iterable[Pick]) -> list[tuple[int, str, Citation, str, list[str]]]:
        return [
            (
                pick.rank,
                _as_said(pick.text, pick.citation, words),
                pick.citation,
                pick.reason,
                [earlier(echo.text, echo.heard or echo.dated) for echo in pick.related[:2]],
            )
            for pick in picks
        ]

    return take_apart


def _as_said(text: str, cited: Citation, words: Words) -> str:
    return words.quoted(text) if cited.origin == "quote" else words.typographic(text)


def _messages(words: Words) -> dict[str, Callable[..., str]]:
    """The filters ``gettext``, in which a value that is markup stays markup, and ``ngettext``."""

    def gettext(message: str, **values: object) -> str:
        if any(isinstance(value, Markup) for value in values.values()):
            return escape(words.gettext(message)) % values
        return words.gettext(message, **values)

    return {"gettext": gettext, "ngettext": words.ngettext}
