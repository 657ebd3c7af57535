"""``doctor --online`` on a real endpoint: there, the model listed, the form kept."""

from collections.abc import Iterator

import pytest

from newsletter.ingest.writer.check import endpoint
from newsletter.ingest.writer.client import Client, Endpoint
from tests.model_server import ModelServer, Reply, completion, insights


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def verdicts(server: ModelServer, model: str = "a-model") -> list[str]:
    return [result.verdict for result in endpoint(Client(Endpoint(server.url, model)))]


def test_all_well(server: ModelServer) -> None:
    server.otherwise = insights(("Stone keeps heat.", [1]))
    assert verdicts(server) == ["ok", "ok"]
    server.models = ["a-model:latest"]
    assert verdicts(server) == ["ok", "ok"]


def test_a_model_that_is_not_listed(server: ModelServer) -> None:
    server.models = [f"model-{number}" for number in range(100)]
    (listed, answered) = endpoint(Client(Endpoint(server.url, "a-model")))
    assert (listed.verdict, answered.verdict) == ("warn", "ok")
    assert "model-0, model-1" in listed.finding
    assert "model-9" not in listed.finding


def test_an_answer_of_another_form(server: ModelServer) -> None:
    server.otherwise = completion("Stone keeps heat.")
    assert verdicts(server) == ["ok", "fail"]


def test_a_key_that_is_refused(server: ModelServer) -> None:
    server.otherwise = Reply(401, b"no")
    assert verdicts(server) == ["ok", "fail"]


def test_nobody_there(server: ModelServer) -> None:
    client = Client(Endpoint("http://127.0.0.1:9/v1", "a-model"))
    (result,) = endpoint(client)
    assert result.verdict == "fail"
    assert "cannot connect" in result.finding


@pytest.mark.parametrize(
    ("url", "key", "warned"),
    [
        ("http://model.invalid/v1", "sk-1", True),
        ("http://model.invalid/v1", "", False),
        ("https://model.invalid/v1", "sk-1", False),
        ("http://127.0.0.1:9/v1", "sk-1", False),
        ("http://localhost:9/v1", "sk-1", False),
    ],
)
def test_a_key_in_clear(url: str, key: str, *, warned: bool) -> None:
    results = list(endpoint(Client(Endpoint(url, "a-model", key))))
    assert any("in clear" in result.finding for result in results) == warned
    assert results[-1].verdict == "fail"
