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
    authorization = headers.get("authorization", "")
    if not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
        raise Unsigned
    return [_event(event) for event in each(body)]


def _event(event: Mapping[str, Any]) -> Event:
    kind, status, words = text(event, "kind"), text(event, "status"), text(event, "words")
    if kind not in _KINDS or not text(event, "id"):
        raise Malformed
    how = None
    if kind == ReturnKind.BOUNCE:
        named = text(event, "severity")
        how = Severity(named) if named in tuple(Severity) else severity(status, words)
    returned = Return(
        ReturnKind(kind),
        how,
        message_id=bare(text(event, "message_id")),
        address=text(event, "address"),
        status=status,
        words=words,
    )
    return Event(text(event, "id"), returned, event)
