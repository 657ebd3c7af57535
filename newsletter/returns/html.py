"""What an HTML page says, in time that grows with its length only."""

import html
import re

_HIDDEN = re.compile(r"<(/?)(?:style|script|head)\b[^<>]*>", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h\d|/?table|/?pre)\b[^<>]*>", re.IGNORECASE)
# Not <reader@example.org>: servers forget to escape it.
_TAG = re.compile(r"<[!?][^<>]*>|</?[a-zA-Z][\w:-]*(?:\s[^<>]*)?/?>")


def without_tags(page: str) -> str:
    """Line breaks where a block begins or ends; styles and scripts are left out."""
    text = _BREAK.sub("\n", "".join(_shown(page)))
    return html.unescape(_TAG.sub(" ", text))


def _shown(page: str) -> list[str]:
    pieces = _HIDDEN.split(page)  # a text, "" or "/", a text, ...
    return [pieces[0], *(pieces[at + 1] for at in range(1, len(pieces), 2) if pieces[at] == "/")]
