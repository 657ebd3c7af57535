"""What the words of a line of notes show, wherever it stands: a question, a remark, a topic."""

import re

from newsletter.ingest.parsers.boilerplate import is_cjk

_STOP = re.compile(r"[.!?。！？](?:\s|[”\"])")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2} ?[AaPp]\.?[Mm]\b")
_PERSONAL = re.compile(
    r"(?:my (?:own )?(?:notes?|thoughts?|take|comments?|reaction)"
    r"|notes? to (?:my)?self|to ?do)\s?[:—–-]\s",
    re.IGNORECASE,
)
_DESCRIBES = re.compile(
    r"^(?:these|this|here) (?:are|is) (?:my |some |the )?(?:\w+ )?notes\b"
    r"|^here(?:'s| is) (?:an?|the|my) (?:[\w-]+ )?(?:summary|overview|recap|breakdown)\b"
    r"|^(?:[\w.'’-]+ ){1,4}[\w.'’-]+, (?:an?|the) [^.!?]{3,150}?,"
    r" (?:discuss|explor|shar|join|talk)\w+ "
    r"|^(?:hosts? )?(?:[A-Z][\w.'’-]* ){1,4}(?:sits?|sat) down with\b"
    r"|^(?:the |this )?(?:episode|podcast|interview) (?:is|was|features|covers) (?:an?|the)\b"
    r"|^(?:my|our) guests? (?:today|this week|for this|on this)\b"
    r"|^today(?:['’]s|,? (?:my|our)) guests? (?:is|are)\b"
    r"|^in (?:the|a) (?:recent|latest) (?:[\w'’&-]+ ){0,5}(?:podcast|episode|interview)\b"
    r"|^(?:in|on) (?:this|today's) (?:[\w-]+ )?(?:episode|conversation|interview|podcast),?"
    r" (?:(?:we|i|join|host)\b"
    r"|(?-i:[A-Z])[^.!?]{0,60} (?:looks?|tells?|meets?|asks?|sits?|shows?)\b)"
    r"|\b(?:in|on) (?:this|today's) (?:[\w-]+ )?(?:episode|conversation|interview|podcast)\b"
    r"[^.!?]{0,60}\b(?:walks?|talks?|discuss(?:es)?|explores?|shares?|explains?|covers?|joins?|dives?"
    r"|interviews?|sits? down)\b",
    re.IGNORECASE,
)
_LISTENING = re.compile(
    r"(?:i )?(?:fell asleep|dozed off|nodded off)\b"
    r"|(?:listen|play)(?:ed)? (?:(?:to )?(?:it|this) )?again\b"
    r"|(?:i )?(?:listened (?:to (?:it|this) )?|heard (?:it|this) )(?:on|in|at|while|during|over)\b"
    r"|i (?:usually |always |mostly )?listen (?:to (?:it|these|them) )?(?:while|on|in|at|during)\b"
    r"|[^\s。]{0,10}(?:通勤|散歩|運転|移動|家事|帰り|お?風呂)[^\s。]{0,6}(?:聞い|聴い)た",
    re.IGNORECASE,
)
_LISTENING_LETTERS = 120
_ASKED = re.compile(
    r"(?:(?:what|why|how|where|when) (?:is|are|do|does|did|can|cant|can't|should|would) "
    r"|(?:is|are|does|do|can|should|could) (?:this|that|it|we|they|there|i|you)\b)",
    re.IGNORECASE,
)
"""A question without its mark, as people note one down."""
_PICTURES = re.compile(r"^[^\w\s]+\s")
_CAPTION_LETTERS = 300
_PUNCTUATION = re.compile(r"[.,;:!?()\"“”。，、；：！？（）「」…]")
_FRAGMENT_WORDS = 5
_FRAGMENT_SIGNS, _WORD_SIGNS = 8, 3  # of Chinese or Japanese
_VERB = re.compile(r"\b(?:is|are|was|were|has|have|can|will|do|does|ist|sind|est|sont|es|son)\b")
_FINITE = re.compile(
    r" (?:lacks?|lacked|needed|makes|helps|helped|gives|gave|takes|took|becomes|became|means|meant"
    r"|fails|failed|requires|required|keeps|kept|brings|brought|creates|caused|led)\b"
)
"""Verbs that are no nouns; in front such a word is one of a name ("Made in Japan")."""
_EQUATED = re.compile(r"(?<=\S) (?:=|→|⇒|=>|->) (?=\S)")
_ASIDE = re.compile(r"\([^()]*\)|https?://\S+")
_WORDS = re.compile(r"\w[\w'’-]*")
_ENUMERATION = re.compile(r"[\w' -]{2,30}: [^,.;]{1,60}(?:, [^,.;]{1,60}){2,}")
_REMARK = re.compile(
    r"(?:note|comment|annotation|notiz|kommentar|nota|me)s?\s?:\s|\.note\s", re.IGNORECASE
)


def describes(text: str) -> bool:
    """What the episode is about, or who talks in it."""
    return bool(_DESCRIBES.search(text))


def is_personal(text: str, *, remark: bool) -> bool:
    """``remark``: it stands beside highlights, where "Note: ..." is its reader's."""
    return bool(_PERSONAL.match(text) or (remark and _REMARK.match(text)))


def is_of_listening(text: str) -> bool:
    """Where and how somebody listened: "Fell asleep halfway", "I heard it on the way to work"."""
    return len(text) <= _LISTENING_LETTERS and bool(_LISTENING.match(text))


def is_of_the_day(raw: str) -> bool:
    """A line of a diary: "08:15 AM Coffee with Ben"."""
    return bool(_CLOCK.match(raw.lstrip("*_ ")))


def worded(text: str) -> int:
    """The number of words, without a picture in front."""
    return len(_PICTURES.sub("", text).split())


def is_caption(text: str) -> bool:
    """Speech that was never punctuated, as machines write it down."""
    return len(text) >= _CAPTION_LETTERS and not _PUNCTUATION.search(text)


def is_question(text: str) -> bool:
    """One short question: what somebody wants to know, and not what they learnt."""
    text = text.strip("\"“”„«»' ")
    asked = text.endswith(("?", "？")) or (_ASKED.match(text) and not ended(text))
    return bool(asked) and len(text.split()) <= 15 and not _STOP.search(text[:-1])


def fragment(text: str, *, listed: bool) -> str:
    """The rule for what says no more than a topic does. ``listed``: it stands below takeaways."""
    if ended(text):
        return ""
    if is_cjk(text):
        least = _WORD_SIGNS if listed else _FRAGMENT_SIGNS
        return "fragment" if sum(map(str.isalnum, text)) <= least else ""
    words = _WORDS.findall(_ASIDE.sub(" ", text))
    if len(words) <= _FRAGMENT_WORDS and not _says(text):
        return "fragment"
    return "enumeration" if _ENUMERATION.fullmatch(text) else ""


def _says(text: str) -> bool:
    return any(sign.search(text) for sign in (_VERB, _FINITE, _EQUATED))


def ended(text: str) -> bool:
    """Whether a sentence ends in it."""
    return bool(_STOP.search(text + " "))
