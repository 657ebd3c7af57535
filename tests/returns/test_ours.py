"""Whose a message is: only a signed token proves it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.returns import ReturnKind
from newsletter.domain.tokens import notice_return_path, return_path, token
from newsletter.returns.ours import message_id, recipients, tokens
from newsletter.returns.parts import read
from newsletter.returns.understand import understand
from tests.returns.samples import OURS, SAMPLES, SECRET

WRONG = "bounces+17.aaaaaaaaaaaaaaaa@news.example.org"
ids = st.integers(0, 2**63 - 1)


def addressed(to: str, body: str = "") -> bytes:
    return f"From: MAILER-DAEMON@mx.example.net\nTo: {to}\n\n{body}\n".encode()


@given(ids)
def test_the_token_of_the_recipient_proves_the_delivery(number: int) -> None:
    back = understand(addressed(return_path(SECRET, OURS.return_path, number)), OURS)
    assert (back.delivery, back.forged) == (number, False)


def test_the_token_of_a_notice_proves_it_in_the_recipient_and_within() -> None:
    path = notice_return_path(SECRET, OURS.return_path, 4, 1_772_712_000_000_000)
    for raw in (addressed(path), addressed("x@example.net", f"Return-Path: <{path}>")):
        back = understand(raw, OURS)
        assert (back.notice, back.delivery, back.forged) == (
            (4, 1_772_712_000_000_000),
            None,
            False,
        )
    assert understand(addressed(path.replace("+n4", "+n5")), OURS).forged


@given(ids)
def test_the_envelope_that_a_server_names_counts_too(number: int) -> None:
    to = return_path(SECRET, OURS.return_path, number)
    assert understand(addressed("bounces@news.example.org"), OURS, [to]).delivery == number


def test_a_wrong_token_of_the_recipient_is_not_made_good_by_one_within() -> None:
    right = return_path(SECRET, OURS.return_path, 17)
    back = understand(addressed(WRONG, f"Return-Path: <{right}>"), OURS)
    assert (back.delivery, back.forged) == (None, True)


def test_a_wrong_token_beside_a_right_one_in_the_recipients_is_no_matter() -> None:
    right = return_path(SECRET, OURS.return_path, 17)
    back = understand(addressed(f"{WRONG}, {right}"), OURS)
    assert (back.delivery, back.forged) == (17, False)


def test_an_address_of_others_with_a_detail_is_not_forged() -> None:
    assert not understand(addressed("ada+17.aaaaaaaaaaaaaaaa@example.net"), OURS).forged


@given(ids)
def test_a_reader_leaves_by_a_token_in_the_subject(number: int) -> None:
    subject = f"unsubscribe {token(SECRET, number)}"
    raw = f"From: x@example.net\nTo: editor@example.org\nSubject: {subject}\n\n"
    back = understand(raw.encode(), OURS)
    assert (back.kind, back.reader, back.forged) == (ReturnKind.LEAVE, number, False)


@pytest.mark.parametrize("subject", ["{}", "hello {}", "Re: {} is my number"])
def test_a_token_alone_asks_for_nothing(subject: str) -> None:
    line = subject.format(token(SECRET, 5))
    raw = f"From: x@example.net\nTo: editor@example.org\nSubject: {line}\n\n"
    assert understand(raw.encode(), OURS).kind is ReturnKind.REPLY


def test_the_subject_of_a_bounce_asks_for_nothing() -> None:
    old, new = b"Subject: Undelivered Mail", f"Subject: unsubscribe {token(SECRET, 5)}".encode()
    back = understand(SAMPLES["postfix-unknown"].replace(old, new), OURS)
    assert back.kind is ReturnKind.BOUNCE


def test_tokens_are_found_percent_encoded_or_not() -> None:
    mine = token(SECRET, 17)
    for text in (f"unsubscribe%20{mine}", f"<https://example.org/u/{mine}>", f"leave-{mine}@x"):
        assert mine in tokens(text)


def test_a_message_id_of_others_is_none_of_ours() -> None:
    raw = addressed(
        "x@example.org", "Message-ID: <1@other.example>\nMessage-ID: <2@News.Example.org>"
    )
    assert message_id(read(raw), OURS) == "2@news.example.org"


def test_a_messages_own_id_is_not_within_it() -> None:
    raw = b"Message-ID: <1@news.example.org>\n\nhello"
    assert message_id(read(raw), OURS) == ""


def test_recipients_come_from_wherever_a_server_writes_them() -> None:
    raw = b"Delivered-To: a@x.org\nX-Original-To: b@x.org\nTo: C <c@x.org>, d@x.org\n\n"
    assert recipients(read(raw), ["<e@x.org>"]) == [f"{who}@x.org" for who in "eabcd"]
