"""How well an insight matches what a reader asked for, in their own words.

``parse`` reads a reader's phrases, ``Matcher`` scores some insights for a phrase. Nothing here is
imported by a run in which nobody is due; the table of words is read for the first interest.
"""

from newsletter.domain.interests import Phrase, parse
from newsletter.ranking.interest.evidence import Encode
from newsletter.ranking.interest.matching import SAID_FROM, Matcher, Text

__all__ = ["SAID_FROM", "Encode", "Matcher", "Phrase", "Text", "parse"]
