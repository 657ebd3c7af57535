"""A whole message (RFC 5322) as bytes: the same scheduled email always gives the same bytes."""

import re
import string
import unicodedata
from base64 import encodebytes
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from newsletter.domain.addresses import parse_address
from newsletter.domain.due import zone
from newsletter.domain.hostnames import in_ascii
from newsletter.domain.model import ScheduledEmail, digest
from newsletter.domain.notices import Notice, message_id
from newsletter.rendering.branding import Branding, Logo
from newsletter.rendering.notice import render_notice
from newsletter.rendering.quoted_printable import encode
from newsletter.rendering.rendered_email import RenderedEmail, render_email

_TEXT, _HTML = (
    f"Content-Type: text/{subtype}; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
    for subtype in ("plain", "html")
)
_MAX_LINE = 78
_MAX_WORD = 52  # with "=?utf-8?q??=" and the longest header name it goes before: under 76
_PLAIN = frozenset(b"!*+-/" + string.ascii_letters.encode() + string.digits.encode())
_Q = [chr(n) if n in _PLAIN else "_" if n == 32 else f"={n:02X}" for n in range(256)]
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_ATOMS = re.compile(r"[^\s\"(),.:;<>@\[\\\]]+(?:\.[^\s\"(),.:;<>@\[\\\]]+)*")
_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


def message(scheduled: ScheduledEmail, branding: Branding, *, test: bool = False) -> bytes:
    """Lines end in CRLF and have at most 998 octets; only an address may contain 8-bit letters.

    Signed (DKIM) if the branding has a key. ``test`` marks the subject, adds a header and makes
    the unsubscribe links inert.
    """
    email = render_email(scheduled.issue, scheduled.subscriber, branding, test=test)
    headers = [
        *_address_headers(scheduled.subscriber.name, scheduled.subscriber.address, branding),
        ("Subject", _text_header("Subject", email.subject)),
        ("Date", _date(scheduled.dated_at, scheduled.subscriber.timezone)),
        ("Message-ID", f"<{_address(scheduled.message_id.strip('<>'))}>"),
        *_list_headers(email.unsubscribe_urls, branding),
        *([("X-Newsletter-Test", "yes")] if test else []),
    ]
    return _written(headers, email, branding, scheduled.message_id)


def notice_message(notice: Notice, branding: Branding) -> bytes:
    """The same of a message that is no issue. It comes once, because somebody asked for it: there
    is no list to leave (RFC 3834 alone says that no answer is expected). A "still there?" comes
    unasked, so it can be answered by leaving."""
    email = render_notice(notice, branding)
    identity = message_id(notice, _address(branding.sender).rpartition("@")[2])
    headers = [
        *_address_headers("", notice.address, branding),
        ("Subject", _text_header("Subject", email.subject)),
        ("Date", _date(notice.asked_at, "UTC")),
        ("Message-ID", identity),
        *(
            _list_headers(email.unsubscribe_urls, branding)
            if email.unsubscribe_urls
            else [("Auto-Submitted", "auto-generated")]
        ),
    ]
    return _written(headers, email, branding, identity)


def _written(
    headers: Sequence[tuple[str, str]], email: RenderedEmail, branding: Branding, identity: str
) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    body = _body(email, branding.logo, boundary="=_" + digest(identity)[:32])
    raw = b"".join((head.encode(), *body))
    return branding.sign(raw) if branding.sign else raw


def _address_headers(name: str, address: str, branding: Branding) -> list[tuple[str, str]]:
    headers = [
        ("From", _own_mailbox("From", branding.from_address)),
        ("To", _mailbox("To", name, address)),
    ]
    if branding.reply_to:
        headers.append(("Reply-To", _own_mailbox("Reply-To", branding.reply_to)))
    return headers


@lru_cache(maxsize=8)
def _own_mailbox(header: str, configured: str) -> str:
    return _mailbox(header, *parse_address(configured))


@lru_cache(maxsize=1024)
def _date(dated_at: datetime, timezone: str) -> str:
    return format_datetime(dated_at.astimezone(zone(timezone)))


def _list_headers(urls: Sequence[str], branding: Branding) -> list[tuple[str, str]]:
    """RFC 2919, 2369, 8058 (one click needs https) and 3834 (sent by a periodic process)."""
    headers = [
        ("List-Id", _list_id(branding.name, branding.sender)),
        ("List-Unsubscribe", ",\r\n ".join(f"<{url}>" for url in urls)),
        ("Precedence", "bulk"),
        ("Auto-Submitted", "auto-generated"),
    ]
    if urls[0].startswith("https://"):
        headers.insert(2, ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


@lru_cache(maxsize=8)
def _list_id(name: str, sender: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "newsletter"
    return f"<{slug[:63].rstrip('-')}.{_address(sender).rpartition('@')[2]}>"


def _mailbox(header: str, name: str, address: str) -> str:
    name = _one_line(name)
    if not name:
        return _address(address)
    phrase = name if _WORDS.fullmatch(name) else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    if not _fits_as_is(header, name):
        phrase = _encoded_words(name)
    last = phrase.rpartition("\n")[2]
    fold = "\r\n " if len(f"{header}: {last} <{address}>") > _MAX_LINE else " "
    return f"{phrase}{fold}<{_address(address)}>"


def _address(address: str) -> str:
    """The domain in ASCII (IDNA), the local part quoted unless it is a dot-atom."""
    local, _, domain = _one_line(address).rpartition("@")
    if not _ATOMS.fullmatch(local) and not re.fullmatch(r'"(?:[^"\\]|\\.)*"', local):
        local = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
    with suppress(ValueError):  # not a domain: the channel reports it
        domain = in_ascii(domain)
    return f"{local}@{domain}"


def _text_header(header: str, text: str) -> str:
    line = _one_line(text)
    return line if _fits_as_is(header, line) else _encoded_words(line)


def _fits_as_is(header: str, line: str) -> bool:
    """Whether it needs no encoding: ASCII, short, and nothing that a mail program would decode."""
    return line.isascii() and "=?" not in line and len(header) + len(line) + 2 <= _MAX_LINE


@lru_cache(maxsize=1024)
def _encoded_words(line: str) -> str:
    """RFC 2047 encoded words of whole characters, one a line, none longer than 76 octets.

    Not ``email.header``: it is slower than all the rest of a message, and its folding has changed
    between versions of Python, while a retry must send the same bytes.
    """
    words = [""]
    for character in line:
        octets = "".join(_Q[octet] for octet in character.encode())
        if len(words[-1]) + len(octets) > _MAX_WORD:
            words.append("")
        words[-1] += octets
    return "\r\n ".join(f"=?utf-8?q?{word}?=" for word in words)


def _one_line(text: str) -> str:
    """One line: white space is collapsed, control characters (line breaks too) become spaces."""
    if not text.isprintable():
        text = _CONTROLS.sub(" ", text)
    return " ".join(text.split())


def _body(email: RenderedEmail, logo: Logo | None, boundary: str) -> tuple[bytes, ...]:
    """The text part first. Quoted-printable never has "=_", so no body contains the boundary."""
    head = (
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
    )
    border = f"--{boundary}".encode()
    return (
        head.encode() + border + b"\r\n" + _TEXT,
        encode(email.text_pieces),
        b"\r\n" + border + b"\r\n",
        *_html_part(email, logo, boundary),
        b"\r\n" + border + b"--\r\n",
    )


def _html_part(email: RenderedEmail, logo: Logo | None, boundary: str) -> tuple[bytes, ...]:
    """The HTML and, in the same part, the logo it shows (RFC 2387): nothing is fetched."""
    page = encode(email.html_pieces)
    if logo is None:
        return _HTML, page
    inner = f"{boundary}.logo"
    head = f'Content-Type: multipart/related; type="text/html";\r\n boundary="{inner}"\r\n\r\n'
    border = f"--{inner}".encode()
    return (
        head.encode() + border + b"\r\n" + _HTML,
        page,
        b"\r\n" + border + b"\r\n",
        _logo_part(logo),
        border + b"--\r\n",
    )


@lru_cache(maxsize=2)
def _logo_part(logo: Logo) -> bytes:
    return (
        "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{logo.content_id}>\r\n"
        'Content-Disposition: inline; filename="logo.png"\r\n\r\n'
    ).encode() + encodebytes(logo.png).replace(b"\n", b"\r\n")
