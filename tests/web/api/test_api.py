import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsletter.domain.errors import UsageError
from newsletter.domain.model import Issue
from newsletter.services import api_tokens, audit
from newsletter.services.personal_data import erase_reader
from newsletter.services.subscriptions import FIELDS
from newsletter.storage import issues, send_queue, subscribers
from newsletter.storage.schema import api_answer
from newsletter.web.api.endpoints import ENDPOINTS
from tests.builders import NOON
from tests.web.api.conftest import SECRET, Api

BRIEF = {
    "podcast": "Harbour Talk",
    "insights": ["Tide mills worked by night as well, because the sea does not sleep."],
}


def test_a_subscriber_comes_changes_and_leaves(api: Api) -> None:
    added = api.json("POST", "/subscribers", {"address": "Ann@example.org", "name": "Ann"})
    assert added["result"] == "added"
    assert added["subscriber"]["timezone"] == "Europe/Paris"
    path = "/subscribers/ann%40EXAMPLE.org"
    assert api.json("GET", path) == added["subscriber"] | {"address": "Ann@example.org"}
    changed = api.json("PATCH", path, {"hour": 9, "interests": "tides, cranes"})
    assert (changed["hour"], changed["interests"], changed["name"]) == (9, "tides, cranes", "Ann")
    assert api.json("POST", f"{path}/leave")["state"] == "unsubscribed"
    refused = api("PATCH", path, {"hour": 8})
    assert refused.status == 422
    assert "unsubscribed" in refused.text
    assert api("POST", "/subscribers", {"address": "ann@example.org"}).status == 422
    back = api.json("POST", "/subscribers", {"address": "ann@example.org", "resubscribe": True})
    assert back["subscriber"]["state"] == "active"


def test_who_was_erased_is_not_added_by_a_program(api: Api) -> None:
    api.json("POST", "/subscribers", {"address": "erased@example.org"})
    with api.store.reading() as db:
        reader = subscribers.find(db, "erased@example.org")
    assert reader
    erase_reader(api.store, reader, SECRET, NOON)
    refused = api("POST", "/subscribers", {"address": "Erased@example.org"})
    assert refused.status == 422
    assert "erased" in json.loads(refused.text)["detail"]
    wished = {"address": "erased@example.org", "resubscribe": True}
    assert api.json("POST", "/subscribers", wished)["result"] == "added"


def test_every_field_of_a_reader_can_be_read_and_changed(api: Api) -> None:
    about = {"name": "Fay", "timezone": "UTC", "hour": 5, "interests": "tides", "language": "de"}
    when = {"weekdays": ["mon", "thu"], "paused_until": "2026-05-01", "frequency": "daily"}
    wished = about | when
    added = api.json("POST", "/subscribers", {"address": "fay@example.org", **wished})
    shown = added["subscriber"]
    assert shown == {**wished, "id": shown["id"], "address": "fay@example.org", "state": "active"}
    assert set(shown) - {"id"} == set(FIELDS)
    path = "/subscribers/fay@example.org"
    changed = api.json("PATCH", path, {"paused_until": None, "frequency": "weekly"})
    assert (changed["paused_until"], changed["weekdays"]) == (None, ["mon"])
    assert api.json("PATCH", path, {"hour": 6})["frequency"] == "weekly"
    wrong: list[dict[str, object]] = [
        {"weekdays": []},
        {"weekdays": ["day"]},
        {"paused_until": "x"},
    ]
    assert [api("PATCH", path, change).status for change in wrong] == [400, 400, 400]
    assert api("PATCH", path, {"language": "xx"}).status == 422


def test_who_is_erased_is_named_nowhere_any_more(api: Api) -> None:
    path = "/subscribers/Eve@example.org"
    new = {"address": "Eve@example.org", "interests": "tides"}
    api.json("POST", "/subscribers", new, Idempotency_Key="eve")
    number = api.json("GET", path)["id"]
    assert api.json("POST", f"{path}/erase", Idempotency_Key="gone") == {"done": True}
    assert api.json("POST", f"{path}/erase", Idempotency_Key="gone") == {"done": True}
    assert api("GET", path).status == 404
    assert api("POST", f"{path}/erase").status == 404
    lines = audit.newest(api.store, 10, f"subscriber {number}")
    assert [line["action"] for line in lines] == ["subscribers erase", "subscribers add"]
    with api.store.reading() as db:
        bodies = [row.body for row in db.execute(api_answer.select())]
    assert not any(b"Eve@" in body or b"eve@" in body for body in bodies)
    assert number not in [reader["id"] for reader in api.json("GET", "/subscribers")["items"]]
    assert api("POST", "/subscribers", new).status == 422


def test_issues_are_listed_by_date_the_newest_first(api: Api) -> None:
    assert api.json("GET", "/issues?cursor=2020-01-31") == {"items": [], "next": None}
    with api.store.writing() as db:
        for day in (1, 2, 3):
            issues.save(db, Issue(date(2020, 1, day), ()), NOON, house=True)
    first = api.json("GET", "/issues?limit=2&cursor=2020-01-31")
    assert first == {"items": ["2020-01-03", "2020-01-02"], "next": "2020-01-01"}
    last = api.json("GET", f"/issues?limit=2&cursor={first['next']}")
    assert last == {"items": ["2020-01-01"], "next": None}


def test_pages_hold_everybody_once(api: Api) -> None:
    for number in range(7):
        api.json("POST", "/subscribers", {"address": f"page{number}@example.org"})
    seen: list[str] = []
    cursor: int | None = 0
    while cursor is not None:
        page = api.json("GET", f"/subscribers?limit=3&state=active&cursor={cursor}")
        seen += [reader["address"] for reader in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen))
    assert {f"page{number}@example.org" for number in range(7)} <= set(seen)


def test_a_brief_is_taken_once_and_found(api: Api) -> None:
    first = api("POST", "/briefs", BRIEF)
    assert first.status == 201
    assert json.loads(first.text)["insights"] == 1
    assert api("POST", "/briefs", BRIEF).text == first.text
    (found,) = api.json("GET", "/insights?q=tide+sleep")
    shown = api.json("GET", f"/insights/{found['id']}")
    assert [mention["podcast"] for mention in shown["mentions"]] == ["Harbour Talk"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"insights": []}', b"\xff\xfe", b"[" * 9999])
def test_what_is_no_brief_is_refused_with_the_reason(api: Api, body: bytes) -> None:
    answer = api("POST", "/briefs", body)
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.text)["detail"]


def test_pause_and_resume(api: Api) -> None:
    assert api.json("POST", "/pause") == {"done": True}
    with api.store.reading() as db:
        assert send_queue.paused(db) == NOON
    assert api.json("POST", "/resume") == {"done": True}
    assert api.json("POST", "/resume") == {"done": False}


def test_the_same_key_gets_the_same_answer_and_does_nothing_twice(api: Api) -> None:
    body = {"address": "once@example.org"}
    first = api("POST", "/subscribers", body, Idempotency_Key="k1")
    again = api("POST", "/subscribers", body, Idempotency_Key="k1")
    assert (again.status, again.text) == (first.status, first.text)
    assert json.loads(again.text)["result"] == "added"
    other = api("POST", "/subscribers", {"address": "two@example.org"}, Idempotency_Key="k1")
    assert other.status == 409
    assert api("GET", "/subscribers/two@example.org").status == 404


def test_a_refusal_does_not_use_the_key_up(api: Api) -> None:
    wrong = {"address": "hour@example.org", "timezone": "Nowhere/At-All"}
    assert api("POST", "/subscribers", wrong, Idempotency_Key="k2").status == 422
    right = {"address": "hour@example.org"}
    assert api("POST", "/subscribers", right, Idempotency_Key="k2").status == 200


def test_every_change_leaves_an_audit_line_with_the_name_of_the_token(api: Api) -> None:
    api.json("POST", "/subscribers", {"address": "audit@example.org"})
    api.json("POST", "/subscribers/audit@example.org/leave")
    lines = audit.newest(api.store, 10, "audit@example.org")
    assert [(line["entrance"], line["who"], line["action"]) for line in lines] == [
        ("api", "tests", "subscribers remove"),
        ("api", "tests", "subscribers add"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/subscribers?limit=0", None, 400),
        ("GET", "/subscribers?limit=x", None, 400),
        ("GET", "/subscribers?limit=1&limit=2", None, 400),
        ("GET", "/subscribers?who=me", None, 400),
        ("GET", "/subscribers/nobody@example.org", None, 404),
        ("GET", "/subscribers/no-address", None, 422),
        ("GET", "/insights/999999", None, 404),
        ("GET", "/insights/one", None, 400),
        ("GET", "/issues/2026-02-30", None, 400),
        ("GET", "/issues/2026-02-03", None, 404),
        ("POST", "/subscribers", {"address": "a@example.org", "state": "active"}, 400),
        ("POST", "/subscribers", {"address": "line\nbreak@example.org"}, 422),
        ("POST", "/subscribers", {"address": "a@example.org", "hour": 24}, 400),
        ("POST", "/subscribers", b"x" * 70_000, 413),
        ("POST", "/subscribers", b"[" * 60_000, 400),
        ("PATCH", "/subscribers/nobody@example.org", {"hour": 2}, 404),
        ("DELETE", "/subscribers/nobody@example.org", None, 405),
        ("POST", "/subscribers/nobody@example.org/unsubscribe", None, 404),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    api: Api, method: str, path: str, body: object, status: int
) -> None:
    answer = api(method, path, body)
    assert answer.status == status
    problem = json.loads(answer.text)
    assert problem["status"] == status
    assert problem["detail"]


def test_without_a_token_a_stranger_learns_nothing(api: Api) -> None:
    stranger = replace(api, token="")
    answers = {
        stranger(endpoint.method, endpoint.path.replace("{", "").replace("}", ""))
        for endpoint in ENDPOINTS
    }
    assert {answer.status for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


def test_a_token_does_what_its_scopes_allow(api: Api) -> None:
    token = api_tokens.add(api.store, "reader", ["read"], 1, NOON)
    reader = replace(api, token=token)
    assert reader("GET", "/subscribers").status == 200
    for endpoint in ENDPOINTS:
        if endpoint.scope != "read":
            path = endpoint.path.replace("{address}", "ann@example.org")
            assert reader(endpoint.method, path, {}).status == 403
    api_tokens.revoke(api.store, "reader", NOON)
    assert reader("GET", "/subscribers").status == 401


def test_a_token_ends_and_its_words_are_stored_nowhere(api: Api) -> None:
    token = api_tokens.add(api.store, "short", ["read"], 1, NOON)
    assert api_tokens.caller(api.store, token, NOON)
    assert api_tokens.caller(api.store, token, NOON + timedelta(days=1)) is None
    assert not any(token in str(dict(row)) for row in api_tokens.listed(api.store))
    with pytest.raises(UsageError, match="in force"):
        api_tokens.add(api.store, "short", ["read"], 1, NOON)


def test_many_requests_of_one_token_must_wait(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.web.api.handler._A_MINUTE", 3)
    token = api_tokens.add(api.store, "busy", ["read"], 1, NOON)
    busy = replace(api, token=token)
    statuses = [busy("GET", "/subscribers").status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
