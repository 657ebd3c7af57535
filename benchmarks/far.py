"""A server that is far away: a TCP proxy that hands everything on later, both ways.

``python -m benchmarks.far PORT SECONDS`` leads to that port, and prints the one it listens on.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_HOST = "127.0.0.1"
_CHUNK = 2**16


@contextmanager
def far(port: int, seconds: float) -> Iterator[int]:
    """The port of a way to ``port`` that takes ``seconds`` in each direction."""
    command = [sys.executable, "-m", "benchmarks.far", str(port), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


async def _main(port: int, seconds: float) -> None:
    async def met(here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        there, on = await asyncio.open_connection(_HOST, port)
        with suppress(ConnectionError):
            await asyncio.gather(_delayed(here, on, seconds), _delayed(there, back, seconds))

    server = await asyncio.start_server(met, _HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _delayed(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, seconds: float
) -> None:
    """What comes in goes out ``seconds`` later: delayed, and not held back by what lies before."""
    on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    arriving = asyncio.create_task(_arrive(on_the_way, target))
    while chunk := await source.read(_CHUNK):
        on_the_way.put_nowait((_now() + seconds, chunk))
    on_the_way.put_nowait((_now() + seconds, b""))
    await arriving


async def _arrive(
    on_the_way: "asyncio.Queue[tuple[float, bytes]]", target: asyncio.StreamWriter
) -> None:
    chunk = b"-"
    while chunk:
        at, chunk = await on_the_way.get()
        await asyncio.sleep(at - _now())
        target.write(chunk)
    target.close()


def _now() -> float:
    return asyncio.get_running_loop().time()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), float(sys.argv[2])))
