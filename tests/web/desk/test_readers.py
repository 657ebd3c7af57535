import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp

from newsletter.domain.errors import StoreError
from newsletter.domain.model import Subscriber
from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.services import audit, desk_users
from newsletter.services.kept_uploads import KeptUploads
from newsletter.services.month_matches import MonthMatch
from newsletter.services.personal_data import erase_reader
from newsletter.services.readers import find_subscriber
from newsletter.services.subscriptions import Defaults, leave
from newsletter.storage import Store, ledger, return_owners, returns, subscribers
from newsletter.web.app import app
from newsletter.web.desk import login, reader_changes, reader_files, readers
from newsletter.web.desk.frame import Frame, Visit
from newsletter.web.desk.look import look
from tests.builders import NOON, TODAY
from tests.conftest import new_store
from tests.web.desk.conftest import PASSWORD, SECRET, Browser, Clock
from tests.web.test_unsubscribe import Answer, serving

HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }} {% raw %} \u202ecod.exe"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Store, Clock]]:
    folder = tmp_path_factory.mktemp("readers")
    store, clock = new_store(folder), Clock()
    with serving(site(store, clock, folder)) as port:
        yield port, store, clock
    store.close()


def site(store: Store, clock: Clock, folder: Path) -> ASGIApp:
    """The desk with no pages but those of readers, an operator and an editor."""
    desk_users.add(store, "olga", "operator", PASSWORD, NOON)
    desk_users.add(store, "eddy", "editor", PASSWORD, NOON)
    frame = Frame(store, clock, SECRET, look("Five", "#0a7d4f", "UTC"))
    parts = readers.Parts(
        store, Defaults("Europe/Oslo", 6), "UTC", lambda _: MonthMatch(3, 40, ("A <b>.",)), SECRET
    )

    def today(visit: Visit) -> Response:
        return visit.page("desk/problem.html", finding="today", advice="", back="/desk")

    routes = [
        *frame.look.files(),
        *login.routes(frame),
        frame.get("/desk", today),
        *readers.routes(frame, parts),
        *reader_changes.routes(frame, parts),
        *reader_files.routes(frame, parts, KeptUploads(folder / "uploads")),
        *frame.rest(),
    ]
    return app(routes, {StoreError: frame.closed})


def add(store: Store, address: str, **about: object) -> int:
    """Or change; their number."""
    values: dict[str, object] = {"timezone": "UTC", "hour": 7, **about}
    with store.writing() as db:
        if subscribers.find(db, address) is None:
            new = Subscriber(0, address, **values)  # type: ignore[arg-type]
            subscribers.add_all(db, {address: new}, NOON - timedelta(days=30))
        found = subscribers.find(db, address)
        assert found
        return found.id


def addresses(page: Answer) -> list[str]:
    return re.findall(r'<a href="/desk/readers/\d+"><bdi>([^<]+)</bdi>', page.text)


def paged(operator: Browser, path: str) -> list[str]:
    found: list[str] = []
    while path:
        page = operator.get(path)
        assert page.status == 200
        found += addresses(page)
        further = re.search(r'<a href="(/desk/readers\?[^"]*cursor=[^"]+)"', page.text)
        path = unescape(further[1]) if further else ""
    return found


def test_readers_are_found_page_by_page(operator: Browser) -> None:
    for number in range(120):
        add(operator.store, f"page{number:03}@pages.example", name=f"Pat {number}")
    wanted = [f"page{number:03}@pages.example" for number in range(120)]
    assert paged(operator, "/desk/readers?text=page") == wanted
    assert paged(operator, "/desk/readers?by=domain&text=pages.ex") == wanted
    assert sorted(paged(operator, "/desk/readers?by=name&text=PAT")) == wanted
    assert paged(operator, "/desk/readers?text=@pages") == wanted
    assert set(wanted) <= set(paged(operator, "/desk/readers?state=active"))
    assert paged(operator, "/desk/readers?text=nobody") == []
    nobody = operator.get("/desk/readers?text=nobody&state=bounced")
    assert "No reader found" in nobody.text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("state=odd", "There is no such filter"),
        ("by=phone&text=1", "There is no such filter"),
        ("timezone=Nowhere", "No zone is called"),
        ("cursor=x", "This page is of another search"),
        ("cursor=WyJhIl0", "This page is of another search"),
        ("text=a&cursor=Wzk5OTk5OTk5OTk5OTk5OTk5OTk5XQ", "This page is of another search"),
        ("cursor=Wzk5OTk5OTk5OTk5OTk5OTk5OTk5XQ", "This page is of another search"),
    ],
)
def test_a_search_that_cannot_be_is_told(operator: Browser, query: str, says: str) -> None:
    page = operator.get(f"/desk/readers?{query}")
    assert page.status == 422
    assert says in page.text


def test_any_text_may_be_searched(operator: Browser) -> None:
    for text in ("%00", "%ED%A0%80", "%F4%8F%BF%BF", "x" * 5000, "%27%22%25_", "%EF%BF%BF"):
        for by in ("address", "name", "domain"):
            assert operator.get(f"/desk/readers?by={by}&text={text}").status == 200


def test_who_waits_and_who_got_nothing_can_be_asked_for(operator: Browser) -> None:
    store = operator.store
    numbers = {name: add(store, f"{name}@w.example") for name in ("wait", "none", "late")}
    with store.writing() as db:
        for name in ("wait", "late"):
            reader = subscribers.by_id(db, numbers[name])
            assert reader
            entry = ledger.Entry(reader, TODAY, None, None, f"<{name}>", NOON, NOON)
            ledger.enter(db, [entry], NOON)
    waits = paged(operator, "/desk/readers?waits=1")
    assert set(waits) == {"wait@w.example", "late@w.example"}
    assert paged(operator, "/desk/readers?nothing=1&text=none@") == ["none@w.example"]
    assert "14 Mar: pending" in operator.get("/desk/readers?waits=1").text


def test_a_search_that_looks_at_many_goes_on_by_itself(
    operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(operator.store, "first@far.example", state="complained")
    for number in range(12):
        add(operator.store, f"far{number}@far.example")
    monkeypatch.setattr("newsletter.storage.reader_search.WINDOW", 5)
    path = "/desk/readers?by=domain&text=far.example&state=complained"
    page = operator.get(path)
    assert 'hx-trigger="load, click"' in page.text
    assert "looked at 5 so far" in page.text
    assert paged(operator, path) == ["first@far.example"]


def test_what_readers_are_called_stays_text(operator: Browser) -> None:
    number = add(operator.store, "evil@example.org", name=HOSTILE, interests=HOSTILE * 4)
    longest = f"{'a' * 64}@{'.'.join(['b' * 60] * 4)}"
    long = add(operator.store, longest, name="W" * 320)
    for path in (f"/desk/readers/{number}", "/desk/readers?text=evil", f"/desk/readers/{long}",
                 f"/desk/readers/{number}/matches", f"/desk/readers/{number}/erase"):  # fmt: skip
        page = operator.get(path)
        assert page.status == 200
        assert "<script>alert" not in page.text
        assert "{{ 7 * 7 }}" in page.text or "evil" not in path
        assert ">49" not in page.text
    assert "A &lt;b&gt;." in operator.get(f"/desk/readers/{number}/matches").text


def test_one_readers_story(operator: Browser) -> None:
    store = operator.store
    number = add(store, "story@example.org", paused_until=date(2026, 5, 1), interests="tides")
    reader = find_subscriber(store, "story@example.org")
    with store.writing() as db:
        entries = [
            ledger.Entry(reader, TODAY - timedelta(days=day), None, "too_few", "", NOON, NOON)
            for day in range(40)
        ]
        ledger.enter(db, entries, NOON)
        it = Return(ReturnKind.BOUNCE, Severity.HARD, status="5.1.1", words="no <such> user")
        owner = return_owners.Owner(number, reader.address, proved=True)
        returns.keep(db, returns.Incoming("k1", "mail", it), owner, "bounced", NOON)
    page = operator.get(f"/desk/readers/{number}")
    assert page.status == 200
    for words in ("skipped (too few)", "no &lt;such&gt; user", "2026-05-01", "hard bounce"):
        assert words in page.text
    earlier = re.search(r'href="(/desk/readers/\d+\?before=[\d-]+)', page.text)
    assert earlier
    before = operator.get(earlier[1])
    assert "2026-02-03" in before.text
    issues = before.text.split('id="deliveries-title"')[1].split("</section>")[0]
    assert "2026-03-14" not in issues
    assert operator.get("/desk/readers/999999").status == 404
    assert operator.get(f"/desk/readers/{10**30}").status == 404


def test_a_reader_is_added_changed_leaves_and_comes_back(operator: Browser) -> None:
    made = operator.send("/desk/readers/add", address="Zoe@example.org", name="Zoe", hour="9")
    assert made.status == 303
    path = made.headers["location"]
    assert "Zoe@example.org is added" in operator.get(path).text
    again = operator.send("/desk/readers/add", address="zoe@EXAMPLE.org", hour="5")
    assert again.status == 422
    assert f'href="{path}"' in again.text
    assert find_subscriber(operator.store, "zoe@example.org").hour == 9
    fields = {"name": "Zoë", "timezone": "europe/paris", "paused_until": "", "weekdays": "mon"}
    assert operator.send(f"{path}/change", **fields).status == 303
    changed = find_subscriber(operator.store, "zoe@example.org")
    assert (changed.name, changed.timezone, changed.weekdays) == ("Zoë", "Europe/Paris", 1)
    wrong = operator.send(f"{path}/change", name="Zoë", timezone="Nowhere", interests="kept <b>")
    assert wrong.status == 422
    assert "o zone is called &#39;Nowhere&#39;" in wrong.text
    assert "kept &lt;b&gt;</textarea>" in wrong.text
    assert operator.send(f"{path}/leave").status == 303
    assert find_subscriber(operator.store, "zoe@example.org").state == "unsubscribed"
    assert operator.send(f"{path}/change", name="Zed").status == 422
    assert operator.send(f"{path}/return").status == 422
    assert operator.send(f"{path}/return", wished="1").status == 303
    back = find_subscriber(operator.store, "zoe@example.org")
    assert (back.state, back.name) == ("active", "Zoë")
    lines = audit.newest(operator.store, 5, "zoe@example.org")
    actions = [(line["entrance"], line["who"], line["action"]) for line in lines]
    assert ("desk", "olga", "subscribers change") not in actions  # under the address as written
    lines = audit.newest(operator.store, 5, "Zoe@example.org")
    assert [line["action"] for line in lines] == [
        *("subscribers add", "subscribers remove", "subscribers change", "subscribers add"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"address": "no address"},
        {"address": ""},
        {"address": "x@example.org", "hour": "25"},
        {"address": "x@example.org", "paused_until": "soon"},
        {"address": "x@example.org", "weekdays": "someday"},
        {"address": "x@example.org", "language": "xx"},
        {"address": "x@example.org", "name": "line\nbreak"},
        {"address": "x@example.org", "interests": "x" * 1001},
    ],
)
def test_who_cannot_be_added_is_told_why(operator: Browser, fields: dict[str, str]) -> None:
    answer = operator.send("/desk/readers/add", **fields)
    assert answer.status == 422
    assert 'role="alert"' in answer.text
    assert "/desk/readers/add" in answer.text


def test_who_complained_never_comes_back(operator: Browser) -> None:
    number = add(operator.store, "spam@example.org", state="complained")
    assert "whoever asks" in operator.get(f"/desk/readers/{number}").text
    assert operator.send(f"/desk/readers/{number}/return", wished="1").status == 422
    assert find_subscriber(operator.store, "spam@example.org").state == "complained"


def test_who_is_erased_is_named_nowhere(operator: Browser) -> None:
    number = add(operator.store, "eve@example.org", name="Eve")
    path = f"/desk/readers/{number}/erase"
    assert "Write <bdi>eve@example.org</bdi>" in operator.get(path).text
    assert operator.send(path, address="someone@example.org").status == 422
    assert operator.send(path, address="EVE@example.org").status == 303
    assert operator.get(f"/desk/readers/{number}").status == 404
    assert operator.send(path, address="eve@example.org").status == 404
    assert addresses(operator.get("/desk/readers?text=eve@")) == []
    (line,) = audit.newest(operator.store, 1)
    assert (line["action"], line["about"]) == ("subscribers erase", f"subscriber {number}")
    refused = operator.send("/desk/readers/add", address="eve@example.org")
    assert refused.status == 422
    assert "resubscribe" in refused.text
    wished = operator.send("/desk/readers/add", address="eve@example.org", resubscribe="1")
    assert wished.status == 303


def test_readers_are_for_operators(editor: Browser) -> None:
    number = add(editor.store, "private@example.org")
    for path in ("", f"/{number}", "/add", "/import", "/export.csv", f"/{number}/erase"):
        refused = editor.get(f"/desk/readers{path}")
        assert refused.status == 403
        assert "private@example.org" not in refused.text
    token = editor.token("/desk")
    for path in (f"/{number}/leave", f"/{number}/erase", "/import/confirm", "/add"):
        assert editor.post(f"/desk/readers{path}", {"csrf": token}).status == 403


def test_a_form_from_elsewhere_changes_nothing(operator: Browser) -> None:
    number = add(operator.store, "safe@example.org")
    assert operator.post(f"/desk/readers/{number}/leave", {"csrf": "x"}).status == 403
    body, headers = multipart({"csrf": "x"}, "a.csv", b"email\nforged@example.org\n")
    assert operator._ask("POST", "/desk/readers/import", body, headers).status == 403
    assert find_subscriber(operator.store, "safe@example.org").state == "active"


def multipart(
    fields: dict[str, str], name: str, content: bytes, boundary: str = "xxBOUNDARYxx"
) -> tuple[bytes, dict[str, str]]:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    file = head.encode() + b"Content-Type: text/csv\r\n\r\n" + content + b"\r\n"
    body = b"".join(parts) + file + f"--{boundary}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def upload(operator: Browser, content: bytes, name: str = "people.csv") -> Answer:
    body, headers = multipart({"csrf": operator.token(), "pasted": ""}, name, content)
    return operator._ask("POST", "/desk/readers/import", body, headers)


def token_of(page: Answer) -> str:
    found = re.search(r'name="file" value="([\w-]{22})"', page.text)
    assert found
    return found[1]


def test_a_file_of_very_many_lines_is_not_read(
    operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_files, "_MOST_LINES", 3)
    for end in ("\n", "\r"):
        answer = upload(operator, f"address{end}a@x.example{end}b@x.example{end}".encode())
        assert answer.status == 200
        answer = upload(operator, f"address{end}{f'a{end}' * 3}".encode())
        assert answer.status == 422
        assert "more than 3 lines" in answer.text


def test_an_import_is_shown_then_done_exactly_so_and_once(operator: Browser) -> None:
    store = operator.store
    add(store, "there@im.example")
    add(store, "pending@im.example", state="pending")
    leave(store, find_subscriber(store, add_and_name(store, "left@im.example")), NOON)
    erased = find_subscriber(store, add_and_name(store, "erased@im.example"))
    erase_reader(store, erased, SECRET, NOON)
    lines = ["new@im.example,Nora", "there@im.example,", "pending@im.example,", "left@im.example,"]
    lines += ["erased@im.example,", "no address,", "NEW@im.example,Again", '"=cmd()@im.example",']
    shown = upload(operator, "\n".join(["email,name", *lines, ""]).encode())
    assert shown.status == 200
    told = list(csv.reader(io.StringIO(operator.get(
        f"/desk/readers/import/lines.csv?file={token_of(shown)}").text)))  # fmt: skip
    assert [(row[0], row[2]) for row in told[1:]] == [
        *(("2", "added"), ("3", "there already"), ("4", "confirmed"), ("5", "left")),
        *(("6", "left"), ("7", "refused"), ("8", "refused"), ("9", "refused")),
    ]
    assert not any(cell.startswith("=") for row in told for cell in row)
    assert find_subscriber(store, "pending@im.example").state == "pending"
    assert "Add 2 readers" in shown.text
    token = token_of(shown)
    done = operator.send("/desk/readers/import/confirm", file=token)
    assert done.status == 303
    said = operator.get("/desk/readers").text
    assert "Imported: 1 added, 1 confirmed, 1 there already, 2 left, 3 refused." in said
    assert find_subscriber(store, "new@im.example").name == "Nora"
    assert find_subscriber(store, "left@im.example").state == "unsubscribed"
    again = operator.send("/desk/readers/import/confirm", file=token)
    assert again.status == 422
    assert "imported already" in again.text
    actions = [line["action"] for line in audit.newest(store, 2)]
    assert actions == ["subscribers import", "subscribers import --dry-run"]


def add_and_name(store: Store, address: str) -> str:
    add(store, address)
    return address


def test_lines_may_be_pasted(operator: Browser) -> None:
    pasted = "email\tname\npasted@im.example\tÅse\n"
    shown = operator.send("/desk/readers/import", pasted=pasted)
    assert shown.status == 200
    assert "tabs" in shown.text
    assert operator.send("/desk/readers/import/confirm", file=token_of(shown)).status == 303
    assert find_subscriber(operator.store, "pasted@im.example").name == "Åse"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty|must name the columns"),
        (b"\x89PNG\r\n\x1a\n\0\0", "neither UTF-8 nor UTF-16"),
        (b"phone\n123\n", "must name the columns"),
        (b'email\n"ann@x.example\n', "ine 2: "),
        (b"email,opted out?\nann@x.example,yes\n", "who left"),
        (b"email,status\nann@x.example,unsubscribed\n", "as unsubscribed"),
        ("email\nann@x.example".encode("utf-16"), "Add 1 reader"),
        (b"sep=;\nemail;name\nann@x.example;Ann\n", "semicolons"),
        (b"\xef\xbb\xbfE-Mail Address|First Name\r\nann@x.example|Ann\r\n", "bars"),
    ],
)
def test_files_of_many_kinds_are_read_or_refused_with_the_reason(
    operator: Browser, content: bytes, says: str
) -> None:
    shown = upload(operator, content)
    assert shown.status in (200, 422)
    assert re.search(says, unescape(shown.text))


def test_a_file_waits_for_an_hour(operator: Browser) -> None:
    token = token_of(upload(operator, b"email\nlate@im.example\n"))
    operator.clock.now = NOON + timedelta(minutes=61)
    operator.log_in()
    assert operator.get(f"/desk/readers/import/lines.csv?file={token}").status == 422
    assert operator.send("/desk/readers/import/confirm", file=token).status == 422
    for odd in ("", "../../etc/passwd", "x" * 22, "\0"):
        assert operator.send("/desk/readers/import/confirm", file=odd).status == 422


def test_what_is_no_form_or_too_large_is_refused(operator: Browser) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert operator._ask("POST", "/desk/readers/import", b"--y\r\n", headers).status in (400, 403)
    broken = {"Content-Type": "multipart/form-data"}
    assert operator._ask("POST", "/desk/readers/import", b"--y\r\n", broken).status == 400
    number = add(operator.store, "large@example.org")
    large = b"csrf=" + b"x" * 70_000
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    path = f"/desk/readers/{number}/leave"
    assert operator._ask("POST", path, large, form).status == 413


def test_the_export_is_what_the_import_reads(operator: Browser) -> None:
    add(operator.store, "formula@example.org", name="=HYPERLINK(1)", interests="@tides")
    answer = operator.get("/desk/readers/export.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = {row["address"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert rows["formula@example.org"]["name"] == "'=HYPERLINK(1)"
    assert "" not in rows
    assert "there already" in upload(operator, answer.text.encode()).text


def test_kept_files_are_private(operator: Browser, tmp_path: Path) -> None:
    from newsletter.services.kept_uploads import KeptUpload

    uploads = KeptUploads(tmp_path / "kept")
    token = uploads.keep(KeptUpload(NOON, "a.csv", b"email\n", b""))
    (path,) = (tmp_path / "kept").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0
    later = NOON + timedelta(hours=2)
    uploads.keep(KeptUpload(later, "b.csv", b"email\n", b""))
    assert not path.exists()
    assert json.dumps(token)
