"""An SMTP server that only counts: postfix's smtp-sink where there is one, else our own.

``python -m benchmarks.sink`` runs our own, and prints the port it listens on.
"""

import os
import shutil
import socket
import socketserver
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_HOST = "127.0.0.1"
_PATIENCE = 10.0


@contextmanager
def sink() -> Iterator[tuple[str, int]]:
    """Its name and the port on loopback where it listens, in another process."""
    smtp_sink = postfix("smtp-sink")
    process, port = _postfix(smtp_sink) if smtp_sink else _own()
    try:
        _wait(port)
        yield ("postfix's smtp-sink" if smtp_sink else "our own sink"), port
    finally:
        process.kill()
        process.communicate()


def postfix(name: str) -> str | None:
    """Where this program of postfix's lies, if it is installed; users' paths lack its folder."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def _postfix(program: str) -> tuple[subprocess.Popen[str], int]:
    with socket.create_server((_HOST, 0)) as free:
        port = int(free.getsockname()[1])
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    return subprocess.Popen([program, *user, f"{_HOST}:{port}", "128"], text=True), port


def _own() -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, "-m", "benchmarks.sink"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, int(process.stdout.readline())


def _wait(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((_HOST, port)):
            return
        time.sleep(0.01)
    raise TimeoutError(f"no SMTP server answers on port {port}")


class _Counter(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.wfile.write(b"220 sink ESMTP\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            self.wfile.write(_ANSWERS.get(verb, b"250 2.0.0 Ok\r\n"))
            if verb == b"DATA":
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.wfile.write(b"250 2.0.0 Ok\r\n")
            elif verb == b"QUIT":
                return


_ANSWERS = {
    b"EHLO": b"250-sink\r\n250-8BITMIME\r\n250 SIZE 0\r\n",
    b"DATA": b"354 End with a dot\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


if __name__ == "__main__":
    with socketserver.ThreadingTCPServer((_HOST, 0), _Counter) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
