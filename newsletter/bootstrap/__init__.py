"""One run of the program: its configuration, its clock and its store.

The modules here build the parts of a room from it: ``mail``, ``rendering``, ``ingest``,
``composing``, ``delivery`` and ``services``.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from newsletter.config import PREFIX, Settings, load

if TYPE_CHECKING:
    from newsletter.storage import Store


log = logging.getLogger("newsletter")

_OLDER = (
    "the database was older than its journal, which says: %s; what no journal can know stands in"
    ' docs/operating.md, "Restoring"'
)


@dataclass(frozen=True)
class App:
    """``config`` is the path that the command line names, where it names one."""

    config: str | None
    environment: Mapping[str, str]
    clock: Callable[[], datetime]

    @cached_property
    def path(self) -> Path:
        """The configuration file."""
        name = self.config or self.environment.get(f"{PREFIX}CONFIG") or "config.toml"
        return Path(name).absolute()

    @cached_property
    def settings(self) -> Settings:
        return load(self.path, self.environment)

    def beside(self, name: str) -> Path:
        """A relative path is relative to the configuration file."""
        return self.path.parent / name

    @cached_property
    def store(self) -> "Store":
        """Raises StoreError where there is no database: ``init`` and ``migrate`` make one."""
        return self.opened(create=False)

    def opened(self, *, create: bool) -> "Store":
        """The store, migrated, and with the entries of its journal replayed."""
        from newsletter.storage.replay import catch_up, summary

        store = self.unreplayed(create=create)
        try:
            replayed = catch_up(store)
        except BaseException:
            store.close()
            raise
        if replayed.anything:
            log.warning(_OLDER, summary(replayed))
            self.drop_index()
        return store

    @property
    def index_cache(self) -> Path:
        """The similarity index beside the database, or beside the configuration."""
        url = self.settings.store.url
        name = url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else "newsletter"
        return self.beside(f"{name}.index")

    def drop_index(self) -> None:
        """Delete the index: an older database may have other insights under the same ids. It is
        built again."""
        rmtree(self.index_cache, ignore_errors=True)

    def unreplayed(self, *, create: bool = False) -> "Store":
        """The store, migrated, for a caller that replays the journal itself."""
        from newsletter.storage import Store

        journal = self.beside("newsletter.journal")
        return Store(self.settings.store.url, self.path.parent, create=create, journal=journal)

    def close(self) -> None:
        if "store" in vars(self):
            self.store.close()
