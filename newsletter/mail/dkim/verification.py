"""A signature checked by dkimpy, which shares no code with our signer."""

import logging
import re

_REVOKED = re.compile(r"(^|;)\s*p\s*=\s*(;|$)")


def verify(message: bytes, record: str) -> None:
    """Check the first signature of a message with the public key in a DNS record.

    Raises ValueError, which says why the signature does not hold, or what is wrong with the record.
    """
    import dkim

    _check_record(record)
    verifier = dkim.DKIM(message, logger=logging.getLogger(__name__))
    try:
        holds = verifier.verify(dnsfunc=lambda *_, **__: record.encode())
    except Exception as error:  # whatever its parsers raise for a broken message
        raise ValueError(str(error)) from error
    if not any(name.lower() == b"dkim-signature" for name, _ in verifier.headers):
        raise ValueError("the message is not signed")
    if not holds:
        raise ValueError("it was made with another key, or headers were changed")


def _check_record(record: str) -> None:
    """dkimpy only logs what is wrong with a record."""
    import dkim

    if _REVOKED.search(record):
        raise ValueError("its p= is empty: the key was revoked")
    try:
        dkim.evaluate_pk("the record", record.encode())
    except Exception as error:  # whatever its parsers raise for a broken record
        raise ValueError(f"the record is no public key, cut short or mistyped: {error}") from error
