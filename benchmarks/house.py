"""A newsletter as it is by default: how it chooses, and what its letters look like."""

from contextlib import ExitStack
from unittest.mock import patch

from msgspec.structs import asdict

from newsletter.config import Selection, Weights
from newsletter.edges.templates import read_templates
from newsletter.editorial.letter import Letterhead
from newsletter.editorial.model import Taste
from newsletter.editorial.stationery import Stationery

TASTE = Taste(**{**asdict(Selection()), "weights": asdict(Weights())})
SENDER = "five@news.example.org"


def letterhead(*, inlined: bool = True) -> Letterhead:
    """``inlined=False``: the templates as they are written, their CSS in a style element."""
    with ExitStack() as stack:
        if not inlined:
            stack.enter_context(patch("newsletter.editorial.stationery.inline", lambda text: text))
        stationery = Stationery(read_templates(None))
    return Letterhead(
        name="The Five",
        from_address=f"The Five <{SENDER}>",
        reply_to="editors@news.example.org",
        postal_address="The Five\n3 Quay Street\n1200-109 Lisbon, Portugal",
        base_url="https://news.example.org",
        secret=b"known to everybody who reads this",
        stationery=stationery,
    )
