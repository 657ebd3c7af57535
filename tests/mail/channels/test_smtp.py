import math
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.x509 import DNSName
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.errors import (
    AnswerLost,
    ChannelDown,
    ConfigError,
    Deferred,
    DeliveryError,
    Refused,
    SenderRefused,
    StoreError,
    Withheld,
)
from newsletter.mail.channels import Attempt, Channel, Envelope, client
from newsletter.mail.channels.replies import Reply, Step
from newsletter.mail.channels.smtp import Security, Smtp
from newsletter.mail.channels.wire import WireMail
from tests.smtp_server import (
    DROP,
    STALL,
    Certificate,
    SmtpServer,
    make_certificate,
    until_silent,
)
from tests.smtp_server import Step as ServerStep

MESSAGE = b"From: a@example.org\r\nSubject: Five\r\n\r\nOne idea.\r\n"
Connect = Callable[..., Smtp]


def envelope(
    recipient: str = "ada@example.org",
    message: bytes = MESSAGE,
    sender: str = "news@example.org",
) -> Envelope:
    return Envelope(sender, recipient, message)


@pytest.fixture(params=[False, True], ids=["step by step", "pipelining"])
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    with SmtpServer(pipelining=request.param) as running:
        yield running


@pytest.fixture
def connect() -> Iterator[Connect]:
    opened: list[Smtp] = []

    def to(server: SmtpServer, security: Security = "none", **options: str | float) -> Smtp:
        host = str(options.pop("host", server.host))
        opened.append(Smtp(host, server.port, security, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield to
    for channel in opened:
        channel.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """The way an operator trusts a certificate of their own, too."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
    return certificate


@pytest.mark.parametrize("per_connection", [0, 1, 2, 5])
def test_a_connection_carries_at_most_per_connection_messages(
    server: SmtpServer, connect: Connect, per_connection: int
) -> None:
    server.fail("RCPT", "550 5.1.1 nobody", recipient="bob@example.org")
    server.fail("DOT", "451 4.3.0 later", recipient="cleo@example.org")
    channel = connect(server, per_connection=per_connection)
    for name in ("ada", "bob", "cleo", "dan", "eve"):
        with suppress(DeliveryError):
            channel.send(envelope(f"{name}@example.org"))
    assert len(server.messages) == 3
    assert server.connections == math.ceil(5 / (per_connection or 5))


def test_a_connection_that_ended_by_itself_is_counted_anew(
    server: SmtpServer, connect: Connect
) -> None:
    channel = connect(server, per_connection=3)
    for number in range(5):
        if number == 2:
            server.hang_up()
        channel.send(envelope())
    assert (len(server.messages), server.connections) == (5, 2)


def test_messages_arrive_byte_for_byte_over_one_connection(
    server: SmtpServer, connect: Connect
) -> None:
    channel: Channel = connect(server)
    for name in ("ada", "bob", "cleo"):
        assert channel.send(envelope(f"{name}@example.org")) == "250 2.0.0 Taken"
    assert [message.recipient.partition("@")[0] for message in server.messages] == [
        "ada",
        "bob",
        "cleo",
    ]
    assert {message.message for message in server.messages} == {MESSAGE}
    assert {message.sender for message in server.messages} == {"news@example.org"}
    assert server.connections == 1


@pytest.mark.parametrize(
    ("written", "arrives"),
    [
        (b".\r\n..\r\n.a\r\n", b".\r\n..\r\n.a\r\n"),
        (
            b"a\r\n.\r\nMAIL FROM:<eve@example.org>\r\n",
            b"a\r\n.\r\nMAIL FROM:<eve@example.org>\r\n",
        ),
        (b"a\n.\nb\r.\rc", b"a\r\n.\r\nb\r\n.\r\nc\r\n"),
        (b"no end", b"no end\r\n"),
        (b"", b""),
    ],
)
def test_no_text_ends_a_message_early(
    server: SmtpServer, connect: Connect, written: bytes, arrives: bytes
) -> None:
    channel = connect(server)
    channel.send(envelope(message=written))
    channel.send(envelope(message=MESSAGE))
    assert [message.message for message in server.messages] == [arrives, MESSAGE]


ODD = st.text("\r\n.a", max_size=30).map(str.encode)
"""What line ends and dots can make: any bytes at all hardly ever hold two of them."""


@given(st.binary(max_size=200) | ODD | ODD.map(lambda message: message + b"\r\n"))
def test_a_lone_dot_is_never_on_the_wire(message: bytes) -> None:
    """Whatever a server takes for the end of a line."""
    body = b"\r\n" + WireMail.of(envelope(message=message)).body
    assert not re.search(rb"[\r\n]\.([^.]|$)", body)
    assert body.endswith(b"\r\n")
    assert body.count(b"\r") == body.count(b"\n") == body.count(b"\r\n")


@given(st.binary(max_size=200) | ODD)
def test_undoing_dot_stuffing_gives_the_lines_back(message: bytes) -> None:
    lines = WireMail.of(envelope(message=message)).body.splitlines()
    assert [line.removeprefix(b".") for line in lines] == message.splitlines()


# What goes in one write, and what may still be withheld -------------------------------------------


def test_commands_are_pipelined_where_the_server_allows_it(connect: Connect) -> None:
    with SmtpServer(pipelining=True) as server:
        connect(server).send(envelope())
        _ehlo, *pieces = server.pieces
    mail = b"MAIL FROM:<news@example.org> SIZE=%d\r\n" % len(MESSAGE)
    assert pieces == [mail + b"RCPT TO:<ada@example.org>\r\nDATA\r\n", MESSAGE + b".\r\n"]


def test_without_pipelining_each_command_waits_for_its_reply(connect: Connect) -> None:
    with SmtpServer() as server:
        connect(server).send(envelope())
        _ehlo, *pieces = server.pieces
    assert [piece[:4] for piece in pieces] == [b"MAIL", b"RCPT", b"DATA", MESSAGE[:4]]
    assert pieces[-1] == MESSAGE + b".\r\n"


@pytest.mark.parametrize("error", [Withheld("left"), StoreError("the disk is full")])
def test_a_message_withheld_at_the_last_check_is_not_sent(
    server: SmtpServer, connect: Connect, error: Exception
) -> None:
    """The server waits for the message by then: nothing but hanging up takes it back."""
    channel = connect(server)
    channel.send(envelope("first@example.org"))
    heard: list[bytes] = []

    def look() -> None:
        heard.extend(server.pieces)
        raise error

    attempt = Attempt(look)
    with pytest.raises(type(error), match=str(error)):
        channel.send(envelope(), attempt)
    assert attempt.answers["RCPT"].startswith("250")
    assert attempt.answers["DATA"].startswith("354")
    channel.send(envelope("next@example.org"))
    assert heard[-1].endswith(b"DATA\r\n")
    assert server.pieces[len(heard)].startswith(b"ehlo"), "not a byte came after the look"
    assert [message.recipient for message in server.messages] == [
        "first@example.org",
        "next@example.org",
    ]
    assert server.connections == 2


@pytest.mark.parametrize(
    ("step", "answer", "error", "kept"),
    [
        ("MAIL", "451 4.3.0 Later", Deferred, {}),
        ("RCPT", "550 5.1.1 Nobody", Refused, {"RCPT": "550 5.1.1 Nobody"}),
    ],
)
@pytest.mark.parametrize(
    ("data", "connections"),
    [("354 Go on", 2), ("503 Whose?", 1), ("421 4.3.2 Closing", 2), ("250 Ok", 2), (DROP, 2)],
)
def test_a_refusal_counts_whatever_the_reply_to_data(
    connect: Connect,
    step: ServerStep,
    answer: str,
    error: type[DeliveryError],
    kept: dict[str, str],
    data: str,
    connections: int,
) -> None:
    """A server may take DATA though it took nobody: a dot would hand over an empty message."""
    with SmtpServer(pipelining=True) as server:
        server.fail(step, answer)
        server.fail("DATA", data)
        channel, attempt = connect(server), Attempt(look=lambda: pytest.fail("nothing to look at"))
        with pytest.raises(error, match=f"^{answer}$"):
            channel.send(envelope(), attempt)
        assert attempt.answers == kept
        channel.send(envelope("next@example.org"))
        assert [message.recipient for message in server.messages] == ["next@example.org"]
        assert server.connections == connections
        assert server.pieces[2][:4] == (b"RSET" if connections == 1 else b"ehlo")


def test_answers_of_several_lines_keep_their_order(server: SmtpServer, connect: Connect) -> None:
    channel = connect(server)
    for step, code in (("MAIL", "451"), ("RCPT", "550"), ("DATA", "554"), ("DOT", "451")):
        server.fail(step, f"{code}-{step}\r\n{code}-is\r\n{code} not taken")  # type: ignore[arg-type]
        with pytest.raises(DeliveryError, match=f"^{code} {step} is not taken"):
            channel.send(envelope())
    channel.send(envelope())
    assert (len(server.messages), server.connections) == (1, 1)


# What an answer means ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "answer", "error"),
    [
        ("MAIL", "450 4.3.2 Later", Deferred),
        ("MAIL", "553 5.1.8 Sender unknown", SenderRefused),
        ("MAIL", "530 5.7.0 Log in", SenderRefused),
        ("RCPT", "450 4.2.0 Greylisted", Deferred),
        ("RCPT", "452 4.2.2 Mailbox full for now", Deferred),
        ("RCPT", "550 5.1.1 No such mailbox", Refused),
        ("RCPT", "552 Mailbox full", Refused),
        ("RCPT", "550 No such mailbox", Refused),
        ("RCPT", "554 5.7.1 Relay access denied", SenderRefused),
        ("RCPT", "535 Log in", SenderRefused),
        ("RCPT", "503 Say MAIL first", SenderRefused),
        ("DATA", "451 4.3.0 Later", Deferred),
        ("DATA", "554 No", Refused),
        ("DATA", "554 5.7.1 Policy", SenderRefused),
        ("DOT", "451 4.7.1 Later", Deferred),
        ("DOT", "550 5.6.0 Not readable", Refused),
        ("DOT", "554 5.7.1 Looks like spam", SenderRefused),
        ("DOT", "552 Too big", SenderRefused),
        ("DOT", "552 5.3.4 Too big", SenderRefused),
        ("DOT", "552 5.2.2 Mailbox full", Refused),
    ],
)
def test_a_refusal_raises_by_whose_fault_it_is_and_the_next_message_is_sent(
    server: SmtpServer,
    connect: Connect,
    step: ServerStep,
    answer: str,
    error: type[DeliveryError],
) -> None:
    channel = connect(server)
    channel.send(envelope("first@example.org"))
    server.fail(step, answer)
    with pytest.raises(error, match=f"^{answer}") as raised:
        channel.send(envelope())
    assert type(raised.value) is error
    assert channel.send(envelope("next@example.org")) == "250 2.0.0 Taken"
    assert [message.recipient for message in server.messages] == [
        "first@example.org",
        "next@example.org",
    ]
    assert server.connections == 1


def test_a_sender_s_fault_says_what_to_do(server: SmtpServer, connect: Connect) -> None:
    server.fail("MAIL", "553 5.1.8 Sender unknown")
    with pytest.raises(SenderRefused, match=r"check newsletter\.from_address"):
        connect(server).send(envelope())


@given(
    st.sampled_from(["MAIL", "RCPT", "DATA", "DOT"]),
    st.integers(-1, 999),
    st.text(max_size=40),
)
def test_every_answer_is_taken_or_raises_one_kind_of_error(
    step: Step, code: int, text: str
) -> None:
    expected = 3 if step == "DATA" else 2
    try:
        Reply(code, f"{code} {text}").check(step)
    except Deferred:
        assert 400 <= code < 500
    except (Refused, SenderRefused):
        assert 500 <= code < 600
    except OSError:
        assert code // 100 not in (expected, 4, 5)
    else:
        assert code // 100 == expected


def test_answers_come_in_one_line_without_controls(server: SmtpServer, connect: Connect) -> None:
    server.fail("RCPT", "550-5.1.1 No\x1b[31m such\r\n550 5.1.1\tmail\x00box \u202e")
    with pytest.raises(Refused) as raised:
        connect(server).send(envelope())
    assert str(raised.value) == "550 5.1.1 No [31m such 5.1.1 mail box"


def test_a_message_too_big_is_not_sent_at_all(connect: Connect) -> None:
    with SmtpServer(size_limit=1000) as server:
        channel = connect(server)
        with pytest.raises(SenderRefused, match=r"^552 "):
            channel.send(envelope(message=MESSAGE * 40))
        channel.send(envelope())
        assert len(server.messages) == 1
        assert server.connections == 1


# Connections that break --------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_lost_before_the_dot_once_is_tried_again(
    server: SmtpServer, connect: Connect, step: ServerStep
) -> None:
    server.fail(step, DROP)
    connect(server).send(envelope())
    assert (len(server.messages), server.connections) == (1, 2)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_lost_before_the_dot_twice_is_deferred(
    server: SmtpServer, connect: Connect, step: ServerStep
) -> None:
    server.fail(step, DROP, times=2)
    channel = connect(server)
    with pytest.raises(Deferred, match="twice before the message was complete"):
        channel.send(envelope())
    assert (len(server.messages), server.connections) == (0, 2)
    channel.send(envelope())
    assert (len(server.messages), server.connections) == (1, 3)


@pytest.mark.parametrize("silence", [DROP, STALL])
@pytest.mark.parametrize(
    ("answer", "error"), [("550 5.7.1 Not for you", SenderRefused), ("451 4.3.0 Later", Deferred)]
)
@pytest.mark.parametrize(("last", "none"), [("MAIL", "RCPT"), ("MAIL", "DATA"), ("RCPT", "DATA")])
def test_a_refusal_stands_where_nothing_more_comes(
    connect: Connect,
    silence: str,
    answer: str,
    error: type[DeliveryError],
    last: ServerStep,
    none: ServerStep,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with SmtpServer(pipelining=True) as server:
        monkeypatch.setattr(client, "wait_for_bytes", until_silent(server))
        server.fail(last, answer)
        server.fail(none, silence)
        with pytest.raises(error, match=answer):
            connect(server).send(envelope())
        assert server.connections == 1


def test_lost_within_the_body_is_before_the_dot(server: SmtpServer, connect: Connect) -> None:
    more_than_any_buffer_holds = (b"x" * 900 + b"\r\n") * 15_000
    server.fail("BODY", DROP)
    assert connect(server).send(envelope(message=more_than_any_buffer_holds)) == "250 2.0.0 Taken"
    assert (len(server.messages), server.connections) == (1, 2)


@pytest.mark.parametrize("silence", [DROP, STALL])
def test_lost_after_the_dot_is_never_repeated(
    server: SmtpServer, connect: Connect, silence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "wait_for_bytes", until_silent(server))
    server.fail("DOT", silence)
    channel = connect(server)
    with pytest.raises(AnswerLost, match="the server may have the message"):
        channel.send(envelope())
    assert (len(server.messages), server.connections) == (1, 1)
    assert channel.send(envelope("next@example.org")) == "250 2.0.0 Taken"
    assert (len(server.messages), server.connections) == (2, 2)


def test_nonsense_after_the_dot_is_no_answer(server: SmtpServer, connect: Connect) -> None:
    server.fail("DOT", "2five0 Taken")
    with pytest.raises(AnswerLost):
        connect(server).send(envelope())


def test_nonsense_before_the_dot_is_a_connection_lost(server: SmtpServer, connect: Connect) -> None:
    server.fail("RCPT", "hello?", times=2)
    with pytest.raises(Deferred, match="it answered RCPT with"):
        connect(server).send(envelope())


def test_a_connection_closed_between_messages_is_opened_again(
    server: SmtpServer, connect: Connect
) -> None:
    channel = connect(server)
    channel.send(envelope())
    server.hang_up()
    assert channel.send(envelope()) == "250 2.0.0 Taken"
    assert (len(server.messages), server.connections) == (2, 2)


def test_a_server_that_wants_a_new_connection_gets_one(
    server: SmtpServer, connect: Connect
) -> None:
    channel = connect(server)
    channel.send(envelope())
    server.fail("MAIL", "421 4.7.0 Enough for one connection")
    assert channel.send(envelope()) == "250 2.0.0 Taken"
    assert (len(server.messages), server.connections) == (2, 2)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "DOT"])
def test_a_421_defers_and_ends_the_connection(
    server: SmtpServer, connect: Connect, step: ServerStep
) -> None:
    server.fail(step, "421 4.3.2 Closing")
    channel = connect(server)
    with pytest.raises(Deferred, match=r"^421 4\.3\.2 Closing$"):
        channel.send(envelope())
    channel.send(envelope())
    assert (len(server.messages), server.connections) == (1, 2)


def test_a_silent_server_is_given_up_after_the_timeout(
    server: SmtpServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "wait_for_bytes", until_silent(server))
    server.fail("RCPT", STALL, times=2)
    with pytest.raises(Deferred, match="timed out"):
        connect(server).send(envelope())
    assert (server.messages, server.connections) == ([], 2)


def test_an_interrupted_message_leaves_no_half_one_behind(
    server: SmtpServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = connect(server)
    channel.send(envelope())

    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Smtp, "_read_final_reply", interrupted)
        with pytest.raises(KeyboardInterrupt):
            channel.send(envelope())
    channel.send(envelope("next@example.org"))
    assert server.messages[-1].recipient == "next@example.org"
    assert server.connections == 2


def test_closed_twice_and_used_again(server: SmtpServer, connect: Connect) -> None:
    channel = connect(server)
    channel.close()
    channel.send(envelope())
    channel.close()
    channel.close()
    channel.send(envelope())
    assert (len(server.messages), server.connections) == (2, 2)


# A server that cannot be had ---------------------------------------------------------------------


def test_a_port_where_nothing_listens(server: SmtpServer) -> None:
    with socket.socket() as deaf:
        deaf.bind((server.host, 0))  # so that nobody else takes the port meanwhile
        port = deaf.getsockname()[1]
        where = f"^127.0.0.1:{port} cannot be reached: Connection refused: check delivery.smtp.host"
        with pytest.raises(ChannelDown, match=where):
            Smtp("127.0.0.1", port, "none").send(envelope())


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 300])
def test_a_host_that_cannot_be_resolved(host: str) -> None:
    with pytest.raises(ChannelDown, match="cannot be reached"):
        Smtp(host, 25, "none", timeout=2).send(envelope())


@pytest.mark.parametrize("answer", ["421 4.3.2 Too busy", "451 Later", DROP, STALL])
def test_a_failing_greeting_is_a_channel_down(
    server: SmtpServer, connect: Connect, answer: str
) -> None:
    server.fail("CONNECT", answer)
    with pytest.raises(ChannelDown, match=f"127.0.0.1:{server.port}"):
        connect(server, timeout=0.2).send(envelope())


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        ("421 4.3.2 Too busy", "it runs, and asks to wait: try again later"),
        ("554 5.7.1 Blocked", "it does not serve this machine"),
        (DROP, "check delivery.smtp.host and port, and that the server runs"),
    ],
)
def test_the_advice_follows_the_answer(
    server: SmtpServer, connect: Connect, answer: str, advice: str
) -> None:
    server.fail("CONNECT", answer)
    with pytest.raises((ChannelDown, SenderRefused)) as caught:
        connect(server).send(envelope())
    assert caught.value.advice.startswith(advice)


@pytest.mark.parametrize("answer", ["421 4.3.2 Too busy", DROP, STALL])
def test_a_failing_ehlo_is_a_channel_down(
    server: SmtpServer, connect: Connect, answer: str
) -> None:
    server.fail("EHLO", answer)
    with pytest.raises(ChannelDown, match=f"127.0.0.1:{server.port}"):
        connect(server, timeout=0.2).send(envelope())


def test_a_server_that_knows_helo_alone(server: SmtpServer, connect: Connect) -> None:
    server.fail("EHLO", "502 5.5.1 What?")
    assert connect(server).send(envelope()) == "250 2.0.0 Taken"


def test_a_greeting_that_refuses_us_is_a_sender_refused(
    server: SmtpServer, connect: Connect
) -> None:
    server.fail("CONNECT", "554 5.7.1 Blocked")
    with pytest.raises(SenderRefused, match=r"^554 5\.7\.1 Blocked \(127\.0\.0\.1:"):
        connect(server).send(envelope())


# TLS and logging in ------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_encrypted_and_logged_in(
    trusted: Certificate, connect: Connect, security: Security, host: str
) -> None:
    users = {"ada": "a b"}
    with SmtpServer(security=security, certificate=trusted, users=users) as server:
        channel = connect(server, security, host=host, username="ada", password="a b")
        assert channel.send(envelope()) == channel.send(envelope()) == "250 2.0.0 Taken"
        assert [message.login for message in server.messages] == ["ada", "ada"]
        assert server.connections == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for(
    certificate: Certificate, connect: Connect, security: Security
) -> None:
    with SmtpServer(security=security, certificate=certificate) as server:
        with pytest.raises(SenderRefused, match=r"self-signed certificate.*delivery\.smtp\.host"):
            connect(server, security).send(envelope())
        assert server.messages == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_has_expired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connect: Connect, security: Security
) -> None:
    old = make_certificate(tmp_path, ends=timedelta(days=-1))
    monkeypatch.setenv("SSL_CERT_FILE", str(old.chain))
    with SmtpServer(security=security, certificate=old) as server:
        with pytest.raises(SenderRefused, match="certificate has expired"):
            connect(server, security).send(envelope())
        assert server.messages == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connect: Connect, security: Security
) -> None:
    foreign = make_certificate(tmp_path, names=[DNSName("mail.example.org")])
    monkeypatch.setenv("SSL_CERT_FILE", str(foreign.chain))
    with SmtpServer(security=security, certificate=foreign) as server:
        with pytest.raises(SenderRefused, match=r"certificate is not valid for '127\.0\.0\.1'"):
            connect(server, security).send(envelope())
        assert server.messages == []


def test_no_silent_fallback_where_starttls_is_not_offered(
    server: SmtpServer, connect: Connect
) -> None:
    with pytest.raises(SenderRefused, match=r"does not offer STARTTLS.*delivery\.smtp\.security"):
        connect(server, "starttls").send(envelope())
    assert server.messages == []


def test_tls_to_a_port_that_speaks_in_clear(server: SmtpServer, connect: Connect) -> None:
    with pytest.raises(ChannelDown, match=r"TLS failed.*delivery\.smtp\.security"):
        connect(server, "tls").send(envelope())


def test_a_wrong_password_stops_the_run(connect: Connect) -> None:
    with SmtpServer(users={"ada": "right"}) as server:
        with pytest.raises(SenderRefused, match=r"^535 .*delivery\.smtp\.username"):
            connect(server, username="ada", password="wrong").send(envelope())
        assert server.messages == []


def test_a_login_that_fails_for_now(connect: Connect) -> None:
    with SmtpServer(users={"ada": "right"}) as server:
        server.fail("AUTH", "454 4.7.0 Directory is down", times=math.inf)
        with pytest.raises(ChannelDown, match=r"^454 "):
            connect(server, username="ada", password="right").send(envelope())


def test_a_login_that_is_asked_for_and_not_configured(connect: Connect) -> None:
    with (
        SmtpServer(users={"ada": "right"}) as server,
        pytest.raises(SenderRefused, match=r"^530 5\.7\.0"),
    ):
        connect(server).send(envelope())


@pytest.mark.parametrize("host", ["mail.example.org", "192.0.2.1", "localhost.example.org"])
def test_no_password_crosses_a_network_in_clear(host: str) -> None:
    with pytest.raises(ConfigError, match=r"^delivery\.smtp\.security"):
        Smtp(host, 25, "none", username="ada", password="secret")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_loopback_is_no_network(host: str) -> None:
    Smtp(host, 25, "none", username="ada", password="secret")


def test_a_password_smtplib_cannot_write() -> None:
    with pytest.raises(ConfigError, match="ASCII"):
        Smtp("localhost", 25, "none", username="ada", password="pässword")


# Addresses ---------------------------------------------------------------------------------------


def test_a_domain_travels_in_ascii(server: SmtpServer, connect: Connect) -> None:
    connect(server).send(envelope("ada@Bücher.example", sender="news@straße.example"))
    assert server.messages[0].recipient == "ada@xn--bcher-kva.example"
    assert server.messages[0].sender == "news@xn--strae-oqa.example"


def test_a_local_part_beyond_ascii_travels_as_it_is(server: SmtpServer, connect: Connect) -> None:
    channel = connect(server)
    channel.send(envelope("zoë@example.org"))
    channel.send(envelope("ada@example.org"))
    assert [message.recipient for message in server.messages] == [
        "zoë@example.org",
        "ada@example.org",
    ]


def test_a_server_without_smtputf8(connect: Connect) -> None:
    with SmtpServer(smtputf8=False) as server:
        channel = connect(server)
        with pytest.raises(Refused, match="does not offer SMTPUTF8"):
            channel.send(envelope("zoë@example.org"))
        with pytest.raises(SenderRefused, match="does not offer SMTPUTF8"):
            channel.send(envelope(sender="zoë@example.org"))
        channel.send(envelope())
        assert server.connections == 1


def test_eight_bit_letters_are_announced_and_nothing_else_is(
    server: SmtpServer, connect: Connect
) -> None:
    """Those of an address in a header count, whatever the envelope says."""
    channel = connect(server)
    channel.send(envelope(message="From: zoë@example.org\r\n\r\nOne idea.\r\n".encode()))
    channel.send(envelope("zoë@example.org"))
    channel.send(envelope())
    assert [message.options for message in server.messages] == [
        {"BODY=8BITMIME", "SMTPUTF8"},
        {"BODY=8BITMIME", "SMTPUTF8"},
        set(),
    ]


def test_a_header_beyond_ascii_is_our_fault_where_no_server_takes_it(connect: Connect) -> None:
    with SmtpServer(smtputf8=False) as server:
        message = "From: zoë@example.org\r\n\r\nOne idea.\r\n".encode()
        with pytest.raises(SenderRefused, match="our address before the @ is not ASCII"):
            connect(server).send(envelope(message=message))
        assert server.messages == []


def test_eight_bit_letters_need_8bitmime_as_well(server: SmtpServer, connect: Connect) -> None:
    server.fail("EHLO", "250-127.0.0.1\r\n250 SMTPUTF8")
    with pytest.raises(Refused, match="does not offer 8BITMIME"):
        connect(server).send(envelope("zoë@example.org"))
    assert server.messages == []


HOSTILE = [
    "",
    "@",
    "ada",
    "ada@",
    "@example.org",
    "a@example.org>\r\nRCPT TO:<eve@example.org",
    "a@example.org> SIZE=1",
    "a\x00@example.org",
    "a@exa\u2028mple.org",
    "a@" + "ü" * 80 + ".org",
    "a@xn--\u00fc.org",
]


@pytest.mark.parametrize("address", HOSTILE)
def test_an_invalid_address_is_never_sent_to_the_server(
    server: SmtpServer, connect: Connect, address: str
) -> None:
    channel = connect(server)
    with pytest.raises(Refused):
        channel.send(envelope(address))
    with pytest.raises(SenderRefused, match=r"newsletter\.from_address"):
        channel.send(envelope(sender=address))
    assert server.connections == 0


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_address_raises_anything_but_refused(local: str, domain: str) -> None:
    try:
        mail = WireMail.of(envelope(f"{local}@{domain}"))
    except Refused:
        return
    assert not set("\r\n <>") & set(mail.recipient)
    mail.recipient.encode()
    assert mail.recipient.rpartition("@")[2].isascii()


def test_each_thread_its_own_channel(server: SmtpServer, connect: Connect) -> None:
    def send(number: int) -> None:
        channel = connect(server)
        for piece in range(10):
            channel.send(envelope(f"{number}-{piece}@example.org"))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({message.recipient for message in server.messages}) == 30
    assert server.connections == 3
