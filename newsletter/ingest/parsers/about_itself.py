"""Paragraphs about episodes, or about the page they stand on, that tell nothing that was said."""

import re

_TITLE_LETTERS = 200
_TALK_LETTERS = 500
_FEW_PARTS, _FEW_WORDS, _ROW_WORDS = 2, 4, 6
SENTENCE_END = re.compile(r"""[.!。！…][\s"'’”»)\]]*$""")
_NUMBERED = re.compile(
    r"(?:ep|epi|episode|folge|épisode|episodio|episódio|aflevering|odcinek)\.? ?#?[0-9]{1,5}"
    r" ?[:–—-]",
    re.IGNORECASE,
)
_GUEST = re.compile(r"\bon (?:the )?(?:[A-Z][\w'’-]* ){1,4}(?:Podcast|Show)\b")
_MEDIUM = re.compile(r"\b(?:podcasts?|episodes?|articles?|blog posts?|my notes)\b", re.IGNORECASE)
_WRITER = re.compile(
    r"\bI(?:['’](?:m|ve))?\b[^.!?]{0,40}\b(?:listen|keep|love|like|made?|writ|wrote|share|collect"
    r"|summari|stumbl|(?:found|find)(?! no\b)|tried|include|paraphras|took|take)"
    r"|\b[Mm]y (?:favou?rite|notes|own podcast)\b|(?:^|[.!?] )(?:[Tt]hese|[Hh]ere|[Bb]elow) are\b"
    r"|\bthis is (?:the|an?|my)\b|\b(?:first|second|third|last) part of\b"
    r"|\bis an? (?:[\w-]+ ){0,2}(?:podcast|episode)\b"
    r"|^(?:Insights|Notes|Takeaways|Highlights|Lessons) from\b"
)

_LIVES = (
    "authors?|professor|founder|co-?founder|hosts?|journalist|ceo|entrepreneur|writer|historian"
    "|economist|scientist|researcher|investor|engineer|philosopher|psychologist|physician|director"
)
_PERSON = re.compile(
    r"(?:(?:[A-Z][\w.'’-]* ){1,3}[A-Z][\w'’-]+ (?:\([^()]{1,40}\) )?(?:is|was)"
    r"|S?[Hh]e(?:['’]s| is))"
    rf" (?:also )?(?:an?|the) (?!(?:first|last|only)\b)[^.!?]{{0,80}}\b(?:{_LIVES})\b"
    r"(?:(?:,| (?:of|at|for|from|and|in|with|&)\b| \()(?!.*\b(?:why|because|when|before|until)\b)"
    r"[^.!?]{0,120})?[.)]?"
)
_SAYS = (
    "shows|means|suggests|implies|says|tells|reminds|speaks|captures|highlights|underscores"
    "|underlines|illustrates|emphasi[sz]es|stresses|encapsulates|summari[sz]es|reflects|conveys"
    "|expresses|argues|describes|points|reveals|explains|is (?:from|taken|about)|comes from"
)
_COVERS = "delves|explores|covers|references|touches on|cent(?:er|re)s on|focuses on"
_MEDIA = "talk|episode|podcast|show|video|article|post|transcript|notes?|paper|site|page|recording"
_REMARKS = re.compile(
    r"this (?:quote|statement) "
    rf"|(?:this|the) (?:quote|statement|passage) (?:above |below |here )?(?:{_SAYS})\b"
    r"|this (?:highlights|underscores|illustrates|encapsulates)\b"
    r"|(?:extraction|correction|transcription|translator'?s?|editor'?s?) notes?\s?[:：]"
    r"|(?:(?:the |this )?(?:episode|podcast)|this (?:conversation|discussion))"
    rf" (?:{_COVERS})\b"
    rf"|(?:the )?(?:conversation|discussion) (?:delves|references|touches on|(?:{_COVERS})"
    r" (?:how|why|what|whether|the|topics|a range|several|various|themes))\b"
    r"|the (?:podcast )?hosts are (?:\w+ing|joined)\b"
    r"|(?:main topic|topic|main theme|overall theme|hauptthema|tema principal|sujet|主题)s?\s?[:：]"
    r"|published (?:on |in )?(?:[a-z]{3,9}\.? )?[0-9]"
    rf"|links? to (?:the|my) (?:\w+ )?(?:{_MEDIA})\b"
    r"|related (?:reading|posts?|articles?)\s?(?:[:：]|$)|what follows is (?:an?|the|my)\b"
    r"|(?:dans cet épisode|in dieser (?:folge|episode)|en este episodio|neste episódio"
    r"|in quest[oa] (?:episodio|puntata))\b[^.!?]{0,60}\b(?:explor|sprech|sprich|discut|parl"
    r"|habla|conversa|falamos|découvr|aborde|unterh|geht es)"
    r"|(?:guest bio|about the guest|嘉宾简介|个人背景)\s?[:：]",
    re.IGNORECASE,
)
_SOURCE = re.compile(r"(.{3,300}?)\s*[:：–—-]\s+<?https?://\S+>?", re.DOTALL)
_SENTENCE = re.compile(r"[A-Za-z]{3}[.!?]\s+[A-Z]")
_SIGNS = re.compile(
    r"(?:[\u30a0-\u30ff\u3400-\u9fff]{2}[^\s\x00-\x7f。、，！？]{0,13}\s+){4,}\S{2,15}"
)
"""Names in Chinese or Japanese with spaces between them, where no sentence has any."""
_LABEL = re.compile(r"^[^.:!?]{2,60}: (?=The episode\b)")


def about_itself(text: str) -> str:
    """The rule by which a paragraph is no insight; "" if there is none."""
    if rule := _names_only(text):
        return rule
    if _PERSON.fullmatch(text):
        return "about a person"
    if _REMARKS.match(_LABEL.sub("", text)):
        return "about the page"
    if len(text) > _TALK_LETTERS or not _MEDIUM.search(text):
        return ""
    return "about the page" if _WRITER.search(text) else ""


def _names_only(text: str) -> str:
    if is_reference(text):
        return "reference"
    if len(text) > _TITLE_LETTERS or SENTENCE_END.search(text):
        return ""
    if _NUMBERED.match(text) or _GUEST.search(text):
        return "title of an episode"
    return "row of keywords" if _is_row(text) or _SIGNS.fullmatch(text) else ""


def _is_row(text: str) -> bool:
    """Names with bars between them; behind the bar of a command or a clause is a small letter."""
    parts = [part.strip() for part in text.split("|")]
    if len(parts) == 1 or not all(parts):
        return False
    words = max(len(part.split()) for part in parts)
    if len(parts) > _FEW_PARTS:
        return words <= _ROW_WORDS
    return words <= _FEW_WORDS or not parts[1][0].islower()


def is_reference(text: str) -> bool:
    """A title and its address."""
    source = _SOURCE.fullmatch(text)
    if not source or SENTENCE_END.search(source[1]):
        return False
    return not _SENTENCE.search(source[1])
