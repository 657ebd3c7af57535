"""``python -m benchmarks [SUBJECT] [--quick]``: tables of ratios, in Markdown."""

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from benchmarks import (
    compose,
    crowd,
    day,
    exports,
    feeds,
    interests,
    limits,
    million,
    moving,
    quotes,
    render,
    returns,
    scale,
    send,
    sign,
    site,
    start,
    status,
    storage,
    stores,
    votes,
)

_SUBJECTS: dict[str, ModuleType] = {
    "compose": compose,
    "render": render,
    "scale": scale,
    "sign": sign,
    "send": send,
    "site": site,
    "status": status,
    "start": start,
    "storage": storage,
    "stores": stores,
    "crowd": crowd,
    "feeds": feeds,
    "exports": exports,
    "quotes": quotes,
    "day": day,
    "million": million,
    "moving": moving,
    "interests": interests,
    "limits": limits,
    "returns": returns,
    "votes": votes,
}
_BY_NAME = {
    *("day", "million", "interests", "limits", "stores", "crowd"),
    *("returns", "votes", "site", "moving"),
}
"""They take long, or fetch something: they run when they are asked for."""


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subject", nargs="?", choices=_SUBJECTS, help="most of them by default")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run?")
    chosen = parser.parse_args(words)
    print(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    )
    ordinary = [name for name in _SUBJECTS if name not in _BY_NAME]
    for name in [chosen.subject] if chosen.subject else ordinary:
        subject = _SUBJECTS[name]
        with tempfile.TemporaryDirectory() as folder:
            for table in subject.tables(
                subject.QUICK if chosen.quick else subject.FULL, Path(folder)
            ):
                print(f"\n{table}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
