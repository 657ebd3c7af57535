"""The desk's readers in a real Chromium: with and without JavaScript, and as axe sees them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from newsletter.domain.model import Citation, Issue, Pick, Vote
from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.services.readers import find_subscriber
from newsletter.storage import Store, archive, issues, ledger, return_owners, returns, votes
from tests.browser.test_issues import violations
from tests.builders import NOON, TODAY, brief, read
from tests.cli.conftest import INSIGHTS
from tests.conftest import new_store
from tests.web.desk.conftest import PASSWORD, Clock
from tests.web.desk.test_readers import HOSTILE, add, site
from tests.web.test_unsubscribe import serving

pytestmark = pytest.mark.heavy

FITS = "[...document.querySelectorAll('.box')].every(box => box.scrollWidth <= box.clientWidth)"
"""No table is cut at these widths."""
STATES = ("active", "active", "active", "unsubscribed", "active", "bounced", "pending")


def fill(store: Store) -> None:
    for number in range(70):
        name = f"Anna Nordström {number}" if number % 3 else ""
        zone = ("Europe/Oslo", "America/New_York", "Asia/Tokyo")[number % 3]
        about = {"name": name, "state": STATES[number % 7], "timezone": zone}
        interests = "tide mills, cranes, not crypto" if number % 2 else ""
        add(store, f"reader{number:02}@letters.example", **about, interests=interests)
    add(store, f"{'w' * 64}@{'x' * 60}.{'y' * 60}.example", name="W" * 100, interests=HOSTILE * 5)
    add(store, "hostile@letters.example", name=HOSTILE)
    reader = find_subscriber(store, "reader01@letters.example")
    texts = [f"{words} So it has been since anybody wrote it down." for words in INSIGHTS[:5]]
    with store.writing() as db:
        archive.record(db, [read("a.txt", brief(*texts))], NOON, TODAY)
        picks = [Pick(n, n, words, Citation(), 0.5, {}) for n, words in enumerate(texts, 1)]
        issue = issues.save(db, Issue(TODAY, tuple(picks)), NOON)
        for day in range(35):
            reason = "too_few" if day % 9 == 4 else None
            date = TODAY - timedelta(days=day)
            entry = ledger.Entry(reader, date, None if reason else issue, reason, "", NOON, NOON)
            ledger.enter(db, [entry], NOON)
        db.execute(text("UPDATE delivery SET state = 'sent' WHERE reason IS NULL"))
        votes.record(db, reader.id, Vote(2, "more", NOON))
        it = Return(ReturnKind.BOUNCE, Severity.SOFT, status="4.2.2", words="mailbox is full")
        owner = return_owners.Owner(reader.id, reader.address, proved=True)
        returns.keep(db, returns.Incoming("k1", "mail", it), owner, "kept", NOON)


@contextmanager
def desk(
    chromium: Browser, folder: Path, width: int, scheme: str, *, script: bool = True
) -> Iterator[tuple[Page, Store]]:
    store = new_store(folder)
    fill(store)
    context = chromium.new_context(
        viewport={"width": width, "height": 844},
        java_script_enabled=script,
        color_scheme="dark" if scheme == "dark" else "light",
        accept_downloads=True,
    )
    tab = context.new_page()
    problems: list[str] = []
    tab.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    with serving(site(store, Clock(), folder)) as port:
        tab.goto(f"http://127.0.0.1:{port}/desk/login?next=/desk/readers")
        tab.get_by_label("Name").fill("olga")
        tab.get_by_label("Password").fill(PASSWORD)
        tab.get_by_role("button", name="Log in").click()
        yield tab, store
    assert [problem for problem in problems if "422" not in problem] == []
    context.close()
    store.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_reader_is_found_changed_and_erased(
    chromium: Browser,
    tmp_path: Path,
    script: bool,  # noqa: FBT001
) -> None:
    with desk(chromium, tmp_path, 390, "light", script=script) as (tab, store):
        tab.get_by_label("Begins with").fill("reader0")
        if not script:
            tab.get_by_role("button", name="Search").click()
        expect(tab.locator("tbody.part th")).to_have_count(10)
        tab.get_by_label("State").select_option("bounced")
        if not script:
            tab.get_by_role("button", name="Search").click()
        expect(tab.locator("tbody.part th")).to_have_text(["reader05@letters.example"])
        tab.get_by_label("State").select_option("")
        tab.get_by_label("Begins with").fill("reader01")
        if not script:
            tab.get_by_role("button", name="Search").click()
        expect(tab.locator("tbody.part th")).to_have_count(1)
        tab.get_by_role("link", name="reader01@letters.example").click()
        if script:
            expect(tab.locator("#matches")).to_contain_text("3 of the 40 insights")
        tab.get_by_label("Name", exact=True).fill("Ann")
        tab.get_by_label("Time zone").fill("nowhere")
        tab.get_by_role("button", name="Save").click()
        expect(tab.locator(".note.fault")).to_contain_text("no zone is called")
        tab.get_by_label("Time zone").fill("Asia/Tokyo")
        tab.get_by_role("button", name="Save").click()
        expect(tab.get_by_role("status").first).to_have_text("Saved.")
        assert find_subscriber(store, "reader01@letters.example").name == "Ann"
        tab.get_by_role("link", name="Erase everything about them").click()
        tab.get_by_label("Write").fill("reader01@letters.example")
        tab.get_by_role("button", name="Erase for good").click()
        expect(tab.get_by_role("status").first).to_contain_text("is erased")


@pytest.mark.parametrize("script", [True, False])
def test_all_pages_can_be_walked_and_a_file_imported(
    chromium: Browser,
    tmp_path: Path,
    script: bool,  # noqa: FBT001
) -> None:
    with desk(chromium, tmp_path, 1280, "light", script=script) as (tab, store):
        expect(tab.locator("tbody.part th")).to_have_count(50)
        tab.get_by_role("link", name="More").click()
        expect(tab.locator("tbody.part th")).to_have_count(72 if script else 22)
        tab.get_by_role("link", name="Import").click()
        lines = "email;name\nnew@im.example;Nora\nreader02@letters.example;\nno address;\n"
        file = tmp_path / "people.csv"
        file.write_text(lines)
        tab.get_by_label("CSV file").set_input_files(file)
        tab.get_by_role("button", name="Show what it would do").click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("What people.csv would do")
        with tab.expect_download() as download:
            tab.get_by_role("link", name="All lines as CSV").click()
        assert "no address" in download.value.path().read_text()
        tab.get_by_role("button", name="Add 1 reader").click()
        expect(tab.get_by_role("status").first).to_contain_text("Imported: 1 added")
        assert find_subscriber(store, "new@im.example").name == "Nora"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_of_readers_are_clear_to_everybody(
    chromium: Browser, axe: str, tmp_path: Path, width: int, scheme: str
) -> None:
    with desk(chromium, tmp_path, width, scheme) as (tab, store):
        one = find_subscriber(store, "reader01@letters.example").id
        left = find_subscriber(store, "reader03@letters.example").id
        far = f"{'w' * 64}@{'x' * 60}.{'y' * 60}.example"
        long = find_subscriber(store, far).id
        home = tab.url
        paths = ["", "?text=nobody", "?state=odd", f"/{one}", f"/{left}", f"/{long}"]
        paths += [f"/{one}/matches", f"/{one}/erase", "/add", "/import", "import"]
        for path in paths:
            if path == "import":
                tab.get_by_label("Or paste lines").fill(
                    "email\nnew@x.example\nno address\nreader02@letters.example\n"
                )
                tab.get_by_role("button", name="Show what it would do").click()
            else:
                tab.goto(home + path, wait_until="networkidle")
            name = path.strip("/?").replace("/", "-").replace(str(one), "one") or "list"
            tab.screenshot(path=tmp_path / f"{name}-{width}-{scheme}.png", full_page=True)
            assert violations(tab, axe) == [], path
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, path
            assert tab.evaluate(FITS), path
