"""The branding of a newsletter: what all its messages share."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import quote

from markupsafe import Markup, escape

from newsletter.domain.addresses import parse_address
from newsletter.domain.model import Subscriber
from newsletter.language import spoken
from newsletter.language.words import Words
from newsletter.rendering.filters import uri
from newsletter.rendering.renderer import Renderer, without_controls

_RIGHT_TO_LEFT = {"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture in the message itself; ``width`` and ``height`` are as shown, in pixels."""

    png: bytes = field(repr=False)
    width: int
    height: int

    @property
    def url(self) -> str:
        """The URL of the message part that holds it (RFC 2392)."""
        return f"cid:{self.content_id}"

    @property
    def content_id(self) -> str:
        return f"{hashlib.sha256(self.png).hexdigest()[:32]}@logo"


@dataclass(frozen=True, kw_only=True)
class Branding:
    """What all messages of a newsletter share.

    ``from_address`` is "Name <a@b>" or "a@b", already valid. ``base_url`` is where the web part
    answers; if it is empty, readers can only unsubscribe by mail. ``public``: it has an archive
    that everybody may read. ``sign`` adds DKIM signatures.
    """

    name: str
    from_address: str
    secret: bytes = field(repr=False)
    renderer: Renderer = field(repr=False)
    reply_to: str = ""
    postal_address: str = ""
    base_url: str = ""
    language: str = "en"
    accent: str = "#a8321a"
    public: bool = False
    logo: Logo | None = None
    sign: Callable[[bytes], bytes] | None = field(default=None, repr=False)

    @cached_property
    def sender(self) -> str:
        """The bare address in From."""
        return parse_address(self.from_address)[1]

    @cached_property
    def mailto_url(self) -> str:
        """The address that readers write to, as a mailto URI (RFC 6068)."""
        address = parse_address(self.reply_to)[1] or self.sender
        return f"mailto:{quote(address, safe='@!$*+')}"

    @cached_property
    def web_url(self) -> str:
        """The start of unsubscribe URLs, before the token; empty without ``base_url``."""
        return f"{uri(self.base_url.rstrip('/'))}/u/" if self.base_url else ""

    @cached_property
    def preferences_url(self) -> str:
        """The start of preferences URLs, before the token; empty without ``base_url``."""
        return f"{uri(self.base_url.rstrip('/'))}/p/" if self.base_url else ""

    def spoken_to(self, reader: Subscriber) -> "Branding":
        """The same in the reader's language."""
        return self.speaking(reader.language)

    def speaking(self, wanted: str) -> "Branding":
        """The same in this language, or the nearest that there is."""
        language = spoken(wanted, self.language)
        return self if language == self.language else self.in_language(language)

    def in_language(self, language: str) -> "Branding":
        if language not in self._in_others:
            renderer = self.renderer.in_language(language)
            self._in_others[language] = replace(self, language=language, renderer=renderer)
        return self._in_others[language]

    @cached_property
    def _in_others(self) -> "dict[str, Branding]":
        return {}

    @cached_property
    def view_url(self) -> str:
        """The start of the links that show an issue in a browser; empty without ``base_url``."""
        return f"{uri(self.base_url.rstrip('/'))}/view/" if self.base_url else ""

    @cached_property
    def archive_url(self) -> str:
        """Empty where there is none."""
        if not (self.public and self.base_url):
            return ""
        return f"{uri(self.base_url.rstrip('/'))}/archive"

    @cached_property
    def votes_url(self) -> str:
        """The start of the links by which a reader votes; empty without ``base_url``."""
        return f"{uri(self.base_url.rstrip('/'))}/v/" if self.base_url else ""

    @cached_property
    def links(self) -> tuple[tuple[str, str], ...]:
        """The footer's, each for all readers: what it is called, and where it leads.

        The one that unsubscribes is each reader's own, and comes last.
        """
        gettext = self.renderer.words.gettext
        links = (
            (gettext("All issues"), self.archive_url),
            (gettext("Reply to the editor"), self.mailto_url if self.reply_to else ""),
        )
        return tuple((label, url) for label, url in links if url)

    @cached_property
    def public_links(self) -> tuple[tuple[str, str], ...]:
        """The same below an issue in the archive, whose reader may be anybody."""
        gettext, base = self.renderer.words.gettext, uri(self.base_url.rstrip("/"))
        asking = [(gettext("Change or end a subscription"), f"{base}/link")] if base else []
        by_email, all_issues = gettext("Get it by email"), gettext("All issues")
        return ((by_email, f"{base}/"), (all_issues, f"{base}/archive"), *asking)

    @cached_property
    def because(self) -> dict[str, tuple[str, str]]:
        """Why a message came, in plain text and in HTML: before the reader's address, and after."""
        html = Markup('<span dir="auto">%s</span>') % without_controls(self.name)
        words = self.renderer.words
        return {"because": _because(self.name, words), "because_html": _because(html, words)}

    @cached_property
    def direction(self) -> str:
        """ "ltr" or "rtl", by the language."""
        return "rtl" if self.language.lower().partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


def _because(newsletter: str, words: Words) -> tuple[str, str]:
    """Why a message came: what stands before the reader's address, and after it."""
    sentence = words.gettext("You get this because %(address)s is subscribed to %(newsletter)s.")
    if isinstance(newsletter, Markup):
        sentence = escape(sentence)
    before, _, after = (sentence % {"address": "\0", "newsletter": newsletter}).partition("\0")
    return before, after
