"""The protocol on a real socket: every way in which an endpoint answers, or does not."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from newsletter.ingest.writer.client import CallFailed, Client, Endpoint
from newsletter.storage.model_calls import Answer
from tests.model_server import (
    CUT,
    DRIP,
    DRIP_HEADERS,
    DROP,
    HANG,
    ModelServer,
    Reply,
    completion,
)

ASKED = [{"role": "system", "content": "Rules."}, {"role": "user", "content": "Data. " * 50}]
KEY = "sk-a-key-that-nobody-sees"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def client(server: ModelServer, **about: Any) -> Client:
    return Client(Endpoint(server.url, "a-model", KEY, **{"timeout": 20.0, **about}))


def failure(client: Client) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        client.ask(ASKED)
    assert KEY not in str(caught.value)
    return caught.value


def test_a_question_as_the_protocol_has_it(server: ModelServer) -> None:
    server.otherwise = completion("{}", usage=(321, 45))
    assert client(server, answer_tokens=700).ask(ASKED) == Answer("{}", "", 321, 45)
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.body["model"] == "a-model"
    assert request.body["messages"] == ASKED
    assert request.body["max_tokens"] == 700
    form = request.body["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["strict"] is True
    assert "insights" in form["json_schema"]["schema"]["properties"]


def test_plain_json_where_the_endpoint_knows_no_schema(server: ModelServer) -> None:
    client(server, json_schema=False).ask(ASKED)
    assert server.requests[0].body["response_format"] == {"type": "json_object"}


def test_without_a_key_none_is_sent(server: ModelServer) -> None:
    Client(Endpoint(server.url + "/", "a-model")).ask(ASKED)
    assert "Authorization" not in server.requests[0].headers
    assert server.requests[0].path == "/v1/chat/completions"


@pytest.mark.parametrize(
    ("reply", "finish"),
    [
        (completion("half", finish="length"), "cut off"),
        (completion("", finish="content_filter"), "refused"),
        (completion(None, refusal="I cannot help with that."), "refused"),
        (completion(None), ""),
        (completion("all", finish="stop"), ""),
    ],
)
def test_why_the_model_stopped(server: ModelServer, reply: Reply, finish: str) -> None:
    server.otherwise = reply
    assert client(server).ask(ASKED).finish == finish


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        [],
        "many",
        {"prompt_tokens": -1, "completion_tokens": 1e99},
        {"prompt_tokens": True},
    ],
)
def test_what_is_not_counted_is_estimated(server: ModelServer, usage: Any) -> None:
    server.otherwise = completion("word " * 100, usage=usage)
    got = client(server).ask(ASKED)
    assert 50 < got.tokens_in < 150
    assert 100 < got.tokens_out < 200


@pytest.mark.parametrize(
    ("status", "again", "cost"),
    [
        *((status, True, "none") for status in (408, 425, 429, 500, 502, 503, 504, 529)),
        *((status, False, "none") for status in (301, 302, 307, 401, 403, 404, 405, 501)),
        *((status, False, "refused") for status in (400, 413, 422)),
    ],
)
def test_a_status_says_whether_to_try_again(
    server: ModelServer, *, status: int, again: bool, cost: str
) -> None:
    text = json.dumps({"error": {"message": f"no,\nnot for {KEY} \x1b[31m"}}).encode()
    server.otherwise = Reply(status, text, {"Location": "http://127.0.0.1:9/v1"})
    error = failure(client(server))
    assert (error.again, error.cost) == (again, cost)
    assert str(status) in str(error)
    assert str(error).isprintable()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("Fri, 31 Dec 99999999999 00:00:00 GMT", None),
        ("-5", None),
        ("9" * 400, 999_999_999.0),
        ("", None),
    ],
)
def test_it_says_when_to_come_again(server: ModelServer, value: str, wait: float | None) -> None:
    server.otherwise = Reply(429, b"busy", {"Retry-After": value})
    got = failure(client(server)).wait
    assert got == (pytest.approx(wait, abs=5) if wait is not None else None)


def test_it_says_at_what_time_to_come_again(server: ModelServer) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    server.otherwise = Reply(503, headers={"Retry-After": until})
    assert failure(client(server)).wait == pytest.approx(3600, abs=60)


@pytest.mark.parametrize("how", [HANG, DRIP, DRIP_HEADERS])
def test_a_whole_answer_has_a_limit_of_time(server: ModelServer, how: str) -> None:
    """However alive the connection is."""
    server.otherwise = how
    error = failure(client(server, timeout=0.3))
    assert (error.again, error.cost) == (True, "full")
    assert "0.3 s" in str(error)


@pytest.mark.parametrize("how", [DROP, CUT])
def test_a_connection_that_breaks(server: ModelServer, how: str) -> None:
    server.otherwise = how
    error = failure(client(server))
    assert (error.again, error.cost) == (True, "full")


def test_nobody_there() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        error = failure(Client(Endpoint(url, "a-model", KEY)))
    assert (error.again, error.cost) == (True, "none")


def test_an_answer_without_end(server: ModelServer) -> None:
    server.otherwise = Reply(body=b'{"choices": [' + b" " * 2_000_000)
    error = failure(client(server))
    assert (error.again, error.cost) == (False, "full")
    assert "1 MB" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Welcome</html>",
        b"[]",
        b'{"choices": []}',
        b'{"choices": [{"text": "an older protocol"}]}',
        b'{"choices": [{"message": {"content": 5}}]}',
        b'{"choices": [{"message": {"content": "\xff"}}]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_completion(server: ModelServer, body: bytes) -> None:
    server.otherwise = Reply(body=body)
    error = failure(client(server))
    assert not error.again
    assert "protocol" in str(error)


@pytest.mark.parametrize("url", ["http://", "http://[::1", "ftp://host/v1", "http://host:port/v1"])
def test_what_is_no_address(url: str) -> None:
    assert not failure(Client(Endpoint(url, "a-model"))).again


def test_a_reasoning_model_is_asked_in_its_own_words(server: ModelServer) -> None:
    told = b'{"error": {"message": "Use \'max_completion_tokens\' instead of \'max_tokens\'."}}'
    server.script = [Reply(400, told)]
    asking = client(server)
    assert failure(asking).again
    asking.ask(ASKED)
    second = server.requests[1].body
    assert second["max_completion_tokens"] == 900
    assert not {"max_tokens", "temperature"} & set(second)


def test_the_environment_s_proxy_is_not_asked(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert client(server).ask(ASKED)


def test_the_models_that_it_offers(server: ModelServer) -> None:
    server.models = ["a-model", "another"]
    assert client(server).models() == ["a-model", "another"]


def test_a_key_is_never_shown() -> None:
    assert KEY not in repr(Endpoint("http://localhost/v1", "a-model", KEY))


@pytest.mark.parametrize("written", ['a/b+c"d', r"a/b+c\"d", r"a\/b+c\"d", "a%2Fb%2Bc%22d"])
def test_nor_is_it_where_a_server_repeats_it(server: ModelServer, written: str) -> None:
    server.script = [Reply(401, f"no: {written}!".encode())]
    error = failure(Client(Endpoint(server.url, "a-model", 'a/b+c"d')))
    assert "no: ***!" in str(error)


def test_a_host_that_cannot_be_one_is_told() -> None:
    error = failure(Client(Endpoint(url="http://xn--a.example/v1", model="small")))
    assert "writer.url is no address" in str(error)
