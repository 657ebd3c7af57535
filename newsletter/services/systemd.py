"""What systemd is told of a service, over the socket that it names (sd_notify(3))."""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

Notify = Callable[[str], None]


def notifier(environment: Mapping[str, str]) -> Notify:
    """Tells a state such as "READY=1"; nothing where no systemd listens. Raises nothing: a service
    works without it."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return lambda _state: None
    name = f"\0{address[1:]}" if address.startswith("@") else address

    def notify(state: str) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.sendto(state.encode(), name)

    return notify
