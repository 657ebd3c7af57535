"""What the tables make of words: each row counts, and nothing is hard that is not said."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.returns import Severity
from newsletter.returns.severity import least_final, severity
from newsletter.returns.words import HARD, POLICY, SOFT, of_words

GONE = """
550 5.1.1 <ada@example.net>: Recipient address rejected: User unknown in local recipient table
550 No such user here
550 Requested action not taken: no such mailbox
550 5.1.1 The email account that you tried to reach does not exist
550 <ada@example.net> is not a valid mailbox
551 <ada@example.net> is a deactivated mailbox? The mailbox ada@example.net is deactivated
553 5.3.0 <ada@example.net>... Addressee unknown
550 5.2.1 The email account that you tried to reach is disabled
550 5.1.6 recipient no longer on server: ada@example.net
554 delivery error: dd This user doesn\u2019t have an example.net account
user ada (ada@example.net) not listed in Domino Directory
Sorry, no mailbox here by that name
550 Adresse d'au moins un destinataire invalide
550 Empfänger existiert nicht
550 Такого пользователя не существует
550 收件人不存在
"""
MAY_PASS = """
552 5.2.2 mailbox full
550 User unknown or mailbox full
550 User has too many messages
450 4.2.2 over quota
550 5.1.1 user temporarily unknown
554 Too many hops
550 5.4.4 Host or domain name not found
550 The recipient's domain does not exist
554 5.7.1 Relay access denied
554 5.5.1 Error: no valid recipients
550 This mailbox has been blocked due to inactivity
550 User unknown or not available
552 El buzón está lleno
554 home directory of the user does not exist
450 TLS: the certificate is no longer valid
554 the mail server for this address does not exist
"""
BLAMED = """
550 5.7.1 Message rejected as spam
550 5.1.1 User unknown; you are listed in zen.spamhaus.example
550 Sender address rejected: Domain not found
550-Verification failed 550-No such user 550 Sender verify failed
554 Too many invalid recipients from your network
550 Unauthenticated email is not accepted due to domain's DMARC policy
552 5.3.4 message size exceeds fixed maximum message size
554 5.7.1 <ada@example.net>: Client host rejected
"""
UNSAID = """
550 Requested action not taken: mailbox unavailable
554 Transaction failed
550 recipient rejected
The address may not exist, or it might be unknown to this user
550 Unknown address error 550-Requested action not taken
mx.spam-filter.example.net said 554 no
550 your account has been disabled
550 Sender's account does not look right
554 IP address 192.0.2.1 is not listed here
554 message to user ada was deleted
"""


def lines(texts: str) -> list[str]:
    return texts.strip().splitlines()


@pytest.mark.parametrize("words", lines(GONE))
def test_gone(words: str) -> None:
    assert of_words(words) is Severity.HARD


@pytest.mark.parametrize("words", lines(MAY_PASS))
def test_may_pass(words: str) -> None:
    assert of_words(words) is Severity.SOFT


@pytest.mark.parametrize("words", lines(BLAMED))
def test_blames_the_sender(words: str) -> None:
    assert of_words(words) is Severity.POLICY


@pytest.mark.parametrize("words", lines(UNSAID))
def test_says_nothing(words: str) -> None:
    assert of_words(words) is None


def test_each_row_names_who_says_so_and_is_a_pattern() -> None:
    for who, pattern in (*POLICY, *SOFT, *HARD):
        assert who
        assert not re.compile(pattern.replace("{who}", "user")).search(""), pattern


@given(st.sampled_from(lines(GONE)), st.sampled_from(lines(MAY_PASS) + lines(BLAMED)))
def test_words_that_differ_are_never_hard(gone: str, other: str) -> None:
    for both in (f"{gone}. {other}", f"{other}. {gone}"):
        assert of_words(both) in (Severity.SOFT, Severity.POLICY)


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        ("5.1.1", "", Severity.HARD),
        ("5.1.1", "550 5.1.1 user unknown", Severity.HARD),
        ("5.0.0", "550 user unknown", Severity.HARD),
        ("5.1.0", "550 user unknown", Severity.HARD),
        ("5.1.10", "", Severity.HARD),
        ("5.1.0", "", Severity.UNSURE),
        ("5.2.1", "550 5.2.1 mailbox not available", Severity.UNSURE),
        ("5.1.2", "", Severity.SOFT),
        ("5.2.2", "user unknown", Severity.SOFT),
        ("4.1.1", "450 4.1.1 user unknown", Severity.SOFT),
        ("5.1.1", "450 user unknown", Severity.SOFT),
        ("5.1.1", "550 5.7.1 user unknown", Severity.POLICY),
        ("5.7.1", "", Severity.POLICY),
        ("5.7.1", "550 5.7.1 greylisted", Severity.SOFT),
        ("5.1.1", "550 recipient rejected", Severity.UNSURE),
        ("5.1.1", "550 5.1.1 recipient rejected", Severity.HARD),
        ("5.1.8", "", Severity.POLICY),
        ("", "552 too much", Severity.SOFT),
        ("", "550 go on", Severity.UNSURE),
        ("", "", Severity.UNSURE),
    ],
)
def test_severity(status: str, words: str, expected: Severity) -> None:
    assert severity(status, words) is expected


@given(st.text(), st.text())
def test_any_text_has_a_severity(status: str, words: str) -> None:
    assert severity(status, words) in Severity


def test_of_several_the_least_final_counts() -> None:
    assert least_final([Severity.HARD, Severity.HARD]) is Severity.HARD
    assert least_final([Severity.HARD, Severity.UNSURE]) is Severity.UNSURE
    assert least_final([Severity.HARD, Severity.UNSURE, Severity.SOFT]) is Severity.SOFT
    assert least_final([]) is Severity.UNSURE
