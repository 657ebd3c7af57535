"""Domains as they stand in a header, an envelope and the DNS."""

from functools import lru_cache


@lru_cache(maxsize=1024)
def in_ascii(domain: str) -> str:
    """IDNA 2008, spelt as people write it (UTS 46). ValueError where it is no domain at all."""
    if domain.isascii():
        return domain
    import idna

    return idna.encode(domain, uts46=True).decode()
