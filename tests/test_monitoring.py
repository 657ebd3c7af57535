"""What docs/monitoring holds fits the figures, and promtool finds no fault in the rules."""

import json
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from newsletter.web import metrics
from newsletter.web.app import app
from tests.environment import missing
from tests.test_docs import ROOT
from tests.web.test_metrics import figures
from tests.web.test_unsubscribe import ask, serving

FOLDER = ROOT / "docs" / "monitoring"


@pytest.fixture(scope="module")
def known() -> set[str]:
    """The names of all samples."""
    all_there = replace(figures(), heartbeat_age=1.0)
    routes = metrics.routes(lambda: all_there)
    with serving(metrics.timed(app(routes), routes)) as port:
        ask(port, "GET", "/metrics")
        text = ask(port, "GET", "/metrics").text
    families = text_string_to_metric_families(text)
    return {sample.name for family in families for sample in family.samples}


@pytest.mark.parametrize("name", ["alerts.yml", "alerts-test.yml", "grafana.json"])
def test_every_figure_is_one_that_is_served(known: set[str], name: str) -> None:
    used = set(re.findall(r"newsletter_\w+", (FOLDER / name).read_text()))
    assert used
    assert used <= known


def test_every_figure_is_explained(known: set[str]) -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text()
    explained = set(re.findall(r"\| `(newsletter_\w+)", page))
    assert {re.sub("_(bucket|count|sum|created)$", "", name) for name in known} == explained


def test_the_dashboard_draws_each_panel_in_its_own_place() -> None:
    panels = json.loads((FOLDER / "grafana.json").read_text())["panels"]
    cells = [
        (panel["gridPos"]["x"] + column, panel["gridPos"]["y"] + row)
        for panel in panels
        for column in range(panel["gridPos"]["w"])
        for row in range(panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23


@pytest.mark.heavy
@pytest.mark.parametrize(
    "check", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts-test.yml")]
)
def test_promtool_finds_no_fault(check: tuple[str, ...]) -> None:
    program = shutil.which("promtool") or missing("promtool", "install Prometheus")
    done = subprocess.run(
        [program, *check], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
