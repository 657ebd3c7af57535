"""Forms that a page posts: read with a limit, then answered in a thread."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Form = ImmutableMultiDict[str, str]

MOST = 64 * 1024
"""Octets of a body."""
_MOST_FIELDS = 200
_SECONDS = 30
_SECONDS_OF_A_FILE = 300
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form; ``name`` is what the browser calls it."""

    name: str
    content: bytes


Files = Mapping[str, Upload]


def post(path: str, action: Callable[[Request, Form], Response]) -> Route:
    """A route for a form in the encoding that browsers use without being asked for another.

    ``action`` runs in a thread: it waits for the database.
    """

    async def answer(request: Request) -> Response:
        return await run_in_threadpool(action, request, parsed(await body(request)))

    return Route(path, answer, methods=["POST"])


async def form(request: Request, most: int = MOST) -> tuple[Form, Files]:
    """The fields and the files (one at most) of a form in either encoding. Raises HTTPException as
    ``body`` and ``parsed`` do."""
    content = await body(request, most)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return parsed(content), {}
    limits = {"max_files": 1, "max_fields": _MOST_FIELDS, "max_part_size": most}
    try:
        parts = await MultiPartParser(request.headers, _chunks(content), **limits).parse()
    except (MultiPartException, KeyError) as error:
        raise HTTPException(400) from error
    files = {
        name: Upload(part.filename or "", await part.read())
        for name, part in parts.items()
        if not isinstance(part, str)
    }
    fields = [(name, part) for name, part in parts.multi_items() if isinstance(part, str)]
    await parts.close()
    return ImmutableMultiDict(fields), files


async def _chunks(content: bytes) -> AsyncGenerator[bytes, None]:
    """Between them others get their turn: a file may be large."""
    for start in range(0, len(content), _CHUNK):
        yield content[start : start + _CHUNK]
        await asyncio.sleep(0)


async def body(request: Request, most: int = MOST) -> bytes:
    """Raises HTTPException 413 for a body of more than ``most`` octets, without reading it all,
    and 408 for one that takes too long."""
    content = bytearray()
    try:
        async with asyncio.timeout(_SECONDS if most <= MOST else _SECONDS_OF_A_FILE):
            async for chunk in request.stream():
                content += chunk
                if len(content) > most:
                    raise HTTPException(413)
    except TimeoutError as error:
        raise HTTPException(408) from error
    return bytes(content)


def parsed(content: bytes) -> Form:
    """Raises HTTPException 400 for what is no form; octets that are no UTF-8 become U+FFFD."""
    try:
        text = content.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400) from error
    return ImmutableMultiDict(pairs)
