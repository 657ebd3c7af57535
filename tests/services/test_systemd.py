import socket
from pathlib import Path

import pytest

from newsletter.services.systemd import notifier


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_what_it_is_told(tmp_path: Path, *, abstract: bool) -> None:
    name = f"@{tmp_path.name}-{tmp_path.parent.name}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{name[1:]}" if abstract else name)
        notifier({"NOTIFY_SOCKET": name})("READY=1")
        assert systemd.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "nowhere", "/no/such/socket", "vsock:2:1"])
def test_nobody_listens_and_nothing_is_raised(address: str) -> None:
    notifier({"NOTIFY_SOCKET": address} if address else {})("READY=1")
