"""One run of the program: its configuration, its clock and its store.

The modules here build the parts of a room from it: ``mail``, ``rendering``, ``ingest``,
``composing``, ``delivery`` and ``services``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.config import PREFIX, Settings, load

if TYPE_CHECKING:
    from newsletter.storage import Store


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
        from newsletter.storage import Store

        return Store(self.settings.store.url, self.path.parent)

    def close(self) -> None:
        if "store" in vars(self):
            self.store.close()
