"""The ways that everybody writes first: what ours is measured against."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from email.message import EmailMessage

from newsletter.domain.model import ScheduledEmail
from newsletter.rendering.branding import Branding
from newsletter.rendering.rendered_email import RenderedEmail, render_email


def five_newest(history: Sequence[str], candidates: Sequence[str]) -> list[int]:
    """The candidates least like anything in a history: a vectorizer fitted for each reader."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import cosine_similarity

    vectors = TfidfVectorizer().fit_transform([*history, *candidates])
    heard, new = vectors[: len(history)], vectors[len(history) :]
    loudest = cosine_similarity(new, heard).max(axis=1)
    return [int(place) for place in loudest.argsort()[:5]]


def premailed(scheduled: ScheduledEmail, plain: Branding) -> RenderedEmail:
    """A letter whose CSS is inlined after it was rendered: once per message."""
    from premailer import transform

    email = render_email(scheduled.issue, scheduled.subscriber, plain)
    html = transform(
        email.html,
        allow_network=False,
        strip_important=False,
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
    )
    return replace(email, html_pieces=[html])


def css_inlined(scheduled: ScheduledEmail, plain: Branding) -> RenderedEmail:
    """The same by css-inline, which is written in Rust."""
    from css_inline import inline

    email = render_email(scheduled.issue, scheduled.subscriber, plain)
    return replace(email, html_pieces=[inline(email.html, load_remote_stylesheets=False)])


def email_message(
    content: RenderedEmail, scheduled: ScheduledEmail, head: Branding
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = head.from_address
    mail["To"] = f"{scheduled.subscriber.name} <{scheduled.subscriber.address}>"
    mail["Reply-To"] = head.reply_to
    mail["Subject"] = content.subject
    mail["Date"] = scheduled.dated_at
    mail["Message-ID"] = scheduled.message_id
    mail["List-Unsubscribe"] = ", ".join(f"<{way}>" for way in content.unsubscribe_urls)
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Precedence"] = "bulk"
    mail.set_content(content.text)
    mail.add_alternative(content.html, subtype="html")
    return mail
