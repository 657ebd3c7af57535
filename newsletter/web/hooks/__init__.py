"""What providers tell of bounces and complaints: a module for each, with a pure ``events``.

Each ``events(body, headers, keys, ...)`` checks the signature and gives what follows; it raises
``Unsigned`` where the call is not the provider's, and ``Malformed`` where it says nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsletter.domain.model import digest
from newsletter.domain.returns import Return
from newsletter.storage.returns import MOST_HEADERS, Incoming

Headers = Mapping[str, str]
"""By name in lower case."""


class Unsigned(Exception):
    """The call is not from who it says: 403."""


class Malformed(Exception):
    """It is signed, and no event can be read in it: 400."""


@dataclass(frozen=True, slots=True)
class Event:
    """``id`` tells it from every other of this provider."""

    id: str
    returned: Return
    about: object = None

    def incoming(self, provider: str) -> Incoming:
        """A provider's own word for whom it is about counts as a proof."""
        about = json.dumps(self.about, indent=1)[:MOST_HEADERS]
        key = digest(provider, self.id.encode("utf-8", "replace").decode())
        return Incoming(key, provider, self.returned, trusted=True, headers=about)


def parsed(body: bytes | str) -> Any:
    """JSON. Raises Malformed, for what is nested too deeply as well."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed from error


def each(body: bytes | str) -> Sequence[Mapping[str, Any]]:
    """The objects of a JSON list, or the one object."""
    content = parsed(body)
    objects = content if isinstance(content, list) else [content]
    if not all(isinstance(item, dict) for item in objects):
        raise Malformed
    return objects


def part(value: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """An object within objects; an empty one where it is something else."""
    for name in names:
        inner = value.get(name)
        value = inner if isinstance(inner, dict) else {}
    return value


def text(value: Mapping[str, Any], *names: str) -> str:
    """The first of these that says something, as one line; no lone surrogate is in it."""
    for name in names:
        field = value.get(name)
        if isinstance(field, str | int | float) and str(field).strip():
            line = " ".join(str(field).split())[:1_000]
            return line.encode("utf-8", "replace").decode()
    return ""


def bare(message_id: str) -> str:
    return message_id.strip().strip("<>")
