"""Template sources: the bundled ones, and the operator's that stand in their place."""

from pathlib import Path

from newsletter.domain.errors import ConfigError
from newsletter.rendering.renderer import check
from newsletter.resources import resource

_SUFFIXES = {".css", ".html", ".txt"}


def read_templates(custom: Path | None) -> dict[str, str]:
    """Name -> source. A template in ``custom`` overrides the bundled one of that name.

    Raises ConfigError where the folder is missing or a template in it cannot be read or compiled.
    """
    bundled = _paths(resource("templates"))
    sources = {path.name: path.read_text(encoding="utf-8") for path in bundled}
    if custom is None:
        return sources
    if not custom.is_dir():
        finding = f"the folder of templates {custom} is missing"
        raise ConfigError(finding, "create it, or remove newsletter.templates")
    return sources | {path.name: read_template(path) for path in _paths(custom)}


def places(custom: Path | None) -> dict[str, str]:
    """Where the operator's templates lie, by name."""
    return {path.name: str(path) for path in _paths(custom)} if custom else {}


def _paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())


def read_template(path: Path) -> str:
    """An operator's template: ConfigError, naming it, where it cannot be read or compiled."""
    try:
        source = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"template {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        finding = f"template {path} cannot be read as UTF-8 text"
        raise ConfigError(finding, f"save it as such ({error})") from error
    check(source, str(path))
    return source
