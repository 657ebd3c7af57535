"""``{% once %} … {% endonce %}``: a part of a template that is rendered once for the same values.

The text about an insight is the same for every reader whose issue holds it. Such a fragment is
rendered for the first of them and used again for the others, in its place in the template. Finished
text is never searched for placeholders, so no insight can imitate one.
"""

from collections.abc import Hashable
from itertools import count
from sys import getsizeof
from threading import Lock

from jinja2 import Environment, TemplateRuntimeError, nodes
from jinja2.ext import Extension
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser

_MAX_BYTES = 32 * 2**20
# Filters of ours, because Jinja compiles them to direct calls.
_GET, _TYPE, _PUT, _SAME = "_get_fragment", "_type_of", "_put_fragment", "_fragment"


class FragmentCache(Extension):
    """The key of a fragment is every variable that its block takes from outside: never stale.

    They must be values (text, numbers, dates, frozen dataclasses): an object that may change, as
    ``loop`` does, is refused when the block is rendered. Holds about ``_MAX_BYTES``; thread-safe.
    """

    tags = frozenset({"once"})  # type: ignore[assignment]

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._fragments: dict[Hashable, str] = {}
        self._bytes = 0
        self._lock = Lock()
        self._blocks = count()  # templates may be compiled in several threads
        environment.filters |= {_GET: self._get, _TYPE: type, _PUT: self._put, _SAME: _same}

    def parse(self, parser: Parser) -> list[nodes.Node]:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        self._check(parser, body, line)
        key, cached = parser.free_identifier(lineno=line), parser.free_identifier(lineno=line)
        get = nodes.Filter(key, _GET, [], [], None, None, lineno=line)
        same = nodes.Filter(cached, _SAME, [], [], None, None, lineno=line)
        put = nodes.Filter(None, _PUT, [key], [], None, None, lineno=line)
        # Filter blocks, not outputs, which escape and copy: the piece must be the cached object.
        hit = nodes.FilterBlock([], same, lineno=line)
        miss = nodes.FilterBlock(body, put, lineno=line)
        return [
            nodes.Assign(key, self._key(body), lineno=line),
            nodes.Assign(cached, get, lineno=line),
            nodes.If(cached, [hit], [], [miss], lineno=line),
        ]

    def _check(self, parser: Parser, body: list[nodes.Node], line: int) -> None:
        """Refuse statements that bring in values the key cannot name: one reader's link would stand
        in another reader's message."""
        block = nodes.Template(body)
        foreign = nodes.Include, nodes.Import, nodes.FromImport, nodes.Block
        if (statement := next(block.find_all(foreign), None)) is not None:
            name = type(statement).__name__.lower()
            parser.fail(f"{{% once %}} cannot hold {{% {name} %}}", line)
        names = {name.name for name in block.find_all(nodes.Name) if name.ctx == "load"}
        for name in sorted(names & {"self", "super", *self.environment.globals}):
            parser.fail(f"{{% once %}} cannot use {name}, which is not a value", line)

    def _key(self, body: list[nodes.Node]) -> nodes.Tuple:
        """The block's number, every variable that it takes, and the type of each: equal texts, one
        safe and one not, are not rendered alike."""
        block = nodes.Template(body)
        block.set_environment(self.environment)
        values = [nodes.Name(name, "load") for name in sorted(find_undeclared_variables(block))]
        types = [nodes.Filter(value, _TYPE, [], [], None, None) for value in values]
        return nodes.Tuple([nodes.Const(next(self._blocks)), *values, *types], "load")

    def _get(self, key: Hashable) -> str | None:
        try:
            return self._fragments.get(key)
        except TypeError as error:
            raise TemplateRuntimeError(f"{{% once %}} can only use values: {error}") from error

    def _put(self, text: str, key: tuple[object, ...]) -> str:
        values = key[1 : len(key) // 2 + 1]
        for value in values:
            if value is not None and type(value).__hash__ is object.__hash__:
                name = type(value).__name__
                raise TemplateRuntimeError(f"{{% once %}} can only use values, not {name}")
        size = sum(map(getsizeof, (text, *values)))
        with self._lock:  # another thread may have rendered the same block in the meantime
            if key not in self._fragments:
                self._bytes += size
                if self._bytes > _MAX_BYTES:
                    self._fragments.clear()
                    self._bytes = size
            return self._fragments.setdefault(key, text)


def _same(fragment: str) -> str:
    return fragment
