"""The parts that providers' webhooks need: their keys, and how SNS is asked for its certificate."""

from functools import lru_cache
from typing import TYPE_CHECKING

from newsletter.bootstrap import App
from newsletter.bootstrap.rendering import secret
from newsletter.bootstrap.returns import intake
from newsletter.domain.errors import ConfigError

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

_SECONDS = 10
_MOST = 100_000


def routes(app: App) -> "list[BaseRoute]":
    """None while no provider is configured. Raises ConfigError for a key that is none."""
    section = app.settings.returns.hooks
    on = section.ses_topics, section.postmark, section.sendgrid_key, section.mailgun_key
    if not any((*on, section.token)):
        return []
    from newsletter.web.hooks.routes import Keys
    from newsletter.web.hooks.routes import routes as of
    from newsletter.web.hooks.sendgrid import public_key

    try:
        sendgrid = public_key(section.sendgrid_key) if section.sendgrid_key else None
    except ValueError as error:
        raise ConfigError(
            f"returns.hooks.sendgrid_key is no key: {error}",
            "copy the verification key from SendGrid's settings of signed events",
        ) from error
    keys = Keys(
        secret=secret(app),
        fetch=lru_cache(maxsize=8)(_fetch),
        ses_topics=section.ses_topics,
        postmark=section.postmark,
        sendgrid=sendgrid,
        mailgun=section.mailgun_key,
        token=section.token,
    )
    return [*of(keys, intake(app), app.clock)]


def _fetch(address: str) -> bytes:
    """Raises Unsigned where Amazon does not answer: nothing can be checked then."""
    import httpx

    from newsletter.web.hooks import Unsigned

    try:
        answer = httpx.get(address, timeout=_SECONDS, follow_redirects=False)
    except httpx.HTTPError as error:
        raise Unsigned from error
    if answer.status_code != 200 or len(answer.content) > _MOST:
        raise Unsigned
    return answer.content
