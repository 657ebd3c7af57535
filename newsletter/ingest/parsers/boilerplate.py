"""Which paragraphs are no insights: headings, calls to action, footers, and the operator's phrases.

A heading is short and has no end of a sentence. A call to action is short, speaks to the reader
("we ... you", "our", "this email", an imperative such as "subscribe") about something that
publishers offer (an inbox, a code, an app, a free trial), and does not argue; a longer one must
say "you". No single cue decides: an insight may be about newsletters, and may say "you".
"""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from newsletter.domain.model import normalise
from newsletter.ingest.parsers.about_itself import SENTENCE_END, about_itself
from newsletter.ingest.parsers.cues import ADDRESS, ARGUMENT, FORMAL, TRADE, Cue

_HEADING_WORDS = 10
_TITLE_WORDS = 20
_CALL_WORDS = 30
_CALL_EVIDENCE = 3
_LONG_CALL_WORDS = 60
_LONG_CALL_EVIDENCE = 6
CALL_LETTERS = 600
_HEADING_LETTERS = 200
_HEADING_SIGNS = 20  # of Chinese or Japanese, which part no words
_CJK = "\u2e80"
_BORDER = re.compile(r"""[.!?。！？]+["'”’)]*(?:\s+|$)""")
_EDGES = " .!?…。！？:;,\"'"

_LAYOUT = re.compile(
    r"<(?:div|section|header|footer|nav|main|article|aside|ul|li|p|a|button|span|table|td|audio|img)"
    r"\s[^<>]{0,300}=[^<>]{0,300}>"
)
"""A tag with an attribute: a page's layout, and not what somebody writes about one."""
_BEGINNING = 2_000
_ORDER = re.compile(
    r"(?:^|[.!?] )[\W_]{0,3}(?:please )?(?:ignore|disregard|forget) (?:\w+ ){0,3}"
    r"(?:previous|prior|above|earlier|preceding) (?:\w+ )?"
    r"(?:instructions?|prompts?|messages?|rules(?! (?:of|for|about|on)))\b",
    re.IGNORECASE,
)
_ASSISTANT = re.compile(
    r"^(?:you are|act as) (?:chatgpt|an? (?:\w+ ){0,2}(?:ai|assistant|language model)\b)"
    r"|\b(?:print|reveal|repeat|show) (?:me )?(?:the|your) system prompt"
    r"|\bas an ai (?:language )?model,|^(?:i['’]m|i am) sorry, but i (?:can['’]t|cannot)\b"
    r"|^(?:please )?(?:ignore|disregard) (?:what|everything|anything|all) (?:\w+ ){0,4}"
    r"(?:before|above|previously)\b",
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"<script\b[^<>]*>.*</script|<\w+ [^<>]*\bon[a-z]{3,20}\s?=", re.IGNORECASE)
_CODE = re.compile(
    r"^(?:[.#]?[\w-]+ |function [^.!?]{0,60})\{[^{}]*;\s*\}\s*$|^\{\{[^{}]{1,80}\}\}"
    r"|^<%[^%]{1,300}%>|^\{%[^%]{1,300}%\}"
    r"|^=[A-Z]{2,20}\([^ ]*[\"']|^Traceback \(most recent call last\):"
    r"|^Received: from |^DKIM-Signature: "
)
_YOU = re.compile(r"\byou(?:r|rs|'ll|'re)?\b")
_LINK = re.compile(r"(?:https?://|www\.|@)\S+|\S+@\S+\.\w+|\W+|and|or|at")
_CREDIT = re.compile(
    r"(?!.*\b(?:is|are|was|were|been) )(?:\w+(?:,? and| &|,)? ){1,4}"
    r"by (?:[A-Z][\w'’.-]*[\w](?:,? and |, | & "
    r"| with (?:the |additional )?(?:help|support|research|assistance) (?:from|of|by) | |$))+",
    re.ASCII,
)


def is_boilerplate(text: str, phrases: Sequence[str] = (), *, heading: bool = True) -> bool:
    """Whether a paragraph is no insight. ``heading=False``: it cannot be a heading."""
    return bool(boilerplate_rule(text, phrases, heading=heading))


def boilerplate_rule(text: str, phrases: Sequence[str] = (), *, heading: bool = True) -> str:
    """The name of the rule by which a paragraph is no insight; "" if it may be one."""
    if rule := _unspoken(text):
        return rule
    if is_call(text):
        return "call to action"
    if rule := about_itself(text):
        return rule
    if heading and is_heading(text):
        return "heading"
    return "boilerplate phrase" if says_only(text, phrases) else ""


def _unspoken(text: str) -> str:
    """The rule by which it is not said to a reader at all."""
    if not any(letter.isalpha() for letter in text):
        return "no words"
    beginning = text[:_BEGINNING]
    if len(_LAYOUT.findall(beginning)) > 1 or _SCRIPT.match(beginning):
        return "html"
    if _CODE.search(beginning):
        return "code"
    return "instruction to a machine" if _ORDER.search(text) or _ASSISTANT.search(text) else ""


def is_heading(text: str) -> bool:
    """Short and without the end of a sentence, or in Title Case, or ending in a colon."""
    words = text.split()
    if len(text) > _HEADING_LETTERS:
        return False
    if text.endswith(":"):
        return len(words) <= _TITLE_WORDS
    if SENTENCE_END.search(text) and not text.endswith(("...", "…")):
        return False
    if is_cjk(text):
        return "，" not in text and sum(sign > _CJK for sign in text) <= _HEADING_SIGNS
    return len(words) <= (_TITLE_WORDS if _is_title(words) else _HEADING_WORDS)


def is_cjk(text: str) -> bool:
    return not text.isascii() and any(letter > _CJK and letter.isalpha() for letter in text)


def _is_title(words: Sequence[str]) -> bool:
    heavy = [word for word in words if len(word) > 4]
    return bool(heavy) and all(word[0].isupper() or not word[0].isalpha() for word in heavy)


def is_call(text: str) -> bool:
    """A call to action of the publisher, a footer, a credit or a sign-off."""
    words = len(text.split()) if len(text) <= CALL_LETTERS else _LONG_CALL_WORDS + 1
    if words > _LONG_CALL_WORDS:
        return False
    plain = normalise(text)
    if words > _CALL_WORDS or len(_BORDER.findall(text)) > 2:
        return bool(_YOU.search(plain)) and _evidence(plain) >= _LONG_CALL_EVIDENCE
    return _evidence(plain) >= _CALL_EVIDENCE or _is_formal(text, plain)


def _evidence(plain: str) -> int:
    """0 if nobody is spoken to or nothing is offered: then it is no call to action."""
    traded = _weigh(TRADE, plain)
    spoken = _weigh(ADDRESS, plain) if traded else 0
    if not spoken:
        return 0
    return spoken + traded + bool(_YOU.search(plain)) - _weigh(ARGUMENT, plain)


def _weigh(cues: Iterable[Cue], plain: str) -> int:
    return sum(weight for weight, pattern in cues if pattern.search(plain))


def _is_formal(text: str, plain: str) -> bool:
    credited = all(_CREDIT.fullmatch(part) for part in re.split(r"[.;|]\s*", text) if part)
    linked = all(_LINK.fullmatch(word) for word in plain.split())
    return credited or linked or _weigh(FORMAL, plain) > 0


def says_only(text: str, phrases: Sequence[str]) -> bool:
    """Whether the text is one of the phrases; ``*`` in a phrase stands for any text."""
    plain = normalise(text).strip(_EDGES) if phrases else ""
    return any(fnmatchcase(plain, _pattern(phrase)) for phrase in phrases)


def _pattern(phrase: str) -> str:
    return normalise(phrase).strip(_EDGES).replace("[", "[[]").replace("?", "[?]")
