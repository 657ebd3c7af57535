"""The files that make a server run the newsletter: units of systemd, blocks of a web server."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from newsletter.domain.errors import UsageError
from newsletter.resources import resource

FILES = (
    "newsletter.service",
    "newsletter-web.service",
    "newsletter-worker.service",
    "nginx.conf",
    "Caddyfile",
)
_SAFE = re.compile(r"[A-Za-z0-9/._@+:-]+|\[[0-9A-Fa-f:.]+\]:[0-9]+")


@dataclass(frozen=True)
class Deployment:
    """``program`` is the command, ``folder`` holds config.toml; ``host`` is the public name, and
    ``address`` where `newsletter serve` listens."""

    program: str
    folder: str
    user: str
    group: str
    host: str
    address: str


def deploy_files(deployment: Deployment) -> Mapping[str, str]:
    """By their names. Raises UsageError for a value that systemd would read otherwise."""
    for field in fields(deployment):
        value = getattr(deployment, field.name)
        if not _SAFE.fullmatch(value):
            raise UsageError(
                f"{field.name} {value!r} does not fit into a unit of systemd:"
                " use letters, digits and / . _ @ + : - alone"
            )
    return {name: _filled_in(name, deployment) for name in FILES}


def _filled_in(name: str, deployment: Deployment) -> str:
    text = resource(f"deploy/{name}").read_text(encoding="utf-8")
    for field in fields(deployment):
        text = text.replace(f"@{field.name.upper()}@", getattr(deployment, field.name))
    return text


def write_deploy_files(files: Mapping[str, str], folder: Path) -> Iterator[Path]:
    """Writes them into ``folder``, and tells each; what stood there is replaced."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        yield path
