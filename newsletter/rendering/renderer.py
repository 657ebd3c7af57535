"""Templates made ready: compiled once, the CSS inlined once, filled in for every reader."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from traceback import walk_tb
from urllib.parse import quote, urlsplit

from jinja2 import (
    DictLoader,
    Environment,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    select_autoescape,
)

from newsletter.domain.errors import ConfigError
from newsletter.domain.model import Citation, Pick
from newsletter.domain.text import first_and_rest, first_sentence, headline, wrap
from newsletter.rendering.colour import legible
from newsletter.rendering.css_inlining import inline
from newsletter.rendering.fragment_cache import Once

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_INLINED = "issue.html"


class Renderer:
    """The templates by name ("issue.html", "issue.txt", "subject.txt", and what they include)."""

    def __init__(self, sources: Mapping[str, str], places: Mapping[str, str] | None = None) -> None:
        """``places``: what errors call a template, where that is not its name.

        Raises ConfigError where a template does not compile.
        """
        self._sources, self._places = sources, places or {}
        try:
            styled = {name: inline(sources[name]) for name in {_INLINED} & set(sources)}
            self._environment = _environment({**sources, **styled})
            self._templates = {name: self._environment.get_template(name) for name in sources}
            for template in self._templates.values():  # copied for every letter, a ChainMap slowly
                template.globals = dict(template.globals)
        except TemplateSyntaxError:
            for name, source in sources.items():
                check(source, name)  # inlining moves lines: those of the source are asked for
            raise

    def fill(self, name: str, /, **values: object) -> str:
        """The template with its values; raises ConfigError where it asks for what is not there."""
        return "".join(self.pieces(name, values))

    def pieces(self, name: str, values: dict[str, object]) -> list[str]:
        """The same in pieces, fragments among them, that make the whole when they are joined."""
        try:
            return _filled(self._templates[name], values)
        except KeyError as error:
            raise ConfigError(f"there is no template {name}") from error
        except TemplateError as error:
            where = self._where(name, values)
            raise ConfigError(f"template {where}: {error}", "mend that line") from error

    def _where(self, name: str, values: dict[str, object]) -> str:
        """Where filling in fails, found in the source as it is written: inlining moves lines."""
        line = 0
        try:
            _filled(_environment(self._sources).get_template(name), values)
        except TemplateError as error:
            for frame, number in walk_tb(error.__traceback__):
                if template := frame.f_globals.get("__jinja_template__"):
                    name, line = template.name, template.get_corresponding_lineno(number)
        place = self._places.get(name, name)
        return f"{place}, line {line}" if line else place


def _filled(template: Template, values: dict[str, object]) -> list[str]:
    return list(template.root_render_func(template.new_context(values)))


def check(source: str, where: str) -> None:
    """Raises ConfigError, naming ``where`` and the line, for a template that does not compile."""
    try:
        _environment({}).compile(source, filename=where)
    except TemplateSyntaxError as error:
        found = f"template {where}, line {error.lineno}: {error.message}"
        raise ConfigError(found, "mend that line") from error


def uri(url: str) -> str:
    """The same address in the letters that RFC 3986 allows: no space, no control, ASCII alone."""
    return quote(url, safe=":/?#[]@!$&'()*+,;=%~", errors="replace")


@lru_cache(maxsize=4096)
def link(citation: Citation) -> str:
    """Where it can be heard, at the moment if that is known; empty unless http or https."""
    url = uri(citation.url.strip())
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return ""
    return url if citation.at is None or "#" in url else f"{url}#t={citation.at}"


def moment(seconds: int | None) -> str:
    """754 -> "12:34", 3723 -> "1:02:03", None -> ""."""
    if seconds is None:
        return ""
    hours, rest = divmod(seconds, 3600)
    clock = f"{rest // 60}:{rest % 60:02}"
    return f"{hours}:{clock:0>5}" if hours else clock


def taken_apart(picks: Iterable[Pick]) -> list[tuple[int, str, Citation, str, list[str]]]:
    """Rank, text, citation, reason and the texts of two related insights: what fragments are kept
    under. To ask for them one by one, in a template, takes five times as long."""
    return [
        (one.rank, one.text, one.citation, one.reason, [echo.text for echo in one.related[:2]])
        for one in picks
    ]


def long_date(day: date) -> str:
    """Thursday, 14 March 2024: the same whatever the machine's locale."""
    weekday = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][
        day.weekday()
    ]
    month = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ][day.month - 1]
    return f"{weekday}, {day.day} {month} {day.year}"


def _environment(sources: Mapping[str, str]) -> Environment:
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_without_controls,
        extensions=[Once],
    )
    words = first_and_rest, first_sentence, headline, wrap
    for craft in (*words, legible, link, long_date, moment, taken_apart):
        environment.filters[craft.__name__] = craft
    return environment


def _without_controls(value: object) -> object:
    """Control characters are no text: they show as U+FFFD instead of breaking a message."""
    return _cleared(value) if type(value) is str and not value.isprintable() else value


@lru_cache(maxsize=4096)
def _cleared(text: str) -> str:
    return _CONTROLS.sub("\ufffd", text)
