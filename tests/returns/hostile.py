"""Messages that nobody should have written: samples changed, and nonsense with a structure.

``python -m tests.returns.hostile 200000 [SEED]`` understands so many, and says what it took.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from time import process_time

from newsletter.domain.returns import Return, ReturnKind
from newsletter.returns.understand import understand
from tests.returns.samples import EXPECTED, OURS, SAMPLES

Change = Callable[[Random, bytes], bytes]
PROVED = {None, *(label.get("delivery") for label in EXPECTED.values())}
NOTICES = {None, *(tuple(label["notice"]) for label in EXPECTED.values() if "notice" in label)}
READERS = {None, *(label.get("reader") for label in EXPECTED.values())}
_CORPUS = list(SAMPLES.values())
_PIECES = [
    b"\0", b"\r", b"\n\n", b"\xff\xfe", b"\x80", b"=?utf-8?q?", b"=?x?b?////?=", b'"', b";" * 40,
    b"<", b">", b"<<", b"@", b"+", b"--", b"--b--\n", b"(" * 30, b"\n ", b": ", b"boundary=b",
    b"Content-Type: multipart/report; boundary=\n", b"Content-Transfer-Encoding: base64\n",
    b"Content-Type: message/rfc822\n\n", b"Content-Type: text/plain; charset=unicode_escape\n",
    b"Content-Type: text/plain; charset*0*=utf-8''%; charset*99999999999=1\n", b"550 5.1.1 ",
    b"Content-Type: text/html\n\n<style><p <a", b"Action: failed\n", b"Status: 5.1.1\n",
    b"Final-Recipient: rfc822; <@>\n", b"bounces+17.aaaaaaaaaaaaaaaa@news.example.org",
    b"bounces+99999999999999999999.aaaaaaaaaaaaaaaa@news.example.org", b"unsubscribe 5.",
    b"bounces+n4-hgdgneqdc1.dmxwwvvgia7gcsjp@news.example.org", b"+n4-hgdgneqdc0.",
    b"bounces+nzzzzzzzzzzzz-zzzzzzzzzzzz.aaaaaaaaaaaaaaaa@news.example.org", b"+n-.",
    b"X-HmXmrOriginalRecipient: <ada@example.net>\n", b"bounces+n4-\xc4\xb1.a@news.example.org",
    "\N{RIGHT-TO-LEFT OVERRIDE}İſ\N{FULLWIDTH COMMERCIAL AT}".encode(), b"\xed\xa0\x80", b"%00%ff",
]  # fmt: skip
_HEADERS = [
    b"From", b"To", b"Subject", b"Return-Path", b"Content-Type", b"Content-Transfer-Encoding",
    b"Auto-Submitted", b"X-Failed-Recipients", b"Delivered-To", b"Message-ID", b"References",
    b"List-Unsubscribe", b"Precedence", b"Feedback-Type", b"Diagnostic-Code", b"Status", b"Action",
]  # fmt: skip
_TYPES = [
    b"multipart/report; report-type=delivery-status", b"multipart/mixed", b"multipart/digest",
    b"message/rfc822", b"message/delivery-status", b"message/feedback-report", b"text/plain",
    b"message/global-delivery-status", b"text/rfc822-headers", b"text/html", b"message/partial",
    b"image/png", b"x/y; boundary", b"text/plain; charset=idna", b"",
]  # fmt: skip


def messages(count: int, seed: int) -> Iterator[bytes]:
    """The same for the same seed."""
    random = Random(seed)
    for _ in range(count):
        if random.random() < 0.2:
            yield _nonsense(random, depth=random.randrange(5))
            continue
        raw = random.choice(_CORPUS)
        for _ in range(random.randrange(1, 6)):
            raw = random.choice(_CHANGES)(random, raw)
        yield raw


def checked(raw: bytes) -> Return:
    """Understood, with what holds for every message: nobody is proved by a token that is none."""
    back = understand(raw, OURS)
    assert back.delivery in PROVED, back
    assert back.reader in READERS, back
    assert back.notice in NOTICES, back
    assert (back.severity is not None) == (back.kind is ReturnKind.BOUNCE), back
    texts = (back.message_id, back.address, back.status, back.words)
    assert max(map(len, texts)) <= 1_000, back
    assert all(text == " ".join(text.split()) for text in texts), back
    assert "\0" not in "".join(texts), back
    "".join(texts).encode()
    return back


def _flip(random: Random, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(random.randrange(1, 30)):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _insert(random: Random, raw: bytes) -> bytes:
    at = random.randrange(len(raw) + 1)
    return raw[:at] + random.choice(_PIECES) * random.choice((1, 1, 1, 3, 50)) + raw[at:]


def _cut(random: Random, raw: bytes) -> bytes:
    start, end = sorted(random.randrange(len(raw) + 1) for _ in range(2))
    return random.choice((raw[:end], raw[start:], raw[:start] + raw[end:]))


def _repeat(random: Random, raw: bytes) -> bytes:
    start, end = sorted(random.randrange(len(raw) + 1) for _ in range(2))
    return raw[:end] + raw[start:end] * random.randrange(1, 4) + raw[end:]


def _splice(random: Random, raw: bytes) -> bytes:
    other = random.choice(_CORPUS)
    return raw[: random.randrange(len(raw) + 1)] + other[random.randrange(len(other) + 1) :]


def _shuffle(random: Random, raw: bytes) -> bytes:
    lines = raw.split(b"\n")
    at = random.randrange(len(lines))
    piece = lines[at : at + 12]
    random.shuffle(piece)
    return b"\n".join(lines[:at] + piece + lines[at + 12 :])


def _wrap(random: Random, raw: bytes) -> bytes:
    kind = random.choice(_TYPES)
    return b"Content-Type: " + kind + b"\n\n" + raw


def _as_crlf(random: Random, raw: bytes) -> bytes:
    return raw.replace(b"\n", b"\r\n")


_CHANGES: tuple[Change, ...] = (
    _flip, _insert, _insert, _cut, _repeat, _splice, _shuffle, _wrap, _as_crlf,
)  # fmt: skip


def _nonsense(random: Random, depth: int) -> bytes:
    boundary = b"b%d" % depth
    lines = [random.choice(_HEADERS) + b": " + _value(random) for _ in range(random.randrange(12))]
    lines.append(b"Content-Type: " + random.choice(_TYPES) + b"; boundary=" + boundary)
    parts = [_nonsense(random, depth - 1) for _ in range(random.randrange(4))] if depth else []
    body = b"\n".join(_value(random) for _ in range(random.randrange(8)))
    for part in parts:
        body += b"\n--" + boundary + b"\n" + part
    return b"\n".join(lines) + b"\n\n" + body + b"\n--" + boundary + random.choice((b"--", b""))


def _value(random: Random) -> bytes:
    pieces = (random.choice(_PIECES) for _ in range(random.randrange(4)))
    return b" ".join((*pieces, random.randbytes(random.randrange(6))))


def main(count: int, seed: int) -> None:
    kinds: Counter[str] = Counter()
    octets, slowest, started = 0, 0.0, process_time()
    for raw in messages(count, seed):
        before = process_time()
        back = checked(raw)
        slowest = max(slowest, process_time() - before)
        kinds[back.severity or back.kind] += 1
        octets += len(raw)
    took = process_time() - started
    print(f"{count:,} messages, {octets / 1e6:,.0f} MB, seed {seed}: none raised")
    print(f"{took:,.0f} s of processor time, {count / took:,.0f} a second, slowest {slowest:.3f} s")
    print(", ".join(f"{kind} {number:,}" for kind, number in kinds.most_common()))


if __name__ == "__main__":
    main(int(sys.argv[1]), int((sys.argv[2:] or ["1"])[0]))
