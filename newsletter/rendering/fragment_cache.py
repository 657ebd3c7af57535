"""``{% once %} … {% endonce %}``: filled in once for each set of the values that it names.

What is said about an insight is the same for every reader whose issue holds it. Such a fragment is
rendered for the first of them and stands in its place for the others, in the same template: there
is no second way to make a letter, and no placeholder that a text could imitate.
"""

from collections.abc import Hashable
from sys import getsizeof
from threading import Lock

from jinja2 import Environment, TemplateRuntimeError, nodes
from jinja2.ext import Extension
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser

from newsletter.rendering.quoted_printable import Fragment

_MOST = 32 * 2**20
_FIND = "_fragment_of"
_KIND = "_kind_of"
_KEEP = "_kept_fragment"
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
        # Calls of filters are direct, and these are felt.
        environment.filters |= {_FIND: self._find, _KIND: type, _KEEP: self._keep, _PUT: _as_it_is}

    def parse(self, parser: Parser) -> list[nodes.Node]:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        self._check(parser, body, line)
        self._blocks += 1
        key, found = parser.free_identifier(lineno=line), parser.free_identifier(lineno=line)
        find = nodes.Filter(key, _FIND, [], [], None, None, lineno=line)
        put = nodes.Filter(found, _PUT, [], [], None, None, lineno=line)
        keep = nodes.Filter(None, _KEEP, [key], [], None, None, lineno=line)
        # Not outputs, which would escape and copy: the piece that comes out is the fragment.
        known = nodes.FilterBlock([], put, lineno=line)
        new = nodes.FilterBlock(body, keep, lineno=line)
        return [
            nodes.Assign(key, self._key(body), lineno=line),
            nodes.Assign(found, find, lineno=line),
            nodes.If(found, [known], [], [new], lineno=line),
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
        """The block's number, every variable that it does not set itself, and the kind of each: of
        text that is safe and text that is not, the words may be the same."""
        block = nodes.Template(body)
        block.set_environment(self.environment)
        values = [nodes.Name(name, "load") for name in sorted(find_undeclared_variables(block))]
        kinds = [nodes.Filter(value, _KIND, [], [], None, None) for value in values]
        return nodes.Tuple([nodes.Const(self._blocks), *values, *kinds], "load")

    def _find(self, key: Hashable) -> Fragment | None:
        try:
            return self._known.get(key)
        except TypeError as error:
            raise TemplateRuntimeError(f"{{% once %}} takes values alone: {error}") from error

    def _keep(self, text: str, key: tuple[object, ...]) -> Fragment:
        values = key[1 : len(key) // 2 + 1]
        for value in values:
            if value is not None and type(value).__hash__ is object.__hash__:
                kind = type(value).__name__
                raise TemplateRuntimeError(f"{{% once %}} takes values alone, no {kind}")
        made = Fragment(text)
        size = sum(map(getsizeof, (made, made.quoted, *values)))
        with self._one_at_a_time:  # another thread may have made the same since we looked
            if key not in self._known:
                self._bytes += size
                if self._bytes > _MOST:
                    self._known.clear()
                    self._bytes = size
            return self._known.setdefault(key, made)


def _as_it_is(fragment: Fragment) -> Fragment:
    return fragment
