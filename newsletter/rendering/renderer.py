"""Templates: compiled when first used, CSS inlined once, then rendered for every reader."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from traceback import walk_tb
from typing import NamedTuple

from jinja2 import (
    DictLoader,
    Environment,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)

from newsletter.domain.errors import ConfigError
from newsletter.language import SOURCE
from newsletter.language.words import Words, words
from newsletter.rendering.css_inlining import INLINED, inline
from newsletter.rendering.filters import filters, taken_apart
from newsletter.rendering.fragment_cache import FragmentCache

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class Renderer:
    """Templates by name ("issue.html", "issue.txt", "subject.txt", and what they include)."""

    def __init__(
        self,
        sources: Mapping[str, str],
        paths: Mapping[str, str] | None = None,
        language: str = SOURCE,
    ) -> None:
        """``paths``: the files of the operator's own templates, by name; the others are ours.

        ``language`` is one that there is a catalogue of.
        """
        self._sources, self._paths = sources, paths or {}
        self._in_others: dict[str, Renderer] = {}
        self.words = words(language)
        self.taken_apart = taken_apart(self.words)
        inlined = {name: inline(sources[name]) for name in set(INLINED) & set(sources)}
        self._environment = _environment({**sources, **inlined}, self.words)
        self._templates: dict[str, Template] = {}

    def in_language(self, language: str) -> "Renderer":
        """The same templates with another catalogue; compiled when it is first asked for."""
        if language == self.words.language:
            return self
        if language not in self._in_others:
            self._in_others[language] = Renderer(self._sources, self._paths, language)
        return self._in_others[language]

    def render(self, name: str, /, **values: object) -> str:
        """The whole text. Raises ConfigError, with file and line, if a template does not compile or
        an operator's template fails.

        Everything else that is raised is a defect of the program.
        """
        return "".join(self.render_pieces(name, values))

    def render_pieces(self, name: str, values: dict[str, object]) -> list[str]:
        """The text in pieces, cached fragments among them; joined, they are the whole."""
        template = self._templates.get(name) or self._compiled(name)
        try:
            return _pieces(template, values)
        except Exception as error:
            self._explain(error, name, values)
            raise

    def _compiled(self, name: str) -> Template:
        """When first rendered: a run that sends needs none of the web's pages."""
        try:
            template = self._environment.get_template(name)
        except TemplateSyntaxError:
            for source_name, source in self._sources.items():
                check(source, source_name)  # inlining moves lines: report the line in the source
            raise
        template.globals = dict(template.globals)  # Jinja copies it every time, a ChainMap slowly
        return self._templates.setdefault(name, template)

    def _explain(self, error: Exception, name: str, values: dict[str, object]) -> None:
        """Raise ConfigError if an operator's template is at fault; else add where it happened.

        It is not at fault if the error comes from our own code that the template calls.
        """
        calls = self._calls(error, name, values)
        own = [call for call in calls if call.template in self._paths]
        if not calls:
            return
        template, line = (own or calls)[-1]
        place = f"template {self._paths.get(template, template)}{f', line {line}' * bool(line)}"
        if not own or _raised_by_us(error):
            error.add_note(f"while rendering {place}")
            return
        raise ConfigError(f"{place}: {_description(error)}", "correct that line") from error

    def _calls(self, error: Exception, name: str, values: dict[str, object]) -> list["_Call"]:
        """The templates that were being rendered, the innermost last.

        Rendered once more without inlining, which moves lines.
        """
        try:
            _pieces(_environment(self._sources, self.words).get_template(name), values)
        except Exception as again:
            return list(_template_calls(again))
        return [_Call(call.template, 0) for call in _template_calls(error)]


class _Call(NamedTuple):
    """A template, and the line that was being rendered; 0 if it is not known."""

    template: str
    line: int


def _pieces(template: Template, values: dict[str, object]) -> list[str]:
    return list(template.root_render_func(template.new_context(values)))


def _description(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r}"
    return str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"


def _template_calls(error: Exception) -> Iterator[_Call]:
    for frame, line in walk_tb(error.__traceback__):
        if template := frame.f_globals.get("__jinja_template__"):
            yield _Call(template.name, template.get_corresponding_lineno(line))


def _raised_by_us(error: Exception) -> bool:
    """Whether code of ours that the innermost template called (a filter, a value) failed."""
    called: list[str] = []
    for frame, _ in walk_tb(error.__traceback__):
        called.append(frame.f_globals.get("__name__") or "")
        if "__jinja_template__" in frame.f_globals:
            called.clear()
    ours = any(module.startswith("newsletter.") for module in called)
    return ours and not isinstance(error, TemplateError)


def check(source: str, where: str) -> None:
    """Raises ConfigError, which names ``where`` and the line, if a template does not compile."""
    try:
        _environment({}, words()).compile(source, filename=where)
    except TemplateSyntaxError as error:
        finding = f"template {where}, line {error.lineno}: {error.message}"
        raise ConfigError(finding, "correct that line") from error


def _environment(sources: Mapping[str, str], words: Words) -> Environment:
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
        extensions=[FragmentCache],
    )
    environment.filters |= filters(words)
    return environment


def _finalize(value: object) -> object:
    """Control characters become U+FFFD: they would break a message."""
    return without_controls(value) if type(value) is str and not value.isprintable() else value


@lru_cache(maxsize=4096)
def without_controls(text: str) -> str:
    return _CONTROLS.sub("\ufffd", text)
