"""Forms that a page posts: read with a limit, then answered in a thread."""

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Form = ImmutableMultiDict[str, str]

MOST = 64 * 1024
"""Octets of a body."""
_MOST_FIELDS = 200
_SECONDS = 30


def post(path: str, action: Callable[[Request, Form], Response]) -> Route:
    """A route for a form in the encoding that browsers use without being asked for another.

    ``action`` runs in a thread: it waits for the database.
    """

    async def answer(request: Request) -> Response:
        return await run_in_threadpool(action, request, parsed(await body(request)))

    return Route(path, answer, methods=["POST"])


async def body(request: Request, most: int = MOST) -> bytes:
    """Raises HTTPException 413 for a body of more than ``most`` octets, without reading it all,
    and 408 for one that takes too long."""
    content = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
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
