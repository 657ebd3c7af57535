"""Domains as they stand in a header, an envelope and the DNS."""

import re
from functools import lru_cache

_DOMAIN = re.compile(r"(?:(?<=^http://)|(?<=^https://)|(?<=@))[^\s@/:<>]+(?=$|[/:>])")


@lru_cache(maxsize=1024)
def in_ascii(domain: str) -> str:
    """IDNA 2008, spelt as people write it (UTS 46). ValueError where it is no domain at all."""
    if domain.isascii():
        return domain
    import idna

    return idna.encode(domain, uts46=True).decode()


def all_in_ascii(written: str) -> str:
    """A URL, "a@b" or "Name <a@b>", its domain in ASCII: what a link of either kind needs."""
    return _DOMAIN.sub(lambda found: in_ascii(found[0]), written, count=1)
