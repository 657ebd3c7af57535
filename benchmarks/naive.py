"""The ways that everybody writes first: what ours is measured against."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from email.message import EmailMessage

from newsletter.editorial.letter import Letter, Letterhead, letter
from newsletter.editorial.model import Posting


def five_newest(history: Sequence[str], candidates: Sequence[str]) -> list[int]:
    """The candidates least like anything in a history: a vectorizer fitted for each reader."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import cosine_similarity

    vectors = TfidfVectorizer().fit_transform([*history, *candidates])
    heard, new = vectors[: len(history)], vectors[len(history) :]
    loudest = cosine_similarity(new, heard).max(axis=1)
    return [int(place) for place in loudest.argsort()[:5]]


def premailed(posting: Posting, plain: Letterhead) -> Letter:
    """A letter whose CSS is inlined after it was rendered: once per message."""
    from premailer import transform

    found = letter(posting.issue, posting.subscriber, plain)
    html = transform(
        found.html,
        allow_network=False,
        strip_important=False,
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
    )
    return replace(found, html_pieces=[html])


def css_inlined(posting: Posting, plain: Letterhead) -> Letter:
    """The same by css-inline, which is written in Rust."""
    from css_inline import inline

    found = letter(posting.issue, posting.subscriber, plain)
    return replace(found, html_pieces=[inline(found.html, load_remote_stylesheets=False)])


def email_message(content: Letter, posting: Posting, head: Letterhead) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = head.from_address
    mail["To"] = f"{posting.subscriber.name} <{posting.subscriber.address}>"
    mail["Reply-To"] = head.reply_to
    mail["Subject"] = content.subject
    mail["Date"] = posting.due_at
    mail["Message-ID"] = posting.message_id
    mail["List-Unsubscribe"] = ", ".join(f"<{way}>" for way in content.leaving)
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Precedence"] = "bulk"
    mail.set_content(content.text)
    mail.add_alternative(content.html, subtype="html")
    return mail
