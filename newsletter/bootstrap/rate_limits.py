"""The rate limits of [delivery.pace]."""

from newsletter.config import Settings
from newsletter.domain.errors import ConfigError
from newsletter.domain.hostnames import in_ascii
from newsletter.domain.rate_limits import RateLimits
from newsletter.domain.warm_up import WarmUp


def rate_limits(settings: Settings) -> RateLimits:
    """Raises ConfigError for a name that is no domain."""
    section = settings.delivery.pace
    domains = {_domain(name): rate for name, rate in section.domains.items()}
    groups = (
        WarmUp(tuple(map(_domain, group.domains)), group.start, group.a_day)
        for group in section.warm_up
    )
    return RateLimits(section.per_second, section.per_domain, domains, tuple(groups))


def _domain(name: str) -> str:
    """As it stands in a subscriber's key."""
    try:
        return in_ascii(name).casefold()
    except ValueError as error:
        raise ConfigError(f"delivery.pace.domains: {name!r} is no domain: {error}") from error
