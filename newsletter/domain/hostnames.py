"""Internationalised domain names in the ASCII form of headers, envelopes and the DNS."""

import re
from functools import lru_cache

_DOMAIN = re.compile(r"(?:(?<=^http://)|(?<=^https://)|(?<=@))[^\s@/:<>]+(?=$|[/:>])")


@lru_cache(maxsize=1024)
def in_ascii(domain: str) -> str:
    """IDNA 2008 with the mapping of UTS 46. Raises ValueError for what is no domain."""
    if domain.isascii():
        return domain
    import idna

    return idna.encode(domain, uts46=True).decode()


def all_in_ascii(text: str) -> str:
    """A URL, "a@b" or "Name <a@b>" with its domain in ASCII."""
    return _DOMAIN.sub(lambda domain: in_ascii(domain[0]), text, count=1)
