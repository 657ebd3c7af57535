"""``newsletter init`` and ``migrate``: a place to work in."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from newsletter.cli.app import App
from newsletter.cli.output import say
from newsletter.cli.secret import make_secret
from newsletter.edges.resources import resource
from newsletter.errors import NewsletterError, UsageError


def init(app: App, words: Namespace) -> int:
    folder = Path(words.dir).absolute()
    made = found(app, folder, resource("config.example.toml").read_text(encoding="utf-8"))
    say(f"{made.path}: set newsletter.from_address in it")
    say(f"{made.beside(made.settings.inbox.path)}: drop brief files here")
    say("next: newsletter subscribers add you@example.org; newsletter ingest; newsletter preview")
    return 0


def found(app: App, folder: Path, config: str) -> App:
    """A configuration, an inbox, a secret and a database in ``folder``; refuses to overwrite."""
    path = folder / "config.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(config)
        path.chmod(0o600)  # it may come to hold a password
        made = replace(app, config=str(path))
        made.beside(made.settings.inbox.path).mkdir(exist_ok=True)
        make_secret(made.beside(made.settings.web.secret_file))
    except FileExistsError as error:
        raise UsageError(f"{error.filename} is there already; nothing was changed") from error
    except OSError as error:
        raise NewsletterError(f"{error.filename}: {error.strerror}") from error
    made.store.close()
    return made


def migrate(app: App, words: Namespace) -> int:  # noqa: ARG001
    say(f"the database is up to date, at {app.store.revision()}")
    return 0
