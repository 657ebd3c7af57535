"""The workbench's parts: a copy of the newsletter that is made again when a file changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from threading import Lock

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules, house_subscriber
from newsletter.bootstrap.ingest import ingest
from newsletter.bootstrap.rendering import branding, templates_folder
from newsletter.config import PREFIX
from newsletter.domain.errors import NewsletterError
from newsletter.resources import resource
from newsletter.services.lint_templates import lint_templates
from newsletter.services.workbench import Workbench
from newsletter.storage import subscribers
from newsletter.storage.snapshot import copy_database, forget_journal
from newsletter.web.workbench import render_page

_MAX_FILES = 20_000


@dataclass
class Bench:
    """``app`` is the operator's; ``_copy`` is made from it in ``folder``, for one version."""

    app: App
    folder: Path
    _lock: Lock = field(default_factory=Lock)
    _copy: App | None = None
    _copy_version: str = ""

    def version(self) -> str:
        """Changes when the configuration, a template, a brief or the store has changed."""
        stamps = sorted(f"{path}:{_stamp(path)}" for path in self._watched_files())
        return sha256("\n".join(stamps).encode()).hexdigest()[:16]

    def page(self, query: Mapping[str, str]) -> str:
        version = self.version()
        address = {"version": version, "date": query.get("date", ""), "to": query.get("to", "")}
        with self._lock:
            try:
                copy = self._current_copy(version)
                values = workbench(copy).values(query) | {"readers": _addresses(copy)}
            except NewsletterError as error:
                values = {"title": "nothing to show", "readers": [], "error": str(error)}
        return render_page({**address, **values})

    def frame(self, query: Mapping[str, str]) -> str:
        with self._lock:
            try:
                return workbench(self._current_copy(self.version())).html(query)
            except NewsletterError:
                return "<!DOCTYPE html><title>nothing</title>"

    def close(self) -> None:
        if self._copy:
            self._copy.close()

    def _current_copy(self, version: str) -> App:
        if self._copy is None or self._copy_version != version:
            self.close()
            self._copy, self._copy_version = self._new_copy(), version
        return self._copy

    def _new_copy(self) -> App:
        """Configuration and templates read again, and the inbox into a copy of the store.

        A PostgreSQL store is shown as it is, without what has not been ingested yet.
        """
        app = App(self.app.config, self.app.environment, self.app.clock)
        url = app.settings.store.url
        if not url.startswith("sqlite:///"):
            return app
        copy = self.folder / "copy.db"
        for path in self.folder.glob("copy.db*"):
            if path.is_file():  # not the folder of the index beside it, which is a cache
                path.unlink()
        copy_database(app.beside(url.removeprefix("sqlite:///")), copy)
        forget_journal(copy)
        environment = {**app.environment, f"{PREFIX}STORE__URL": f"sqlite:///{copy}"}
        app = App(app.config, environment, app.clock)
        ingest(app, lambda: None, lambda _done, _total: None)
        return app

    def _watched_files(self) -> Iterator[Path]:
        yield self.app.path
        app = App(self.app.config, self.app.environment, self.app.clock)
        try:
            settings = app.settings
        except NewsletterError:
            return
        folders = [resource("templates"), app.beside(settings.inbox.path)]
        custom = templates_folder(app)
        folders += [custom] if custom else []
        for folder in folders:
            yield from sorted(folder.rglob("*"))[:_MAX_FILES]
        yield from (app.beside(settings.newsletter.logo),) if settings.newsletter.logo else ()
        if settings.store.url.startswith("sqlite:///"):
            store = app.beside(settings.store.url.removeprefix("sqlite:///"))
            yield from (store, store.with_name(f"{store.name}-wal"))


def _addresses(app: App) -> list[str]:
    with app.store.reading() as db:
        return [subscriber.address for subscriber in subscribers.everyone(db)]


def workbench(app: App) -> Workbench:
    return Workbench(
        rules=compose_rules(app),
        house=house_subscriber(app.settings),
        now=app.clock(),
        branding=branding(app),
        findings=cache(partial(lint_templates, templates_folder(app))),
    )


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return "gone"
    return f"{status.st_mtime_ns}:{status.st_size}" if path.is_file() else "folder"
