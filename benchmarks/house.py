"""A newsletter as it is by default: how it chooses, and what its letters look like."""

from contextlib import ExitStack
from unittest.mock import patch

from msgspec.structs import asdict

from newsletter.config.sections import Selection, Weights
from newsletter.domain.model import SelectionSettings
from newsletter.rendering.branding import Branding
from newsletter.rendering.renderer import Renderer
from newsletter.rendering.templates import read_templates

TASTE = SelectionSettings(**{**asdict(Selection()), "weights": asdict(Weights())})
SENDER = "five@news.example.org"


def branding(*, inlined: bool = True) -> Branding:
    """``inlined=False``: the templates as they are written, their CSS in a style element."""
    with ExitStack() as stack:
        if not inlined:
            stack.enter_context(patch("newsletter.rendering.renderer.inline", lambda text: text))
        renderer = Renderer(read_templates(None))
    return Branding(
        name="The Five",
        from_address=f"The Five <{SENDER}>",
        reply_to="editors@news.example.org",
        postal_address="The Five\n3 Quay Street\n1200-109 Lisbon, Portugal",
        base_url="https://news.example.org",
        secret=b"known to everybody who reads this",
        renderer=renderer,
    )
