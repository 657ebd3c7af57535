"""What a sentence, or the words of a link, say of the episode that a page is about.

People begin their notes with "I listened to the Table Four episode [Bread that waits](https://...)".
Only names in capital letters count, and only what stands above the notes is asked.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.paragraphs import is_web

_LINK = re.compile(r"(?<!!)\[([^\[\]\n]{2,200})\]\((https?://[^\s()<>]+)\)")
_EMPHASIS = re.compile(r"_{1,2}(?=\[)|(?<=\))_{1,2}|\*")
_CAPITAL = r"(?:[A-Z0-9][\w’'&.!-]*|[\w-]+\.fm)"
_SMALL = r"of|the|and|for|a|in|on|to|your|my|&"
SHOW = rf"(?:[Tt]he )?(?P<podcast>{_CAPITAL}(?: (?:{_SMALL}|{_CAPITAL})){{0,6}}?)"
_LONGEST = 1_000
_MONTH = re.compile(
    "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
    r"(?: [0-9]{4})?$"
)
_POINTING = {"this", "that", "the", "a", "an", "my", "our", "his", "her", "their", "new"}
_MARK = "\N{OBJECT REPLACEMENT CHARACTER}"
_LINK_WORDS = (
    re.compile(r".{0,60}\b(?:snip|clip|highlight) from (?P<podcast>.{3,80})"),
    re.compile(r"[Pp]odcast (?:on|at) (?P<podcast>.{3,80})"),
    re.compile(
        r"(?:[Tt]he )?(?P<podcast>\S.{1,60}? Podcast|\S.{1,60}?(?= podcast\b))(?: podcast)?"
        r"(?:,? (?:featuring|feat\.?|with) (?P<speakers>[^“\"«]{3,80}))?"
        r"(?:,?:? [“\"«](?P<episode>.{3,200})[”\"»])?"
    ),
)
_WIKI = re.compile(
    r"\b[Tt]his \[\[(?P<podcast>[^\[\]|\n]{2,80})(?:\|[^\[\]\n]{0,80})?\]\] episode\b"
)
_EPISODE = r"(?:[EeÉé]pisode|[Ee]pis[oó]dio|[Ff]olge|[Pp]untata)"
_OF = r"(?:of|de|del|di|do|von)"
_SENTENCES = (
    re.compile(rf"{SHOW}(?: [Pp]odcast)?,? episode(?: [0-9]+)?,?:? (?P<linked>{_MARK})"),
    re.compile(
        rf"(?P<linked>{_MARK}),? (?:(?:the|el|o|le|la|die) |l['’])?{_EPISODE} (?:[0-9]+ )?"
        rf"(?:from|{_OF}) {SHOW}(?= podcast\b| [-–—]|[.,;:(]|$)"
    ),
    re.compile(
        rf"{SHOW}(?: [Pp]odcast)?,? episode(?: [0-9]+)?,? [“\"](?P<episode>[^”\"\n]{{3,200}})[”\"]"
    ),
    re.compile(
        r"\b(?:podcast|episode) [“\"](?P<episode>[^”\"\n]{3,200})[”\"],? (?:by|of|on|from) "
        r"(?P<podcast>[A-Z][^.,;:()\n]{2,60})$"
    ),
    re.compile(rf"(?P<linked>{_MARK}),? (?:of|from|on) {SHOW} podcast\b"),
    re.compile(rf"\b{_EPISODE}s? (?:[0-9]+ )?{_OF} {SHOW}(?= podcast\b| [-–—]|[.,;:(]|$)"),
    re.compile(rf"\b(?:[Ii]n|[Oo]n|to|[Ff]rom|of) {SHOW}(?: podcast\b|(?<= Podcast)(?!\w))"),
)
_NAME = (
    r"[^\W\d_a-z](?:\.|[\w'’-]{1,30})"
    r"(?: (?:de |van |von |der |la )?[^\W\d_a-z](?:\.(?= )|[\w'’-]{1,30})){1,2}"
)
_TALKS = re.compile(
    rf"(?<!\w)({_NAME}) (?:interviews|entrevista|interviewt|interviewe|intervista"
    r"|(?:talks|speaks|chats) (?:to|with)|spricht mit|parle avec|habla con) "
    rf"(?:[^\W\d_A-Z][\w'’-]{{0,40}} ){{0,5}}({_NAME})"
)
_HEARD = re.compile(
    r"\b(?:(?:i|we)(?: just| recently|['’]ve)? (?:listened|heard)|escuch(?:é|amos)|ouvi|ouvimos"
    r"|écouté|gehört|ascoltato)\b|[聞聴]いた",
    re.IGNORECASE,
)
_ASIDE = re.compile(r" ?\([^()]{0,100}\)")
_ROLES = re.compile(r"\s*[,;]\s*|\s+(?:and|und|et|y|e)\s+")
_TITLED = re.compile(rf"({_NAME})")
_LONGEST_ROLES = 200


def by_roles(text: str) -> list[str]:
    """The people whom a line names by what they are: "Host Ada Brook, guest Tomas Lind (baker)".

    None where it says anything else, or names no two roles."""
    if len(text) > _LONGEST_ROLES or not _role(text):
        return []
    parts = _ROLES.split(_ASIDE.sub("", text).rstrip(". "))
    people = [part[len(_role(part)) :].strip() for part in parts]
    whole = sum(bool(_role(part)) for part in parts) > 1 and all(map(_TITLED.fullmatch, people))
    return people if whole else []


def _role(part: str) -> str:
    """The word in front that says what somebody is."""
    word = part.partition(" ")[0]
    known = vocabulary.field(word) if word.isalpha() else None
    return word if known and known[0] == "speakers" else ""


def was_heard(raw: str) -> bool:
    """Whether it tells which episode somebody listened to."""
    return bool(_HEARD.search(raw[:_LONGEST])) and "podcast" in said_of_it(raw)


def said_of_it(raw: str) -> Mapping[str, str]:
    """The fields that it names, by keys that are known of fields; the first that says so counts."""
    plain = _EMPHASIS.sub("", raw[:_LONGEST].replace(_MARK, ""))
    found = dict[str, str]()
    wiki = [match.groupdict() for match in _WIKI.finditer(plain)]
    for said in (*_in_links(plain), *_in_sentences(plain), *wiki):
        found = {**said, **found}
    if "podcast" in found and (people := _TALKS.search(plain)):
        found = {"speakers": f"{people[1]}, {people[2]}", **found}
    pages = [url for _, url in _LINK.findall(plain) if _is_page(url)]
    return {"url": pages[0], **found} if found and len(pages) == 1 else found


_SHARED = re.compile(
    rf"(?:[\w'’]+ ){{0,6}}episode (?:of|from) {SHOW}(?: podcast)?"
    r"(?: on (?:Spotify|Apple Podcasts|YouTube|Overcast|Pocket Casts))?[.!…]{0,3}"
)


def shared_from(line: str) -> str:
    """The show in words that came with a link and name no episode: "Great episode from Kettle!" """
    match = _SHARED.fullmatch(line[:_LONGEST])
    return match["podcast"].rstrip(".!") if match else ""


def _is_page(url: str) -> bool:
    """Of an episode, and not of a whole site."""
    return is_web(url) and bool(urlsplit(url).path.strip("/"))


def _in_links(plain: str) -> Iterator[dict[str, str]]:
    for name, url in _LINK.findall(plain):
        match = next(filter(None, (words.fullmatch(name) for words in _LINK_WORDS)), None)
        if match:
            said = {key: value for key, value in match.groupdict().items() if value}
            if said["podcast"].lower() in _POINTING:
                del said["podcast"]
            yield said | ({"url": url} if _is_page(url) else {})


def _in_sentences(plain: str) -> Iterator[dict[str, str]]:
    """A link of several words is a title, of one or two a name."""
    titles = [link for link in _LINK.findall(plain) if len(link[0].split()) > 2]
    marked = _LINK.sub(lambda link: _MARK if link.groups() in titles else link[1], plain)
    for pattern in _SENTENCES:
        match = pattern.search(marked)
        if match and not _MONTH.match(match["podcast"] or ""):
            said = {key: value for key, value in match.groupdict().items() if key != "linked"}
            if "linked" in pattern.groupindex:
                title = titles[marked.count(_MARK, 0, match.start("linked"))]
                said |= {"episode": title[0], "url": title[1]}
            yield said
