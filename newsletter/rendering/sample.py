"""A sample issue that uses everything a template has, for checking templates."""

from datetime import date

from newsletter.domain.model import Citation, Echo, Issue, Pick, Subscriber
from newsletter.rendering.branding import Branding, Logo
from newsletter.rendering.rendered_email import RenderedEmail, render_email
from newsletter.rendering.renderer import Renderer

_READER = Subscriber(1, "reader@example.org", "UTC", 7, "Reader")
_EARLIER = Echo(3, "Bread was once dated by its smell. Nobody asked for a printed day.", 0.3)
_PICKS = (
    Pick(
        1,
        1,
        "Bakers who sell yesterday's loaves at noon waste less than bakers who give them away at "
        "night. A price tells the oven how much to bake tomorrow.",
        Citation("Crust", "The noon shelf", "Ana Prates", "https://crust.example/7", 65),
        0.8,
        {"novelty": 0.9},
        related=(_EARLIER,),
        reason="You follow “bread”.",
    ),
    Pick(2, 2, "A lock that is easy to open is locked more often.", Citation(), 0.7, {}),
    Pick(
        3,
        3,
        "Maps of the sea floor are redrawn after every storm, and nobody pays for it twice, so the "
        "charts of a coast with many wrecks are better than those of a coast with many harbours.",
        Citation("Soundings", "", "", "https://soundings.example/1"),
        0.6,
        {},
    ),
    Pick(4, 4, "Clocks ran by the sun until trains met.", Citation("Rails", at=9), 0.5, {}),
)


def sample_email(sources: dict[str, str], paths: dict[str, str] | None = None) -> RenderedEmail:
    """The templates rendered; ``paths`` as for Renderer. Raises ConfigError if they fail."""
    branding = Branding(
        name="Five Insights",
        from_address="five@example.org",
        postal_address="Five Insights\n12 Harbour Row, Porthaven",
        base_url="https://news.example.org",
        secret=b"a sample is for nobody",
        renderer=Renderer(sources, paths),
        logo=Logo(b"", 48, 48),
    )
    return render_email(Issue(date(2026, 3, 14), _PICKS, first=True), _READER, branding)
