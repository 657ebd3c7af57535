"""How often one network may ask: by the address of its client, in memory, in this process."""

from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItemPerDay, RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request

_HOURS_A_DAY = 3
"""A day allows so many hours' worth."""


class Networks:
    """A network is a /24 of IPv4 or a /64 of IPv6: what one household or server has to itself."""

    def __init__(self, an_hour: int) -> None:
        self._limits = RateLimitItemPerHour(an_hour), RateLimitItemPerDay(_HOURS_A_DAY * an_hour)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def allows(self, request: Request) -> bool:
        """Counts this request, unless the network has had its share."""
        network = network_of(request.client.host if request.client else "")
        if not all(self._limiter.test(limit, network) for limit in self._limits):
            return False
        allowed = [self._limiter.hit(limit, network) for limit in self._limits]
        return all(allowed)


def network_of(host: str) -> str:
    """Of what is no IP address (a socket file) the text itself."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ip_network((address, 24 if address.version == 4 else 64), strict=False))
