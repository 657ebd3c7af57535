"""One reader's issue as a subject, a text and an HTML page."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup, escape

from newsletter.domain.addresses import parse_address
from newsletter.domain.interests import parse
from newsletter.domain.model import Issue, Subscriber
from newsletter.domain.notices import PREFERENCES
from newsletter.domain.text import headline, minutes
from newsletter.domain.tokens import VOTE, link_token, token
from newsletter.language import spoken
from newsletter.language.words import Words
from newsletter.rendering.filters import uri
from newsletter.rendering.renderer import Renderer, without_controls
from newsletter.rendering.subject import subject_and_preheader

if TYPE_CHECKING:
    from newsletter.mail.dkim.signing import Signer

__all__ = [
    "Branding",
    "Logo",
    "RenderedEmail",
    "Renderer",
    "body_pieces",
    "render_email",
    "unsubscribe_urls",
]

_RIGHT_TO_LEFT = {"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}
_INERT = "test"
VIEW = "view"
"""The purpose of a token that shows a reader an issue: of their id and the ordinal of its date."""
_LONGEST_INTERESTS = 300


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
    that everybody may read. ``signer`` adds DKIM signatures.
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
    signer: "Signer | None" = field(default=None, repr=False)

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


@dataclass(frozen=True)
class RenderedEmail:
    """``subject`` is one line; ``text`` and ``html`` are whole bodies with LF line ends, joined
    from their pieces. ``unsubscribe_urls`` are in order of preference.
    """

    subject: str
    text_pieces: Sequence[str]
    html_pieces: Sequence[str]
    unsubscribe_urls: Sequence[str]

    @cached_property
    def text(self) -> str:
        return "".join(self.text_pieces)

    @cached_property
    def html(self) -> str:
        return "".join(self.html_pieces)


def render_email(
    issue: Issue,
    subscriber: Subscriber,
    branding: Branding,
    *,
    test: bool = False,
    public: bool = False,
) -> RenderedEmail:
    """The same arguments give the same bytes.

    ``test`` marks the subject and makes the reader's own links inert. ``public``: anybody reads it,
    so its end names nobody and has nobody's links. Raises ConfigError if an operator's template
    fails.
    """
    branding = branding.spoken_to(subscriber)
    urls = unsubscribe_urls(subscriber.id, branding, test=test)
    values = _values(issue, subscriber, branding, urls[0], test=test)
    if public:
        links = branding.public_links
        values |= {"public": True, "links": links, "unsubscribe": links[-1][1]}
    pieces = branding.renderer.render_pieces
    subject = " ".join("".join(("[Test] " * test, *pieces("subject.txt", values))).split())
    values["subject"] = subject
    text, html = (body_pieces(pieces(name, values)) for name in ("issue.txt", "issue.html"))
    return RenderedEmail(subject, text, html, urls)


def body_pieces(pieces: list[str]) -> list[str]:
    """No empty lines at the start and the end, and a line break at the end."""
    while pieces and pieces[0][:1] in {"", "\n"}:
        pieces[:1] = filter(None, [pieces[0].lstrip("\n")])
    while pieces and pieces[-1][-1:] in {"", "\n"}:
        pieces[-1:] = filter(None, [pieces[-1].rstrip("\n")])
    return [*pieces, "\n"]


def unsubscribe_urls(subscriber_id: int, branding: Branding, *, test: bool = False) -> list[str]:
    """The web, if there is a ``base_url``, then mail."""
    key = _INERT if test else token(branding.secret, subscriber_id)
    mail = f"{branding.mailto_url}?subject=unsubscribe%20{key}"
    return [branding.web_url + key, mail] if branding.web_url else [mail]


def _preferences_url(subscriber: Subscriber, branding: Branding, *, test: bool) -> str:
    """Empty without ``base_url``, and for the reader of the house issue, who is nobody."""
    if not (branding.preferences_url and subscriber.id):
        return ""
    key = _INERT if test else link_token(branding.secret, PREFERENCES, subscriber.id)
    return branding.preferences_url + key


def _view_url(issue: Issue, subscriber: Subscriber, branding: Branding, *, test: bool) -> str:
    """Empty without ``base_url``, and for the reader of the house issue, who is nobody."""
    if not (branding.view_url and subscriber.id):
        return ""
    if test:
        return branding.view_url + _INERT
    numbers = subscriber.id, issue.date.toordinal()
    return branding.view_url + link_token(branding.secret, VIEW, *numbers)


def _values(
    issue: Issue,
    subscriber: Subscriber,
    branding: Branding,
    unsubscribe: str,
    *,
    test: bool = False,
) -> dict[str, object]:
    """What templates may use; not the branding itself, which holds the secret."""
    words = branding.renderer.words
    claim, preheader = subject_and_preheader(issue.picks, branding.name, issue.date, words)
    return {
        "name": branding.name,
        "language": branding.language,
        "direction": branding.direction,
        "accent": branding.accent,
        "logo": branding.logo,
        "welcome": _welcome(subscriber, words) if issue.first else "",
        "note": issue.note and words.typographic(issue.note),
        "postal_address": branding.postal_address,
        "issue": issue,
        "picks": branding.renderer.taken_apart(issue.picks),
        "subscriber": subscriber,
        "weekly": subscriber.weekly,
        "interests": _interests(subscriber) if subscriber.interests else "",
        "claim": claim,
        "preheader": preheader,
        "minutes": minutes(pick.text for pick in issue.picks),
        "links": branding.links,
        "public": False,
        **branding.because,
        "preferences": _preferences_url(subscriber, branding, test=test),
        "view": _view_url(issue, subscriber, branding, test=test),
        "unsubscribe": unsubscribe,
        "votes": _votes(issue, subscriber, branding, test=test),
    }


def _votes(
    issue: Issue, subscriber: Subscriber, branding: Branding, *, test: bool
) -> dict[int, str]:
    """By rank the start of the addresses by which this reader votes, before what they say.

    None where no page would answer, and for the reader of the house issue, who is nobody. One
    signature is enough for a letter: it says whose votes they are, and what was sent is known.
    """
    if not (branding.votes_url and subscriber.id):
        return {}
    key = _INERT if test else link_token(branding.secret, VOTE, subscriber.id)
    return {pick.rank: f"{branding.votes_url}{key}/{pick.insight_id}" for pick in issue.picks}


def _interests(subscriber: Subscriber) -> str:
    """What they follow; not what they want to hear nothing of."""
    phrases = (phrase.text for phrase in parse(subscriber.interests) if not phrase.negative)
    return headline(", ".join(phrases), _LONGEST_INTERESTS)


def _because(newsletter: str, words: Words) -> tuple[str, str]:
    """Why a message came: what stands before the reader's address, and after it."""
    sentence = words.gettext("You get this because %(address)s is subscribed to %(newsletter)s.")
    if isinstance(newsletter, Markup):
        sentence = escape(sentence)
    before, _, after = (sentence % {"address": "\0", "newsletter": newsletter}).partition("\0")
    return before, after


def _welcome(subscriber: Subscriber, words: Words) -> str:
    """The greeting of a first issue."""
    if subscriber.name:
        greeting = words.gettext("Welcome, %(name)s.", name=subscriber.name)
    else:
        greeting = words.gettext("Welcome.")
    best = words.gettext(
        "These are the best of recent days; from now on you get only what is new to you."
    )
    return f"{greeting} {best}"
