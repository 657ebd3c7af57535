import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from newsletter.composing.rules import Rules
from newsletter.services import api_tokens
from newsletter.services.subscriptions import Defaults
from newsletter.storage import Store
from newsletter.web.api import handler
from newsletter.web.api.endpoint import Parts
from newsletter.web.app import app
from tests.builders import NOON
from tests.conftest import new_store
from tests.web.test_unsubscribe import Answer, ask, serving

SECRET = b"s" * 32


def no_rules() -> Rules:
    raise AssertionError("not asked for here")


@dataclass
class Api:
    """A client with a token for all scopes."""

    port: int
    store: Store
    token: str = ""

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return ask(self.port, method, f"/api/v1{path}", data, sent)

    def json(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self(method, path, body, **headers)
        assert answer.status < 300, answer
        return json.loads(answer.text)


def parts(store: Store) -> Parts:
    return Parts(
        store, lambda: NOON, Defaults("Europe/Paris", 7), no_rules, "UTC", (), 1_000_000, SECRET
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    store = new_store(tmp_path_factory.mktemp("api"))
    token = api_tokens.add(store, "tests", api_tokens.SCOPES, 30, NOON)
    with serving(app(handler.routes(parts(store)))) as port:
        yield Api(port, store, token)
    store.close()


@pytest.fixture
def api(running: Api) -> Api:
    return running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
