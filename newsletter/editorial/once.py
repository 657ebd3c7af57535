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

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        block = nodes.Template(body)
        block.set_environment(self.environment)
        names = find_undeclared_variables(block)
        values = [nodes.Name(name, "load") for name in sorted(names)]
        self._blocks += 1
        key = nodes.Tuple([nodes.Const(self._blocks), *values], "load")
        call = self.call_method("_fragment", [key])
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _fragment(self, values: tuple[object, ...], caller: Callable[[], str]) -> str:
        try:
            # Of text that is safe and text that is not, the words may be the same.
            key = (values, *map(type, values))
            known = self._known.get(key)
        except TypeError as error:
            raise TemplateRuntimeError(f"{{% once %}} takes values alone: {error}") from error
        if known is None:
            self._refuse_what_may_change(values)
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[key] = caller()
        return known

    @staticmethod
    def _refuse_what_may_change(values: tuple[object, ...]) -> None:
        for value in values:
            if value is not None and type(value).__hash__ is object.__hash__:
                kind = type(value).__name__
                raise TemplateRuntimeError(f"{{% once %}} takes values alone, no {kind}")
