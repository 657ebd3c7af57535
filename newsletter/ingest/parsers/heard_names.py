"""The show and the episode in a line of a diary: "Listened to [[Table Four]] #12 on the train".

Links and quotation marks bound the names; the words behind them are of the day.
"""

import re

from newsletter.ingest.parsers.episode_names import (
    KIND,
    NO_SHOW,
    NUMBERED,
    counted,
    named_in,
    number_of,
)
from newsletter.ingest.parsers.metadata import address, show_of_count, title
from newsletter.ingest.parsers.prose import SHOW, said_of_it

LISTENED = re.compile(
    r"(?:[*_]*[0-9]{1,2}:[0-9]{2}[*_]*[ -]+)?(?:(?:i )?(?:just |also )?"
    r"(?:listened to|heard|gehört|écouté|escuchado|ascoltato):? (?=\S)"
    "|[\U0001f3a7\U0001f399\U0001f4fb]\ufe0f? *"
    r"|podcast: (?=\S.* [-–—|] \S))",
    re.IGNORECASE,
)
TAGGED = re.compile(r"#(?:\[\[)?podcasts?\b", re.IGNORECASE)
_TAGS = re.compile(r"(?:\s+#(?:\[\[[^\[\]]*\]\]|[^\W\d][\w/-]*))+\s*$")
_LONGEST = 1_000
_PAGE = r"\[\[[^\[\]\n]{1,200}\]\]"
_QUOTED = r"[“\"„«][^“”\"„«»\n]{2,200}[”\"“»]"
_NAMED = rf"(?:{_QUOTED}|\[[^\[\]\n]{{1,300}}\]\([^\s()]{{1,2000}}\))"
_OF = r"(?:on|from|by|of|at)"
_NUMBER = r"(?:#|ep(?:isode)?\.? ?#?|folge )?[0-9]{1,5}\b"
_FIRST_PAGE = re.compile(rf"(?<!with )(?<!#){_PAGE}")
_TWO_PAGES = re.compile(rf"({_PAGE})(?: ?[:,|·–—-] ?| (?P<of>{_OF}) )({_PAGE})")
_OF_IT = re.compile(rf"\b{_OF} (?:the )?$", re.IGNORECASE)
_NAME = re.compile(_NAMED)
_BEHIND = re.compile(rf"(?: {_NUMBER})?(?: ?[:,|·–—-])? ?(?P<name>{_NAMED})", re.IGNORECASE)
_NUMBERED = re.compile(r" (#[0-9]{1,5}\b|ep(?:isode)?\.? ?#?[0-9]{1,5}\b)", re.IGNORECASE)
_PARTED = re.compile(r" ?[|·–—] ?\S| - \S")
_SHOW_AND_QUOTE = re.compile(rf"(?-i:{SHOW})(?: {_NUMBER})?[,:]? ?(?P<name>{_QUOTED})", re.I)
_ON_A_SHOW = re.compile(rf"([”\"»)]) {_OF} (?=(?:the )?[^\W_a-z]|[\[“\"„«])")
_OF_THE_DAY = re.compile(rf"({_NAMED}) [a-z]+ (?!(?:the )?[^\W_a-z]|[\[“\"„«])")
_CALLS_ITSELF = re.compile(r"\bpodcast\b", re.IGNORECASE)
_POINTS = re.compile(
    r"(?:this|that|the|an?|my|another) (?:[a-z]+ )?(?:podcast|episode|show|interview|talk)\b",
    re.IGNORECASE,
)
_NAME_WORDS = 2  # more are a title


def names_heard(raw: str) -> dict[str, str]:
    """What the line names, by keys that are known of fields."""
    opening = LISTENED.match(raw)
    said = KIND.sub("", _TAGS.sub("", raw[opening.end() if opening else 0 :][:_LONGEST])).strip()
    if page := _FIRST_PAGE.search(said):
        return _by_pages(said, page)
    if (match := _SHOW_AND_QUOTE.match(said)) and match["podcast"].lower() not in NO_SHOW:
        return _both(match["podcast"], match["name"])
    if match := _OF_THE_DAY.match(said):
        said = match[1]
    said = _ON_A_SHOW.sub(r"\1 — ", said)
    prose = said_of_it(said)
    if {"podcast", "episode"} <= set(prose):
        return _both(prose["podcast"], prose["episode"])
    names = names_of_line(said)
    if _POINTS.match(names.get("episode title", "")):
        return {}
    known = None if "show title" in names else show_of_count(names.get("episode title", ""))
    return names | _both(*known) if known else names


def names_of_line(raw: str) -> dict[str, str]:
    """What a heading names, or a line that links to an episode."""
    raw = _TAGS.sub("", raw)
    name = title(raw)
    counts = not address(raw) and (NUMBERED.match(name) or number_of(name))
    return counted(name) if counts else named_in(raw)


def _both(show: str, episode: str) -> dict[str, str]:
    return {"show title": title(show), "episode title": title(episode)}


def _by_pages(said: str, page: re.Match[str]) -> dict[str, str]:
    """Wiki links are names, and what follows the last of them is of the day."""
    if pair := _TWO_PAGES.match(said, page.start()):
        names = (pair[3], pair[1]) if pair["of"] else (pair[1], pair[3])
        return _both(*names)
    before, rest = said[: page.start()], said[page.end() :]
    if _OF_IT.search(before):
        name = _NAME.search(before)
        return _both(page[0], name[0]) if name else {"show title": title(page[0])}
    if behind := _BEHIND.match(rest):
        return _both(page[0], behind["name"])
    if rest.startswith(": "):
        return _both(page[0], rest[1:])
    if _PARTED.match(rest):
        return named_in(said[page.start() :])
    return _alone(title(page[0]), rest)


def _alone(name: str, rest: str) -> dict[str, str]:
    """A show, where a number or "episode" follows; else one of a word or two is."""
    if number := _NUMBERED.match(rest):
        return {"show title": name, "episode title": number[1]}
    whole = len(name.split()) <= _NAME_WORDS or _CALLS_ITSELF.search(name)
    show = whole or re.match(r"(?:['’]s)? (?:podcast|episode)\b", rest)
    return {"show title" if show else "episode title": name}
