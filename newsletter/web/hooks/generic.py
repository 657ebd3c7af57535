"""``/hooks/generic``: events in our own words, from anything that can send JSON and a token.

One object or a list of them: ``id`` and ``kind`` ("bounce", "complaint", "leave"), and what is
known of ``severity`` ("hard", "soft", "policy"), ``address``, ``message_id``, ``status`` and
``words``.
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.returns.severity import severity
from newsletter.web.hooks import Event, Headers, Malformed, Unsigned, bare, each, text

_KINDS = (ReturnKind.BOUNCE, ReturnKind.COMPLAINT, ReturnKind.LEAVE)


def events(body: bytes, headers: Headers, token: str) -> Sequence[Event]:
    said = headers.get("authorization", "")
    if not hmac.compare_digest(said.encode(), f"Bearer {token}".encode()):
        raise Unsigned
    return [_event(one) for one in each(body)]


def _event(one: Mapping[str, Any]) -> Event:
    kind, status, words = text(one, "kind"), text(one, "status"), text(one, "words")
    if kind not in _KINDS or not text(one, "id"):
        raise Malformed
    how = None
    if kind == ReturnKind.BOUNCE:
        named = text(one, "severity")
        how = Severity(named) if named in tuple(Severity) else severity(status, words)
    returned = Return(
        ReturnKind(kind),
        how,
        message_id=bare(text(one, "message_id")),
        address=text(one, "address"),
        status=status,
        words=words,
    )
    return Event(text(one, "id"), returned, one)
