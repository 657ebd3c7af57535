"""What a page says about itself, from front matter, fields and headings: the surest of each."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urlsplit

from newsletter.domain.model import Brief
from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.dates import any_day
from newsletter.ingest.parsers.inline import is_action, stamped, unlinked
from newsletter.ingest.parsers.lines import key_value, known_field, source_of
from newsletter.ingest.parsers.paragraphs import MAX_LABEL, Paragraph, clean, is_web
from newsletter.ingest.parsers.vocabulary import Field

_LINK = re.compile(r"\[([^\[\]\n]{0,300})\]\((https?://[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)\)")
_URL = re.compile(r"https?://[^\s<>\"'\\\])]+", re.IGNORECASE)
_WIKI = re.compile(r"\[\[[^\[\]\n]*\]\]")
_KIND = re.compile(
    r"(?:story|interview|bonus|encore|rerun|replay|feature|special|best of|trailer"
    r"|(?:podcast|episode) (?:summary|notes|takeaways|insights)|summary|notes)\s*:\s+"
    r"|(?:podcast|episode) (?:summary|notes|takeaways|insights)\s+[-–—|]\s+",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\([#*_~\[\]()|-])")
_MAIL = re.compile(r"[\w.+-]@[\w-]{1,60}\.\w")
_ROLE = re.compile(r"\s+[-–—|]\s.*|\s*[(（].*$|\s+from\s+[A-Z].*|\s+on\s+\S.*", re.DOTALL)
_ASIDE = re.compile(r"\s*[(（][^()（）]{0,100}[)）]")  # "Ada Brook (host), Tomas Lind"
_QUOTED_SHOW = re.compile(
    r"[^\W\d]{0,12} ?[「『“\"«]([^「」『』“”\"«»]{2,60})[」』”\"»] ?"
    r"((?:第 ?[0-9]{1,5} ?[回話集期]|(?:#|ep(?:isode|isodio)?\b\.? ?#?|folge )[0-9]{1,5}).{0,200})",
    re.IGNORECASE,
)
_SLUG = re.compile(r"[a-z]+(?:-[a-z]+)+")
_AND = re.compile(r"\s*[,;、，]\s*|\s+(?:and|&|und|et|y|e|en|och|i|with)\s+")
_TITLES = {"phd", "ph.d.", "md", "m.d.", "jr", "jr.", "sr", "esq", "mba", "dr", "prof"}
_FIRMS = re.compile(
    r"\b(?:media|podcasts?|network|studios?|radio|inc|llc|ltd|gmbh|fm|productions?"
    r"|company|team|group|newsroom)\b",
    re.IGNORECASE,
)
_PICTURES = re.compile("^(?:[\u2190-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]+\\s*)+")
_SITE = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # the name of a diary's page
_INLINE = re.compile(r"[\[(]([\w /-]{1,40})::[ \t]*((?:\[\[[^\[\]\n]*\]\]|[^\[\]()\n])+)[\])]")
_LONGEST = 4_000
_NUMBERED = re.compile(
    r"\s*\(([^(),]{2,80}),? (?:ep(?:isode)?\.?|folge|#|no\.?) ?#?[0-9]+\)$", re.IGNORECASE
)
_COUNTED = re.compile(
    r"([^:#]{2,60}?),? (?:#|ep(?:isode)?\.? ?)[0-9]+(?::| [–—|-]) (\S.+)", re.IGNORECASE
)
_ON_A_SHOW = re.compile(
    r".{3,200} on ((?:the )?[A-Za-z][\w.'’ -]{1,50}?(?:\.fm| [Pp]odcast| Show))"
)
_BEHIND_A_DASH = re.compile(
    r" [-–—|] ((?:the )?[\w'’&. ]{2,50} (?:[Pp]odcast|Show))(?: (?:#|[Ee]p(?:isode)?\.? ?)[0-9]+)?$"
)
_SHOW_FIRST = re.compile(r"(?:#[^\s#]+ +)*(\[\[[^\[\]\n]+\]\]) +[–—-] +(\S.*)$")
_DASH = re.compile(r"\s+[–—|]\s+")
_SHOW_AND_REST = re.compile(r"([^:|–—]{3,60}?)(?: #?[0-9]{1,5})?(?:: | [|–—] )(\S.+)")
_BEHIND_THE_SHOW = re.compile(r"(?::|\s[-–—|:])\s+(\S.*)")
_LEAST_SHOW = 5
_BAR = re.compile(r" [|·•] ")
_EPISODE = re.compile(r"[*_ ]*(?:episode|ep)\b\.? ?#?[0-9]+[*_ ]*$", re.IGNORECASE)
_MOST_NAMES = 20
_DATE_WORDS = 5
_OF_THE_LISTENER = (
    "listened", "heard", "read", "exported", "imported", "created", "saved", "added", "updated",
    "synced", "highlighted", "captured", "gehört", "erstellt", "écouté", "escuchado",
)  # fmt: skip
_LAST = 1_000  # a rank behind all others
_NOTHING = {"", "-", "none", "null", "n/a", "unknown", "your uploads"}
_NAME_WORDS = 6
_SAID: Sequence[Field] = ("podcast", "episode", "url")


@dataclass
class Facts:
    """The surest value of each field so far: with its rank, 0 being the surest."""

    kept: dict[Field, tuple[int, Sequence[str]]] = field(default_factory=dict)
    speakers: list[str] = field(default_factory=list)
    heading: str = ""
    tagged: bool = False
    """As a podcast."""
    of_a_day: bool = False
    """By a tag or its type: a page of a diary."""
    said: list[Paragraph] = field(default_factory=list)

    def add(self, key: str, *values: str) -> bool:
        """Whether the key is one that we know."""
        known = vocabulary.field(key)
        if not known:
            return False
        name, rank = known
        values = tuple(value for value in values if value.strip().lower() not in _NOTHING)
        if name == "episode" and values and values[0].strip("# ").isdigit():
            rank = _LAST - 1  # a number is the name where there is no other
        if name == "episode" and values and address(values[0]):
            self.kept.setdefault("url", (_LAST, values))
            values = () if is_web(values[0]) else values
        if name == "speakers":
            self.speakers += [person for value in values for person in names(value)]
        elif name and _reads(name, values) and rank < self.kept.get(name, (_LAST,))[0]:
            self.kept[name] = (rank, values)
        return True

    def add_heading(self, raw: str) -> None:
        """The first heading names the episode where nothing else does, and may link to it."""
        if match := _SHOW_FIRST.match(raw):
            self.kept.setdefault("podcast", (_LAST, (match[1],)))
            raw = match[2]
        name = stamped(title(raw))[0]
        self.heading = "" if _ISO_DAY.fullmatch(name) else name
        if address(raw):
            self.kept.setdefault("url", (_LAST, (raw,)))

    def add_line(self, raw: str) -> None:
        """A line of one field, or of several: "Podcast: Shelf Life | Published: May 5, 2026"."""
        if source := source_of(raw):
            self.add_link("", source)
            return
        if inside := _INLINE.findall(raw[:_LONGEST]):
            for key, value in inside:
                self.add(key, value.strip("\"'"))
            return
        parts = _BAR.split(raw) if len(raw) < MAX_LABEL else [raw]
        if not any(known_field(part) for part in parts[1:]):
            parts = parts[:1] if _EPISODE.match(parts[-1]) else [raw]
        for pair in filter(None, map(key_value, parts)):
            self.add(*pair)

    def add_link(self, name: str, url: str) -> None:
        """A link to the page counts where no field holds one; its text may name the episode."""
        if is_web(url):
            self.kept.setdefault("url", (_LAST, (f"[{name}]({url})",)))

    def add_prose(self, said: Mapping[str, str]) -> None:
        """What a sentence says counts where no field does."""
        for name in _SAID:
            if name in said:
                self.kept.setdefault(name, (_LAST, (said[name],)))
        self.speakers = self.speakers or names(said.get("speakers", ""))

    def add_dateline(self, text: str) -> None:
        """A short line below the title: "Jan 3, 2025 · 48 min" says when the episode came out."""
        for part in _BAR.split(text[:MAX_LABEL]):
            listener = part.lower().startswith(_OF_THE_LISTENER)
            if len(part.split()) <= _DATE_WORDS and not listener and any_day(part):
                self.kept.setdefault("published", (_LAST, (part,)))
                show = title(text.partition(part)[0].strip(" |·•"))
                if show and not any(map(str.isdigit, show)):
                    self.kept.setdefault("podcast", (_LAST, (show,)))

    @property
    def linked(self) -> str:
        """The text of the page's link, if it says more than "open"."""
        match = _LINK.search(self.raw("url"))
        name = match[1] if match else ""
        return (
            ""
            if is_action(name) or is_web(name) or name.lower().startswith("open ")
            else title(name)
        )

    def text(self, name: Field) -> str:
        return title(self.kept[name][1][0]) if name in self.kept else ""

    def raw(self, name: Field) -> str:
        return self.kept[name][1][0] if name in self.kept else ""

    @property
    def url(self) -> str:
        return address(self.raw("url"))

    @property
    def published(self) -> date | None:
        return _dated(self.raw("published"))

    @property
    def authors(self) -> tuple[str, ...]:
        return tuple(name for value in self.kept.get("author", (0, ()))[1] for name in names(value))


def _reads(name: Field, values: Sequence[str]) -> bool:
    """Whether a value says what its field holds: an address, a date, any words."""
    value = values[0] if values else ""
    if name == "url":
        return bool(address(value))
    if name == "author" and _MAIL.search(value):
        return False  # who keeps the notes
    return _dated(value) is not None if name == "published" else bool(value.strip())


def _dated(value: str) -> date | None:
    """A wiki link may name a day within the page of a month: ``[[2025-01#09]]``."""
    return any_day(unlinked(value)) or any_day(value)


def completed(about: Brief, facts: Facts, *, author_is_podcast: bool = False) -> Brief:
    """The page's own front matter first, then what its fields say, then its first heading."""
    authors = facts.authors
    podcast = about.podcast or facts.text("podcast")
    if (author_is_podcast or _is_podcast(facts)) and not podcast:
        podcast, authors = title(facts.raw("author")), ()
    url, published = about.url or facts.url, about.published or facts.published
    speakers = about.speakers or unique(facts.speakers) or authors
    episode = about.episode or facts.text("episode")
    named = _KIND.sub("", about.title, count=1) or facts.heading or facts.linked
    if named and episode.strip("# ").isdigit():
        episode = ""
    if not (episode or podcast) and (shown := _show_in(named, url)):
        podcast, named = shown
    if podcast and not (episode or named) and len(parts := _DASH.split(podcast)) == 2:
        podcast, episode = parts
    if podcast or url or published or speakers or _is_podcast(facts) or facts.tagged:
        episode = episode or named
    return replace(
        about,
        podcast=podcast,
        episode=_without_show(episode, podcast),
        title=about.title or ("" if episode else facts.heading),
        url=url,
        published=published,
        speakers=tuple(name for name in speakers if name != podcast),
    )


def _without_show(episode: str, podcast: str) -> str:
    """ "Table Four: Bread" of the show "Table Four" is "Bread"."""
    rest = episode[len(podcast) :]
    beside = podcast and episode.casefold().startswith(podcast.casefold())
    match = _BEHIND_THE_SHOW.fullmatch(rest) if beside else None
    return match[1] if match else episode


def _show_in(named: str, url: str) -> tuple[str, str] | None:
    """The show that a title names, and what is left as that of the episode."""
    if match := _NUMBERED.search(named):
        return title(match[1]), named[: match.start()]
    if match := _QUOTED_SHOW.fullmatch(named):
        return match[1].strip(), match[2].strip()
    if match := _ON_A_SHOW.fullmatch(named):
        return title(match[1]), named
    if match := _BEHIND_A_DASH.search(named):
        return title(match[1]), named[: match.start()]
    return show_of_count(named) or _shown_by_address(named, url)


def show_of_count(named: str) -> tuple[str, str] | None:
    """The show and the title in "Table Four #12: Bread"."""
    match = _COUNTED.fullmatch(named)
    return (title(match[1]), match[2]) if match else None


def _shown_by_address(named: str, url: str) -> tuple[str, str] | None:
    """The show and the episode in "Table Four | Bread" and "Table Four 12: Bread", where its
    address is one of tablefour.example, or below table-four/."""
    match = _SHOW_AND_REST.fullmatch(named)
    parts = urlsplit(url)
    folders = "/".join(parts.path.split("/")[:-1])
    show = _letters(match[1].replace("&", "and")) if match else ""
    known = len(show) >= _LEAST_SHOW and show in _letters(f"{parts.hostname}/{folders}")
    return (match[1].strip(), match[2]) if match and known else None


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def _is_podcast(facts: Facts) -> bool:
    named = facts.text("category").lower() in {"podcast", "podcasts", "podcast episode"}
    return named or any(app in facts.url for app in ("//share.snipd.com/", "airr.io/"))


def title(raw: str) -> str:
    """A name without links, quotation marks and the kind of episode before it."""
    text = _LINK.sub(r"\1", raw) if "](" in raw else raw
    text = _ESCAPED.sub(r"\1", text) if "\\" in text else text
    name = _PICTURES.sub("", clean(unlinked(text)).strip("*_` "))
    if len(name) > 1 and name[0] in "\"'“„«" and name[-1] in "\"'”“»":
        name = name[1:-1].strip()
    tagged = name.startswith("#") and not name[1:2].isdigit()
    return "" if tagged else _KIND.sub("", name, count=1)[:MAX_LABEL]


def address(raw: str) -> str:
    """The first web address in a value."""
    match = _LINK.search(raw)
    shown = match[1] if match and is_web(match[1]) else ""
    url = shown or match[2] if match else (_URL.findall(raw[:2_100]) or [""])[0].rstrip(".,;")
    return url if is_web(url) else ""


def names(raw: str) -> list[str]:
    """The people in a value, without what they are: "Ada Brook - Engineer and [[Tomas Lind]]"."""
    text = _LINK.sub(r"\1", raw) if "](" in raw else raw
    wiki = _WIKI.findall(text)[:_MOST_NAMES]
    parts = wiki or _AND.split(_ROLE.sub("", _ASIDE.sub("", text[:MAX_LABEL].strip("[]"))))
    people = (_ROLE.sub("", clean(unlinked(part)).strip("\"'*_@ ")) for part in parts[:_MOST_NAMES])
    return [_spelled(name) for name in people if _is_name(name)]


def _spelled(name: str) -> str:
    """The name of somebody's page as people write it: "ada-brook"."""
    return name.replace("-", " ").title() if _SLUG.fullmatch(name) else name


def _is_name(name: str) -> bool:
    proper = any(letter.isalpha() for letter in name) and name[0] != "#" and "@" not in name
    unknown = _FIRMS.search(name) or _SITE.fullmatch(name) or vocabulary.NAMELESS.fullmatch(name)
    proper = proper and not unknown
    # Words that were spoken are small: "- **Guest**: yeah exactly, ..."
    proper = proper and (" " not in name or not name.isascii() or name != name.lower())
    return proper and len(name.split()) <= _NAME_WORDS and name.casefold() not in _TITLES


def unique(people: Sequence[str]) -> tuple[str, ...]:
    """Each name once, as it was written first."""
    kept: dict[str, str] = {}
    for name in people:
        kept.setdefault(name.casefold(), name)
    return tuple(kept.values())
