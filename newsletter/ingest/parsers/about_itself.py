"""Paragraphs about episodes, or about the page they stand on, that tell nothing that was said."""

import re

_TITLE_LETTERS = 200
_TALK_LETTERS = 500
SENTENCE_END = re.compile(r"""[.!。！…][\s"'’”»)\]]*$""")
_NUMBERED = re.compile(
    r"(?:ep|epi|episode|folge|épisode|episodio|episódio|aflevering|odcinek)\.? ?#?[0-9]{1,5}"
    r" ?[:–—-]",
    re.IGNORECASE,
)
_GUEST = re.compile(r"\bon (?:the )?(?:[A-Z][\w'’-]* ){1,4}(?:Podcast|Show)\b")
_MEDIUM = re.compile(
    r"\b(?:podcasts?|episodes?|article|series of|blog posts?|my notes)\b", re.IGNORECASE
)
_WRITER = re.compile(
    r"\bI(?:['’](?:m|ve))?\b[^.!?]{0,40}\b(?:listen|keep|love|like|made?|writ|wrote|share|collect"
    r"|summari|stumbl|found|find|tried|include|paraphras|took|take)"
    r"|\b[Mm]y (?:favou?rite|notes|own podcast)\b|\b(?:these|here|below) are\b"
    r"|\bthis is (?:the|an?|my)\b|\b(?:first|second|third|last) part of\b"
    r"|\bis an? (?:[\w-]+ ){0,2}(?:podcast|episode)\b"
    r"|^(?:Insights|Notes|Takeaways|Highlights|Lessons) from\b"
)


def about_itself(text: str) -> str:
    """The rule by which a paragraph is no insight; "" if there is none."""
    is_open = len(text) <= _TITLE_LETTERS and not SENTENCE_END.search(text)
    if is_open and (_NUMBERED.match(text) or _GUEST.search(text)):
        return "title of an episode"
    if is_open and "|" in text:
        return "row of keywords"
    if len(text) > _TALK_LETTERS or not _MEDIUM.search(text):
        return ""
    return "about the page" if _WRITER.search(text) else ""
