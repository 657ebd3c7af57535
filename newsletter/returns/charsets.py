"""Octets and encoded words as text, whatever charset they name. Nothing here raises."""

import binascii
import codecs
import re
from email.errors import HeaderParseError
from email.header import decode_header

# The others are no charsets of mail (rot13, idna, unicode_escape), and some take quadratic time.
_CHARSETS = re.compile(
    r"utf-(?:8|16|32)(?:-[bl]e)?|ascii|iso8859-\d+|iso2022_\w+|cp\d+|koi8-[rut]|gb2312|gbk|gb18030"
    r"|hz|big5|big5hkscs|shift_jis\w*|euc_\w+|johab|tis-620|mac-\w+"
)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_MOST_WORDS = 40
_FOLD = re.compile(r"\r?\n(?=[ \t])")


def decoded(octets: bytes, charset: str = "") -> str:
    """In the charset it claims, else UTF-8, else Latin-1. Without controls and surrogates."""
    for name in (charset, "utf-8"):
        try:
            if _CHARSETS.fullmatch(codecs.lookup(name).name):
                return printable(octets.decode(name))
        except (LookupError, ValueError):
            continue
    return printable(octets.decode("latin-1"))


def header_text(value: str) -> str:
    """A header's value (octets as surrogates) unfolded, its encoded words (RFC 2047) decoded,
    unless there are too many to be a header's."""
    value = _FOLD.sub("", value)
    if not value.isascii():
        value = decoded(value.encode("utf-8", "surrogateescape"))
    if not 0 < value.count("=?") <= _MOST_WORDS:
        return printable(value)
    try:
        return printable("".join(_word(*word) for word in decode_header(value)))
    except (HeaderParseError, binascii.Error, ValueError, LookupError):
        return printable(value)


def printable(text: str) -> str:
    """Control characters become spaces; line breaks and tabs stay."""
    return _UNPRINTABLE.sub(" ", text)


def one_line(text: str, longest: int) -> str:
    return " ".join(text.split())[:longest].rstrip()


def _word(octets: bytes | str, charset: str | None) -> str:
    return octets if isinstance(octets, str) else decoded(octets, charset or "latin-1")
