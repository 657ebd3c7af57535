"""Schemathesis against the API's own document: no answer that it does not describe."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.bootstrap.composing import selection_settings
from newsletter.composing.rules import Rules
from newsletter.config.sections import Settings
from newsletter.services import api_tokens
from newsletter.web.api import handler
from newsletter.web.app import app
from tests.builders import NOON
from tests.conftest import new_store
from tests.environment import missing
from tests.web.api.conftest import Api, parts
from tests.web.test_unsubscribe import serving

_EXAMPLES = 30
# What a JSON schema cannot say (a time zone that exists) is refused with 422 and counts as a fault
# there; what is not served at all (TRACE) is Starlette's to answer.
_LEFT_OUT = "positive_data_acceptance,unsupported_method"


@pytest.fixture
def fuzzed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setattr("newsletter.web.api.handler._A_MINUTE", 10**9)
    store = new_store(tmp_path)
    token = api_tokens.add(store, "fuzz", api_tokens.SCOPES, 30, NOON)
    taste = selection_settings(Settings())
    hours = timedelta(hours=6)
    rules = Rules(store, taste, hours, "example.org", "en", tmp_path / "index", None)
    with serving(app(handler.routes(replace(parts(store), rules=lambda: rules)))) as port:
        yield Api(port, store, token)
    store.close()


@pytest.mark.heavy
def test_no_request_gets_an_answer_that_is_not_described(fuzzed: Api, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    if not program.exists():
        missing("schemathesis", "pip install schemathesis")
    run = tmp_path / "run"
    run.mkdir()
    call: list[str | Path] = [
        program, "run", f"http://127.0.0.1:{fuzzed.port}/api/v1/openapi.json",
        "-H", f"Authorization: Bearer {fuzzed.token}",
        "--max-examples", str(_EXAMPLES), "--exclude-checks", _LEFT_OUT, "--no-color",
    ]  # fmt: skip
    done = subprocess.run(call, cwd=run, capture_output=True, text=True, check=False)
    shutil.rmtree(run)
    assert done.returncode == 0, done.stdout[-5000:]
