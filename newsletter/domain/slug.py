"""The words of a web address, for people who read it; what it leads to is known by other means."""

import re
import unicodedata

from newsletter.domain.text import first_sentence

_BETWEEN = re.compile(r"[^\w]+|_+")
_LONGEST = 60


def slug(text: str, most: int = _LONGEST) -> str:
    """Letters and digits of any script in lower case, joined by "-"; marks of Latin letters go.

    Such as "salt-steel" for "Salt & Steel". Empty where the text has neither.
    """
    plain = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    plain = unicodedata.normalize("NFKD", plain.casefold())  # a mathematical A is an A only now
    joined = "".join(mark for mark in plain if not "\u0300" <= mark <= "\u036f")
    words = [word for word in _BETWEEN.split(unicodedata.normalize("NFC", joined)) if word]
    return _cut("-".join(words), most)


def slug_of_insight(text: str) -> str:
    """Of its first sentence; "-" where that has no letters: an address must not end in nothing."""
    return slug(first_sentence(text)) or "-"


def _cut(whole: str, most: int) -> str:
    """At a border of words, where there is one."""
    if len(whole) <= most:
        return whole
    cut = whole[:most]
    return cut if whole[most] == "-" else cut.rpartition("-")[0] or cut
