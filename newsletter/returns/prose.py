# ruff: noqa: E501
"""What a report says in plain text, to people: where it has no fields, or in addition to them."""

import re

from newsletter.returns.charsets import one_line
from newsletter.returns.delivery_status import LONGEST_WORDS
from newsletter.returns.parts import RETURNED_HEADERS, Part
from newsletter.returns.status_codes import basic, enhanced
from newsletter.returns.words import of_words

_LONGEST = 16 * 1024
_MOST_LINES = 400
# From here on it is the message that comes back, and its words are ours.
_RETURNED = re.compile(
    r"(?im)^[ \t>*=_#-]*(?:"
    r"(?:this is |below (?:this line )?is |here is )?(?:a |the )?(?:copy of (?:the|your)|original|returned|"
    r"unsent|undelivered|rejected|bounced) (?:original |mail |e-?mail )?(?:message|mail|text)?\b.{0,60}(?:follow|header|below"
    r"|---|===|\*\*\*|:\s*$|$)"
    r"|(?:message|mail) header(?:s)?\b.{0,40}(?:follow|---|:\s*$)"
    r"|(?:original|ursprüngliche) (?:message|nachricht)\b"
    r"|received: (?:from|by)\b|return-path:|message-id:|mime-version:|x-mailer:"
    r").*$"
)


def prose(message: Part) -> str:
    """The report's own text, up to the message it returns. A page of HTML only where no text is."""
    parts = [part for part in message.report() if part.octets and part.type not in RETURNED_HEADERS]
    texts = [part.text for part in parts if part.type == "text/plain"]
    texts = texts or [part.text for part in parts if part.type == "text/html"]
    return before_the_returned("\n".join(texts)[:_LONGEST])


def before_the_returned(text: str) -> str:
    match = _RETURNED.search(text)
    return text[: match.start()] if match else text


def remote_words(text: str) -> str:
    """The lines that hold a code, or words that the tables know, in one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()][:_MOST_LINES]
    telling = [at for at, line in enumerate(lines) if basic(line) or enhanced(line)]
    if not telling:
        telling = [at for at, line in enumerate(lines) if of_words(line)]
    kept = sorted({near for at in telling for near in (at, at + 1)} & set(range(len(lines))))
    return one_line(" ".join(lines[at] for at in kept), LONGEST_WORDS)
