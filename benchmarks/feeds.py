"""Feeds: what polling a thousand of them costs, where nothing changed and where something did."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.measure import Figures, Table, apart, times

_NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Scale:
    """``feeds`` of ``items`` each."""

    feeds: int = 1_000
    items: int = 100


FULL = Scale()
QUICK = Scale(feeds=20, items=10)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    with _serving(scale) as server:
        scan = partial(apart, _scan, folder, scale, server.port)
        rows = [
            ("plain httpx, each the whole feed", apart(_plain, scale, server.port)),
            ("plain feedparser of each", apart(_parse, scale)),
            ("the first look, 3 episodes each", scan(0)),
            ("nothing changed: 304", scan(1)),
        ]
        server.etags = False
        rows.append(("nothing changed: the same bytes", scan(2)))
        server.new, server.etags = 1, True
        rows.append(("one new episode each", scan(3)))
    yield _table(scale, rows)


def _table(scale: Scale, rows: list[tuple[str, dict[str, float]]]) -> Table:
    naive = rows[0][1]["cpu"] + rows[1][1]["cpu"]
    return Table(
        f"feeds: {scale.feeds:,} feeds of {scale.items} items",
        ("way", "CPU a feed", "to fetching and parsing plainly", "feeds a second", "peak"),
        [
            (
                name,
                f"{figures['cpu'] / scale.feeds * 1000:.1f} ms",
                times(figures["cpu"] / naive),
                f"{scale.feeds / figures['wall']:,.0f}",
                f"{figures['peak']:,.0f} MB",
            )
            for name, figures in rows
        ],
        f"A feed is {len(_feed(0, scale.items, 0)) // 1000} KB, its server on loopback in another"
        " process, and all are of one host: over one connection at a time. Once each.",
    )


def _scan(folder: Path, scale: Scale, port: int, hours: int) -> Figures:
    """``hours`` after the first look."""
    from newsletter.ingest.feeds.fetch import Fetcher, FetchLimits
    from newsletter.ingest.feeds.scan import scan
    from newsletter.ingest.feeds.scan_job import ScanJob
    from newsletter.storage import Store, feeds

    store = Store(f"sqlite:///{folder / 'newsletter.db'}", create=True)
    with store.writing() as db:
        feeds.add(db, (f"http://{_HOST}:{port}/{n}" for n in range(scale.feeds)), _NOON)
    limits = FetchLimits("newsletter/benchmark", allow_hosts=frozenset({_HOST}))
    job = ScanJob(
        store=store,
        fetcher=Fetcher(limits),
        every=timedelta(hours=1),
        first=3,
        timezone="UTC",
        writer=None,
        hosts=8,
        stop=lambda: False,
        watch=lambda _done, _total: None,
    )
    now = _NOON + timedelta(hours=hours)
    figures = _measured(lambda: _assert_all(scale, len(scan(job, lambda: now))))
    store.close()
    return figures


def _assert_all(scale: Scale, polled: int) -> None:
    assert polled == scale.feeds, polled


def _plain(scale: Scale, port: int) -> Figures:
    import httpx

    def fetch() -> None:
        with httpx.Client(trust_env=False) as client:
            for number in range(scale.feeds):
                assert client.get(f"http://{_HOST}:{port}/{number}").content

    return _measured(fetch)


def _parse(scale: Scale) -> Figures:
    from io import BytesIO

    import feedparser

    data = _feed(0, scale.items, 0)

    def parse() -> None:
        for _ in range(scale.feeds):
            assert len(feedparser.parse(BytesIO(data)).entries) == scale.items

    return _measured(parse)


def _measured(work: Callable[[], None]) -> Figures:
    wall, cpu = perf_counter(), process_time()
    work()
    return {"wall": perf_counter() - wall, "cpu": process_time() - cpu}


def _feed(number: int, items: int, new: int) -> bytes:
    body = "".join(_item(number, episode) for episode in range(items + new - 1, new - 1, -1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"'
        ' xmlns:podcast="https://podcastindex.org/namespace/1.0"'
        ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">'
        f"<channel><title>Show {number}</title>{body}</channel></rss>"
    ).encode()


def _item(feed: int, number: int) -> str:
    published = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
    listed = "".join(
        f"<li>Point {point} of show {feed}, episode {number}: the harbour of town {feed + point}"
        f" lost {number + point} metres of depth to silt within a decade of the new dam.</li>"
        for point in range(4)
    )
    return (
        f"<item><title>Episode {number}</title><guid isPermaLink='false'>{feed}-{number}</guid>"
        f"<link>https://pods.example/{feed}/{number}</link>"
        f"<pubDate>{published:%d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<enclosure url='https://cdn.example/{feed}/{number}.mp3' type='audio/mpeg' length='1'/>"
        f"<itunes:duration>3600</itunes:duration><itunes:explicit>no</itunes:explicit>"
        f"<podcast:transcript url='https://cdn.example/{feed}/{number}.vtt' type='text/vtt'/>"
        f"<description><![CDATA[<p>Notes.</p><h3>Key takeaways</h3><ul>{listed}</ul>]]>"
        "</description></item>"
    )


class _Server(ThreadingHTTPServer):
    """``new`` episodes stand in each feed beside those of the first look."""

    daemon_threads = True
    items = 0
    new = 0
    etags = True

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        etag = f'"{self.server.new}"'
        if self.server.etags and self.headers.get("if-none-match") == etag:
            self.send_response(304)
            self.end_headers()
            return
        body = _feed(int(self.path[1:]), self.server.items, self.server.new)
        self.send_response(200)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Not to the tables."""


@contextmanager
def _serving(scale: Scale) -> Iterator[_Server]:
    """In this process; what is measured runs in others."""
    server = _Server((_HOST, 0), _Handler)
    server.items = scale.items
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
