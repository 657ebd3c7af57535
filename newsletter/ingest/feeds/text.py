"""The bytes of a feed as text that an XML parser accepts."""

import codecs
import html.entities
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]{0,200}\?>")
_ENCODING = re.compile(rb"\A\s*<\?xml\b[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_DOCTYPE = re.compile(
    r"\A(?:\s|<!--.*?-->|<\?.*?\?>)*+<!DOCTYPE[^>\[]*+(?:\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL
)
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORBIDDEN_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,9})|([0-9]{1,10}));?")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{0,31});")
_BARE = re.compile(r"&(?!(?:[A-Za-z][A-Za-z0-9]{0,31}|#[0-9]{1,10}|#x[0-9a-fA-F]{1,9});)")
_PERSON = re.compile(
    r"(<(?:\w{1,40}:)?(?:author|creator|managingEditor|webMaster|publisher|name|email|owner)\b[^<>]*>)"
    r"(\s*(?:<!\[CDATA\[)?[^<]{500})[^<\]]+",
    re.IGNORECASE,
)
_FIRST_TAG = re.compile(r"<\w")
_TOPIC = re.compile(r"<(/?)(?:\w+:)?(?:category|keywords|subject)\b", re.IGNORECASE)
_MOST_BASES = 2_000
_OF_XML = {"amp", "lt", "gt", "quot", "apos"}


def as_xml_text(data: bytes, charset: str = "") -> str:
    """Decoded, without declarations, and without characters and entities that XML does not know.

    ``charset`` is what the server says. Bytes that are valid UTF-8 are read as that whatever the
    server or the declaration says: both are often wrong, and other text is seldom valid UTF-8.
    """
    text = _FORBIDDEN.sub("", _decoded(data, charset))
    # A document type serves no feed, and its entities are how a small file becomes a huge one.
    text = _DOCTYPE.sub("", _DECLARATION.sub("", text, count=1), count=1)
    text = _ENTITY.sub(_character, _FORBIDDEN_REFERENCE.sub(_reference, text))
    return _BARE.sub("&amp;", text).lstrip()


def without_traps(text: str) -> str:
    """What makes feedparser take time that grows with the square of the size is out of its sight.

    It looks each topic of an item up in a list of those before, a nested ``xml:base`` grows with
    each level, it searches a name for an address of mail at each letter, and what stands before the
    first tag for a document type at each line. No topic is read here, a real feed has few bases,
    and nobody's name has 500 letters.
    """
    first = _FIRST_TAG.search(text)
    head = text[: first.start()] if first else ""
    text = " ".join(head.split()) + text[len(head) :]
    plain = _PERSON.sub(r"\1\2", _TOPIC.sub(r"<\1unread", text))
    return plain.replace("xml:base", "unread") if plain.count("xml:base") > _MOST_BASES else plain


def _decoded(data: bytes, charset: str) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    declared = _ENCODING.match(data[:300])
    for encoding in ("utf-8", charset, declared[1].decode() if declared else ""):
        try:
            return data.decode(encoding or "utf-8")
        except (UnicodeError, LookupError):
            continue
    return data.decode("cp1252", "replace")


def _character(entity: re.Match[str]) -> str:
    """HTML's entities as their characters; what nobody knows stays as it was typed."""
    name = entity[1]
    if name in _OF_XML:
        return entity[0]
    known = html.entities.html5.get(f"{name};")
    return known.replace("&", "&amp;").replace("<", "&lt;") if known else f"&amp;{name};"


def _reference(match: re.Match[str]) -> str:
    """A reference to a character that XML forbids is dropped."""
    number = int(match[1], 16) if match[1] else int(match[2])
    return "" if number > 0x10FFFF or _FORBIDDEN.match(chr(number)) else match[0]
