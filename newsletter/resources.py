"""What travels with the program: templates, migrations, the commented configuration."""

from pathlib import Path

from newsletter.domain.errors import NewsletterError

_PACKAGE = Path(__file__).resolve().parents[0]


def resource(name: str) -> Path:
    """The file or folder ``name``: inside the installed package, beside it in a checkout."""
    for home in (_PACKAGE, _PACKAGE.parent):
        if (home / name).exists():
            return home / name
    raise NewsletterError(f"{name} is missing beside {_PACKAGE}: install newsletter again")
