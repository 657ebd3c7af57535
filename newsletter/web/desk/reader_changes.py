"""What an operator does to one reader: add, change, have them leave or come back, erase."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from newsletter.domain import weekdays
from newsletter.domain.addresses import mailbox
from newsletter.domain.errors import NotFound, UsageError
from newsletter.domain.model import Subscriber
from newsletter.domain.timezones import summer_warning
from newsletter.services import subscriptions
from newsletter.services.personal_data import erase_reader
from newsletter.services.readers import find_subscriber
from newsletter.services.subscriptions import from_text
from newsletter.web.desk.frame import Frame, Visit
from newsletter.web.desk.readers import PATH, Parts, ReaderPages, choices, fields_of, find
from newsletter.web.forms import Form

_TYPED = ("name", "interests", "timezone", "hour", "paused_until", "frequency", "language")
_ONE = f"{PATH}/{{id:int}}"


def routes(frame: Frame, parts: Parts) -> Sequence[BaseRoute]:
    acts = _Changes(parts)
    return [
        frame.get(f"{PATH}/add", acts.form, role="operator"),
        frame.post(f"{PATH}/add", acts.add, audited="subscribers add"),
        frame.post(f"{_ONE}/change", acts.change, audited="subscribers change"),
        frame.post(f"{_ONE}/leave", acts.leave, audited="subscribers remove"),
        frame.post(f"{_ONE}/return", acts.come_back, audited="subscribers add"),
        frame.get(f"{_ONE}/erase", acts.ask_to_erase, role="operator"),
        frame.post(f"{_ONE}/erase", acts.erase, audited="subscribers erase"),
    ]


class _Changes:
    def __init__(self, parts: Parts) -> None:
        self.parts, self.pages = parts, ReaderPages(parts)

    def form(self, visit: Visit) -> Response:
        return self._form(visit, fields_of(self.parts.defaults.subscriber("")))

    def add(self, visit: Visit) -> Response:
        address = visit.form.get("address", "").strip()
        visit.about(address)
        try:
            reader = self._add(visit, address)
        except UsageError as error:
            return self._form(visit, _typed(visit.form) | {"address": address}, error)
        warning = summer_warning(reader.timezone)
        message = f"{reader.address} is added. {warning}".strip()
        return visit.back(f"{PATH}/{reader.id}", message)

    def _add(self, visit: Visit, address: str) -> Subscriber:
        """Who is there is not changed by fields that were left as they stood."""
        parts, known = self.parts, self._known(address)
        if known:
            raise UsageError(f"{known.address} is here already, and {known.state}")
        resubscribe = bool(visit.form.get("resubscribe"))
        added, _ = subscriptions.subscribe(
            parts.store,
            address,
            _changes(visit.form),
            parts.defaults,
            visit.now,
            resubscribe=resubscribe,
            secret=parts.secret,
        )
        return find_subscriber(parts.store, added.address)

    def change(self, visit: Visit) -> Response:
        parts, reader = self.parts, find(self.parts.store, visit)
        visit.about(reader.address)
        try:
            changes = _changes(visit.form)
            subscriptions.change(
                parts.store, reader, changes, parts.defaults, visit.now, parts.secret
            )
        except UsageError as error:
            return self.pages.story(visit, reader, error, _typed(visit.form))
        return visit.back(f"{PATH}/{reader.id}", "Saved.")

    def leave(self, visit: Visit) -> Response:
        reader = find(self.parts.store, visit)
        visit.about(reader.address)
        subscriptions.leave(self.parts.store, reader, visit.now)
        return visit.back(f"{PATH}/{reader.id}", f"{reader.address} is unsubscribed.")

    def come_back(self, visit: Visit) -> Response:
        parts, reader = self.parts, find(self.parts.store, visit)
        visit.about(reader.address)
        if not visit.form.get("wished"):
            raise UsageError(f"{reader.address} comes back only when they asked for it")
        subscriptions.subscribe(
            parts.store,
            reader.address,
            {},
            parts.defaults,
            visit.now,
            resubscribe=True,
            secret=parts.secret,
        )
        return visit.back(f"{PATH}/{reader.id}", f"{reader.address} is subscribed again.")

    def ask_to_erase(self, visit: Visit) -> Response:
        return self._ask(visit, find(self.parts.store, visit))

    def erase(self, visit: Visit) -> Response:
        """Neither the audit nor the message may name them any more."""
        parts, reader = self.parts, find(self.parts.store, visit)
        visit.about(f"subscriber {reader.id}")
        if not _is_same(visit.form.get("address", ""), reader.address):
            fault = UsageError("that is not their address", "write it as it stands here")
            return self._ask(visit, reader, fault)
        erase_reader(parts.store, reader, parts.secret, visit.now)
        return visit.back(PATH, f"Everything about reader {reader.id} is erased.")

    def _ask(self, visit: Visit, reader: Subscriber, fault: UsageError | None = None) -> Response:
        status = 422 if fault else 200
        return visit.page("desk/reader_erase.html", status, reader=reader, fault=fault)

    def _form(
        self, visit: Visit, typed: Mapping[str, object], fault: UsageError | None = None
    ) -> Response:
        status, known = (422 if fault else 200), self._known(str(typed["address"]))
        values = {"typed": typed, "fault": fault, "known": known}
        return visit.page("desk/reader_add.html", status, **values, **choices())

    def _known(self, address: str) -> Subscriber | None:
        try:
            return find_subscriber(self.parts.store, address)
        except (NotFound, UsageError):
            return None


def _changes(form: Form) -> dict[str, Any]:
    """The fields that a form has. Raises UsageError for one that cannot be read."""
    texts = {name: form[name].strip() for name in _TYPED if name in form}
    changes = {name: from_text(name, text) for name, text in texts.items()}
    days = form.getlist("weekdays")
    return changes | ({"weekdays": weekdays.parse(" ".join(days))} if days else {})


def _typed(form: Form) -> dict[str, object]:
    typed: dict[str, object] = {name: form.get(name, "") for name in _TYPED}
    return typed | {"weekdays": form.getlist("weekdays")}


def _is_same(typed: str, address: str) -> bool:
    try:
        return mailbox(typed).key == mailbox(address).key
    except UsageError:
        return False
