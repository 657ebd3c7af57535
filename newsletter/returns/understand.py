"""One message that came back, understood: what it is, and whose."""

from collections.abc import Iterable

from newsletter.domain.returns import Return, ReturnKind
from newsletter.returns import ours as known
from newsletter.returns.automatic import is_answer, is_automatic
from newsletter.returns.bounces import bounce
from newsletter.returns.charsets import one_line, printable
from newsletter.returns.complaints import feedback
from newsletter.returns.ours import Ours
from newsletter.returns.parts import Part, read
from newsletter.returns.prose import prose
from newsletter.returns.verdict import Verdict

_ABOUT_A_MESSAGE = (ReturnKind.BOUNCE, ReturnKind.COMPLAINT, ReturnKind.LEAVE)
"""They may return one of ours, whose header names its reader."""


def understand(raw: bytes, ours: Ours, envelope: Iterable[str] = ()) -> Return:
    """Never raises, whatever the bytes are, and reads their first quarter of a megabyte only.

    ``envelope`` are the recipients that a mail server named, where it did. The texts of the result
    are single lines without control characters. A bounce is HARD only where a status code or the
    remote server's words say that the address does not exist, and nothing says otherwise.
    """
    message = read(raw)
    addresses = known.recipients(message, envelope)
    verdict = _verdict(message, raw, addresses, ours)
    claim = known.claim(message, addresses, ours)
    reader = verdict.reader
    if reader is None and not verdict.forged and verdict.kind in _ABOUT_A_MESSAGE:
        reader = known.reader_named(message, ours)
    return Return(
        kind=verdict.kind,
        severity=verdict.severity,
        delivery=claim.delivery,
        reader=reader,
        message_id=known.message_id(message, ours),
        address=one_line(printable(verdict.address), 320),
        status=verdict.status,
        words=one_line(printable(verdict.words), 1_000),
        forged=claim.forged or verdict.forged,
        notice=claim.notice,
    )


def _verdict(message: Part, raw: bytes, addresses: list[str], ours: Ours) -> Verdict:
    if complaint := feedback(message):
        return Verdict(complaint.kind, address=complaint.address, words=complaint.type)
    if leave := _leave(message, addresses, ours):
        return leave
    text = prose(message)
    answer = is_answer(message, text)
    if not answer and (report := bounce(message, text, raw, ours)):
        return report
    if answer or is_automatic(message):
        return Verdict(ReturnKind.AUTOMATIC)
    if _is_reply(message, addresses, ours):
        return Verdict(ReturnKind.REPLY)
    return Verdict(ReturnKind.UNKNOWN)


def _leave(message: Part, addresses: list[str], ours: Ours) -> Verdict | None:
    """A token in the subject, or in the +detail of an address. A wrong one asks for nobody."""
    subject = message.header("subject")
    places = [subject] if "unsubscribe" in subject.casefold() else []
    places += [address for address in addresses if "unsubscribe" in address.casefold()]
    if message.type == "multipart/report" or not any(map(known.tokens, places)):
        return None
    readers = (known.subscriber(place, ours) for place in places)
    reader = next((reader for reader in readers if reader is not None), None)
    return Verdict(ReturnKind.LEAVE, reader=reader, forged=reader is None)


def _is_reply(message: Part, addresses: list[str], ours: Ours) -> bool:
    """From somebody, and to where readers write, or an answer to a message of ours."""
    if "@" not in message.header("from") or message.header("return-path") == "<>":
        return False
    return (
        ours.written_to(addresses)
        or bool(known.message_id(message, ours))
        or any(map(ours.is_token, addresses))
    )
