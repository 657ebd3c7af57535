"""One reader's issue as a subject, a text and an HTML page."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from newsletter.domain.interests import parse
from newsletter.domain.model import Issue, Subscriber
from newsletter.domain.notices import PREFERENCES
from newsletter.domain.text import headline, minutes
from newsletter.domain.tokens import VOTE, link_token, token
from newsletter.language.words import Words
from newsletter.rendering.branding import Branding
from newsletter.rendering.subject import subject_and_preheader

_INERT = "test"
VIEW = "view"
"""The purpose of a token that shows a reader an issue: of their id and the ordinal of its date."""
_LONGEST_INTERESTS = 300


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
        "interests": _wanted(subscriber.interests),
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


@lru_cache(maxsize=1024)
def _wanted(interests: str) -> str:
    """What they follow; not what they want to hear nothing of."""
    phrases = (phrase.text for phrase in parse(interests) if not phrase.negative)
    return headline(", ".join(phrases), _LONGEST_INTERESTS)


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
