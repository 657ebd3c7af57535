"""Messages, dates, lists and quotation marks as one language writes them (gettext and CLDR).

Babel and markdown-it are loaded at the first date, list or mark that needs them: a run in which
nobody is due needs none.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache, cached_property, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from typing import TYPE_CHECKING

from newsletter.language import CATALOGUES, SOURCE, base

if TYPE_CHECKING:
    from babel import Locale

_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "‚": "'"})
_HAS_QUOTES = re.compile("[\"'“”„‘’‚]")
_APOSTROPHE = re.compile(r"(?<!\d)'")
_INNER = "\ue000", "\ue001"
_LONGEST = 4_000
_KEPT = 4096


class Words:
    """Made by ``words``, once for each language. A message is looked up by its English text."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._messages = _messages(base(language))
        self._marks = self.gettext("“|”|‘|’").split("|")
        self.typographic: Callable[[str], str] = lru_cache(_KEPT)(self._typographic)
        self.quoted: Callable[[str], str] = lru_cache(_KEPT)(self._quoted)
        self.long_date: Callable[[date], str] = lru_cache(_KEPT)(self._long_date)
        self.day_month: Callable[[date], str] = lru_cache(_KEPT)(self._day_month)

    @cached_property
    def _locale(self) -> "Locale":
        return _locale(self.language)

    @cached_property
    def _set_quotes(self) -> Callable[[str], str]:
        return _quotes(self._marks)

    def gettext(self, message: str, **values: object) -> str:
        """A message, with ``values`` in the place of each "%(name)s"."""
        translated = self._messages.gettext(message)
        return translated % values if values else translated

    def ngettext(self, singular: str, plural: str, count: int, **values: object) -> str:
        """One of two messages, or of as many as the language has; "%(count)s" is the number."""
        return self._messages.ngettext(singular, plural, count) % {"count": count, **values}

    def _long_date(self, day: date) -> str:
        """Such as "Thursday, 14 March 2024"."""
        from babel.dates import format_date

        return format_date(day, "full", self._locale)

    def _day_month(self, day: date) -> str:
        """Such as "14 March": the reader knows the year."""
        from babel.dates import format_skeleton

        return format_skeleton("MMMMd", day, locale=self._locale)

    def weekday(self, day: date) -> str:
        from babel.dates import format_date

        return format_date(day, "EEEE", self._locale)

    def listed(self, items: Sequence[str]) -> str:
        """Such as "A, B and C"."""
        from babel.lists import format_list

        return format_list(items, locale=self._locale)

    def _quoted(self, text: str) -> str:
        """In quotation marks, which are not doubled where the text came in some."""
        opening, closing, inner_opening, inner_closing = self._marks
        inside = self.typographic(text.strip())
        if _wrapped(inside, opening, closing):
            inside = inside[len(opening) : -len(closing)].strip()
        inside = inside.replace(opening, inner_opening).replace(closing, inner_closing)
        return f"{opening}{inside}{closing}"

    def _typographic(self, text: str) -> str:
        """Straight and curly quotation marks as the language sets them.

        Single ones that stand in no others become double: one kind throughout.
        """
        if len(text) > _LONGEST or not _HAS_QUOTES.search(text):
            return text
        return self._set_quotes(text.translate(_STRAIGHT))


def _wrapped(text: str, opening: str, closing: str) -> bool:
    """Whether the mark that opens a text is closed by its last one, and not before."""
    if not (text.startswith(opening) and text.endswith(closing)):
        return False
    depth = 0
    for mark in re.finditer(f"{re.escape(opening)}|{re.escape(closing)}", text):
        depth += 1 if mark[0] == opening else -1
        if not depth:
            return mark.end() == len(text)
    return False


@cache
def words(language: str = SOURCE) -> Words:
    return Words(language)


@cache
def own_name(language: str) -> str:
    """What a language is called in itself, such as "Deutsch"."""
    return str(_locale(language).language_name or language).capitalize()


def _locale(language: str) -> "Locale":
    """Without a region English has the dates of most of the world, "14 March"."""
    from babel import Locale, UnknownLocaleError

    if language == SOURCE:
        return Locale.parse("en_001")
    try:
        return Locale.parse(language.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(base(language))


def _messages(language: str) -> NullTranslations:
    if language == SOURCE:
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (CATALOGUES / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _quotes(marks: Sequence[str]) -> Callable[[str], str]:
    """A function that sets straight quotes; which of them opens, markdown-it knows."""
    from markdown_it import MarkdownIt

    opening, closing, *inner = marks
    options = {"typographer": True, "quotes": [opening, closing, *_INNER]}
    parser = MarkdownIt("zero", options).enable("smartquotes")
    nested = re.compile(f"{re.escape(opening)}[^{re.escape(closing)}]*{re.escape(closing)}")
    as_inner = str.maketrans(dict(zip(_INNER, inner, strict=True)))
    as_outer = str.maketrans(dict(zip(_INNER, (opening, closing), strict=True)))

    def set_quotes(text: str) -> str:
        (inline,) = parser.parseInline(text)
        set_ = "".join(token.content for token in inline.children or ())
        nested_set = nested.sub(lambda match: match[0].translate(as_inner), set_)
        return _APOSTROPHE.sub("’", nested_set.translate(as_outer))

    return set_quotes
