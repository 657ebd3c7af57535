"""The public pages of a large archive, asked by wrk, beside a bare Starlette that says hello."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from benchmarks.corpus import Corpus
from benchmarks.first_byte import FirstByte, first_byte
from benchmarks.measure import Table, times
from newsletter.composing.similarity_index import index_of
from newsletter.domain.model import Brief as Page
from newsletter.domain.model import Citation, Issue, Mention, Pick, Subscriber
from newsletter.domain.tokens import token
from newsletter.storage import Store, archive, issues, subscribers
from newsletter.storage.archive import Read

TODAY = date(2026, 11, 20)
_SECRET = b"a secret of the benchmarks"
_PER_BRIEF = 20
_KNOWN = 1_000
_CONFIG = """
[newsletter]
from_address = "five@news.example.org"
base_url = "https://news.example.org"
[delivery]
channel = "folder"
[selection]
window_days = 3
"""
_HELLO = """
import socket, sys
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
import uvicorn
async def hello(request):
    return PlainTextResponse("hello")
bound = socket.create_server(("127.0.0.1", 0))
bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
print(f"listening on http://127.0.0.1:{bound.getsockname()[1]}", flush=True)
config = uvicorn.Config(Starlette(routes=[Route("/", hello)]), access_log=False, log_config=None)
uvicorn.Server(config).run(sockets=[bound])
"""
_IN_TURN = """
local paths, at = {}, 0
for line in io.lines("%s") do paths[#paths + 1] = line end
request = function() at = at %% #paths + 1; return wrk.format("GET", paths[at]) end
"""


@dataclass(frozen=True)
class Scale:
    insights: int = 100_000
    issues: int = 300
    readers: int = 80_000
    seconds: int = 8
    connections: int = 16


FULL = Scale()
QUICK = Scale(insights=2_000, issues=10, readers=200, seconds=1)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    if not shutil.which("wrk"):
        sys.exit("the benchmark of the site needs wrk: install your system's package")
    make(folder, scale)
    paths = _paths(scale)
    with running([sys.executable, "-c", _HELLO]) as hello, serving(folder) as site:
        limit = asked(hello, {"hello": ["/"]}, scale, folder)["hello"]
        alone = asked(site, paths, scale, folder)
        yield _table(scale, limit, alone)
        some = {name: paths[name] for name in _WHILE_SENDING}
        before = paced(site, some, scale)
        with sending(folder) as is_running:
            remade = paced(site, some, scale)
            during = paced(site, some, scale)
            busy = asked(site, {"": some["an issue"]}, scale, folder)[""]
            outlasted = is_running()
        yield _while_sending(before, remade, during, busy, outlasted=outlasted)


_WHILE_SENDING = (
    *("the front page", "1,000 insights in turn, all known", "an issue"),
    "a reader's link to unsubscribe",
)


def _paths(scale: Scale) -> dict[str, list[str]]:
    insights = [f"/insight/{number}" for number in range(1, scale.insights + 1)]
    return {
        "one insight, again and again": ["/insight/7"],
        "1,000 insights in turn, all known": insights[:_KNOWN],
        "every insight, each for the first time": insights[_KNOWN:],
        "the front page": ["/"],
        "the archive": ["/archive"],
        "an issue": [f"/archive/{TODAY}"],
        "pages of shows, all known": [
            f"/shows/show-{n}?page={p}" for n in range(50) for p in (1, 2)
        ],
        "search": [f"/search?q={query}" for query in _queries()],
        "a reader's link to unsubscribe": [f"/u/{token(_SECRET, n)}" for n in range(1, 201)],
    }


def _queries() -> list[str]:
    return ["+".join(text.split()[:3]) for text in Corpus(9).insights(200, (3, 3))]


@dataclass(frozen=True)
class Server:
    port: int
    pid: int


@dataclass(frozen=True)
class Asked:
    """``late``: milliseconds within which 99 of 100 answers came; ``cpu``: of processor time that
    one took."""

    rate: float
    late: float
    cpu: float
    errors: int


def asked(
    server: Server, paths: Mapping[str, Sequence[str]], scale: Scale, folder: Path
) -> dict[str, Asked]:
    return {name: _wrk(server, some, scale, folder) for name, some in paths.items()}


def paced(server: Server, paths: Mapping[str, Sequence[str]], scale: Scale) -> dict[str, FirstByte]:
    return {
        name: first_byte(server.port, [*right(some)], scale.seconds) for name, some in paths.items()
    }


def _wrk(server: Server, paths: Sequence[str], scale: Scale, folder: Path) -> Asked:
    listed, script = folder / "paths.txt", folder / "in_turn.lua"
    paths = list(right(paths))
    listed.write_text("".join(f"{path}\n" for path in paths))
    script.write_text(_IN_TURN % listed)
    load = ["-t1", f"-c{scale.connections}", f"-d{scale.seconds}s", "--latency", "-s", str(script)]
    for path in paths if len(paths) <= _KNOWN else paths[:1]:  # what is loaded once is not timed
        with suppress(HTTPError), urlopen(f"http://127.0.0.1:{server.port}{path}") as first:
            first.read()
    before = _cpu(server.pid)
    done = subprocess.run(
        ["wrk", *load, f"http://127.0.0.1:{server.port}"],
        capture_output=True,
        text=True,
        check=True,
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    late = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    assert rate, done.stdout
    assert late, done.stdout
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}[late[2]]
    answers = re.search(r"(\d+) requests in", done.stdout)
    assert answers
    cpu = (_cpu(server.pid) - before) / max(1, int(answers[1])) * 1000
    late_ms = float(late[1]) * unit
    return Asked(float(rate[1]), late_ms, cpu, int(errors[1]) if errors else 0)


def _cpu(pid: int) -> float:
    """Seconds of processor time that a running process has taken (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def right(paths: Sequence[str]) -> Iterator[str]:
    """wrk follows no redirect, and an insight's address has its words: those of our texts."""
    for path in paths:
        yield path + f"/{_SLUGS[int(path.split('/')[2])]}" if "/insight/" in path else path


_SLUGS: dict[int, str] = {}


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    command = ["-m", "newsletter", "--config", str(folder / "config.toml"), "serve", "--port", "0"]
    with running([sys.executable, *command]) as server:
        yield server


@contextmanager
def running(command: Sequence[str]) -> Iterator[Server]:
    """A program that says which port it listens on."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        line = process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert found, line
        try:
            yield Server(int(found[1]), process.pid)
        finally:
            process.terminate()


@contextmanager
def sending(folder: Path) -> Iterator[Callable[[], bool]]:
    """A send to many readers, in a process of its own; whether it is still under way."""
    command = ["-m", "newsletter", "--config", str(folder / "config.toml"), "send"]
    words = ["--date", str(TODAY + timedelta(days=1))]
    with subprocess.Popen([sys.executable, *command, *words], stdout=subprocess.DEVNULL) as process:
        try:
            yield lambda: process.poll() is None
        finally:
            process.terminate()


def make(folder: Path, scale: Scale) -> None:
    (folder / "inbox").mkdir()
    (folder / "config.toml").write_text(_CONFIG)
    subprocess.run(
        [sys.executable, "-m", "newsletter", "--config", str(folder / "config.toml"), "migrate"],
        check=True,
        capture_output=True,
    )
    secret = folder / "newsletter.secret"
    secret.write_bytes(_SECRET + b"\n")
    secret.chmod(0o600)
    store = Store(f"sqlite:///{folder}/newsletter.db")
    _fill(store, scale)
    with store.reading() as db:
        index_of(db, folder / "newsletter.db.index", "en")
    store.close()


def _fill(store: Store, scale: Scale) -> None:
    from newsletter.domain.slug import slug_of_insight

    texts = iter(Corpus().insights(scale.insights, (25, 45)))
    now = datetime(2026, 11, 20, 7, tzinfo=UTC)
    number = 0
    with store.writing() as db:
        while some := list(islice(texts, _PER_BRIEF)):
            number += 1
            day = TODAY - timedelta(days=number % 900)
            archive.record(
                db, [Read(f"{number}.txt", 1, 1, (_brief(number, some, day),))], now, day
            )
        for insight_id, text in archive_texts(db):
            _SLUGS[insight_id] = slug_of_insight(text)
        for past in range(scale.issues):
            issues.save(db, _issue(db, past), now, house=True)
        people = {
            f"r{each}@example.org": Subscriber(0, f"r{each}@example.org", "UTC", 7)
            for each in range(scale.readers)
        }
        subscribers.add_all(db, people, now - timedelta(days=400))


def archive_texts(db: object) -> Iterator[tuple[int, str]]:
    last = 0
    while rows := archive.after(db, last, 10_000):  # type: ignore[arg-type]
        yield from ((row["id"], row["text"]) for row in rows)
        last = rows[-1]["id"]


def _brief(number: int, texts: Sequence[str], day: date) -> Page:
    mentions = tuple(
        Mention(text, "lead", f"Speaker {number % 70}", 60 * place, (f"topic {number % 400}",))
        for place, text in enumerate(texts, start=1)
    )
    return Page(
        mentions,
        f"Show {number % 50}",
        f"Episode {number}",
        url="https://e.example/1",
        published=day,
    )


def _issue(db: object, past: int) -> Issue:
    cited = Citation("Show 1", "Episode 1", url="https://e.example/1", at=60)
    ids = range(5 * past + 1, 5 * past + 6)
    words = {each: archive.text(db, each) for each in ids}  # type: ignore[arg-type]
    picks = tuple(
        Pick(rank, each, words[each], cited, 0.9, {"novelty": 0.9})
        for rank, each in enumerate(ids, 1)
    )
    return Issue(TODAY - timedelta(days=past), picks)


def _table(scale: Scale, limit: Asked, measured: Mapping[str, Asked]) -> Table:
    named = {"a bare Starlette that says hello": limit, **measured}
    rows = [
        (
            name,
            f"{one.rate:,.0f}",
            times(one.rate / limit.rate),
            f"{one.cpu:.2f} ms",
            f"{one.late:.0f} ms",
            f"{one.errors}",
        )
        for name, one in named.items()
    ]
    return Table(
        f"site: {scale.insights:,} insights in SQLite, {scale.connections} connections",
        ("pages", "a second", "to hello", "CPU for one", "99 of 100 within", "not answered"),
        rows,
        "One process of `newsletter serve`, wrk beside it on the same machine.",
    )


def _while_sending(
    before: Mapping[str, FirstByte],
    remade: Mapping[str, FirstByte],
    during: Mapping[str, FirstByte],
    busy: Asked,
    *,
    outlasted: bool,
) -> Table:
    ended = "" if outlasted else " The send was over before that: ask more readers."
    return Table(
        "site: the first byte, at a hundred requests a second, alone and while a send is under way",
        ("pages", *("half within", "99 of 100") * 2, "made anew: 99 of 100"),
        [
            (
                name,
                *(
                    f"{one:.1f} ms"
                    for found in (before[name], during[name])
                    for one in (found.usual, found.late)
                ),
                f"{remade[name].late:.1f} ms",
            )
            for name in before
        ],
        "Alone, then while sending; the last column is of the first seconds of a send, when a new "
        "issue has every page made anew. "
        f"While sending, wrk gets {busy.rate:,.0f} issues a second.{ended}",
    )
