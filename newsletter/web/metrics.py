"""``/metrics``: the figures in the text form of Prometheus, and how long requests took.

The figures come from the database. Times of requests are kept by each process; where several serve
the same pages, PROMETHEUS_MULTIPROC_DIR names a folder in which the client library adds them up.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.services.metrics import Figures

_TIMES = CollectorRegistry()
_REQUESTS = Histogram(
    "newsletter_request_seconds",
    "Time until the first octet of an answer, by the first part of the path.",
    ("page", "method", "status"),
    registry=_TIMES,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_METHODS = {"GET", "HEAD", "POST"}


class _Figures(Collector):
    def __init__(self, figures: Figures) -> None:
        self.figures = figures

    def collect(self) -> Iterable[Metric]:
        figures = self.figures
        yield _gauge(
            "deliveries", "Deliveries of today, by state and reason.", ("state", "reason"),
            (((state, reason or ""), count) for state, reason, count in figures.deliveries),
        )  # fmt: skip
        yield _gauge(
            "waiting", "Pending deliveries of any date, by domain, the most.", ("domain",),
            (((domain,), count) for domain, count in figures.waiting),
        )  # fmt: skip
        yield _gauge(
            "returns", "What came back today, by kind and by what was done.", ("kind", "done"),
            (((kind, done), count) for kind, done, count in figures.returns),
        )  # fmt: skip
        yield _gauge(
            "subscribers", "Subscribers, by state.", ("state",),
            (((state,), count) for state, count in figures.subscribers.items()),
        )  # fmt: skip
        yield _gauge(
            "feeds", "Feeds of podcasts: followed and well, failing, ended.", ("state",),
            (((state,), count) for state, count in figures.feeds.items()),
        )  # fmt: skip
        yield from self._single()

    def _single(self) -> Iterator[Metric]:
        figures = self.figures
        yield _plain("unknown", "Deliveries that the operator must settle.", figures.unknown)
        yield _plain("paused", "1 while sending is paused.", figures.paused)
        if figures.oldest_due_age is not None:
            about = "Since when the oldest waiting delivery is due."
            yield _plain("oldest_due_age_seconds", about, figures.oldest_due_age)
        if figures.heartbeat_age is not None:
            about = "Since the last heartbeat of `newsletter run`."
            yield _plain("heartbeat_age_seconds", about, figures.heartbeat_age)


def routes(measure: Callable[[], Figures]) -> list[Route]:
    def show(_: Request) -> Response:
        registry = CollectorRegistry()
        registry.register(_Figures(measure()))
        times = _TIMES
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # noqa: TID251 the client library reads it too
            times = CollectorRegistry()
            MultiProcessCollector(times)  # type: ignore[no-untyped-call]
        text = generate_latest(registry) + generate_latest(times)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return [Route("/metrics", show, methods=["GET"])]


def timed(inner: ASGIApp, routes: Iterable[BaseRoute]) -> ASGIApp:
    """Takes the time of each request; paths hold tokens, so only their first part is kept, and only
    where a route begins with it."""
    pages = {_first(route.path) for route in routes if isinstance(route, Route)}

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()

        async def and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                page, method = _first(scope["path"]), scope["method"]
                _REQUESTS.labels(
                    page if page in pages else "other",
                    method if method in _METHODS else "other",
                    message["status"],
                ).observe(time.perf_counter() - began)
            await send(message)

        await inner(scope, receive, and_count)

    return answer


def _first(path: str) -> str:
    return "/" + path.lstrip("/").partition("/")[0]


def _gauge(
    name: str, about: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], int]]
) -> Metric:
    family = GaugeMetricFamily(f"newsletter_{name}", about, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _plain(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"newsletter_{name}", about, value=float(value))
