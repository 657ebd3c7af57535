"""The parts that writing insights needs, where [writer] names a model."""

import time
from collections.abc import Callable

from newsletter.bootstrap import App
from newsletter.config import Settings
from newsletter.ingest.writer.calls import Calls, Limits
from newsletter.ingest.writer.client import Client, Endpoint
from newsletter.ingest.writer.writer import Writer, WriterSettings


def writer(app: App, pause: Callable[[float], None] = time.sleep) -> Writer | None:
    """None where no model is configured. Keep it for a whole scan: it rests where the model does
    not answer."""
    if not app.settings.writer.url:
        return None
    settings = writer_settings(app.settings)
    calls = Calls(app.store, client(app.settings), settings.limits, app.clock, pause)
    return Writer(calls, settings)


def writer_settings(settings: Settings) -> WriterSettings:
    section = settings.writer
    limits = Limits(section.tokens_a_day, section.money_a_day, section.price_in, section.price_out)
    return WriterSettings(section.chunk_tokens, section.answer_tokens, section.per_episode, limits)


def client(settings: Settings) -> Client:
    section = settings.writer
    return Client(
        Endpoint(
            section.url,
            section.model,
            section.api_key,
            json_schema=section.json_schema,
            answer_tokens=section.answer_tokens,
            timeout=float(section.timeout_seconds),
        )
    )
