"""A real server on loopback, and what a polite and careful client makes of it."""

import gzip
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
from cryptography.x509 import DNSName

from newsletter.ingest.feeds.connections import FetchFailed, Stopped
from newsletter.ingest.feeds.fetch import Fetcher, FetchLimits
from tests.http_server import HttpServer, Page, Request
from tests.smtp_server import make_certificate

AGENT = "newsletter/test (feed reader; +mailto:desk@letters.example)"
LIMITS = FetchLimits(AGENT, 50_000, 60.0, allow_hosts=frozenset({"127.0.0.1", "pods.example"}))

BOMB = gzip.compress(bytes(50_000_000))


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher(LIMITS)


def refusal(fetcher: Fetcher, url: str) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        fetcher.get(url)
    return caught.value


def test_it_says_who_it_is_and_brings_no_cookies(server: HttpServer, fetcher: Fetcher) -> None:
    server.pages["/feed"] = Page(b"<rss/>", headers={"Set-Cookie": "spy=1"})
    assert fetcher.get(server.url("/feed")).body == b"<rss/>"
    fetcher.get(server.url("/feed"))
    for request in server.requests:
        assert request.headers["user-agent"] == AGENT
        assert "cookie" not in request.headers
        assert request.headers["accept-encoding"] == "gzip"


def test_proxies_of_the_environment_are_not_used(
    server: HttpServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.pages["/feed"] = Page(b"here")
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetcher.get(server.url("/feed")).body == b"here"


def test_what_did_not_change_is_not_sent_again(server: HttpServer, fetcher: Fetcher) -> None:
    date = "Wed, 02 Oct 2024 15:00:00 GMT"
    server.pages["/etag"] = Page(b"a", etag='W/"1"')
    server.pages["/date"] = Page(b"a", last_modified=date)
    first = fetcher.get(server.url("/etag"))
    assert (first.body, first.headers["etag"]) == (b"a", 'W/"1"')
    assert fetcher.get(server.url("/etag"), 'W/"1"').body is None
    assert fetcher.get(server.url("/etag"), '"other"').body == b"a"
    assert fetcher.get(server.url("/date"), "", date).body is None


def test_a_304_that_nobody_asked_for_is_a_failure(server: HttpServer, fetcher: Fetcher) -> None:
    server.pages["/"] = Page(status=304)
    assert refusal(fetcher, server.url("/")).status == 304


@pytest.mark.parametrize(
    ("hops", "moved"),
    [
        ((301,), "/end"),
        ((308,), "/end"),
        ((302,), ""),
        ((303,), ""),
        ((307,), ""),
        ((301, 308), "/end"),
        ((301, 302), "/1"),
        ((302, 301), ""),
    ],
)
def test_only_what_moved_for_good_is_remembered(
    server: HttpServer, fetcher: Fetcher, hops: Sequence[int], moved: str
) -> None:
    for number, status in enumerate(hops):
        target = f"/{number + 1}" if number + 1 < len(hops) else "/end"
        server.pages[f"/{number}"] = Page(status=status, headers={"Location": target})
    server.pages["/end"] = Page(b"it")
    fetched = fetcher.get(server.url("/0"))
    assert (fetched.body, fetched.url) == (b"it", server.url("/end"))
    assert fetched.moved == (server.url(moved) if moved else "")


def test_redirects_end(server: HttpServer, fetcher: Fetcher) -> None:
    server.pages["/a"] = Page(status=302, headers={"Location": "/b"})
    server.pages["/b"] = Page(status=301, headers={"Location": "/a"})
    assert str(refusal(fetcher, server.url("/a"))) == "it redirects more than 5 times"
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://a.example/x",
        "javascript:alert(1)",
        "http://[::1",
        "http://xn--a.example/x",
    ],
)
def test_a_redirect_leads_to_the_web_or_nowhere(
    server: HttpServer, fetcher: Fetcher, target: str
) -> None:
    server.pages["/"] = Page(status=301, headers={"Location": target})
    said = str(refusal(fetcher, server.url("/")))
    assert "no address on the web" in said or "cannot be used" in said or "failed" in said
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0/",
        "http://localhost/",
    ],
)
def test_no_private_address_is_connected_to(server: HttpServer, fetcher: Fetcher, url: str) -> None:
    there = url.replace("/", f":{server.port}/").replace(f":{server.port}/:{server.port}/", "//", 1)
    for address in (url, there):
        error = refusal(fetcher, address)
        assert "no public address" in str(error)
        assert error.lasting
    server.pages["/"] = Page(status=302, headers={"Location": url})
    assert "no public address" in str(refusal(fetcher, server.url("/")))
    assert len(server.requests) == 1


def test_a_host_that_the_operator_names_may_be_private(server: HttpServer) -> None:
    asked: list[str] = []

    def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    server.pages["/"] = Page(b"mine")
    fetcher = Fetcher(LIMITS, resolver)
    assert fetcher.get(server.url("/", "pods.example")).body == b"mine"
    assert "no public address" in str(refusal(fetcher, server.url("/", "other.example")))
    assert asked == ["pods.example", "other.example"]
    assert server.requests[0].headers["host"] == f"pods.example:{server.port}"


def test_a_name_that_changes_its_address_gains_nothing(server: HttpServer) -> None:
    """The first answer of the DNS is public, every later one is ours."""
    asked = 0

    def rebinding(_host: str, _port: int) -> list[str]:
        nonlocal asked
        asked += 1
        return ["192.0.2.1" if asked == 1 else "127.0.0.1"]

    server.pages["/"] = Page(b"secret")
    fetcher = Fetcher(replace(LIMITS, seconds=0.3), rebinding)
    with pytest.MonkeyPatch.context() as patch:
        # 192.0.2.1 is reserved for documents: it stands in for a public one, and answers nobody.
        patch.setattr("newsletter.ingest.feeds.connections.is_public", lambda ip: ip[:3] == "192")
        refusal(fetcher, server.url("/", "rebind.example"))
        assert asked == 1
        assert "no public address" in str(refusal(fetcher, server.url("/", "rebind.example")))
    assert server.requests == []


def test_of_several_addresses_only_public_ones_are_tried(server: HttpServer) -> None:
    server.pages["/"] = Page(b"secret")
    fetcher = Fetcher(replace(LIMITS, seconds=0.3), lambda *_: ["127.0.0.1", "192.0.2.1"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("newsletter.ingest.feeds.connections.is_public", lambda ip: ip[:3] == "192")
        refusal(fetcher, server.url("/", "mixed.example"))
    assert server.requests == []


def test_the_next_address_is_tried_where_the_first_is_dead(server: HttpServer) -> None:
    server.pages["/"] = Page(b"here")
    fetcher = Fetcher(LIMITS, lambda *_: ["127.0.0.9", "127.0.0.1"])
    assert fetcher.get(server.url("/", "pods.example")).body == b"here"


def test_a_password_goes_to_its_own_host_only(server: HttpServer) -> None:
    server.pages["/paid"] = Page(
        status=302, headers={"Location": server.url("/cdn", "pods.example")}
    )
    server.pages["/cdn"] = Page(b"it")
    fetcher = Fetcher(LIMITS, lambda *_: ["127.0.0.1"])
    fetcher.get(server.url("/paid").replace("//", "//ann:secret@"))
    assert [("authorization" in request.headers) for request in server.requests] == [True, False]


def test_the_certificate_is_of_the_name_and_not_of_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address that was resolved is connected to, and the name is what is proved and told."""
    certificate = make_certificate(tmp_path, [DNSName("pods.example")])
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
    fetcher = Fetcher(LIMITS, lambda *_: ["127.0.0.1"])
    with HttpServer(certificate) as server:
        server.pages["/"] = Page(b"safe", drip=0.3)  # slower than one look at whether we end
        assert fetcher.get(server.url("/", "pods.example")).body == b"safe"
        assert server.requests[0].headers["host"] == f"pods.example:{server.port}"
        assert "certificate" in str(refusal(fetcher, server.url("/")))
    monkeypatch.delenv("SSL_CERT_FILE")
    with HttpServer(certificate) as server:
        url = server.url("/", "pods.example")
        assert "certificate" in str(refusal(Fetcher(LIMITS, lambda *_: ["127.0.0.1"]), url))


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (Page(b"x" * 50_001), "larger than 50,000 bytes"),
        (Page(b"x" * 1000, endless=True), "larger than 50,000 bytes"),
        (Page(BOMB, headers={"Content-Encoding": "gzip"}), "larger than 50,000 bytes"),
        (Page(b"x", headers={"Content-Encoding": "br"}), "packed as br"),
        (Page(b"x" * 99, headers={"Content-Encoding": "gzip"}), "gzip is broken"),
        (Page(gzip.compress(b"x" * 99)[:-9], headers={"Content-Encoding": "gzip"}), "too early"),
        (Page(b"x" * 100, cut=10), "the connection failed"),
        (Page(cut=0, body=b"x"), "the connection failed"),
        (Page(status=500), "answered 500 Internal Server Error"),
        (Page(status=204), "answered 204 No Content"),
        (Page(status=301), "answered 301 Moved Permanently"),
    ],
)
def test_what_is_too_much_or_broken_ends(
    server: HttpServer, fetcher: Fetcher, page: Page, said: str
) -> None:
    server.pages["/"] = page
    assert said in str(refusal(fetcher, server.url("/")))


@pytest.mark.parametrize("page", [Page(b"x" * 10_000, drip=0.2), Page(stall=True)])
def test_what_is_too_slow_ends(server: HttpServer, page: Page) -> None:
    server.pages["/"] = page
    error = refusal(Fetcher(replace(LIMITS, seconds=1.0)), server.url("/"))
    assert (str(error), error.lasting) == ("no whole answer within 1 seconds", False)


@pytest.mark.parametrize("page", [Page(b"x" * 10_000, drip=0.05), Page(stall=True)])
def test_whoever_waits_for_an_answer_hears_at_once_that_the_program_ends(
    server: HttpServer, page: Page
) -> None:
    asked = threading.Event()

    def slow(_request: Request) -> Page:
        asked.set()
        return page

    server.pages["/"] = slow
    fetcher = Fetcher(LIMITS, stop=asked.is_set)
    start = monotonic()
    with pytest.raises(Stopped):
        fetcher.get(server.url("/"))
    assert monotonic() - start < LIMITS.seconds / 3
    with pytest.raises(Stopped):
        fetcher.get(server.url("/"))
    assert len(server.requests) == 1


def test_a_body_of_exactly_the_limit_is_taken(server: HttpServer, fetcher: Fetcher) -> None:
    server.pages["/plain"] = Page(b"x" * 50_000)
    server.pages["/packed"] = Page(b"x" * 50_000, packed=True)
    twice = gzip.compress(b"a") + gzip.compress(b"b")
    server.pages["/members"] = Page(twice, headers={"Content-Encoding": "gzip"})
    for path in ("/plain", "/packed"):
        assert fetcher.get(server.url(path)).body == b"x" * 50_000
    assert fetcher.get(server.url("/members")).body == b"ab"


@pytest.mark.parametrize(
    ("status", "lasting"),
    [(404, True), (410, True), (403, True), (429, False), (408, False), (503, False)],
)
def test_what_would_be_the_same_again_is_told_from_what_passes(
    server: HttpServer, fetcher: Fetcher, *, status: int, lasting: bool
) -> None:
    server.pages["/"] = Page(status=status, headers={"Retry-After": "120"})
    error = refusal(fetcher, server.url("/"))
    assert (error.status, error.lasting, error.retry_after) == (status, lasting, "120")


def test_nobody_there_and_no_such_host(fetcher: Fetcher) -> None:
    with HttpServer() as gone:
        url = gone.url("/")
    assert "refused" in str(refusal(fetcher, url))
    assert "cannot be found" in str(refusal(fetcher, "http://nowhere.invalid/"))


def test_a_host_has_one_connection_at_a_time_and_two_hosts_have_two(server: HttpServer) -> None:
    both = threading.Barrier(2, timeout=60)
    fetcher = Fetcher(LIMITS, lambda *_: ["127.0.0.1"])
    server.pages["/slow"] = Page(b"xxxx", drip=0.02)

    def together(_request: Request) -> Page:
        both.wait()
        return Page(b"x")

    run([fetcher], [server.url("/slow")] * 4)
    assert server.at_once == 1
    server.pages["/both"] = together
    run([fetcher], [server.url("/both"), server.url("/both", "pods.example")])
    assert server.at_once == 2


def run(fetchers: Sequence[Fetcher], urls: Sequence[str]) -> None:
    threads = [
        threading.Thread(target=fetcher.get, args=(url,)) for fetcher in fetchers for url in urls
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
