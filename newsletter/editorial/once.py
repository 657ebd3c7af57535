"""``{% once %} … {% endonce %}``: filled in once for each set of the values that it names.

What is said about an insight is the same for every reader whose issue holds it. Such a fragment is
rendered for the first of them and stands in its place for the others, in the same template: there
is no second way to make a letter, and no placeholder that a text could imitate.
"""

from collections.abc import Callable, Hashable

from jinja2 import Environment, TemplateRuntimeError, nodes
from jinja2.ext import Extension
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser

_MOST = 8192
_FIND = "_fragment_of"


class Once(Extension):
    """Every variable that the block takes from around it belongs to the key: nothing can be stale.

    They must be values (text, numbers, dates, frozen dataclasses): what may change while it stays
    the same object, as ``loop`` does, is refused when it is filled in. Keeps ``_MOST`` fragments.
    """

    tags = frozenset({"once"})  # type: ignore[assignment]

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._known: dict[Hashable, str] = {}
        self._blocks = 0
        environment.filters[_FIND] = self._find  # calls of filters are direct: this one is felt

    def parse(self, parser: Parser) -> list[nodes.Node]:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        self._blocks += 1
        key = self._key(body)
        found = parser.free_identifier(lineno=line)
        keep = nodes.CallBlock(self.call_method("_keep", [key]), [], [], body, lineno=line)
        find = nodes.Filter(key, _FIND, [], [], None, None, lineno=line)
        put = nodes.Output([found], lineno=line)
        return [
            nodes.Assign(found, find, lineno=line),
            nodes.If(found, [put], [], [keep], lineno=line),
        ]

    def _key(self, body: list[nodes.Node]) -> nodes.Tuple:
        """The block's number, and every variable that it does not set itself."""
        block = nodes.Template(body)
        block.set_environment(self.environment)
        names = sorted(find_undeclared_variables(block))
        return nodes.Tuple(
            [nodes.Const(self._blocks), *(nodes.Name(name, "load") for name in names)], "load"
        )

    def _find(self, values: tuple[object, ...]) -> str:
        """The fragment, or no text where none is known."""
        try:
            return self._known.get(_typed(values), "")
        except TypeError as error:
            raise TemplateRuntimeError(f"{{% once %}} takes values alone: {error}") from error

    def _keep(self, values: tuple[object, ...], caller: Callable[[], str]) -> str:
        for value in values:
            if value is not None and type(value).__hash__ is object.__hash__:
                kind = type(value).__name__
                raise TemplateRuntimeError(f"{{% once %}} takes values alone, no {kind}")
        if len(self._known) >= _MOST:
            self._known.clear()
        made = self._known[_typed(values)] = caller()
        return made


def _typed(values: tuple[object, ...]) -> Hashable:
    """Of text that is safe and text that is not, the words may be the same."""
    return values, *map(type, values)
