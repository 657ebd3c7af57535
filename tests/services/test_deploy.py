import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.domain.errors import UsageError
from newsletter.services.deploy import Deployment, deploy_files, write_deploy_files
from tests.environment import missing
from tests.test_docs import ROOT

DOCS = [ROOT / "docs" / name for name in ("operating.md", "cluster.md")]
DOCUMENTED = Deployment(
    program="/opt/newsletter/bin/newsletter",
    folder="/srv/newsletter",
    user="newsletter",
    group="newsletter",
    host="news.example.org",
    address="127.0.0.1:8025",
)


@pytest.mark.parametrize("name", sorted(deploy_files(DOCUMENTED)))
def test_the_docs_show_what_is_written(name: str) -> None:
    text = deploy_files(DOCUMENTED)[name]
    docs = "".join(path.read_text() for path in DOCS)
    blocks = re.findall(r"```[a-z]+\n(?:# /etc/\S+\n)?(.*?)```", docs, re.DOTALL)
    assert text in blocks
    assert "@" not in text.replace("@system-service", "")


@pytest.mark.parametrize("folder", ["/srv/my letters", "/srv/100%", "/srv/a\nUser=root", "/é"])
def test_a_path_that_systemd_would_read_otherwise_is_refused(folder: str) -> None:
    with pytest.raises(UsageError, match="folder"):
        deploy_files(replace(DOCUMENTED, folder=folder))


def test_a_worker_takes_the_place_of_the_scheduler() -> None:
    unit = deploy_files(DOCUMENTED)["newsletter-worker.service"]
    assert "/srv/newsletter/config.toml worker\n" in unit
    assert {"Conflicts=newsletter.service", "Restart=always"} <= set(unit.splitlines())
    assert "notify" not in unit  # a worker tells systemd nothing, and would be killed for it


def test_writing_again_replaces(tmp_path: Path) -> None:
    for _ in range(2):
        written = list(write_deploy_files(deploy_files(DOCUMENTED), tmp_path / "deploy"))
    assert sorted(path.name for path in written) == sorted(deploy_files(DOCUMENTED))


@pytest.mark.heavy
def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    program = shutil.which("true")
    assert program
    if not shutil.which("systemd-analyze"):
        missing("systemd", "its units cannot be judged")
    here = replace(DOCUMENTED, program=program, folder=str(tmp_path), user="root", group="root")
    written = list(write_deploy_files(deploy_files(here), tmp_path / "deploy"))
    units = [str(path) for path in written if path.suffix == ".service"]
    done = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
