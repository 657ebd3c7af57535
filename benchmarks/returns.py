"""How well returned messages are understood: our verdicts and flufl.bounce's beside what people
read.

The first collection comes with the source of flufl.bounce, which pip fetches; its own tests say who
bounced. The second is in the source of Mail::DeliveryStatus::BounceParser (CPAN, and Debian's
source package libmail-deliverystatus-bounceparser-perl): unpack it, and set BOUNCEPARSER_CORPUS to
its folder t/corpus; without that it is left out. `returns_labels.toml` has the labels, and no text.
"""

import ast
import os
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from time import process_time

from flufl.bounce import all_failures

from benchmarks.measure import Table
from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.returns.ours import Ours
from newsletter.returns.understand import understand

FLUFL = "flufl.bounce==6.0.0"
LABELS = Path(__file__).with_name("returns_labels.toml")
OURS = Ours(b"nobody's", "bounces@news.example.org", frozenset({"e@example.org"}), "example.org")
_NOT_HARD = ("soft", "policy", "unsaid", "automatic", "other")


@dataclass(frozen=True)
class Scale:
    """``rounds``: how often each message is understood for the rates."""

    rounds: int


FULL, QUICK = Scale(rounds=20), Scale(rounds=1)


@dataclass(frozen=True)
class Sample:
    label: str
    raw: bytes
    recipients: frozenset[str]
    """Who bounced, in lower case; empty where nobody says so."""


@dataclass(frozen=True)
class Verdict:
    severity: str
    address: str


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    for name, samples in collections(folder):
        ours = [_ours(understand(sample.raw, OURS)) for sample in samples]
        flufl = [_flufl(sample.raw) for sample in samples]
        yield _quality(f"returns: {name}", samples, {"ours": ours, "flufl.bounce": flufl})
        yield _rates(f"returns: {name}, a second on one core", samples, scale.rounds)


def collections(folder: Path) -> Iterator[tuple[str, list[Sample]]]:
    labels = tomllib.loads(LABELS.read_text())
    source = fetched(folder)
    expected = dict(_expected(source / "tests" / "test_detectors.py"))
    files = {path.stem: path for path in (source / "tests" / "data").glob("*.txt")}
    yield "flufl.bounce's samples", list(_samples(labels["flufl"], files, expected))
    if corpus := os.environ.get("BOUNCEPARSER_CORPUS"):
        files = {path.stem: path for path in Path(corpus).glob("*.msg")}
        yield "BounceParser's samples", list(_samples(labels["bounceparser"], files, {}))


def fetched(folder: Path) -> Path:
    """The source of flufl.bounce, unpacked; pip's own messages where it cannot be had."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*pip, "--dest", str(folder), FLUFL], check=True)
    [archive] = folder.glob("flufl*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def _samples(
    labels: Mapping[str, str], files: Mapping[str, Path], expected: Mapping[str, frozenset[str]]
) -> Iterator[Sample]:
    for label, names in labels.items():
        for name in names.split():
            yield Sample(label, files[name].read_bytes(), expected.get(name, frozenset()))


def _expected(tests: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """From the table in flufl.bounce's tests: a module, a file, addresses, whether it may pass."""
    for node in ast.parse(tests.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DETECTORS":
            for _, name, addresses, _ in ast.literal_eval(node.value):
                named = frozenset(_text(address).lower() for address in addresses)
                yield name.removesuffix(".txt"), named


def _text(address: bytes | str) -> str:
    return address if isinstance(address, str) else address.decode("utf-8", "replace")


def _ours(back: Return) -> Verdict:
    return Verdict(back.severity or back.kind, back.address.lower())


def _flufl(raw: bytes) -> Verdict:
    """What it calls permanent is as near as it comes to "hard"; it knows no policy."""
    temporary, permanent = all_failures(message_from_bytes(raw))
    found = sorted(address.decode("utf-8", "replace").lower() for address in permanent or temporary)
    word = "hard" if permanent else "soft" if temporary else "unknown"
    return Verdict(word, found[0] if found else "")


def _quality(title: str, samples: list[Sample], ways: Mapping[str, list[Verdict]]) -> Table:
    known = sum(bool(sample.recipients) for sample in samples)
    rows: list[tuple[str, ...]] = [("recipient", str(known), *_named(samples, ways.values()))]
    for label in _LABELS:
        right = (_right(label, samples, way) for way in ways.values())
        rows.append((label, str(sum(sample.label == label for sample in samples)), *right))
    rows.append(("not hard, but called hard", *_false_hard(samples, ways.values())))
    return Table(title, ("right, as people read it", "messages", *ways), rows)


def _named(samples: list[Sample], ways: Iterable[list[Verdict]]) -> list[str]:
    pairs = (zip(samples, way, strict=True) for way in ways)
    return [str(sum(v.address in sample.recipients for sample, v in pair)) for pair in pairs]


_LABELS = ("hard", *_NOT_HARD)
_RIGHT: Mapping[str, tuple[str, ...]] = {
    "unsaid": (Severity.UNSURE, Severity.SOFT, Severity.POLICY),
    "other": (ReturnKind.REPLY, ReturnKind.UNKNOWN),
}


def _right(label: str, samples: list[Sample], way: list[Verdict]) -> str:
    right = _RIGHT.get(label, (label,))
    pairs = zip(samples, way, strict=True)
    return str(sum(v.severity in right for sample, v in pairs if sample.label == label))


def _false_hard(samples: list[Sample], ways: Iterable[list[Verdict]]) -> list[str]:
    meek = [sample.label in _NOT_HARD for sample in samples]
    false = (
        sum(no and v.severity == "hard" for no, v in zip(meek, way, strict=True)) for way in ways
    )
    return [str(sum(meek)), *map(str, false)]


def _rates(title: str, samples: list[Sample], rounds: int) -> Table:
    mean = sum(len(sample.raw) for sample in samples) / len(samples)
    ways = {"ours": lambda raw: understand(raw, OURS), "flufl.bounce": _flufl}
    rows = []
    for name, way in ways.items():
        started = process_time()
        for _ in range(rounds):
            for sample in samples:
                way(sample.raw)
        rows.append((name, f"{rounds * len(samples) / (process_time() - started):,.0f}"))
    return Table(title, ("", "messages"), rows, f"Of {mean:,.0f} bytes in the mean.")
