"""The endpoints: each calls the function that the command of the same name calls."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from newsletter.domain.due import local_date
from newsletter.domain.errors import NotFound
from newsletter.domain.model import Subscriber
from newsletter.domain.weekdays import NAMES, numbers, weekday_set
from newsletter.ingest.parsers.json import JsonBrief
from newsletter.services import (
    briefs,
    insights,
    interests,
    operator_actions,
    readers,
    subscriptions,
)
from newsletter.services.deliveries import page as delivery_page
from newsletter.services.issues import house_dates, house_issue
from newsletter.services.personal_data import erase_reader
from newsletter.web.api.endpoint import Call, Endpoint, Nothing
from newsletter.web.api.schemas import (
    Added,
    Changes,
    Deliveries,
    Delivery,
    DeliveryQuery,
    Done,
    Id,
    InterestsQuery,
    IssueDates,
    IssueQuery,
    ListQuery,
    NewSubscriber,
    Page,
    Reader,
    SearchQuery,
)


def list_subscribers(call: Call) -> Page:
    query = call.query
    rows = readers.page(call.store, query.state or None, query.cursor, query.limit)
    more = len(rows) == query.limit
    return Page([_reader(row) for row in rows], rows[-1].id if more else None)


def get_subscriber(call: Call) -> Reader:
    return _reader(readers.find_subscriber(call.store, call.path["address"]))


def add_subscriber(call: Call) -> Added:
    new = call.body
    subscriber, result = subscriptions.subscribe(
        call.store,
        new.address,
        _changes(new),
        call.parts.defaults,
        call.now,
        resubscribe=new.resubscribe,
        secret=call.parts.secret,
    )
    return Added(result, _reader(readers.find_subscriber(call.store, subscriber.address)))


def change_subscriber(call: Call) -> Reader:
    there = readers.find_subscriber(call.store, call.path["address"])
    changes, parts = _changes(call.body), call.parts
    subscriptions.change(call.store, there, changes, parts.defaults, call.now, parts.secret)
    return _reader(readers.find_subscriber(call.store, there.address))


def leave(call: Call) -> Reader:
    there = readers.find_subscriber(call.store, call.path["address"])
    subscriptions.leave(call.store, there, call.now)
    return _reader(readers.find_subscriber(call.store, there.address))


def erase(call: Call) -> Done:
    there = readers.find_subscriber(call.store, call.path["address"])
    erase_reader(call.store, there, call.parts.secret, call.now)
    call.is_about(f"subscriber {there.id}")  # the audit must not name them any more
    return Done(True)


def add_brief(call: Call) -> briefs.Taken:
    parts = call.parts
    return briefs.take_brief(call.store, call.raw, parts.boilerplate, call.now, parts.timezone)


def search_insights(call: Call) -> list[insights.Found]:
    return insights.search(call.store, call.query.q.split(), call.query.limit)


def get_insight(call: Call) -> insights.Shown:
    return insights.show(call.store, call.path["id"])


def preview_interests(call: Call) -> list[interests.Match]:
    results = interests.matches(call.parts.rules(), call.query.phrases)
    return list(results.best[: call.query.limit])


def get_issue(call: Call) -> Any:
    issue = house_issue(call.store, call.path["date"])
    if issue is None:
        raise NotFound(f"no house issue of {call.path['date']} was composed")
    return issue


def list_issues(call: Call) -> IssueDates:
    query = call.query
    results = house_dates(call.store, query.cursor or dt.date.max, query.limit + 1)
    more = len(results) > query.limit
    return IssueDates(results[: query.limit], results[-1] if more else None)


def list_deliveries(call: Call) -> Deliveries:
    query = call.query
    day = query.date or local_date(call.now, call.parts.timezone)
    rows = delivery_page(call.store, query.state or None, day, query.cursor, query.limit)
    items = [Delivery(**row) for row in rows]
    return Deliveries(items, items[-1].id if len(items) == query.limit else None)


def pause(call: Call) -> Done:
    operator_actions.pause(call.store, call.now)
    return Done(True)


def resume(call: Call) -> Done:
    return Done(operator_actions.resume(call.store))


def _reader(subscriber: Subscriber) -> Reader:
    values = {name: getattr(subscriber, name) for name in Reader.__struct_fields__}
    return Reader(**values | {"weekdays": [NAMES[day] for day in numbers(subscriber.weekdays)]})


def _changes(body: Changes) -> Mapping[str, Any]:
    values = {name: getattr(body, name) for name in Changes.__struct_fields__}
    changes = {
        name: value.strip() if isinstance(value, str) else value
        for name, value in values.items()
        if value is not (UNSET if name == "paused_until" else None)
    }
    if body.weekdays:
        changes["weekdays"] = weekday_set(map(NAMES.index, body.weekdays))
    return changes


ENDPOINTS = (
    Endpoint(
        "GET", "/subscribers", "read", "Subscribers, in the order of their ids.",
        list_subscribers, Page, query=ListQuery,
    ),
    Endpoint(
        "POST", "/subscribers", "subscribers", "Add a subscriber, or change one who is there.",
        add_subscriber, Added, body=NewSubscriber, changes="subscribers add",
    ),
    Endpoint(
        "GET", "/subscribers/{address}", "read", "One subscriber.",
        get_subscriber, Reader, path_types={"address": str},
    ),
    Endpoint(
        "PATCH", "/subscribers/{address}", "subscribers", "Change fields of an active subscriber.",
        change_subscriber, Reader, body=Changes, changes="subscribers change",
        path_types={"address": str},
    ),
    Endpoint(
        "POST", "/subscribers/{address}/leave", "subscribers", "Unsubscribe; the row stays.",
        leave, Reader, body=Nothing, changes="subscribers remove", path_types={"address": str},
    ),
    Endpoint(
        "POST", "/subscribers/{address}/erase", "erase", "Erase everything about them, for good.",
        erase, Done, body=Nothing, changes="subscribers erase", path_types={"address": str},
    ),
    Endpoint(
        "POST", "/briefs", "briefs", "Add a brief, as in docs/brief-files.md.",
        add_brief, briefs.Taken, body=JsonBrief, raw=True, changes="briefs add", status=201,
    ),
    Endpoint(
        "GET", "/insights", "read", "Insights that hold all of these words, the newest first.",
        search_insights, list[insights.Found], query=SearchQuery,
    ),
    Endpoint(
        "GET", "/insights/{id}", "read", "One insight, with where it was said and what was done.",
        get_insight, insights.Shown, path_types={"id": Id},
    ),
    Endpoint(
        "GET", "/interests", "read", "What phrases find in the archive, the best first.",
        preview_interests, list[interests.Match], query=InterestsQuery,
    ),
    Endpoint(
        "GET", "/issues", "read", "The dates of the house issues, the newest first.",
        list_issues, IssueDates, query=IssueQuery,
    ),
    Endpoint(
        "GET", "/issues/{date}", "read", "The house issue of a date: its picks, and why.",
        get_issue, dict, path_types={"date": dt.date},
    ),
    Endpoint(
        "GET", "/deliveries", "read", "The ledger of a date (default: today).",
        list_deliveries, Deliveries, query=DeliveryQuery,
    ),
    Endpoint(
        "POST", "/pause", "operate", "Send no more messages, from the next one on.",
        pause, Done, body=Nothing, changes="pause",
    ),
    Endpoint(
        "POST", "/resume", "operate", "End a pause; whether there was one.",
        resume, Done, body=Nothing, changes="resume",
    ),
)  # fmt: skip
