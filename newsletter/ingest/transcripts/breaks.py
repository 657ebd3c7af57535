"""What is no part of the talk: advertisements, intros, outros, calls to subscribe.

A break begins with a sentence such as "this episode is brought to you by" and lasts until one such
as "now back to" or "welcome back"; where none comes, until the last sentence close to it that
sells (a code, a discount, an address on the web). A sentence that only sells takes those beside it
along, though none opened a break; one that mentions a sponsor in passing costs that sentence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from newsletter.domain.episode import Segment
from newsletter.ingest.parsers.boilerplate import is_call

_PROGRAMME = r"(?:episode|show|podcast|program(?:me)?|hour|conversation|series|video|interview)"


def _any(*phrases: str) -> re.Pattern[str]:
    """Any of them; a space is any white space, "#" is a kind of programme."""
    either = "|".join(phrase.replace("#", _PROGRAMME) for phrase in phrases)
    return re.compile(rf"(?:{either})", re.IGNORECASE)


_OPENING = _any(
    r"\bbrought to you (?:today )?by",
    r"\bmade possible (?:in part )?by",
    r"\b(?:today's|this (?:week|month|#)'?s?|our) (?:first |second |next |presenting )?(?:# )?"
    r"sponsors?\b",
    r"\b(?:word|message|break) (?:to hear )?(?:from|for|to thank) (?:our|today's|the) (?:\w+ )?"
    r"(?:sponsors?|partners?|friends)",
    r"\btak(?:e|ing) a (?:quick|short|brief) (?:moment|break)",
    r"\b(?:we'll|we will|i'll) be right back",
    r"\b(?:this|today's) # is (?:sponsored|supported|presented|powered) by",
    r"\bsupport for (?:this|today's|the) # (?:is provided by|comes from)",
    r"\b(?:thanks?|thank you) (?:so much )?to (?:our|today's|this \w+'s) (?:\w+ )?sponsors?",
    r"\bi(?:'d| want| wanted| would) (?:like )?to (?:take a \w+ to )?(?:thank|tell you about) "
    r"(?:our|today's) (?:\w+ )?(?:sponsors?|partners?)",
)
_RESUMED = _any(
    r"^(?:(?:and|so|all right|okay|ok|now|with that),? )*(?:"
    r"(?:let's (?:get|go|jump) )?back to (?:the|our|my|this)\b|welcome back|we(?:'re| are) back\b"
    r"|(?:on with|let's (?:dive|get|jump) (?:right )?into) (?:the|this|today's|our)\b"
    r"|here(?:'s| is) (?:the rest of )?my (?:conversation|interview|chat)|please enjoy)",
    r"\b(?:now|and) back to (?:the #|our|my)",
)
_SELLING = _any(
    r"\b(?:promo|discount|coupon|offer|referral) code",
    r"\buse (?:the |our |my )?code\b",
    r"\b\d+ ?(?:%|percent) off\b",
    r"\bfree (?:trial|shipping|sample|month|audiobook)",
    r"(?<=[\w-])(?:\.| dot )(?:com|org|net|io|co|fm|ai|dev|app)\b",
    r"\bmoney[ -]back guarantee",
    r"\bsponsors?\b",
    r"\b(?:for )?our (?:listeners|friends at)\b",
    r"\bcancel any ?time",
    r"\bterms (?:and conditions )?apply",
    r"\bwherever you get your podcasts",
    r"\blink in the (?:show notes|description|bio)",
)
_SOLD = _any(
    r"(?:\.| dot )(?:com|org|net|io|co|fm|ai|dev|app)(?:/| slash )\w",
    r"\b(?:promo|discount|coupon|offer|referral) code",
    r"\b(?:free|dollar) trial\b",
    r"\bthanks? (?:you )?to [^.!?]{1,40} for (?:supporting|sponsoring)",
    r"\bsupport (?:this|the|our) #\b",
)
"""What nobody says but to sell: a break that no sentence opened."""
_ROUTINE = _any(
    r"\bwelcome (?:back )?to (?:the |another |this |a new |today's )?(?:\S+ ){0,6}(?:#)\b",
    r"^(?:hello|hi|hey|good (?:morning|evening|afternoon)),? (?:and )?"
    r"(?:welcome|everyone|everybody|listeners|friends)",
    r"\byou(?:'re| are) (?:listening to|tuned)\b",
    r"\bthank(?:s| you) (?:so much |all )?for (?:listening|tuning|watching|joining|coming on"
    r"|having me|being here)",
    r"\b(?:rate|review|subscribe)\b.{0,40}\b(?:podcast|show|apple|spotify|itunes|youtube)\b",
    r"\b(?:my|our) guest (?:today|this week|on)",
    r"\bi(?:'m| am) your host\b",
    r"\bsee you (?:next|in the next)\b",
    r"\bshow notes\b",
    r"\btranscri(?:bed|pt) (?:by|is|was|of)\b",
)
_LONGEST = 60  # sentences: about four minutes
_CLOSE = 12  # sentences without one that sells: the break is over
_MOST_WORDS = 60  # longer ones are no calls
_BESIDE = 4  # sentences before and after one that sells, of the same speaker


def without_breaks(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """What is left; the first after a gap says so, since it does not follow what stands before."""
    kept: list[Segment] = []
    outside = list(_outside(segments))
    sold, end = _sold(segments, outside), 0
    for place in outside:
        segment = segments[place]
        if place not in sold and not _is_routine(segment.text):
            kept.append(replace(segment, after_gap=segment.after_gap or place > end))
            end = place + 1
    return tuple(kept)


def _outside(segments: Sequence[Segment]) -> Iterator[int]:
    """The places that are in no break."""
    place = 0
    while place < len(segments):
        if _OPENING.search(segments[place].text):
            place = _over(segments, place)
        else:
            yield place
            place += 1


def _sold(segments: Sequence[Segment], outside: Sequence[int]) -> set[int]:
    """Of the places in no break, those that sell, and those beside them."""
    return {
        beside
        for place in outside
        if _SOLD.search(segments[place].text)
        for beside in range(max(place - _BESIDE, 0), min(place + _BESIDE + 1, len(segments)))
        if segments[beside].speaker == segments[place].speaker
    }


def _over(segments: Sequence[Segment], opening: int) -> int:
    """Where the talk goes on; the sentence that says so belongs to the break."""
    last = opening
    for place in range(opening + 1, min(opening + _LONGEST, len(segments))):
        text = segments[place].text
        if _RESUMED.search(text):
            return place + 1
        if _SELLING.search(text) and place - last <= _CLOSE:
            last = place
    return last + 1


def _is_routine(text: str) -> bool:
    short = len(text.split()) <= _MOST_WORDS
    return short and bool(_ROUTINE.search(text) or _RESUMED.match(text) or is_call(text))
