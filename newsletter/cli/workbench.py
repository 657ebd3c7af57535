"""``newsletter preview --serve``: the workbench, which looks at a copy of the store."""

import re
from argparse import Namespace
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules, house_subscriber, selection_settings
from newsletter.bootstrap.ingest import ingest
from newsletter.bootstrap.rendering import branding, templates_folder
from newsletter.cli.output import say
from newsletter.composing.edition import Edition
from newsletter.config import PREFIX
from newsletter.domain.errors import NewsletterError, UsageError
from newsletter.domain.model import ScheduledEmail
from newsletter.mail.message import message
from newsletter.ranking.candidate_report import CandidateRow, candidate_report
from newsletter.ranking.signals import Reader
from newsletter.rendering.rendered_email import Logo, RenderedEmail, render_email
from newsletter.rendering.renderer import Renderer
from newsletter.resources import resource
from newsletter.services.lint_templates import lint_templates
from newsletter.services.preview import scheduled_for as draft_for
from newsletter.storage import issues, ledger, subscribers
from newsletter.storage.snapshot import copy_database
from newsletter.web import app as web
from newsletter.web import workbench

_PAGE = "workbench.html"
_MOST_FILES = 20_000


def serve(app: App, args: Namespace) -> int:
    """Until it is stopped. Nothing in the store changes: a copy of it is looked at."""
    try:
        socket = web.listening(workbench.HOST, args.port)
    except OSError as error:
        raise NewsletterError(f"cannot listen on port {args.port}: {error.strerror}") from error
    port = socket.getsockname()[1]
    asked = {"date": args.date, "to": args.to}
    first = urlencode({key: value for key, value in asked.items() if value})
    with socket, TemporaryDirectory(prefix="newsletter-") as folder:
        bench = Bench(app, Path(folder))
        say(f"the workbench: http://{workbench.HOST}:{port}/{'?' * bool(first)}{first}")
        made = workbench.app(bench.page, bench.frame, bench.version, port)
        try:
            web.server(made).run(sockets=[socket])
        except KeyboardInterrupt:
            pass
        finally:
            bench.close()
    return 0


@dataclass
class Bench:
    """``app`` is what the operator runs; ``_copy`` is one made from it, good for one version."""

    app: App
    folder: Path
    _lock: Lock = field(default_factory=Lock)
    _copy: App | None = None
    _of: str = ""

    def version(self) -> str:
        """Another one when the configuration, a template, a brief or the store has changed."""
        stamps = sorted(f"{path}:{_stamp(path)}" for path in self._watched())
        return sha256("\n".join(stamps).encode()).hexdigest()[:16]

    def page(self, query: Mapping[str, str]) -> str:
        version = self.version()
        frame = {"version": version, "date": query.get("date", ""), "to": query.get("to", "")}
        with self._lock:
            try:
                shown = _shown(self._fresh(version), query)
            except NewsletterError as error:
                shown = {"title": "nothing to show", "readers": [], "error": str(error)}
        return _stationery().render(_PAGE, **{**frame, **shown})

    def frame(self, query: Mapping[str, str]) -> str:
        with self._lock:
            try:
                app = self._fresh(self.version())
                made = rendered_for(app, scheduled_for(app, query))
            except NewsletterError:
                return "<!DOCTYPE html><title>nothing</title>"
            logo = branding(app).logo if query.get("images") != "off" else None
        return _in_scheme(_with_logo(made.html, logo), query.get("scheme", "light"))

    def close(self) -> None:
        if self._copy:
            self._copy.close()

    def _fresh(self, version: str) -> App:
        if self._copy is None or self._of != version:
            self.close()
            self._copy, self._of = self._made(), version
        return self._copy

    def _made(self) -> App:
        """Read anew: configuration, templates, and the inbox into a copy of the store.

        A PostgreSQL store is looked at as it is, without what has not been ingested yet.
        """
        app = App(self.app.config, self.app.environment, self.app.clock)
        url = app.settings.store.url
        if not url.startswith("sqlite:///"):
            return app
        copy = self.folder / "copy.db"
        for left in self.folder.glob("copy.db*"):
            if left.is_file():  # the index beside it is a cache: it is believed where it fits
                left.unlink()
        copy_database(app.beside(url.removeprefix("sqlite:///")), copy)
        environment = {**app.environment, f"{PREFIX}STORE__URL": f"sqlite:///{copy}"}
        app = App(app.config, environment, app.clock)
        ingest(app, lambda: None, lambda _done, _total: None)
        return app

    def _watched(self) -> Iterator[Path]:
        yield self.app.path
        app = App(self.app.config, self.app.environment, self.app.clock)
        try:
            settings = app.settings
        except NewsletterError:
            return
        places = [resource("templates"), app.beside(settings.inbox.path)]
        custom = templates_folder(app)
        places += [custom] if custom else []
        for place in places:
            yield from sorted(place.rglob("*"))[:_MOST_FILES]
        yield from (app.beside(settings.newsletter.logo),) if settings.newsletter.logo else ()
        if settings.store.url.startswith("sqlite:///"):
            store = app.beside(settings.store.url.removeprefix("sqlite:///"))
            yield from (store, store.with_name(f"{store.name}-wal"))


def scheduled_for(app: App, query: Mapping[str, str]) -> ScheduledEmail:
    """Whose issue, of which day: as ``preview --to --date`` has it."""
    to, day = query.get("to", ""), query.get("date", "")
    try:
        on = date.fromisoformat(day) if day else None
    except ValueError as error:
        raise UsageError(f"{day!r} is no date") from error
    house = house_subscriber(app.settings)
    scheduled = draft_for(compose_rules(app), house, app.clock(), to, on)
    if not scheduled.issue.picks:
        raise NewsletterError(f"no issue for {scheduled.issue.date}: too little is new")
    return scheduled


def rendered_for(app: App, scheduled: ScheduledEmail) -> RenderedEmail:
    return render_email(scheduled.issue, scheduled.subscriber, branding(app))


def _shown(app: App, query: Mapping[str, str]) -> dict[str, Any]:
    with app.store.reading() as db:
        readers = [one.address for one in subscribers.everyone(db)]
    try:
        scheduled = scheduled_for(app, query)
        made, raw = rendered_for(app, scheduled), message(scheduled, branding(app))
    except NewsletterError as error:
        return {"title": "nothing to show", "readers": readers, "error": str(error)}
    hidden = re.search(r"display:none[^>]*>([^&<]*)", made.html)
    return {
        "error": "",
        "title": made.subject,
        "date": scheduled.issue.date.isoformat(),
        "readers": readers,
        "query": urlencode({"date": scheduled.issue.date, "to": query.get("to", "")}),
        "html_size": len(made.html.encode()),
        "message_size": len(raw),
        "preheader": hidden[1] if hidden else "",
        "text": made.text,
        "source": raw.decode("utf-8", "replace").replace("\r\n", "\n"),
        "picks": scheduled.issue.picks,
        "weights": selection_settings(app.settings).weights,
        "standings": _standings(app, scheduled, house=not query.get("to")),
        "findings": lint_templates(templates_folder(app)),
    }


def _standings(app: App, scheduled: ScheduledEmail, *, house: bool) -> list[CandidateRow]:
    """Against what the reader had been sent before that day."""
    day = scheduled.issue.date
    reader = scheduled.subscriber
    edition = Edition(compose_rules(app), day)
    with app.store.reading() as db:
        sent = issues.house_heard(db) if house else ledger.heard(db, [reader.id]).get(reader.id, {})
    before = {insight: when for insight, when in sent.items() if when < day}
    looked = Reader("" if house else reader.interests, before)
    return candidate_report(
        edition.day, looked, selection_settings(app.settings), scheduled.issue.picks
    )


def _stationery() -> Renderer:
    return Renderer({_PAGE: resource("web/workbench.html").read_text(encoding="utf-8")})


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "gone"
    return f"{found.st_mtime_ns}:{found.st_size}" if path.is_file() else "folder"


def _with_logo(html: str, logo: Logo | None) -> str:
    """A browser knows no parts of a message: the picture stands in the page, or is left out."""
    if logo is None:
        return re.sub(r'src="cid:[^"]*"', 'src="data:,"', html)
    return html.replace(logo.url, f"data:image/png;base64,{b64encode(logo.png).decode()}")


def _in_scheme(html: str, scheme: str) -> str:
    """The reader's own choice decides in a mail program; here both are seen side by side."""
    asked = partial(re.compile(r"\(prefers-color-scheme:\s*dark\)").sub, string=html)
    return asked("all" if scheme == "dark" else "not all")
