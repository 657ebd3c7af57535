"""A notice as a subject, a text and an HTML page: one template, which every purpose fills.

Nothing that somebody typed stands in it, neither a name nor interests: whoever types another's
address must not be able to send them words of their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta

from newsletter.domain.notices import LASTS, Notice, Purpose, path
from newsletter.language.words import Words
from newsletter.rendering.branding import Branding
from newsletter.rendering.filters import uri
from newsletter.rendering.rendered_email import RenderedEmail, body_pieces, unsubscribe_urls


@dataclass(frozen=True, slots=True)
class Wording:
    """``subject`` is the heading as well; ``button`` is what the link is called; ``otherwise`` says
    what happens where it is not followed."""

    subject: str
    text: str
    button: str
    otherwise: str


def render_notice(notice: Notice, branding: Branding) -> RenderedEmail:
    """The same arguments give the same bytes. Raises ConfigError if an operator's template fails.

    There must be a ``base_url``: its link leads to the web.
    """
    branding = branding.speaking(notice.language)
    wording = _WORDINGS[notice.purpose](branding.name, branding.renderer.words)
    values = {
        **asdict(wording),
        "name": branding.name,
        "language": branding.language,
        "direction": branding.direction,
        "accent": branding.accent,
        "logo": branding.logo,
        "postal_address": branding.postal_address,
        "url": uri(branding.base_url.rstrip("/")) + path(branding.secret, notice),
        **_lasts(LASTS[notice.purpose]),
    }
    pieces = branding.renderer.render_pieces
    text, html = (body_pieces(pieces(name, values)) for name in ("notice.txt", "notice.html"))
    unasked = notice.purpose is Purpose.STILL_THERE
    leave = unsubscribe_urls(notice.subscriber_id, branding) if unasked else ()
    return RenderedEmail(wording.subject, text, html, leave)


def _lasts(time: timedelta) -> dict[str, int]:
    """In whole days where that is a few, else in hours; the other is 0."""
    days = time.days if time.days > 2 else 0
    return {"days": days, "hours": 0 if days else time // timedelta(hours=1)}


def _confirm(newsletter: str, words: Words) -> Wording:
    gettext = words.gettext
    return Wording(
        subject=gettext("Confirm your subscription to %(newsletter)s", newsletter=newsletter),
        text=gettext(
            "Somebody, probably you, asked for this newsletter to be sent to this address. One"
            " press of a button, and it comes."
        ),
        button=gettext("Confirm the subscription"),
        otherwise=gettext(
            "If it was not you, do nothing: without a confirmation nothing more is sent to you."
        ),
    )


def _link(newsletter: str, words: Words) -> Wording:
    gettext = words.gettext
    return Wording(
        subject=gettext("Your subscription to %(newsletter)s", newsletter=newsletter),
        text=gettext(
            "You are subscribed with this address. Here you choose what it is about, when it comes,"
            " and whether it comes at all."
        ),
        button=gettext("Open my preferences"),
        otherwise=gettext(
            "You get this message because somebody, probably you, asked for it on our page. If it"
            " was not you, do nothing: nothing has changed."
        ),
    )


def _erase(newsletter: str, words: Words) -> Wording:
    gettext = words.gettext
    return Wording(
        subject=gettext("Erase what %(newsletter)s knows about you?", newsletter=newsletter),
        text=gettext(
            "Somebody, probably you, asked that everything about this address is erased. This"
            " cannot be undone, and no issue comes after it."
        ),
        button=gettext("Look at it and decide"),
        otherwise=gettext("If it was not you, do nothing: nothing is erased without your word."),
    )


def _still_there(newsletter: str, words: Words) -> Wording:
    gettext = words.gettext
    return Wording(
        subject=gettext("Do you still want %(newsletter)s?", newsletter=newsletter),
        text=gettext(
            "We have not heard from you for long, and we do not look over your shoulder: there is"
            " nothing in our messages that tells us whether you read them. So we ask."
        ),
        button=gettext("Yes, keep sending it"),
        otherwise=gettext(
            "Without an answer we stop sending within four weeks, and you can subscribe again"
            " at any time."
        ),
    )


_WORDINGS: Mapping[Purpose, Callable[[str, Words], Wording]] = {
    Purpose.CONFIRM: _confirm,
    Purpose.LINK: _link,
    Purpose.ERASE: _erase,
    Purpose.STILL_THERE: _still_there,
}
