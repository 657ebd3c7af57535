import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.tokens import token
from newsletter.mail.message import message
from newsletter.rendering.branding import Logo
from newsletter.rendering.rendered_email import render_email
from newsletter.rendering.templates import read_templates
from tests.golden import FOLDER, ISSUE, POSTING, READER, STATES, branding

HEAD = branding()
TITLED = branding(read_templates(None) | {"subject.txt": "{{ name }}"})
KEY = token(HEAD.secret, READER.id)

HOSTILE = [
    "Mira\r\nBcc: all@example.org",
    "Mira\nSubject: another",
    "Mira\r\n\r\nA body of my own",
    "\u2028Bcc: x\u2029\x85Bcc: y\x0b\x0cBcc: z",
    'Mira "Quick" Lind',
    'Mira\\" <evil@example.org>, "',
    "Lind, Mira <evil@example.org>",
    "Mira (a comment) Lind; group: a@b;",
    "Mira =?utf-8?q?Bcc:_x?= Lind",
    "=?utf-8?q?Bcc=3A_x=0D=0ABcc=3A_y?=",
    "Mira Sørensen, “the Great”",
    "ملح 港 👩🏽‍🚀" * 30,
    "a" * 3000,
    "word " * 600,
    "x\x00y\x1b[31m",
    "\ud800 alone",
    "a=?",
    ".",
    '"',
    "\\",
]
hostile = pytest.mark.parametrize("text", HOSTILE)


def line(text: str) -> str:
    return " ".join(re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+", " ", text).split())


def controls_shown(text: str) -> str:
    """As templates show them: all but tab and line breaks as U+FFFD."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", text)


def parsed(raw: bytes) -> EmailMessage:
    made = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(made, EmailMessage)
    return made


def headers(raw: bytes) -> list[tuple[str, str]]:
    """By the old parser, as written: names and unfolded values."""
    made = message_from_bytes(raw, policy=policy.compat32)
    return [(name, re.sub(r"\r?\n(?=[ \t])", "", str(value))) for name, value in made.items()]


def decoded(value: str) -> str:
    return str(make_header(decode_header(value)))


NAMES = [name for name, _ in headers(message(POSTING, HEAD))]


def check_wire(raw: bytes) -> None:
    """What every message holds to, whatever is in it."""
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert body.isascii()
    assert b"\0" not in raw
    assert [name for name, _ in headers(raw)] == NAMES
    made = parsed(raw)
    assert [part.get_content_type() for part in made.iter_parts()] == ["text/plain", "text/html"]
    assert not [defect for part in made.walk() for defect in part.defects]
    assert b"\r\n\r\n" not in head


def test_the_golden_message() -> None:
    """Changed on purpose? ``python -m tests.golden`` writes it anew; review the diff."""
    assert message(POSTING, HEAD) == (FOLDER / "issue.eml").read_bytes()


def test_its_headers() -> None:
    assert dict(headers(message(POSTING, HEAD))) == {
        "From": "The Five <five@news.example.org>",
        "To": "=?utf-8?q?Mira_S=C3=B8rensen?= <mira@example.org>",
        "Reply-To": "editors@news.example.org",
        "Subject": "Cities plant the wrong half of the tree",
        "Date": "Thu, 14 Mar 2024 07:00:00 +0000",
        "Message-ID": "<20240314.7@news.example.org>",
        "List-Id": "<the-five.news.example.org>",
        "List-Unsubscribe": f"<https://news.example.org/u/{KEY}>,"
        f" <mailto:editors@news.example.org?subject=unsubscribe%20{KEY}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/alternative; boundary="=_db9029ea6b3d8a3b20713c5b8ab12043"',
    }


@pytest.mark.parametrize("state", STATES)
def test_both_parts_come_back_as_the_letter_has_them(state: str) -> None:
    raw = message(replace(POSTING, issue=STATES[state]), HEAD)
    check_wire(raw)
    content = render_email(STATES[state], READER, HEAD)
    bodies = [part.get_payload(decode=True) for part in parsed(raw).iter_parts()]
    wanted = [content.text.encode(), content.html.encode()]
    assert bodies == [body.replace(b"\n", b"\r\n") for body in wanted]
    assert parsed(raw)["Subject"] == content.subject


@given(st.text(), st.text(), st.text())
def test_any_text_name_and_subject_come_back(text: str, name: str, subject: str) -> None:
    pick = replace(ISSUE.picks[0], text=text)
    reader = replace(READER, name=name)
    scheduled = replace(POSTING, subscriber=reader, issue=replace(ISSUE, picks=(pick,)))
    raw = message(scheduled, replace(TITLED, name=subject))
    check_wire(raw)
    fields = dict(headers(raw))
    assert decoded(fields["Subject"]) == line(controls_shown(subject))


@hostile
def test_a_name_is_a_name_and_the_address_stays(text: str) -> None:
    raw = message(replace(POSTING, subscriber=replace(READER, name=text)), HEAD)
    check_wire(raw)
    to = dict(headers(raw))["To"]
    [(name, address)] = getaddresses([to])
    assert (decoded(name) if name.startswith("=?") else name) == line(text)
    assert address == "mira@example.org"
    [modern] = parsed(raw)["To"].addresses
    assert modern.addr_spec == "mira@example.org"


@hostile
def test_a_subject_is_one_subject(text: str) -> None:
    raw = message(POSTING, replace(TITLED, name=text))
    check_wire(raw)
    assert decoded(dict(headers(raw))["Subject"]) == line(controls_shown(text))


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("a+b@example.org", "a+b@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ('"a b"@example.org', '"a b"@example.org'),
        ('a "b"@example.org', '"a \\"b\\""@example.org'),
        ("a@b@example.org", '"a@b"@example.org'),
        ("mira@bücher.example", "mira@xn--bcher-kva.example"),
        ("mira@straße.example", "mira@xn--strae-oqa.example"),
        ("mira@[192.0.2.1]", "mira@[192.0.2.1]"),
        ("x" * 64 + "@" + "a." * 80 + "example", "x" * 64 + "@" + "a." * 80 + "example"),
    ],
)
def test_addresses(address: str, written: str) -> None:
    raw = message(replace(POSTING, subscriber=replace(READER, address=address)), HEAD)
    check_wire(raw)
    assert dict(headers(raw))["To"].endswith(f"<{written}>")
    [modern] = parsed(raw)["To"].addresses
    assert modern.domain == written.rpartition("@")[2]


def test_an_address_that_needs_smtputf8_keeps_its_letters() -> None:
    raw = message(replace(POSTING, subscriber=replace(READER, address="mühle@example.org")), HEAD)
    check_wire(raw)
    assert "<mühle@example.org>" in raw.decode()


def test_an_address_cannot_end_a_header_line() -> None:
    address = "mira@example.org\r\nBcc: all@example.org"
    check_wire(message(replace(POSTING, subscriber=replace(READER, address=address)), HEAD))


def test_non_ascii_domains_are_encoded_in_headers() -> None:
    far = replace(HEAD, from_address="Die Fünf <five@bücher.example>", reply_to="a@bücher.example")
    raw = message(replace(POSTING, message_id="<1@bücher.example>"), far)
    check_wire(raw)
    assert raw.partition(b"\r\n\r\n")[0].isascii()
    assert b"\r\nMessage-ID: <1@xn--bcher-kva.example>\r\n" in raw


def test_without_a_name_the_address_stands_alone() -> None:
    raw = message(replace(POSTING, subscriber=replace(READER, name="  ")), HEAD)
    assert b"\r\nTo: mira@example.org\r\n" in raw


def test_list_unsubscribe_survives_a_long_address() -> None:
    far = "https://news.example.org/" + "a" * 300
    raw = message(POSTING, replace(HEAD, base_url=far))
    check_wire(raw)
    mail = f"<mailto:editors@news.example.org?subject=unsubscribe%20{KEY}>"
    assert f"\r\nList-Unsubscribe: <{far}/u/{KEY}>,\r\n {mail}\r\n".encode() in raw
    assert str(parsed(raw)["List-Unsubscribe"]) == f"<{far}/u/{KEY}>, {mail}"


@pytest.mark.parametrize("base_url", ["", "http://127.0.0.1:8000"])
def test_one_click_is_promised_only_where_it_works(base_url: str) -> None:
    fields = dict(headers(message(POSTING, replace(HEAD, base_url=base_url))))
    assert "List-Unsubscribe-Post" not in fields
    assert fields["List-Unsubscribe"].endswith(
        f"<mailto:editors@news.example.org?subject=unsubscribe%20{KEY}>"
    )
    assert ("http://127.0.0.1:8000/u/" in fields["List-Unsubscribe"]) == bool(base_url)


def test_without_reply_to_there_is_no_such_header() -> None:
    assert "Reply-To" not in dict(headers(message(POSTING, replace(HEAD, reply_to=""))))


@pytest.mark.parametrize(
    ("name", "list_id"),
    [
        ("The Five", "<the-five.news.example.org>"),
        ("Café & Söhne!", "<cafe-sohne.news.example.org>"),
        ("日報", "<newsletter.news.example.org>"),
        ("n" * 99, f"<{'n' * 63}.news.example.org>"),
    ],
)
def test_list_id(name: str, list_id: str) -> None:
    assert dict(headers(message(POSTING, replace(HEAD, name=name))))["List-Id"] == list_id


def test_the_same_posting_makes_the_same_message() -> None:
    assert message(POSTING, branding()) == message(POSTING, HEAD)
    second = message(replace(POSTING, message_id="<another@news.example.org>"), HEAD)
    assert parsed(second).get_boundary() != parsed(message(POSTING, HEAD)).get_boundary()


def test_the_date_is_the_instant_it_was_due() -> None:
    due = datetime(2024, 10, 27, 1, 30, tzinfo=UTC) + timedelta(days=200)
    raw = message(replace(POSTING, dated_at=due), HEAD)
    assert parsedate_to_datetime(dict(headers(raw))["Date"]) == due


def test_the_date_is_written_in_the_readers_zone() -> None:
    """What a folder of messages is named after: at eight in Tokyo it is still yesterday in UTC."""
    reader = replace(READER, timezone="Asia/Tokyo")
    due = datetime(2026, 3, 13, 23, tzinfo=UTC)
    made = message(replace(POSTING, subscriber=reader, dated_at=due), branding())
    assert b"\r\nDate: Sat, 14 Mar 2026 08:00:00 +0900\r\n" in made


def test_a_test_message_differs_in_its_marks_alone() -> None:
    real, tried = message(POSTING, HEAD), message(POSTING, HEAD, test=True)
    fields = dict(headers(tried))
    assert fields.pop("X-Newsletter-Test") == "yes"
    assert fields.pop("List-Unsubscribe").startswith("<https://news.example.org/u/test>,")
    assert decoded(fields.pop("Subject")).startswith("[Test] Cities plant")
    wanted = dict(headers(real))
    assert fields == {name: wanted[name] for name in fields}
    assert KEY not in tried.decode()


@pytest.mark.parametrize("state", STATES)
def test_what_goes_over_the_wire_fits(state: str) -> None:
    """RFC 5322 lines, and half of what mail programs clip at, the text part first."""
    octets = message(replace(POSTING, issue=STATES[state]), HEAD)
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    text, html = parsed(octets).iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert len(html.as_bytes()) < 80_000


def test_a_logo_travels_with_the_page_that_shows_it() -> None:
    logo = Logo(bytes(range(256)) * 30, 60, 30)
    octets = message(POSTING, replace(HEAD, logo=logo))
    text, related = parsed(octets).iter_parts()
    assert isinstance(related, EmailMessage)
    page, picture = related.iter_parts()
    assert isinstance(page, EmailMessage)
    assert isinstance(picture, EmailMessage)
    assert text.get_content_type() == "text/plain"
    assert (related.get_content_type(), page.get_content_type()) == (
        "multipart/related",
        "text/html",
    )
    assert picture.get_content() == logo.png
    assert f'src="cid:{picture["Content-ID"][1:-1]}"' in page.get_content()
    assert not parsed(octets).defects + related.defects + picture.defects
