"""What `make` does before it installs anything: nothing here is downloaded."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.environment import missing

ROOT = Path(__file__).parents[1]
VERSION = ".".join(map(str, sys.version_info[:3]))

# A Python that says it is older, and runs what it is given with -c.
OLD = """#!/bin/sh
exec "{python}" -c 'import sys
sys.version_info = (3, 10, 13, "final", 0)
exec(sys.argv[2])' "$@"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    if not shutil.which("make"):
        missing("make", "install your system's package")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    command = ["make", *words]
    if not any(word.startswith("PYTHON=") for word in words):
        command.append(f"PYTHON={sys.executable}")
    return subprocess.run(
        command, cwd=checkout, env=surroundings, capture_output=True, text=True, check=False
    )


def a_venv(checkout: Path, *, made_by: str | None) -> Path:
    """What a whole installation leaves, as far as make looks at it; the stamp is written last."""
    venv = checkout / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / ".run").touch()
    (venv / ".dev").touch()
    if made_by:
        (venv / ".python").write_text(f"{made_by}\n")
    return venv


@pytest.mark.parametrize("target", ["demo", "test", "check"])
def test_an_old_python_is_refused_in_one_sentence_and_changes_nothing(
    checkout: Path, target: str
) -> None:
    old = checkout / "old-python"
    old.write_text(OLD.format(python=sys.executable))
    old.chmod(0o755)
    done = make(checkout, target, f"PYTHON={old}")
    assert done.returncode == 2
    assert done.stdout == ""
    sentence, ending = done.stderr.splitlines()
    assert sentence == (
        f"Python 3.11 or newer is needed, and {old} is 3.10.13:"
        f" name another, for example `make {target} PYTHON=python3.12`"
    )
    assert ending.startswith("make: ***")
    assert not (checkout / ".venv").exists()


def test_an_old_python_leaves_a_good_venv_as_it_is(checkout: Path) -> None:
    a_venv(checkout, made_by=VERSION)
    old = checkout / "old-python"
    old.write_text(OLD.format(python=sys.executable))
    old.chmod(0o755)
    assert make(checkout, "demo", f"PYTHON={old}").returncode == 2
    assert make(checkout, "--question", ".venv/.run", ".venv/.dev").returncode == 0


def test_a_python_that_is_not_there(checkout: Path) -> None:
    done = make(checkout, "test", "PYTHON=no-such-python")
    assert "3.11 or newer is needed, and no-such-python is not to be found" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_whole_venv_of_this_python_is_kept(checkout: Path) -> None:
    a_venv(checkout, made_by=VERSION)
    assert make(checkout, "--question", ".venv/.run", ".venv/.dev").returncode == 0


@pytest.mark.parametrize("made_by", ["3.10.13", "3.99.0", None])
def test_a_venv_of_another_python_or_a_half_made_one_is_made_anew(
    checkout: Path, made_by: str | None
) -> None:
    a_venv(checkout, made_by=made_by)
    for target in (".venv/.run", ".venv/.dev"):
        done = make(checkout, "--dry-run", target)
        assert f"{sys.executable} -m venv --clear .venv" in done.stdout


def test_a_venv_whose_python_is_gone_is_made_anew(checkout: Path) -> None:
    python = a_venv(checkout, made_by=VERSION) / "bin" / "python"
    python.unlink()
    python.symlink_to(checkout / "gone")
    assert "venv --clear" in make(checkout, "--dry-run", ".venv/.run").stdout


def test_a_new_requirement_is_installed_into_the_venv_that_is_there(checkout: Path) -> None:
    a_venv(checkout, made_by=VERSION)
    later = (checkout / ".venv" / ".dev").stat().st_mtime + 10
    os.utime(checkout / "constraints.txt", (later, later))
    done = make(checkout, "--dry-run", ".venv/.dev")
    assert "pip install" in done.stdout
    assert "venv --clear" not in done.stdout


def test_the_makefile_asks_for_what_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
    assert "sys.version_info < (3, 11)" in (ROOT / "Makefile").read_text()
