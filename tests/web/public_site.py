"""A site with an archive to read: its database and its configuration are real, its clock stands."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from starlette.types import ASGIApp

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules
from newsletter.bootstrap.web import site
from newsletter.composing.edition import Edition
from newsletter.domain.model import Brief, Mention
from newsletter.storage import Connection, Store, archive, insights
from tests.builders import NOON, TODAY, read, unlike
from tests.conftest import new_store

BASE = "https://news.example.org"
YESTERDAY = TODAY - timedelta(days=1)
CONFIG = """
[newsletter]
name = "Five & <b>Counting</b>"
from_address = "five@news.example.org"
postal_address = "3 Quay Street"
"""
HOSTILE = (
    "<script>alert(1)</script> {{ 7*7 }} {% raw %} </title></p><h1>Big</h1> & \"q\" 'q' "
    "\u202eesrever\u202c \x00\x1b end"
)
HARBOURS = (
    "Ports that publish their berth plans a week ahead empty faster than ports that buy cranes. "
    "Knowing when to arrive lets a captain slow down at sea.",
    "Ports that tell ships their berths a week ahead empty faster than those that buy cranes.",
)
SLEEP = "Shift workers who nap before the night make half as many errors by dawn."
WOOD = "A violin darkens with age because its varnish does, not its wood."


class Client:
    """Asks the application itself, without a socket; what is raised there is raised here."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.ask("GET", path, headers)

    def head(self, path: str) -> httpx.Response:
        return self.ask("HEAD", path)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(self._application)
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                return await client.request(method, path, headers=headers)

        # In a thread of its own: a browser test has a loop that runs in this one.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, answer()).result()


@dataclass(frozen=True)
class PublicSite:
    """``folder`` holds config.toml, the secret and the database."""

    folder: Path

    @cached_property
    def app(self) -> App:
        return App(str(self.folder / "config.toml"), {}, lambda: NOON)

    @property
    def store(self) -> Store:
        return self.app.store

    @cached_property
    def client(self) -> "Client":
        return Client(site(self.app))

    def writing(self) -> AbstractContextManager[Connection]:
        return self.store.writing()

    def record(self, name: str, page: Brief, today: date = TODAY) -> None:
        with self.writing() as db:
            archive.record(db, [read(name, page)], NOON, today)

    def bring_out(self, *days: date) -> None:
        """Store the house issues of these dates, in order."""
        for day in days:
            edition = Edition(compose_rules(self.app), day)
            with self.writing() as db:
                edition.keep_house(db, NOON)

    def number(self, words: str) -> int:
        with self.store.reading() as db:
            return insights.search(db, [words], 1)[0].id

    def path(self, words: str) -> str:
        """The right address of the insight that holds these words."""
        location: str = self.client.get(f"/insight/{self.number(words)}/x").headers["location"]
        return location


def new_site(folder: Path, more: str = "", base_url: str = BASE) -> PublicSite:
    """Empty; ``more`` is added to its configuration."""
    new_store(folder).close()
    return _configured(folder, more, base_url)


def _configured(folder: Path, more: str, base_url: str) -> PublicSite:
    (folder / "inbox").mkdir()
    about = f"{CONFIG}base_url = {base_url!r}\n{more}"
    (folder / "config.toml").write_text(about, encoding="utf-8")
    secret = folder / "newsletter.secret"
    secret.write_text("a secret of the tests\n")
    secret.chmod(0o600)
    return PublicSite(folder)


def filled(folder: Path, more: str = "", base_url: str = BASE) -> PublicSite:
    """Four briefs, one of them hostile, and the issues of yesterday and today."""
    (folder / "newsletter.db").write_bytes(_filled())
    return _configured(folder, more, base_url)


@cache
def _filled() -> bytes:
    """Composed once, and copied."""
    with TemporaryDirectory() as folder:
        new = _fill(new_site(Path(folder)))
        new.app.close()
        return (Path(folder) / "newsletter.db").read_bytes()


def _fill(new: PublicSite) -> PublicSite:
    new.record("1.txt", said(HARBOURS[:1], "Salt & Steel", "https://salt.example/41", YESTERDAY))
    new.record("2.txt", said((SLEEP, WOOD), "Night Desk", "", YESTERDAY))
    new.record("3.txt", said((HOSTILE, HARBOURS[1]), HOSTILE, "javascript:alert(1)", TODAY))
    new.record("4.txt", said([unlike(n) for n in range(3)], "Odd Choices", "", TODAY))
    new.bring_out(YESTERDAY, TODAY)
    return new


def said(texts: Sequence[str], podcast: str, url: str, day: date) -> Brief:
    mentions = tuple(
        Mention(text, "lead", "Inês Carvalho", 754, topics=("harbours & ships", "sleep"))
        for text in texts
    )
    return Brief(mentions, podcast, "The harbour", url=url, published=day)
