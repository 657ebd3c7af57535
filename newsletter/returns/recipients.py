"""Whose address a bounce is about. It proves nothing: anybody can write one."""

import logging
import re

from newsletter.returns.ours import ADDRESS, Ours, is_our_message
from newsletter.returns.parts import Part, parsed, returned

_NAMED = ("x-failed-recipients", "x-actual-recipient")
_FOR_FLUFL = 64 * 1024
_SERVERS = ("postmaster@", "mailer-daemon@")
_BRACKETED = re.compile(r"^\s*<([^\s<>@]{1,256}@[^\s<>@]{1,255})>", re.MULTILINE)

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs each of its detectors


def recipient(message: Part, text: str, raw: bytes, ours: Ours) -> str:
    """Of a report without fields, whose own words are ``text``; empty where nobody can tell."""
    named = [value for name in _NAMED for value in message.all(name)]
    addresses = [address for value in named for address in ADDRESS.findall(value)]
    return next(
        iter(
            addresses or _BRACKETED.findall(text) or _only_one(text, ours) or _by_flufl(raw, ours)
        ),
        "",
    )


def returned_to(message: Part, ours: Ours) -> str:
    """The one address in To of a message of ours that the report returns, in lower case; empty
    where there is none."""
    for headers in returned(message):
        if is_our_message(headers, ours):
            addresses = ADDRESS.findall(headers.header("to").casefold())
            return addresses[0] if len(addresses) == 1 else ""
    return ""


def _only_one(text: str, ours: Ours) -> list[str]:
    """The only address that the text names, but for ours and postmasters'."""
    addresses = {
        address.rstrip(".").casefold(): address.rstrip(".") for address in ADDRESS.findall(text)
    }
    candidates = [address for address in addresses.values() if _is_a_readers(address, ours)]
    return candidates if len(candidates) == 1 else []


def _by_flufl(raw: bytes, ours: Ours) -> list[str]:
    """Its recipients only: most of what it calls permanent is not."""
    from flufl.bounce import all_failures

    try:
        message = parsed(raw[:_FOR_FLUFL])
        temporary, permanent = all_failures(message) if message else (set(), set())
        addresses = [address.decode("utf-8", "replace") for address in temporary | permanent]
    except Exception:  # it raises for messages that it was not made for
        return []
    return sorted(address for address in addresses if _is_a_readers(address, ours))


def _is_a_readers(address: str, ours: Ours) -> bool:
    return not ours.is_own(address) and not address.casefold().startswith(_SERVERS)
