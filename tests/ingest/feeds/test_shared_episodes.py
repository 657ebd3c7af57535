"""An episode that two feeds have, or a feed and the inbox: each keeps what it says itself."""

from datetime import timedelta
from pathlib import Path

from newsletter.storage import candidates
from tests.http_server import HttpServer, Page
from tests.ingest.feeds.conftest import HOUR, Scanner, item, rss, takeaways
from tests.ingest.test_ingest import run


def said(scanner: Scanner) -> list[str]:
    with scanner.store.reading() as db:
        found = candidates.of_day(db, (scanner.now + timedelta(1)).date(), 3650)
    return sorted(one.insight.text.partition(" years")[0] for one in found if "quay" in str(one))


def test_a_show_on_two_hosts_is_changed_on_one_of_them(
    scanner: Scanner, server: HttpServer
) -> None:
    for path in ("/one", "/two"):
        server.pages[path] = Page(rss(item(1), item(2)))
    scanner.follow(server.url("/one"), server.url("/two"))
    scanner.scan()
    before = said(scanner)
    server.pages["/two"] = Page(rss(item(1, takeaways(7)), item(2), title="Another Show"))
    scanner.after(HOUR).scan()
    assert said(scanner) == sorted([*before, "Dredging a harbour every 9"])
    server.pages["/two"] = Page(rss(item(2), title="Another Show"))
    scanner.after(HOUR).scan()
    assert said(scanner) == sorted([*before, "Dredging a harbour every 9"])


def test_a_copy_of_a_file_in_the_inbox_is_changed_by_a_feed(
    scanner: Scanner, server: HttpServer, tmp_path: Path
) -> None:
    text = "Dredging a harbour every 4 years costs more than moving the quay once did."
    front = "podcast: Harbour Talk\nepisode: Episode 1\nurl: https://pods.example/1"
    (tmp_path / "mine.md").write_text(f"---\n{front}\n---\n- {text}\n")
    run(scanner.store, tmp_path)
    copy = f"<h3>Key takeaways</h3><ul><li>{text}</li></ul>"
    server.pages["/feed"] = Page(rss(item(1, copy)))
    scanner.follow(server.url("/feed"))
    scanner.scan()
    server.pages["/feed"] = Page(rss(item(1, takeaways(7))))
    scanner.after(HOUR).scan()
    assert said(scanner) == ["Dredging a harbour every 4", "Dredging a harbour every 9"]
    assert run(scanner.store, tmp_path).after.briefs == 2
