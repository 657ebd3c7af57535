"""What one line of a note is, whatever stands around it: a field, a player, tags, a footer."""

import re

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.vocabulary import bare, names_in

_LONGEST_KEY = 50
_KEYWORDS = {"keywords", "tags", "topics", "schlagworte", "stichworte", "mots-clés", "etiquetas"}
_SEVERAL = 3  # commas
_KEY_WORDS = 6
_NAME_WORDS = 5
_VALUE_WORDS = 40
_LONGEST_LINE = 600
_LONGEST_CHAPTERS = 4_000
_SENTENCE = re.compile(r"[.!?。！？…][\s\"'’”»)\]]*$")
_TABLE = re.compile(r"\||\[[^\]]+\]:\s+(?![\"“„«])")
_ELEMENT = re.compile(
    r"</?(?:audio|video|source|iframe|embed|object|img|hr|br|div|span|p|center|aside|section|figure"
    r"|figcaption|details|summary|script|style|svg|table|tbody|thead|tr|td|th|ul|ol|li|a|small|sup|sub"
    r"|picture|button|input|label|form|nav|header|footer|mark|font)\b[^<>]*>",
    re.IGNORECASE,
)
_PLAYER_TAG = re.compile(
    r"<(?:audio|video|iframe|embed|object|script|style|source)\b", re.IGNORECASE
)
_TIME = r"[0-9]{1,3}(?::[0-5]?[0-9]){1,2}"
_RANGE = re.compile(rf"{_TIME} ?(?:[-–—→~]|to|bis) ?{_TIME}")
_TIME_ALONE = re.compile(rf"[^\w]{{0,6}}{_TIME}[^\w]{{0,4}}(?: ?[AaPp]\.?[Mm]\.?)?[^\w]{{0,4}}")
_TARGET = re.compile(r"\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)")
_WORD = re.compile(r"[^\W\d_]+")
_PLAYER_WORDS = names_in(
    """
    play, snip, clip, quote, listen, episode, min, mins, minutes, sec, secs, seconds, s, m, h,
    time, timestamp, start, end, duration, audio, to, from, at, bis, von, de, abspielen,
    anhören, hören, écouter, escuchar, reproducir, ascolta, ouvir, now, here, in, the, player,
    airrquote, airr, snipd, podwise, youtube, spotify, open, hour, hours"""
)
_LINK_ALONE = re.compile(
    r"(?:<?https?://[^\s<>]+>?|\[\[[^\[\]]*\]\]|\[[^\[\]]*\]\(\S*\))(?:, ?\[\[[^\[\]]*\]\])*"
)
_MADE = re.compile(
    r"(?:this |the |note |notes |page |file |summary |document )*"
    r"(?:was |is |were )?(?:automatically )?"
    r"(?:created|made|generated|exported|imported|captured|synced|powered|shared|saved|clipped|highlighted|summari[sz]ed"
    r"|transcribed|produced|sent|published|written|compiled"
    r"|erstellt|exportiert|importiert|generiert|créé|exporté|généré|creado|exportado|generado|creato|esportato"
    r"|generato|criado|gerado|gemaakt|geëxporteerd|skapad|utworzono|wyeksportowano"
    r")e?s? (?:automatically )?(?:with|by|from|using|via|on|in|to|through"
    r"|mit|aus|von|am|über|avec|par|depuis|de|con"
    r"|desde|da|por|com|met|uit|med|z|przez)\b",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"(?:(?:pasted|copied) )?(?:from|von|aus|de|da|van|från) ?<(https?://[^\s<>]{1,2000})>",
    re.IGNORECASE,
)
_OF_THE_DAY = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?: ?[AaPp]\.?[Mm]\.?)?")
_CHAPTER = re.compile(rf"(?<!\w)[\[(]{_TIME}[\])] ?\S")
_FROM_THE_START = re.compile(r"[\[(]0{1,2}:00(?::00)?[\])]")
_LEAST_CHAPTERS = 3
_STATED = re.compile(r", (?:\w+ ){1,6}(?:is|are|was|were|has|have|can|will)\b", re.IGNORECASE)
_MADE_IN = re.compile(r"\s*[\W_]*(?:由.{0,30}(?:生成|导出|创建)|.{0,30}(?:で作成|で生成))")


def line_rule(raw: str) -> str:
    """The rule by which a line alone is no insight; "" if there is none."""
    line = raw.strip()
    if not line:
        return ""
    if _TABLE.match(line):
        return "table" if line.startswith("|") else "definition"
    if len(line) > _LONGEST_LINE and not line.startswith("<"):
        return ""
    if line.startswith("{{") and line.endswith("}}"):
        return "macro"
    if line.startswith("![[") and line.endswith("]]") and line.count("[[") == 1:
        return "embed"
    return _element(line) or _short(line)


def _element(line: str) -> str:
    if not line.startswith("<"):
        return ""
    if _PLAYER_TAG.match(line):
        return "player"
    left = _ELEMENT.sub("", line) if _ELEMENT.match(line) else line
    return "" if any(letter.isalnum() for letter in left) else "html"


def _short(line: str) -> str:
    if double_field(line) or _names_only_a_link(line) or source_of(line):
        return "field"
    if is_tags(line):
        return "tags"
    if is_player(line):
        return "player"
    return "footer" if is_footer(line) else ""


def _names_only_a_link(line: str) -> bool:
    """``Book: [[The Sound of Steel]]``, ``Guest's page: https://...``: any key, and only a link.
    "Heard [[Table Four]]: [[Bread]]" has no key: two links name a show and an episode."""
    pair = key_value(line) if "://" in line or "[[" in line else None
    return pair is not None and "]]" not in pair[0] and bool(_LINK_ALONE.fullmatch(pair[1]))


def is_tags(line: str) -> bool:
    """Tags alone, with or without commas and a label before them."""
    words = line.replace(",", " ").split()
    return all(word.startswith("#") and len(word) > 1 and word[1] not in "# " for word in words)


def is_player(line: str) -> bool:
    """A time range or a time alone, with no more words than a player has around it."""
    if len(line) > 400 or ":" not in line:
        return False
    if (pair := key_value(line)) and (known := vocabulary.field(pair[0])) and known[0] != "time":
        return False
    shown = _TARGET.sub("]", line)
    if _TIME_ALONE.fullmatch(shown):
        return True
    if not re.search(_TIME, shown) or (not _RANGE.search(shown) and shown[0].isalnum()):
        return False
    words = [word.lower() for word in _WORD.findall(shown)]
    return len(words) <= 8 and all(word in _PLAYER_WORDS for word in words)


def has_range(line: str) -> bool:
    """Whether a player says from when to when: "03:12 - 05:18"."""
    return bool(_RANGE.search(line[:400]))


def is_clock(line: str) -> bool:
    """An hour of the day alone, as it stands below the day on which something was written."""
    return bool(_OF_THE_DAY.fullmatch(line.strip()))


def is_chapters(raw: str) -> bool:
    """The chapters of an episode in one paragraph: "(0:00) Salt (1:14) Rye (18:46) Steam"."""
    opened = _FROM_THE_START.match(raw.lstrip())
    return bool(opened) and len(_CHAPTER.findall(raw[:_LONGEST_CHAPTERS])) >= _LEAST_CHAPTERS


def source_of(line: str) -> str:
    """The address in "From <https://...>", which OneNote writes below what was copied from it."""
    match = _FROM.fullmatch(line.strip()) if "://" in line else None
    return match[1] if match else ""


def is_footer(line: str) -> bool:
    """ "Created with ...": who made the file, and not a sentence about how a thing is made."""
    text = line.strip("*_~-–—> \t")
    if not (_MADE.match(text) or _MADE_IN.match(text)):
        return False
    marked = "](" in line or "://" in line or "|" in line or "·" in line
    return marked or not (_SENTENCE.search(text) or _STATED.search(text))


def double_field(line: str) -> bool:
    """``Key:: value`` of Dataview and Logseq, whatever the key."""
    head, sign, rest = line.partition("::")
    if not sign or len(head) > _LONGEST_KEY or (rest and rest[0] not in " \t*_]"):
        return False
    key = head.lstrip("-*+> \t[(").strip("*_ ")
    return (
        bool(key)
        and len(key.split()) <= _KEY_WORDS
        and not _SENTENCE.search(key)
        and key[0].isalnum()
    )


def key_value(line: str) -> tuple[str, str] | None:
    """The two sides of ``Key: value``, ``**Key**: value`` and ``Key:: value``, however marked."""
    head, sign, value = line.strip()[: _LONGEST_KEY + 2].partition(":")
    wide = head.find("：")
    if wide >= 0:
        head, sign = head[:wide], "："
    if not sign or not head:
        return None
    value = line.strip()[len(head) + 1 :].lstrip(":").strip()
    key = head.lstrip("-*+> \t[(_").strip("*_` ")
    for mark in ("**", "__", "*", "_"):
        if head.lstrip("-+> \t[(").startswith(mark) and value.startswith(mark):
            value = value[len(mark) :].strip()
            break
    if not key or len(key.split()) > _KEY_WORDS or value.startswith("//"):
        return None
    return key, value


def known_field(line: str) -> bool:
    """``Key: value`` with a key that note apps write, and a value that is no prose."""
    pair = key_value(line)
    if not pair or not (kept := vocabulary.field(pair[0])):
        return False
    words = pair[1].split()
    if _is_prose(kept[0], pair[1]):
        return False
    if kept[0] is None and bare(pair[0]) in {"description", "summary"}:
        return True
    if kept[0] is None and bare(pair[0]) in _KEYWORDS and pair[1].count(",") >= _SEVERAL:
        return True
    return len(words) <= (_VALUE_WORDS if kept[0] else 12) and (
        len(words) <= 8 or not _SENTENCE.search(pair[1])
    )


def _is_prose(field: vocabulary.Field | None, value: str) -> bool:
    """ "Host: a parasite that kills it dies with it" names nobody, "Source: most leaks come from
    people" no address, "Date: couples stay together." no day."""
    if field in {"published", "url"}:
        return not any(map(str.isdigit, value)) and "//" not in value and _is_long(value)
    small = value[:1].islower() and "[[" not in value and "](" not in value
    return field in {"podcast", "episode", "speakers", "author"} and small and _is_long(value)


def _is_long(value: str) -> bool:
    return len(value.split()) > _NAME_WORDS


def short_pair(line: str) -> bool:
    """``Any key: a few words``: metadata where it stands beside metadata."""
    pair = key_value(line)
    return pair is not None and len(pair[1].split()) <= 10 and not _SENTENCE.search(pair[1])
