"""A reply has a limit: in time as a whole, not only from one piece to the next, and in length."""

import itertools
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace

import pytest

from newsletter.domain.errors import AnswerLost, ChannelDown, Deferred, DeliveryError, Refused
from newsletter.mail.channels import Envelope, client
from newsletter.mail.channels.smtp import Smtp
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
