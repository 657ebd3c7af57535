"""What a report says in plain text, to people: where it has no fields, or in addition to them."""

import re
from functools import cache

from newsletter.returns.charsets import one_line
from newsletter.returns.delivery_status import LONGEST_WORDS
from newsletter.returns.parts import RETURNED_HEADERS, Part
from newsletter.returns.signs import ABOUT, QUOTED
from newsletter.returns.status_codes import basic, enhanced
from newsletter.returns.words import of_words

_LONGEST = 16 * 1024
_MOST_LINES = 200
_REMOTE = "<<<"
"""Before a remote server's answer in a transcript of Sendmail: what follows is a translation."""
_ABOUT = re.compile(ABOUT, re.IGNORECASE)


def prose(message: Part) -> str:
    """The report's own text, up to the message it returns. A page of HTML only where no text is."""
    parts = [part for part in message.report() if part.octets and part.type not in RETURNED_HEADERS]
    texts = [part.text for part in parts if part.type == "text/plain"]
    texts = texts or [part.text for part in parts if part.type == "text/html"]
    return before_the_quoted("\n".join(texts)[:_LONGEST])


def before_the_quoted(text: str) -> str:
    match = _quoted().search(text)
    return text[: match.start()] if match else text


@cache
def _quoted() -> re.Pattern[str]:
    """Compiled when it is first asked for: start-up is felt."""
    lines = "|".join(QUOTED)
    return re.compile(rf"^[ \t>*=_#-]*(?:{lines})", re.IGNORECASE | re.MULTILINE)


def remote_words(text: str) -> str:
    """The lines that hold a code, each with the next; without them those that hold words that the
    tables know. One line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not _ABOUT.match(line)][:_MOST_LINES]
    telling = [at for at, line in enumerate(lines) if basic(line) or enhanced(line)]
    if remote := [lines[at] for at in telling if lines[at].startswith(_REMOTE)]:
        return one_line(" ".join(remote), LONGEST_WORDS)
    telling = telling or [at for at, line in enumerate(lines) if of_words(line)]
    kept = sorted({near for at in telling for near in (at, at + 1)} & set(range(len(lines))))
    return one_line(" ".join(lines[at] for at in kept), LONGEST_WORDS)
