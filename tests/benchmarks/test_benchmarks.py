"""Every benchmark at a tiny size, so that none rots. What they measure is no test's business."""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks import (
    compose,
    day,
    exports,
    limits,
    measure,
    million,
    naive,
    quotes,
    render,
    scale,
    send,
    sign,
    sink,
    start,
    status,
)
from benchmarks.__main__ import _SUBJECTS, main
from benchmarks.corpus import Corpus
from benchmarks.house import branding
from benchmarks.measure import Figures, Table
from newsletter.mail.channels import Envelope
from newsletter.mail.channels.smtp import Smtp
from tests.environment import missing

pytestmark = pytest.mark.heavy

TINY: dict[ModuleType, Any] = {
    scale: scale.Scale((60,), candidates=20, readers=20, heard=10, runs=1),
    compose: compose.Scale(readers=(3,), issues=3, archive=60, candidates=12, sample=2, runs=2),
    quotes: quotes.Scale(minutes=1, runs=1),
    exports: exports.Scale(files=60, runs=1),
    render: render.Scale(readers=2, slow=1, runs=1),
    sign: sign.Scale(messages=2, slow=1, runs=1),
    send: send.Scale(messages=3, slow=1, runs=1, far=((1, 2), (2, 5))),
    status: status.Scale(readers=40, days=2, runs=1),
    start: start.Scale(readers=2, days=2, runs=1),
    limits: limits.Scale(texts=40, days=3, issues=2),
    million: million.Scale(readers=(2, 5), issues=3),
    day: day.Scale(readers=4, days=2, archive=40, candidates=20, briefs=3),
}


def here(work: Callable[..., Figures], *values: Any) -> dict[str, float]:
    return {**work(*values), "peak": 1.0}


@pytest.mark.parametrize("subject", TINY)
def test_each_subject(subject: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: starting others is what takes long, and one test below does."""
    monkeypatch.setattr(subject, "apart", here, raising=False)
    for table in subject.tables(TINY[subject], tmp_path):
        assert len(table.rows) > 1
        assert all(len(row) == len(table.heads) for row in table.rows)
        assert all(cell.strip() for row in table.rows[:-1] for cell in row)


def test_the_naive_letter_says_the_same() -> None:
    (scheduled,) = render.scheduled_emails(1)
    slow = naive.premailed(scheduled, branding(inlined=False))
    assert scheduled.issue.picks[0].text.split()[0] in slow.html
    mail = naive.email_message(slow, scheduled, branding())
    assert mail["Message-ID"] == scheduled.message_id


def test_the_sink_speaks_smtp_to_its_end_and_counts() -> None:
    body = b"Subject: x\r\n\r\n.\r\n" + b"body\r\n" * 100_000
    with sink.sink() as counting:
        channel = Smtp("127.0.0.1", counting.port, "none")
        envelope = Envelope("a@example.org", "b@example.org", body)
        assert [channel.send(envelope) for _ in range(2)] == ["250 2.0.0 Ok"] * 2
        channel.close()
        assert counting.taken() == ["b@example.org"] * 2
        assert counting.taken() == []
    with socket.socket() as free:
        assert free.connect_ex(("127.0.0.1", counting.port))


def test_a_corpus_has_the_statistics_of_prose_and_is_the_same_again() -> None:
    texts = Corpus().insights(200)
    assert texts == Corpus().insights(200)
    assert all(40 <= len(text.split()) <= 60 for text in texts)
    assert len(set(texts)) == 200
    again = Corpus().restatement(texts[0])
    assert again != texts[0]
    shared = set(again.lower().rstrip(".").split()) & set(texts[0].lower().rstrip(".").split())
    assert len(shared) > 20


def test_a_table_is_markdown_with_its_columns_aligned() -> None:
    table = Table("title", ("way", "rate"), [("ours", "1,200"), ("naive", "9")], "a note")
    assert str(table).split("\n") == [
        "### title", "",
        "| way   |  rate |", "| ----- | ----: |", "| ours  | 1,200 |", "| naive |     9 |",
        "", "a note",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ratio", "said"),
    [(0.0312, "0.031"), (0.523, "0.52"), (4.56, "4.6"), (38.2, "38"), (1234, "1,200")],
)
def test_ratios_have_two_figures_that_count(ratio: float, said: str) -> None:
    assert measure.times(ratio) == said


def test_each_measurement_has_a_process_and_a_peak_of_its_own() -> None:
    assert measure.apart(dict, {"rate": 2.0}).keys() == {"rate", "peak"}
    assert measure.apart(dict)["peak"] > 5


def test_turns_give_the_median_and_the_highest_peak() -> None:
    found = iter([{"rate": 9.0, "peak": 1.0}, {"rate": 1.0, "peak": 3.0}, {"rate": 2.0, "peak": 2}])
    assert measure.in_turns({"way": lambda: next(found)}, runs=3) == {
        "way": {"rate": 2.0, "peak": 3.0}
    }


@pytest.mark.heavy
@pytest.mark.parametrize("subject", list(_SUBJECTS))
def test_the_command_prints_its_tables(subject: str, capsys: pytest.CaptureFixture[str]) -> None:
    if subject == "site" and not shutil.which("wrk"):
        missing("wrk", "install your system's package")
    main([subject, "--quick"])
    assert f"### {subject}" in capsys.readouterr().out
