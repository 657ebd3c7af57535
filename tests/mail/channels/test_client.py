"""A reply has a limit: in time as a whole, not only from one piece to the next, and in length."""

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import SimpleNamespace

import pytest

from newsletter.domain.errors import AnswerLost, ChannelDown, Deferred, DeliveryError, Refused
from newsletter.mail.channels import Envelope, client
from newsletter.mail.channels.smtp import Smtp
from newsletter.turns import Turn
from tests.smtp_server import ENDLESS, SmtpServer, Step

ENVELOPE = Envelope("news@example.org", "ada@example.org", b"Subject: Five\r\n\r\nOne.\r\n")


@pytest.fixture(autouse=True)
def each_look_at_the_clock_takes_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read in pieces comes to its limit without anybody waiting for it."""
    seconds = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: float(next(seconds)))
    monkeypatch.setattr(client, "time", clock)


@pytest.fixture(params=[False, True], ids=["step by step", "pipelining"])
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    with SmtpServer(pipelining=request.param, users={"ada": "secret"}) as running:
        yield running


def send(server: SmtpServer) -> str:
    with closing(Smtp(server.host, server.port, "none", "ada", "secret")) as channel:
        return channel.send(ENVELOPE)


@pytest.mark.parametrize("reply", ENDLESS)
@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("CONNECT", ChannelDown),
        ("EHLO", ChannelDown),
        ("AUTH", ChannelDown),
        ("MAIL", Deferred),
        ("RCPT", Deferred),
        ("DATA", Deferred),
        ("DOT", AnswerLost),
    ],
)
def test_a_reply_without_an_end_is_given_up(
    server: SmtpServer, step: Step, error: type[DeliveryError], reply: str
) -> None:
    server.fail(step, reply, times=2 if error is Deferred else 1)
    with pytest.raises(error, match=r"timed out|a reply of more than 65536 bytes"):
        send(server)
    assert len(server.messages) == (step == "DOT"), "not sent again where the server may have it"
    assert send(server).startswith("250"), "the next one is served"


def test_a_long_reply_is_read_to_its_end(server: SmtpServer) -> None:
    lines = ["550-this mailbox does not exist"] * 20
    server.fail("RCPT", "\r\n".join([*lines, "550 5.1.1 and will not"]))
    with pytest.raises(Refused, match=r"and will not$"):
        send(server)


def test_replies_that_arrive_together_are_read_one_by_one() -> None:
    with connected() as (near, far):
        far.sendall(b"250 one\r\n250-two\r\n250 three\r\n354 fo")
        assert near.getreply() == (250, b"one")
        assert near.getreply() == (250, b"two\nthree")
        far.sendall(b"ur\r\n")
        assert near.getreply() == (354, b"four")


def test_what_came_in_clear_before_tls_is_forgotten() -> None:
    """Else whoever sits in between could answer in the server's name."""
    with connected() as (near, far):
        far.sendall(b"220 go ahead\r\n250 slipped in\r\n")
        assert near.getreply() == (220, b"go ahead")
        near.file = None  # as smtplib's starttls() does
        far.sendall(b"250 secured\r\n")
        assert near.getreply() == (250, b"secured")


def test_a_server_that_does_not_read_holds_up_no_other_connection() -> None:
    """And what it takes in the end is whole."""
    turn, message = Turn(), bytes(range(256)) * 40_000

    def send(near: client.Client) -> None:
        with turn.working():
            near.send(message)

    with connected() as (near, far):
        sending = threading.Thread(target=send, args=(near,))
        sending.start()
        far.recv(1, socket.MSG_PEEK)  # it has begun
        with turn.working():
            assert sending.is_alive()
        with far.makefile("rb") as file:
            assert file.read(len(message)) == message
        sending.join()


@contextmanager
def connected() -> Iterator[tuple[client.Client, socket.socket]]:
    here, far = socket.socketpair()
    with here, far:
        near = client.Client(timeout=30)
        near.sock = here
        yield near, far
        near.close()
