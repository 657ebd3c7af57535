"""Which IP addresses a feed may be fetched from: public ones, unless the operator named the host.

A feed is written by strangers, and may name or redirect to what only this machine can reach.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_TEREDO = IPv6Network("2001::/32")
_NONE = IPv4Address("0.0.0.0")  # noqa: S104


def is_public(address: str) -> bool:
    """False for what is no address, and for all that is not routed on the Internet.

    An IPv6 address that carries an IPv4 address is judged by that one as well.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return _is_public_v4(parsed)
    carried = _carried(parsed)
    if carried is not None:
        return _is_public_v4(carried)
    return parsed in _GLOBAL_UNICAST and parsed.is_global and not parsed.is_multicast


def _is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address in a mapped, 6to4 or NAT64 one. Teredo hides it: judged as none."""
    if address in _TEREDO:
        return _NONE
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
