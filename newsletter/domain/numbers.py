"""Ids as people write them."""

import re

GREATEST_ID = (1 << 31) - 1
"""The greatest id that every database can be asked for."""


def parse_id(text: str) -> int | None:
    """None for what is not one to nine digits."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None
