"""Whether the endpoint of [writer] can be used: a check of ``newsletter doctor --online``."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.domain.checks import CheckResult
from newsletter.domain.episode import Episode, Segment
from newsletter.ingest.writer.answers import NotJson, claims
from newsletter.ingest.writer.client import CallFailed, Client
from newsletter.ingest.writer.prompt import messages

_EPISODE = Episode("check", "A check of the endpoint")
_SAID = "Old stone ovens lose eighteen percent of their heat overnight, and steel ovens lose half."
_MOST_NAMES = 5


def endpoint(client: Client) -> Iterator[CheckResult]:
    """Asks for the list of models, and for an insight: about a thousand tokens."""
    name = f"model at {client.endpoint.url}"
    if client.endpoint.api_key and _is_in_clear(client.endpoint.url):
        yield CheckResult(name, "warn", "the key travels in clear", "write https://")
    try:
        yield _listed(name, client.endpoint.model, client.models())
        answer = client.ask(messages(_EPISODE, [Segment(0, 9, _SAID)], 1))
    except CallFailed as error:
        yield CheckResult(name, "fail", str(error), "start it, or correct [writer]")
        return
    try:
        claims(answer.content)
    except NotJson as error:
        finding = f"its answer is not the JSON that was asked for ({error})"
        yield CheckResult(name, "fail", finding, "set writer.json_schema, or take another model")
    else:
        yield CheckResult(name, "ok", "it answers in the form that was asked for")


def _is_in_clear(url: str) -> bool:
    """To another machine, without TLS."""
    parts = urlsplit(url)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return parts.scheme == "http" and not here


def _listed(name: str, model: str, models: list[str]) -> CheckResult:
    if model in models or f"{model}:latest" in models:
        return CheckResult(name, "ok", f"it offers {model}")
    offered = ", ".join(models[:_MOST_NAMES]) or "none"
    advice = "set writer.model to one of them, unless it takes any name, as llama.cpp does"
    return CheckResult(name, "warn", f"it does not list {model}, but {offered}", advice)
