"""Whatever the bytes are: nothing raises, and nobody is named who is not proved."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.returns import ReturnKind
from newsletter.domain.tokens import return_path
from newsletter.returns.understand import understand
from tests.returns.hostile import checked, messages
from tests.returns.samples import OURS, SAMPLES

headers = st.tuples(
    st.sampled_from(
        "From To Subject Return-Path Content-Type Auto-Submitted Delivered-To Status".split()
    ),
    st.text(max_size=80) | st.sampled_from(["<>", "multipart/report; boundary=b", "text/html"]),
)


@given(st.binary(max_size=2_000))
def test_any_bytes(raw: bytes) -> None:
    assert checked(raw).delivery is None


@given(st.lists(headers, max_size=8), st.text(max_size=400))
def test_any_headers_and_text(head: list[tuple[str, str]], text: str) -> None:
    lines = "".join(f"{name}: {value}\n" for name, value in head)
    checked(f"{lines}\n{text}".encode("utf-8", "replace"))


@given(st.sampled_from(sorted(SAMPLES)), st.integers(0, 4_000))
def test_a_message_cut_off_anywhere(name: str, at: int) -> None:
    checked(SAMPLES[name][:at])


def test_changed_samples_and_nonsense() -> None:
    for raw in messages(300, seed=7):
        checked(raw)


@pytest.mark.heavy
def test_many_changed_samples_and_much_nonsense() -> None:
    for raw in messages(20_000, seed=8):
        checked(raw)


@given(st.binary(min_size=1, max_size=40), st.integers(0, 2**63 - 1))
def test_a_token_made_with_another_secret_proves_nothing(secret: bytes, number: int) -> None:
    forged = return_path(secret, OURS.return_path, number)
    raw = SAMPLES["headers-only"].replace(b"bounces@news.example.org", forged.encode())
    back = understand(raw, OURS)
    assert back.delivery is None
    assert back.forged


BIG = 1024 * 1024
DEEP = b"".join(
    b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(999)
)
HIDDEN = b64encode(DEEP)
HUGE = {
    "nested in base64": b"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\n"
    + HIDDEN,
    "nested fields in base64": b"Content-Type: message/delivery-status\n"
    b"Content-Transfer-Encoding: base64\n\n" + HIDDEN,
    "nothing": b"\0" * BIG,
    "one line": b"a" * BIG,
    "short lines": b"a\n" * (BIG // 2),
    "headers": b"a: b\n" * (BIG // 5),
    "one header": b"Subject: " + b"=?" * (BIG // 2),
    "parameters": b'Content-Type: text/plain; x="' + b";" * BIG,
    "quotes": b"Content-Type: multipart/report; " + b'a="\\";' * (BIG // 6),
    "nested": DEEP + b"\n" * BIG,
    "nested messages": b"Content-Type: message/rfc822\n\n" * 9_999,
    "open boundaries": DEEP[:1_100] + b"--\n" * (BIG // 3),
    "addresses": b"To: " + b"a+b@c," * (BIG // 6),
    "no addresses": b"From: MAILER-DAEMON\n\n+" + b"a" * BIG,
    "tags": b"From: MAILER-DAEMON\nContent-Type: text/html\n\n" + b"<style " * (BIG // 7),
    "words": b"From: MAILER-DAEMON\n\n" + b"user " * (BIG // 5),
    "codes": b"From: MAILER-DAEMON\n\n" + b"550 user >>>>>> " * (BIG // 16),
    "dashes": b"From: MAILER-DAEMON\n\n" + b"-" * BIG,
    "blocks": b"Content-Type: message/delivery-status\n\n" + b"Action: failed\n\n" * (BIG // 16),
}


SLOW = {"blocks", "headers"}  # half a second, and a tenth for each of the others


@pytest.mark.parametrize("name", sorted(HUGE.keys() - SLOW))
def test_what_is_huge_is_read_in_part(name: str) -> None:
    checked(HUGE[name])


@pytest.mark.heavy
@pytest.mark.parametrize("name", sorted(SLOW))
def test_what_is_huge_and_slow_is_read_in_part(name: str) -> None:
    checked(HUGE[name])


@pytest.mark.parametrize("name", sorted(SLOW))
def test_a_part_of_what_is_slow(name: str) -> None:
    checked(HUGE[name][: BIG // 10])


def test_a_report_stands_before_what_is_not_read() -> None:
    raw = SAMPLES["postfix-unknown"] + b"x" * BIG
    assert checked(raw).kind is ReturnKind.BOUNCE
