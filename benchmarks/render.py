"""Rendering: a letter per reader, and the bytes of its message."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from benchmarks import naive
from benchmarks.corpus import Corpus
from benchmarks.house import branding
from benchmarks.measure import Figures, Table, apart, in_turns, times, watch
from benchmarks.past import NOW, TODAY
from newsletter.domain.model import Citation, Echo, Issue, Pick, ScheduledEmail, Subscriber
from newsletter.domain.text import headline
from newsletter.mail.message import message
from newsletter.rendering.rendered_email import render_email


@dataclass(frozen=True)
class Scale:
    """``slow``: for how many readers the ways are measured that take ten times as long."""

    readers: int = 1_000
    slow: int = 100
    runs: int = 5


FULL = Scale()
QUICK = Scale(readers=200, slow=20, runs=3)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:  # noqa: ARG001
    counts = {work: scale.slow if work in _SLOW else scale.readers for work in _WAYS.values()}
    ways = {name: partial(apart, work, counts[work]) for name, work in _WAYS.items()}
    measured = in_turns(ways, scale.runs)
    letters = [name for name in _WAYS if "rendered" in name or name == "letter()"]
    messages = [name for name in _WAYS if name not in letters]
    yield _table("render: a letter", letters, measured)
    yield _table("render: a whole message", messages, measured)


def _table(title: str, names: list[str], measured: dict[str, dict[str, float]]) -> Table:
    ours = measured[names[0]]
    return Table(
        title,
        ("way", "a CPU second", "ours to this", "size", "peak"),
        [
            (
                name,
                f"{figures['rate']:,.0f}",
                times(ours["rate"] / figures["rate"]),
                f"{figures['size'] / 1000:.1f} KB",
                f"{figures['peak']:.0f} MB",
            )
            for name in names
            for figures in [measured[name]]
        ],
    )


def letters(readers: int) -> Figures:
    head = branding()
    return _rate(
        lambda scheduled: render_email(scheduled.issue, scheduled.subscriber, head).html.encode(),
        readers,
    )


def premailed_letters(readers: int) -> Figures:
    plain = branding(inlined=False)
    return _rate(lambda scheduled: naive.premailed(scheduled, plain).html.encode(), readers)


def css_inlined_letters(readers: int) -> Figures:
    plain = branding(inlined=False)
    return _rate(lambda scheduled: naive.css_inlined(scheduled, plain).html.encode(), readers)


def messages(readers: int) -> Figures:
    head = branding()
    return _rate(lambda scheduled: message(scheduled, head), readers)


def email_messages(readers: int) -> Figures:
    head = branding()

    def make(scheduled: ScheduledEmail) -> bytes:
        content = render_email(scheduled.issue, scheduled.subscriber, head)
        return naive.email_message(content, scheduled, head).as_bytes()

    return _rate(make, readers)


def premailed_email_messages(readers: int) -> Figures:
    plain = branding(inlined=False)

    def make(scheduled: ScheduledEmail) -> bytes:
        return naive.email_message(naive.premailed(scheduled, plain), scheduled, plain).as_bytes()

    return _rate(make, readers)


_WAYS: dict[str, Callable[[int], Figures]] = {
    "letter()": letters,
    "rendered, then premailer": premailed_letters,
    # An extra of the benchmark alone: pip install '.[benchmarks]'
    **({"rendered, then css-inline": css_inlined_letters} if find_spec("css_inline") else {}),
    "message()": messages,
    "letter() and EmailMessage": email_messages,
    "premailer and EmailMessage": premailed_email_messages,
}
_SLOW = {premailed_letters, premailed_email_messages}


def _rate(work: Callable[[ScheduledEmail], bytes], readers: int) -> Figures:
    """A second time over the same readers: by then a day's insights are all known."""
    emails = scheduled_emails(readers)
    sizes = [len(work(scheduled)) for scheduled in emails]
    with watch() as stopped:
        for scheduled in emails:
            work(scheduled)
    return {"rate": readers / stopped.cpu, "size": sum(sizes) / readers}


def scheduled_emails(readers: int) -> list[ScheduledEmail]:
    """Five of 200 insights for each, another five for the next: as a day would have it."""
    texts = Corpus().insights(200)
    pool = [_pick(place, texts) for place in range(len(texts))]
    return [_posting(number, pool) for number in range(1, readers + 1)]


def _pick(place: int, texts: list[str]) -> Pick:
    return Pick(
        rank=1,
        insight_id=place + 1,
        text=texts[place],
        citation=Citation(
            f"Show {place % 40}", f"Episode {place}", "", f"https://show.example/{place}", 60
        ),
        score=0.5,
        signals={"novelty": 0.9},
    )


def _posting(number: int, pool: list[Pick]) -> ScheduledEmail:
    start = number * 5 + number // 40
    chosen = [pool[(start + rank) % len(pool)] for rank in range(5)]
    picks = tuple(
        _for_reader(number, rank, pick, pool) for rank, pick in enumerate(chosen, start=1)
    )
    reader = Subscriber(number, f"reader{number}@example.org", "UTC", 7, f"Reader {number}")
    return ScheduledEmail(Issue(TODAY, picks), reader, f"<{number}@news.example.org>", NOW)


def _for_reader(number: int, rank: int, pick: Pick, pool: list[Pick]) -> Pick:
    """Its place, why it is there, and what this reader knows of it: another for each of them."""
    heard = [pool[(number * 7 + rank * 31 + more) % len(pool)] for more in (0, 13)]
    read = f"{1 + number % 28} March: “{headline(heard[0].text, 60)}”"
    return replace(
        pick,
        rank=rank,
        reason=f"Two shows said this: A and B. You read on {read}.",
        related=tuple(Echo(earlier.insight_id, earlier.text, 0.4) for earlier in heard),
    )
