from datetime import timedelta

import pytest

from newsletter.domain.errors import NotFound
from newsletter.domain.returns import ReturnKind
from newsletter.services import came_back
from newsletter.services.came_back import Asked
from newsletter.storage import Store
from tests.builders import NOON
from tests.web.desk.morning import morning

DAY = timedelta(days=1)


def test_what_came_back_is_counted_and_paged(store: Store) -> None:
    morning(store)
    counts = came_back.counts(store, NOON - DAY, NOON)
    assert (counts.open, counts.of_kind("bounce"), counts.storms) == (4, 1, [])
    first = came_back.page(store, Asked(NOON - DAY), 3)
    assert [row["kind"] for row in first] == ["unknown", "reply", "complaint"]
    last = first[-1]
    rest = came_back.page(store, Asked(NOON - DAY, before=(last["at"], last["id"])), 3)
    assert [row["kind"] for row in rest] == ["bounce"]
    (one,) = came_back.page(store, Asked(NOON - DAY, ReturnKind.REPLY, only_open=False), 3)
    assert one["kind"] == "reply"
    assert len(came_back.page(store, Asked(NOON - DAY, only_open=True), 9)) == 4
    assert came_back.page(store, Asked(NOON), 3) == []


def test_whatever_octets_a_message_has(store: Store) -> None:
    morning(store)
    number = came_back.page(store, Asked(NOON - DAY, ReturnKind.UNKNOWN), 1)[0]["id"]
    row = came_back.find(store, number)
    assert came_back.body_text(row).endswith("\ufffd\0")
    assert came_back.subject(row["headers"]) == "<b>hello</b>"
    with pytest.raises(NotFound):
        came_back.find(store, 999_999)


@pytest.mark.parametrize(
    ("headers", "subject"),
    [
        ("", ""),
        ("Subject: plain", "plain"),
        ("Subject: =?utf-8?b?!!!?=", "=?utf-8?b?!!!?="),
        ("Subject: =?no-such?q?x?=", ""),
        ("no header at all", ""),
    ],
)
def test_a_subject_is_decoded_or_left(headers: str, subject: str) -> None:
    assert came_back.subject(headers) in (subject, "")
