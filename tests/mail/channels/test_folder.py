import os
import resource
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.errors import ChannelDown
from newsletter.mail.channels import Channel, Envelope
from newsletter.mail.channels.folder import Folder, _day, _name

DATE = b"Date: Tue, 03 Mar 2026 23:30:00 -0500\r\n"
MESSAGE = DATE + b"Subject: Five\r\n\r\nOne idea.\r\n"


def envelope(recipient: str = "ada@example.org", message: bytes = MESSAGE) -> Envelope:
    return Envelope("news@example.org", recipient, message)


def files(path: Path) -> list[str]:
    return sorted(str(each.relative_to(path)) for each in path.rglob("*") if each.is_file())


def test_a_message_becomes_a_file_byte_for_byte(tmp_path: Path) -> None:
    channel: Channel = Folder(tmp_path)
    answer = channel.send(envelope())
    channel.close()
    assert answer == str(tmp_path / "2026-03-03" / "ada@example.org.eml")
    assert Path(answer).read_bytes() == MESSAGE


def test_only_the_owner_can_read_the_messages(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        answer = Path(Folder(tmp_path / "new" / "outbox").send(envelope()))
    finally:
        os.umask(before)
    assert answer.stat().st_mode & 0o777 == 0o600
    assert [each.stat().st_mode & 0o777 for each in answer.parents[:2]] == [0o700, 0o700]


def test_the_same_message_twice_is_one_file(tmp_path: Path) -> None:
    first, again = (Folder(tmp_path).send(envelope()) for _ in range(2))
    assert first == again
    assert files(tmp_path) == ["2026-03-03/ada@example.org.eml"]


def test_another_message_of_the_day_overwrites_nothing(tmp_path: Path) -> None:
    """A test copy is no reason to lose the issue itself."""
    channel = Folder(tmp_path)
    first = channel.send(envelope())
    copies = {channel.send(envelope(message=MESSAGE + b"A copy.\r\n")) for _ in range(2)}
    assert len(copies) == 1
    assert len(files(tmp_path)) == 2
    assert Path(first).read_bytes() == MESSAGE


@pytest.mark.parametrize(
    ("head", "day"),
    [
        (DATE, "2026-03-03"),
        (b"dAtE:\r\n Wed, 4 Mar 2026 06:00:00 +0000\r\n", "2026-03-04"),
        (b"Subject: x\r\n", "undated"),
        (b"Date: ../../etc\r\n", "undated"),
        (b"Date: \xff\xfe\r\n", "undated"),
        (b"Date: Tue, 99 Mar 2026 23:30:00 +0000\r\n", "undated"),
        (b"\r\n" + DATE, "undated"),
        (b"", "undated"),
    ],
)
def test_the_day_is_the_messages_own(head: bytes, day: str) -> None:
    assert _day(head + b"\r\n" + DATE) == day


@given(st.binary(max_size=80))
def test_no_date_raises_or_leaves_the_folder(date: bytes) -> None:
    assert "/" not in _day(b"Date: " + date + b"\r\n\r\n")


HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    ".",
    "..",
    "",
    ".hidden@example.org",
    "a/b@example.org",
    "a\x00b@example.org",
    "a\nb@example.org",
    "Ada@Example.org",
    "ada@example.ORG",
    "zoë@example.org",
    "\ud800@example.org",
    "a~b@example.org",
    "x" * 64 + "@" + "y" * 180 + ".org",
    "x" * 64 + "@" + "y" * 181 + ".org",
]


def test_hostile_addresses_stay_inside_and_apart(tmp_path: Path) -> None:
    channel = Folder(tmp_path / "outbox")
    answers = [Path(channel.send(envelope(each))) for each in [*HOSTILE, "ada@example.org"]]
    assert {each.parent for each in answers} == {tmp_path / "outbox" / "2026-03-03"}
    assert len({each.name.lower() for each in answers}) == len(HOSTILE) + 1
    assert not [each.name for each in answers if each.name.startswith(".")]


@given(st.text(max_size=300), st.text(max_size=300))
def test_names_are_safe_and_told_apart(first: str, second: str) -> None:
    name = _name(first)
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._+@-~")
    assert 0 < len(name) <= 120
    assert not name.startswith(".")
    assert (name == _name(second)) == (first == second)
    assert name == _name(first)


def test_nothing_half_written_is_ever_seen(tmp_path: Path) -> None:
    """Readers look while two senders write the same file again and again."""
    big = MESSAGE + b"x" * 200_000
    channel = Folder(tmp_path)
    target = Path(channel.send(envelope(message=big)))
    reading, done = threading.Event(), threading.Event()
    seen: set[int] = set()

    def read() -> None:
        seen.add(len(target.read_bytes()))
        reading.set()
        while not done.is_set():
            seen.add(len(target.read_bytes()))

    reader = threading.Thread(target=read)
    reader.start()
    assert reading.wait(60)
    for _ in range(20):
        channel.send(envelope(message=big))
    done.set()
    reader.join()
    assert seen == {len(big)}
    assert len(files(tmp_path)) == 1


def test_a_path_that_cannot_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ChannelDown, match=r"Not a directory.*delivery\.folder\.path"):
        Folder(tmp_path / "taken" / "outbox").send(envelope())


def test_no_room_left_leaves_no_trace_and_the_old_file_whole(tmp_path: Path) -> None:
    channel = Folder(tmp_path)
    channel.send(envelope())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(ChannelDown, match="File too large"):
            channel.send(envelope("bob@example.org", MESSAGE + b"x" * 1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert files(tmp_path) == ["2026-03-03/ada@example.org.eml"]
