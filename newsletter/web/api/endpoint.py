"""What an endpoint is, and what an action is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from newsletter.composing.rules import Rules
from newsletter.services.api_tokens import Caller
from newsletter.services.subscriptions import Defaults
from newsletter.storage import Store


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No query, or no body."""


@dataclass(frozen=True)
class Parts:
    """What the actions work with; ``rules`` are made when the first of them asks. ``secret`` tells
    who had all about them erased."""

    store: Store
    clock: Callable[[], datetime]
    defaults: Defaults
    rules: Callable[[], Rules]
    timezone: str
    boilerplate: tuple[str, ...]
    max_bytes: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class Call:
    """One request, checked. ``raw`` is its body, octet by octet."""

    parts: Parts
    caller: Caller
    path: Mapping[str, Any]
    query: Any
    body: Any
    raw: bytes
    _about: list[str] = field(default_factory=list)

    def is_about(self, text: str) -> None:
        """What the audit says instead of the part of the path."""
        self._about[:] = [text]

    @property
    def about(self) -> str:
        named = str(next(iter(self.path.values()), getattr(self.body, "address", "")))
        return "".join(self._about) or named

    @property
    def now(self) -> datetime:
        return self.parts.clock()

    @property
    def store(self) -> Store:
        return self.parts.store


@dataclass(frozen=True)
class Endpoint:
    """``about`` names the part of the path that an audit line is about; without one the request
    changes nothing. ``raw``: the body is left to the action, which describes it by ``body``."""

    method: str
    path: str
    scope: str
    summary: str
    action: Callable[[Call], Any]
    answer: Any
    query: type[msgspec.Struct] = Nothing
    body: type[msgspec.Struct] | None = None
    status: int = 200
    changes: str = ""
    raw: bool = False
    path_types: Mapping[str, Any] = field(default_factory=dict)
