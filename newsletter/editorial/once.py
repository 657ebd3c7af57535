"""``{% once %} … {% endonce %}``: filled in once for each set of the values that it names.

What is said about an insight is the same for every reader whose issue holds it. Such a fragment is
rendered for the first of them and stands in its place for the others, in the same template: there
is no second way to make a letter, and no placeholder that a text could imitate.
"""

from collections.abc import Callable, Hashable
from sys import getsizeof
from threading import Lock

from jinja2 import Environment, TemplateRuntimeError, nodes
from jinja2.ext import Extension
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser

from newsletter.editorial.quoted import Fragment

_MOST = 32 * 2**20
_FIND = "_fragment_of"
_PUT = "_fragment"


class Once(Extension):
    """Every variable that the block takes from around it belongs to the key: nothing can be stale.

    They must be values (text, numbers, dates, frozen dataclasses): what may change while it stays
    the same object, as ``loop`` does, is refused when it is filled in. Keeps about ``_MOST`` bytes
    of fragments; several threads may fill in at once.
    """

    tags = frozenset({"once"})  # type: ignore[assignment]

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._known: dict[Hashable, Fragment] = {}
        self._bytes = 0
        self._one_at_a_time = Lock()
        self._blocks = 0
        environment.filters[_FIND] = self._find  # calls of filters are direct: this one is felt
        environment.filters[_PUT] = _as_it_is

    def parse(self, parser: Parser) -> list[nodes.Node]:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        self._check(parser, body, line)
        self._blocks += 1
        key = self._key(body)
        found = parser.free_identifier(lineno=line)
        keep = nodes.CallBlock(self.call_method("_keep", [key]), [], [], body, lineno=line)
        find = nodes.Filter(key, _FIND, [], [], None, None, lineno=line)
        # Not an output, which would escape and copy: the piece that comes out is the fragment.
        as_it_is = nodes.Filter(found, _PUT, [], [], None, None, lineno=line)
        put = nodes.FilterBlock([], as_it_is, lineno=line)
        return [
            nodes.Assign(found, find, lineno=line),
            nodes.If(found, [put], [], [keep], lineno=line),
        ]

    def _check(self, parser: Parser, body: list[nodes.Node], line: int) -> None:
        """What takes values that do not stand in the block cannot be in it: its key would not have
        them, and one reader's link would stand in another's letter."""
        block = nodes.Template(body)
        foreign = nodes.Include, nodes.Import, nodes.FromImport, nodes.Block
        if (found := next(block.find_all(foreign), None)) is not None:
            parser.fail(f"{{% once %}} holds no {{% {type(found).__name__.lower()} %}}", line)
        names = {one.name for one in block.find_all(nodes.Name) if one.ctx == "load"}
        for name in sorted(names & {"self", "super", *self.environment.globals}):
            parser.fail(f"{{% once %}} takes values alone, and {name} is none", line)

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
            return self._known.get((values, *map(type, values)), "")
        except TypeError as error:
            raise TemplateRuntimeError(f"{{% once %}} takes values alone: {error}") from error

    def _keep(self, values: tuple[object, ...], caller: Callable[[], str]) -> Fragment:
        for value in values:
            if value is not None and type(value).__hash__ is object.__hash__:
                kind = type(value).__name__
                raise TemplateRuntimeError(f"{{% once %}} takes values alone, no {kind}")
        key = _typed(values)
        made = Fragment(caller())
        size = sum(map(getsizeof, (made, made.quoted, *values)))
        with self._one_at_a_time:  # another thread may have made the same since we looked
            if key not in self._known:
                self._bytes += size
                if self._bytes > _MOST:
                    self._known.clear()
                    self._bytes = size
            return self._known.setdefault(key, made)


def _typed(values: tuple[object, ...]) -> Hashable:
    """Of text that is safe and text that is not, the words may be the same."""
    return values, *map(type, values)


def _as_it_is(fragment: Fragment) -> Fragment:
    return fragment
