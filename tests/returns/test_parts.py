"""A message as a tree, whatever it is made of."""

import pytest

from newsletter.returns.charsets import decoded, header_text
from newsletter.returns.html import without_tags
from newsletter.returns.parts import MOST_BYTES, read, returned
from tests.returns.samples import SAMPLES


def test_a_report_has_its_own_parts_and_those_of_what_it_returns() -> None:
    message = read(SAMPLES["postfix-unknown"])
    types = [part.type for part in message.walk()]
    assert types[:4] == [
        "multipart/report",
        "text/plain",
        "message/delivery-status",
        "message/rfc822",
    ]
    assert [part.type for part in message.report()] == types[:4]
    assert message.kind_of_report == "delivery-status"
    assert returned(message)[0].header("subject") == "Five things worth your morning"


def test_headers_alone_are_a_returned_message_too() -> None:
    [headers] = returned(read(SAMPLES["headers-only"]))
    assert headers.header("message-id").endswith("@news.example.org>")


def test_blocks_of_fields_stay_apart() -> None:
    parts = read(SAMPLES["one-of-two-arrived"]).walk()
    text = next(part.text for part in parts if part.type == "message/delivery-status")
    blocks = [block for block in text.split("\n\n") if block.strip()]
    assert [block.count("Final-Recipient:") for block in blocks] == [0, 1, 1]


@pytest.mark.parametrize(
    "raw", [b"", b"\n\n", b"\0\0", b"a", b"From x\n\nb", b"\xff: \xfe\n\n\xfd"]
)
def test_what_is_hardly_a_message(raw: bytes) -> None:
    assert list(read(raw).walk())


def test_what_is_nested_too_often_is_one_text() -> None:
    raw = b"Subject: deep\n" + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" * 99 + b"said"
    message = read(raw)
    assert (message.type, message.header("subject")) == ("text/plain", "deep")
    assert message.text.endswith("said")


def test_so_much_is_read_and_no_more() -> None:
    raw = b"Subject: long\n\n" + b"x" * MOST_BYTES + b"end"
    assert "end" not in read(raw).text


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        (b"caf\xc3\xa9", "", "café"),
        (b"caf\xe9", "utf-8", "café"),
        (b"caf\xe9", "latin-1", "café"),
        ("退信".encode("gb18030"), "gb18030", "退信"),
        (b"\\u0041", "unicode_escape", "\\u0041"),
        (b"abc", "rot13", "abc"),
        (b"a\0b\x1bc", "x-nonsense", "a b c"),
    ],
)
def test_octets_as_text(octets: bytes, charset: str, text: str) -> None:
    assert decoded(octets, charset) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?b?6YCA5L+h?=", "退信"),
        ("a\r\n b", "a b"),
        ("=?x-nonsense?q?caf=C3=A9?=", "café"),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
        ("=?" * 99, "=?" * 99),
        ("caf\udcc3\udca9", "café"),
    ],
)
def test_headers_as_text(value: str, text: str) -> None:
    assert header_text(value) == text


def test_a_page_says_what_is_shown() -> None:
    page = (
        "<head><title>x</title></head><style>p {}</style><p>550 &lt;a@b&gt;<br>said <c@d.org></p>"
    )
    assert without_tags(page).split() == ["550", "<a@b>", "said", "<c@d.org>"]
