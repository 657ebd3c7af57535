"""The program's own words in the language of the newsletter: one catalogue for each language.

English is what the code and the templates are written in; ``catalogues/`` has the others. Knowing
which there are loads nothing, so that every command may ask.
"""

from functools import cache
from pathlib import Path

CATALOGUES = Path(__file__).parent / "catalogues"
SOURCE = "en"


@cache
def available() -> tuple[str, ...]:
    """Languages that there are words in, such as "de", in order."""
    return tuple(sorted({SOURCE, *(path.stem for path in CATALOGUES.glob("*.po"))}))


def spoken(wanted: str, newsletter: str) -> str:
    """The language of a reader's message: what they want, unless that is the newsletter's own, or
    there are no words in it any more."""
    return newsletter if wanted == base(newsletter) or wanted not in available() else wanted


def base(language: str) -> str:
    """The language of a tag: "pt" of "pt-BR"."""
    return language.replace("_", "-").partition("-")[0].lower()
