"""CommonMark as block tokens and as plain text, and the time stamps and links beside an insight."""

import re
from collections import ChainMap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from newsletter.ingest.parsers.paragraphs import MAX_INSIGHT, MAX_SECONDS, clean, is_web

DEEPEST = 40  # lists and quotes within each other
_MAX_LETTERS = 3 * MAX_INSIGHT
_MAX_UNCLOSED = 50  # links that are not closed cost markdown-it-py the square of their number
_LONGEST_LINK = 60
References = dict[str, Any]

_TIME = r"(?:(?:([0-9]{1,2}):([0-5]?[0-9])|([0-9]{1,3})):([0-5][0-9]))"
_SHOWN_TIME = r"[0-9]{1,3}(?::[0-5]?[0-9]){1,2}"
_UNTIL = rf"(?: ?(?:[-–—→]|to) ?{_SHOWN_TIME})?"
_CLOCK = r"( ?[AaPp]\.?[Mm]\b\.?| Uhr\b)?"  # an hour of the day is no place in an episode
_BRACKETED = rf"[\[(]{{1,2}}~?{_TIME}{_UNTIL}{_CLOCK}[\])]{{1,2}}"
_STAMP = re.compile(rf"^{_BRACKETED}[\s:–—-]*(?=\S)|(?<=\S)\s*{_BRACKETED}(?=[.!?]?$)")
_LEADING = re.compile(
    rf"^(?:[^\w\s\[(<\"'“‘«„#-]{{1,3}}\s?)?{_TIME}{_UNTIL}{_CLOCK}"
    r"(?:\s?[-–—:|·]\s|\s(?=[^a-z\s]))\s*(?=\S)"
)
# Of a diary: a day and an hour say when it was written, and not where in the episode it is.
_WRITTEN_AT = re.compile(
    r"^[0-9]{4}-[0-9]{2}(?:-[0-9]{2})? [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?[\s:–—-]+(?=[^\sa-z])"
)
_MARKED_AT = re.compile(
    r"\s*[⏱🕒🕰📅]\ufe0f?\s*[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?$"
)
_IN_A_BOOK = re.compile(r"(?<=\S) \((?:Location|Loc\.?|Page) [0-9]{1,7}(?:[–-][0-9]{1,7})?\)$")
_WITHIN = re.compile(rf"\s?\[{_TIME}{_UNTIL}\]")
_LEADING_URL = re.compile(r"<?(https?://[^\s<>]{1,2000})>?\s+(?=\S)")
_TRAILING = re.compile(
    rf"(?<=[.!?。…\"”»」』])\s(?:[⌚⏰-⏳▶⏯🎧🕐-🕧🕰]\ufe0f?\s?)?{_TIME}$"  # a clock in front
)
_MINUTE = re.compile(  # "(min. 21)"
    r"\s*[\[(](?:min|minut[eo]?|minuut)\b\.? ?([0-9]{1,3})[\])](?=[.!?]?$)", re.IGNORECASE
)
_TAIL = 20  # letters at a text's end that hold a time
_LABEL = re.compile(r"\]\[([^\[\]]+)\]")
_WIKI = re.compile(r"(!?)\[\[([^\[\]\n|]*)(?:\|([^\[\]\n]*))?\]\]")
_DOUBLE = re.compile(r"\[\[([^\[\]\n|]{1,100})\]\]\((https?://[^\s()]{1,2000})\)")
# The highlight's own page, named by when it was made: "— [Updated on 2025-02-03](https://...)".
_DATED = re.compile(
    r"[ \t]?[–—-][ \t]\[[^\[\]\n]{0,30}[0-9]{4}-[0-9]{2}-[0-9]{2}[^\[\]\n]{0,20}\]\((https?://[^\s()]+)\)"
    r"(?:[ \t]?[–—-][ \t]\w{1,20}:\s+#?[\w-]{1,40})?[ \t]?$"
)
_MARKED = re.compile(r"==([^=\n]+)==|\^\^([^^\n]+)\^\^")  # of Roam
_FOOTNOTE = re.compile(r"\[\^[\w-]{1,20}\]")
_BLOCK_REF = re.compile(r"\(\([0-9a-f-]{8,40}\)\)|(?<=\s)\^[\w-]{1,40}$", re.MULTILINE)
_SIZE = re.compile(r"(?<=\))\{:[a-z][^{}\n]{0,100}\}")  # of an image, in Logseq
_HTML = re.compile(
    r"</?(?:b|br|em|font|i|mark|s|small|span|strong|u)(?: [^<>=]{1,30}=[^<>]{0,1000})?(?: ?/)?>"
    r"|<(a|abbr|button|cite|del|ins|q|sub|sup|time)(?: [^<>=]{1,30}=[^<>]{0,1000})?>"
    r"([^<>]{0,300})</\1>",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"[(\[]\s?[)\]]")
_TAG = re.compile(r"#(?:[^\W\d_][\w/-]{0,60}|[0-9]{4}-[0-9]{2}-[0-9]{2})")
_ANY_TIME = re.compile(rf"(?<![\w:]){_TIME}(?![\w:])")
_URL_TIME = re.compile(
    r"[?&#](?:t|time|start|begin)=(?:([0-9]{1,2})h)?(?:([0-9]{1,3})m)?([0-9]{1,6})s?(?![\w:.])"
)
_ACTION = re.compile(
    r"(?:time|timestamp|at|view (?:highlight|tweet|quote|note|clip|snip|in \w+)"
    r"|open(?:(?: the)? episode)?(?: in \w+)?"
    r"|listen(?: to (?:the |this )?(?:full )?(?:episode|podcast|show))?"
    r"|listen(?: (?:here|now|from here|on (?:the )?\w+|in \w+))?"
    r"|(?:re)?play(?: (?:snip|clip|quote|from here))?"
    r"|jump(?: to (?:audio|clip|quote|this))?|airrquote|link|source|snip|clip|share|permalink"
    r"|(?:location|loc\.?|page|position) [0-9]{1,7}(?:[–-][0-9]{1,7})?"
    r"|read (?:the )?original|read online|original(?: article| page)?"
    r"|原文|原文链接|anhören|écouter|escuchar|ascolta|ouvir|öffnen|abspielen|lien|enlace|quelle)?"
    r"[\W_]{0,4}(?:[0-9]{1,3} ?(?:min|m|sec|s)\w{0,5}[\W_]{0,4})?"
    rf"(?:{_SHOWN_TIME}{_UNTIL})?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Inline:
    """Plain text without its time stamp, its second, its own link, and the links that it holds."""

    text: str
    at: int | None = None
    link: str = ""
    links: tuple[tuple[str, str], ...] = ()


class _CommonMark(MarkdownIt):
    """Accepts links to any address: only those to the web are kept."""

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802
        return True

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return link


_NOWHERE = {"href": "", "title": ""}
_TEXTS = {"image": "", "softbreak": " ", "hardbreak": " "}
_OPTIONS = {"html": False, "inline_definitions": True, "maxNesting": DEEPEST + 2}
_reader = _CommonMark("commonmark", _OPTIONS).enable("strikethrough")
_MACRO = re.compile(
    r"\{\{(?:renderer|youtube-timestamp|video|audio)\b"
    r"(?: (?P<seconds>[0-9]{1,6})|[^{}\n]{0,150}?(?P<time>\b[0-9]{1,2}(?::[0-9]{2}){1,2})\b)?"
    r"[^{}\n]{0,150}\}\}\s*"
)
_reader.disable(["code", "html_block", "html_inline"])
_reader.core.ruler.disable(["inline", "text_join"])


def blocks(source: str) -> tuple[list[Token], References]:
    """The block tokens, with their text as it was written, and the definitions for its links.

    Text that is nested deeper than DEEPEST is in a token of a higher level, or missing.
    """
    env: dict[str, Any] = {"references": {}}
    return _reader.parse(source, env), env["references"]


def plain(text: str, references: References) -> str:
    """Clean text without marks: code as it is written, the text of links, no images.

    Text that is too long for an insight, or has too many brackets, keeps its marks.
    """
    return _plain(text, references)[0]


def inline(text: str, references: References) -> Inline:
    """What a paragraph says, and where in the episode it says so."""
    words, links = _plain(_without_macro(text) if text.startswith("{{") else text, references)
    return stamped_inline(words, links)


def _without_macro(text: str) -> str:
    """With the time that a macro of Logseq in front of the words leads to, as people write it."""
    macro = _MACRO.match(text)
    if not macro:
        return text
    minutes, seconds = divmod(int(macro["seconds"] or 0), 60)
    time = macro["time"] or (f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if seconds else "")
    return f"[{time}] {text[macro.end() :]}" if time else text[macro.end() :]


def stamped_inline(words: str, links: Sequence[tuple[str, str]]) -> Inline:
    """A text and its links; those that only lead to the second ("Time 0:12:58") are its own."""
    if (leads := _LEADING_URL.match(words)) and time_in_url(leads[1]) is not None:
        words, links = words[leads.end() :], [*links, ("", leads[1])]
    text, at = stamped(_untagged(clean(_EMPTY.sub("", words)) if links else words))
    own = [(name, url) for name, url in links if is_action(name) and is_web(url)]
    own = [(name, url) for name, url in own if "/to_kindle?" not in url]  # a book of the listener
    times = [time_in(name) for name, _ in own] + [time_in_url(url) for _, url in own]
    at = next((time for time in (at, *times) if time is not None), None)
    return Inline(_untagged(text), at, own[-1][1] if own else "", tuple(links))


def _plain(text: str, references: References) -> tuple[str, list[tuple[str, str]]]:
    open_ = text.count("[")
    if len(text) > _MAX_LETTERS or max(open_ / 8, open_ - text.count("]")) > _MAX_UNCLOSED:
        return clean(text), []
    text = _DATED.sub(r" [Open](\1)", unlinked(text)) if " [" in text else unlinked(text)
    text = _SIZE.sub("", text) if "){:" in text else text
    text = _HTML.sub(r"\2", text) if "<" in text and "`" not in text else text
    if text.isalnum():
        return text, []
    undefined = dict.fromkeys(map(normalizeReference, _LABEL.findall(text)), _NOWHERE)
    tokens: list[Token] = []
    _reader.inline.parse(text, _reader, {"references": ChainMap(references, undefined)}, tokens)
    links: list[tuple[str, str]] = []
    return clean(_words(tokens, links)), links


def unlinked(text: str) -> str:
    """Wiki links and highlighted words as their text, without embedded pages and block ids."""
    if "[[" in text:
        text = _WIKI.sub(_wiki_text, _DOUBLE.sub(r"[\1](\2)", text))
    if "==" in text or "^^" in text:
        text = _MARKED.sub(r"\1\2", text)
    if "[^" in text:
        text = _FOOTNOTE.sub("", text)
    return _BLOCK_REF.sub("", text) if "((" in text or "^" in text else text


def _wiki_text(match: re.Match[str]) -> str:
    embedded, page, alias = match.groups()
    return "" if embedded else alias or page.rstrip("\\").partition("#")[0].rpartition("/")[2]


def _words(tokens: Sequence[Token], links: list[tuple[str, str]]) -> str:
    """The text of inline tokens, and the links in it.

    A link around a time stamp keeps its brackets for ``stamped``; the text of another link that
    only leads somewhere is left out.
    """
    pieces: list[str] = []
    opened: list[tuple[int, Token]] = []
    for token in tokens:
        if token.type == "s_close":
            begin, _ = opened.pop()
            del pieces[begin:]  # what is struck out is not said
        elif token.nesting > 0:
            opened.append((len(pieces), token))
            pieces.append(token.markup if _multiplies(token, pieces) else "")
        elif token.nesting < 0:
            begin, opening = opened.pop()
            pieces.append(pieces[begin])
            if token.type == "link_close":
                _close(pieces, begin, opening, links)
        else:
            pieces.append(_TEXTS.get(token.type, token.content))
    return "".join(pieces)


def _close(pieces: list[str], begin: int, opening: Token, links: list[tuple[str, str]]) -> None:
    name, url = "".join(pieces[begin:]), str(opening.attrGet("href") or "")
    if url and name != url:
        links.append((name, url))
        shown = shown_link(name)
        if shown != name:
            del pieces[begin:]
            pieces.append(shown)
    elif shown_link(name).startswith("["):
        pieces[begin], pieces[-1] = "[", "]"


def shown_link(name: str) -> str:
    """The text of a link: in brackets if it is a time, and nothing if it only leads somewhere."""
    if re.fullmatch(_TIME, name):
        return f"[{name}]"
    return "" if is_action(name) else name


def is_action(name: str) -> bool:
    """Whether a link's text only says that it leads somewhere: "Time 0:12:58", "View Highlight"."""
    words = [index for index, letter in enumerate(name[:_LONGEST_LINK]) if letter.isalnum()]
    if len(name) > _LONGEST_LINK:
        return False
    return not words or bool(_ACTION.fullmatch(name[words[0] : words[-1] + 1]))


def _multiplies(token: Token, pieces: Sequence[str]) -> bool:
    """In 2*3*4 the asterisks multiply; they are no emphasis."""
    before = next(filter(None, reversed(pieces)), "")
    return token.markup.startswith("*") and before[-1:].isdigit()


def _untagged(text: str) -> str:
    """Without the tags at its end; tags alone stay, another rule knows them."""
    words = text.split(" ")
    while words and _TAG.fullmatch(words[-1]):
        words.pop()
    return " ".join(words) or text


def stamped(text: str) -> tuple[str, int | None]:
    """The text without a time stamp such as [12:34] at its start or end, and its seconds."""
    text = _IN_A_BOOK.sub("", _MARKED_AT.sub("", _WRITTEN_AT.sub("", text)))
    stamp = _STAMP.search(text) or _LEADING.match(text)
    if trailing := None if stamp else _TRAILING.search(text, max(0, len(text) - _TAIL)):
        return text[: trailing.start()], time_in(trailing[0])
    if minute := None if stamp else _MINUTE.search(text, max(0, len(text) - _TAIL)):
        return text[: minute.start()] + text[minute.end() :], 60 * int(minute[1])
    if not stamp:
        return _unstamped(text) if ":" in text and "[" in text else (text, None)
    groups = stamp.groups()
    hours, minutes, alone, seconds, clock = (
        groups[5:] if len(groups) > 5 and groups[8] else groups[:5]
    )
    total = None if clock else _seconds(hours, minutes or alone, seconds)
    return (text[: stamp.start()] + text[stamp.end() :]).strip(), total


def _unstamped(text: str) -> tuple[str, int | None]:
    """Without the time stamps between its sentences, and the second of the first."""
    first = _WITHIN.search(text)
    return (_WITHIN.sub("", text), time_in(first[0])) if first else (text, None)


def time_in(text: str) -> int | None:
    """The first time in a short text, in seconds."""
    match = _ANY_TIME.search(text[:200])
    return _seconds(match[1], match[2] or match[3], match[4]) if match else None


def time_in_url(url: str) -> int | None:
    """The second that an address leads to: #t=02:49, ?t=169, &t=2m49s."""
    match = _URL_TIME.search(url[-200:])
    if match:
        return _seconds(match[1], match[2], match[3])
    _, sign, rest = url[-200:].rpartition("#t=")
    return time_in(rest) if sign else None


def _seconds(hours: str | None, minutes: str | None, seconds: str | None) -> int | None:
    total = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return total if total <= MAX_SECONDS else None
