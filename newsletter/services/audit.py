"""Who changed what: written by every entrance, read by the operator."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from newsletter.domain.addresses import mailbox
from newsletter.domain.errors import UsageError
from newsletter.storage import Store, audit
from newsletter.storage.audit import Entrance

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST = 500


def record(
    store: Store, now: datetime, entrance: Entrance, who: str, action: str, about: str
) -> None:
    with store.writing() as db:
        audit.record(db, now, entrance, _line(who), action, _line(_address(about)))


def newest(
    store: Store, most: int, about: str = "", before: int | None = None
) -> Sequence[Mapping[Any, Any]]:
    with store.reading() as db:
        return audit.newest(db, most, about, before)


def _address(text: str) -> str:
    """What is an address, as a reader's is kept, so that it is found when they are erased."""
    if "@" not in text:
        return text
    with suppress(UsageError):
        return mailbox(text).address
    return text


def _line(text: str) -> str:
    return _CONTROLS.sub("\ufffd", text)[:_LONGEST]
