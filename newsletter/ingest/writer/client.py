"""The chat-completions protocol over HTTP, as OpenAI, Ollama, llama.cpp and vLLM speak it.

One request, one answer: no retries here. The endpoint is the operator's own: any host is
allowed.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Literal
from urllib.parse import quote

import httpx
import msgspec

from newsletter.ingest.writer.chunks import tokens
from newsletter.ingest.writer.prompt import SCHEMA, Message
from newsletter.storage.model_calls import Answer

_CONNECT_SECONDS = 10.0
_MOST_BYTES = 1_000_000
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_EXCERPT = 200
_BUSY = {408, 425, 429, 500, 502, 503, 504, 529}
"""Worth another try: the request was not worked on, or the server was not well."""
_OF_THE_REQUEST = {400, 413, 422}
"""The server does not take this one; it may take another."""
Cost = Literal["none", "refused", "full"]
_REASONING = "max_completion_tokens"
"""What OpenAI's reasoning models call max_tokens, which they refuse, as they do a temperature."""
REFUSED = "refused"
CUT_OFF = "cut off"
_FINISH = {"length": CUT_OFF, "content_filter": REFUSED}


@dataclass(frozen=True)
class Endpoint:
    """``url`` is the base, such as http://localhost:11434/v1; ``timeout`` is of a whole request."""

    url: str
    model: str
    api_key: str = field(default="", repr=False)
    json_schema: bool = True
    answer_tokens: int = 900
    timeout: float = 120.0


class CallFailed(Exception):
    """No answer. ``again``: another try may help, after ``wait`` seconds where the server says so.

    ``cost``: whether the server may have worked on it, and may count it; or did not take this
    request as it is; or nobody has seen it.
    """

    def __init__(
        self, text: str, *, again: bool, cost: Cost = "none", wait: float | None = None
    ) -> None:
        super().__init__(text)
        self.again, self.cost, self.wait = again, cost, wait


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    usage: Any = None


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


class Client:
    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._reasons = False

    def ask(self, messages: Sequence[Message]) -> Answer:
        """Raises CallFailed."""
        body = self._fetch("POST", "/chat/completions", self._request(messages))
        try:
            completion = msgspec.json.decode(body, type=_Completion)
            choice = completion.choices[0]
        except (*_UNREADABLE, IndexError) as error:
            raise self._no_protocol(body) from error
        content = choice.message.content or ""
        finish = REFUSED if choice.message.refusal else _FINISH.get(choice.finish_reason or "", "")
        asked = sum(tokens(message["content"]) for message in messages)
        used = completion.usage
        return Answer(
            content,
            finish,
            _count(used, "prompt_tokens", asked),
            _count(used, "completion_tokens", tokens(content)),
        )

    def models(self) -> list[str]:
        """The models that the endpoint offers. Raises CallFailed."""
        body = self._fetch("GET", "/models", None)
        try:
            return [model.id for model in msgspec.json.decode(body, type=_Models).data]
        except _UNREADABLE as error:
            raise self._no_protocol(body) from error

    def _request(self, messages: Sequence[Message]) -> dict[str, Any]:
        schema = {"name": "insights", "strict": True, "schema": SCHEMA}
        form = {"type": "json_schema", "json_schema": schema}
        most = self.endpoint.answer_tokens
        return {
            "model": self.endpoint.model,
            "messages": list(messages),
            "response_format": form if self.endpoint.json_schema else {"type": "json_object"},
        } | ({_REASONING: most} if self._reasons else {"max_tokens": most, "temperature": 0})

    def _fetch(self, method: str, path: str, content: object) -> bytes:
        """The body of a 200."""
        try:
            status, headers, body = asyncio.run(self._exchange(method, path, content))
        except TimeoutError as error:
            problem = f"no whole answer within {self.endpoint.timeout:g} s"
            raise CallFailed(problem, again=True, cost="full") from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise CallFailed(f"cannot connect: {error or 'no answer'}", again=True) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
            raise CallFailed(f"writer.url is no address: {error}", again=False) from error
        except httpx.HTTPError as error:
            problem = f"the connection broke: {error or type(error).__name__}"
            raise CallFailed(problem, again=True, cost="full") from error
        if status != 200:
            raise self._refused(status, headers, body)
        return body

    async def _exchange(
        self, method: str, path: str, content: object
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Bounded as a whole: a server that sends a byte now and then does not hold us.

        The environment's proxies are not asked: what is said on this machine stays on it.
        """
        headers = {"Accept-Encoding": "identity", "User-Agent": "newsletter"}
        if self.endpoint.api_key:
            headers["Authorization"] = f"Bearer {self.endpoint.api_key}"
        url = self.endpoint.url.rstrip("/") + path
        timeout = httpx.Timeout(None, connect=_CONNECT_SECONDS)
        async with (
            asyncio.timeout(self.endpoint.timeout),
            httpx.AsyncClient(verify=_tls(), timeout=timeout, trust_env=False) as http,
            http.stream(method, url, json=content, headers=headers) as response,
        ):
            body = bytearray()
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise CallFailed("the answer is longer than 1 MB", again=False, cost="full")
            return response.status_code, response.headers, bytes(body)

    def _refused(self, status: int, headers: Mapping[str, str], body: bytes) -> CallFailed:
        if status == 400 and _REASONING.encode() in body and not self._reasons:
            self._reasons = True
            return CallFailed("it wants the keys of a reasoning model", again=True, wait=0.0)
        advice = {
            401: "; is writer.api_key right?",
            403: "; may writer.api_key use this model?",
            404: "; are writer.url (it ends in /v1) and writer.model right?",
            400: "; where it knows no JSON schema, set writer.json_schema to false",
        }.get(status, "")
        return CallFailed(
            f"it answered {status} {self._excerpt(body)}{advice}",
            again=status in _BUSY,
            cost="refused" if status in _OF_THE_REQUEST else "none",
            wait=_retry_after(headers),
        )

    def _no_protocol(self, body: bytes) -> CallFailed:
        problem = f"this is not the chat-completions protocol: {self._excerpt(body)}"
        return CallFailed(f"{problem}; is writer.url right?", again=False, cost="full")

    def _excerpt(self, body: bytes) -> str:
        """The beginning in one line; a server may repeat the key in any form, we do not."""
        text = body.decode("utf-8", "replace")
        for written in _as_written(self.endpoint.api_key):
            text = text.replace(written, "***")
        seen = "".join(letter if letter.isprintable() else " " for letter in text[:_EXCERPT])
        return " ".join(seen.split())


def _as_written(key: str) -> set[str]:
    """By itself, in JSON with and without escaped slashes, and in an address."""
    in_json = msgspec.json.encode(key).decode()[1:-1]
    forms = {key, in_json, in_json.replace("/", r"\/"), quote(key), quote(key, safe="")}
    return forms - {""}


@cache
def _tls() -> ssl.SSLContext:
    """To read the certificates takes longer than many a request."""
    return ssl.create_default_context()


def _count(usage: Any, name: str, otherwise: int) -> int:
    """As the server counted, where it says something that can be."""
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if type(value) is int and 0 <= value <= 10_000_000 else otherwise


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """RFC 9110, 10.2.3: seconds, or a date, which is taken against the server's own clock."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        until, now = parsedate_to_datetime(value), parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
