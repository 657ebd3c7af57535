"""A whole message, RFC 5322, written as bytes: the same posting makes the same message."""

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
from newsletter.rendering.quoted_printable import quoted
from newsletter.rendering.rendered_email import Branding, Logo, RenderedEmail, render_email

_TEXT, _HTML = (
    f"Content-Type: text/{subtype}; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
    for subtype in ("plain", "html")
)
_LINE = 78
_WORD = 52  # with "=?utf-8?q??=" and the longest header name it goes before: under 76
_AS_THEY_ARE = frozenset(b"!*+-/" + string.ascii_letters.encode() + string.digits.encode())
_Q = [chr(n) if n in _AS_THEY_ARE else "_" if n == 32 else f"={n:02X}" for n in range(256)]
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_ATOMS = re.compile(r"[^\s\"(),.:;<>@\[\\\]]+(?:\.[^\s\"(),.:;<>@\[\\\]]+)*")
_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


def message(scheduled: ScheduledEmail, branding: Branding, *, test: bool = False) -> bytes:
    """Lines end in CRLF and hold at most 998 octets; only an address may bring 8-bit letters.

    Signed (DKIM) where the letterhead has a signer. ``test`` marks the subject, adds a header and
    makes the unsubscribe links inert.
    """
    content = render_email(scheduled.issue, scheduled.subscriber, branding, test=test)
    headers = [
        *_people(scheduled, branding),
        ("Subject", _text("Subject", content.subject)),
        ("Date", _date(scheduled.due_at, scheduled.subscriber.timezone)),
        ("Message-ID", f"<{_address(scheduled.message_id.strip('<>'))}>"),
        *_list(content.leaving, branding),
        *([("X-Newsletter-Test", "yes")] if test else []),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    body = _body(content, branding.logo, boundary="=_" + digest(scheduled.message_id)[:32])
    made = b"".join((head.encode(), *body))
    return branding.signer.sign(made) if branding.signer else made


def _people(scheduled: ScheduledEmail, branding: Branding) -> list[tuple[str, str]]:
    reader = scheduled.subscriber
    people = [
        ("From", _ours("From", branding.from_address)),
        ("To", _mailbox("To", reader.name, reader.address)),
    ]
    if branding.reply_to:
        people.append(("Reply-To", _ours("Reply-To", branding.reply_to)))
    return people


@lru_cache(maxsize=8)
def _ours(header: str, written: str) -> str:
    return _mailbox(header, *parse_address(written))


@lru_cache(maxsize=1024)
def _date(due_at: datetime, timezone: str) -> str:
    return format_datetime(due_at.astimezone(zone(timezone)))


def _list(ways: Sequence[str], branding: Branding) -> list[tuple[str, str]]:
    """RFC 2919, 2369, 8058 (one click needs https) and 3834 (made by a periodic process)."""
    headers = [
        ("List-Id", _list_id(branding.name, branding.sender)),
        ("List-Unsubscribe", ",\r\n ".join(f"<{way}>" for way in ways)),
        ("Precedence", "bulk"),
        ("Auto-Submitted", "auto-generated"),
    ]
    if ways[0].startswith("https://"):
        headers.insert(2, ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


@lru_cache(maxsize=8)
def _list_id(name: str, sender: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "newsletter"
    return f"<{slug[:63].rstrip('-')}.{_address(sender).rpartition('@')[2]}>"


def _mailbox(header: str, name: str, address: str) -> str:
    name = _line(name)
    if not name:
        return _address(address)
    phrase = name if _WORDS.fullmatch(name) else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    if not _fits(header, name):
        phrase = _encoded(name)
    last = phrase.rpartition("\n")[2]
    fold = "\r\n " if len(f"{header}: {last} <{address}>") > _LINE else " "
    return f"{phrase}{fold}<{_address(address)}>"


def _address(address: str) -> str:
    """The domain in ASCII (IDNA), the local part quoted where it is no dot-atom."""
    local, _, domain = _line(address).rpartition("@")
    if not _ATOMS.fullmatch(local) and not re.fullmatch(r'"(?:[^"\\]|\\.)*"', local):
        local = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
    with suppress(ValueError):  # no domain at all: the channel says so
        domain = in_ascii(domain)
    return f"{local}@{domain}"


def _text(header: str, text: str) -> str:
    line = _line(text)
    return line if _fits(header, line) else _encoded(line)


def _fits(header: str, line: str) -> bool:
    """Whether it can stand as it is: ASCII, short, and nothing that a reader would decode."""
    return line.isascii() and "=?" not in line and len(header) + len(line) + 2 <= _LINE


@lru_cache(maxsize=1024)
def _encoded(line: str) -> str:
    """RFC 2047 encoded words of whole characters, one a line, none longer than 76 octets.

    Not ``email.header``: it is slower than all the rest of a message, and its folding has changed
    between versions of Python, while a message is made again byte for byte.
    """
    words = [""]
    for character in line:
        octets = "".join(_Q[octet] for octet in character.encode())
        if len(words[-1]) + len(octets) > _WORD:
            words.append("")
        words[-1] += octets
    return "\r\n ".join(f"=?utf-8?q?{word}?=" for word in words)


def _line(text: str) -> str:
    """One line whatever it was: white space single, controls (a line break) unable to end it."""
    if not text.isprintable():
        text = _CONTROLS.sub(" ", text)
    return " ".join(text.split())


def _body(content: RenderedEmail, logo: Logo | None, boundary: str) -> tuple[bytes, ...]:
    """The text part first. Quoted-printable never holds "=_", so no body holds the boundary."""
    head = (
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
    )
    border = f"--{boundary}".encode()
    return (
        head.encode() + border + b"\r\n" + _TEXT,
        quoted(content.text_pieces),
        b"\r\n" + border + b"\r\n",
        *_html(content, logo, boundary),
        b"\r\n" + border + b"--\r\n",
    )


def _html(content: RenderedEmail, logo: Logo | None, boundary: str) -> tuple[bytes, ...]:
    """The page, and with it the picture that it shows (RFC 2387): nothing is fetched."""
    page = quoted(content.html_pieces)
    if logo is None:
        return _HTML, page
    inner = f"{boundary}.logo"
    head = f'Content-Type: multipart/related; type="text/html";\r\n boundary="{inner}"\r\n\r\n'
    border = f"--{inner}".encode()
    return (
        head.encode() + border + b"\r\n" + _HTML,
        page,
        b"\r\n" + border + b"\r\n",
        _picture(logo),
        border + b"--\r\n",
    )


@lru_cache(maxsize=2)
def _picture(logo: Logo) -> bytes:
    return (
        "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{logo.content_id}>\r\n"
        'Content-Disposition: inline; filename="logo.png"\r\n\r\n'
    ).encode() + encodebytes(logo.png).replace(b"\n", b"\r\n")
