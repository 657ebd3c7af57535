"""What is not Python's: Node's validators and a real Chromium. Not there, tests skip; not in CI."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.pictures import replay
from tests.environment import missing

HERE = Path(__file__).parent
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --font-render-hinting=none"
).split()


@cache
def chromium_path() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def node_modules() -> Path:
    if not shutil.which("node") or not (HERE / "node_modules" / "axe-core").exists():
        missing("Node, or tests/browser/node_modules", "`make browser` brings the latter")
    return HERE / "node_modules"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        missing("Chromium", "install your system's package")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's week, and its database."""
    folder = tmp_path_factory.mktemp("demos") / "demo"
    replay(folder)
    return folder


@pytest.fixture(scope="session")
def axe(node_modules: Path) -> str:
    return (node_modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def validate(node_modules: Path, *files: Path) -> Any:
    """What html-validate has to say, by its own standard rules."""
    command = ["node", str(node_modules / "html-validate" / "bin" / "html-validate.mjs")]
    config = ["--config", str(HERE / "htmlvalidate.json"), "--formatter", "json"]
    with TemporaryFile() as answer:  # a pipe cuts a long one
        done = subprocess.run(
            [*command, *config, *map(str, files)],
            stdout=answer,
            stderr=subprocess.PIPE,
            check=False,
        )
        answer.seek(0)
        said = answer.read()
    assert said, done.stderr
    return json.loads(said)
