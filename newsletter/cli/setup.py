"""``newsletter init`` and ``migrate``: a place to work in."""

from argparse import Namespace
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from newsletter.bootstrap import App
from newsletter.cli.output import say
from newsletter.domain.errors import NewsletterError, UsageError
from newsletter.resources import resource
from newsletter.services.secret import make_secret, write_private


def init(app: App, args: Namespace) -> int:
    if app.config:
        raise UsageError("init writes a config.toml into DIR: leave --config out")
    folder = Path(args.dir).absolute()
    there = replace(app, config=str(folder / "config.toml"))
    if there.path.exists() and _another_secret(there):
        return 0
    made = found(app, folder, resource("config.example.toml").read_text(encoding="utf-8"))
    say(f"{made.path}: set newsletter.from_address in it")
    say(f"{made.beside(made.settings.inbox.path)}: drop brief files here")
    say(f"then, in {folder}: newsletter subscribers add you@example.org")
    return 0


def _another_secret(there: App) -> bool:
    """Where it alone is missing, since no other command makes one; whether it was."""
    path = there.beside(there.settings.web.secret_file)
    try:
        made = make_secret(path)
    except OSError as error:
        raise NewsletterError(f"{error.filename}: {error.strerror}") from error
    if made:
        say(f"{path}: a new secret, for one was missing; back it up")
        say("links to unsubscribe in messages already sent hold no longer")
    return made


def found(app: App, folder: Path, config: str) -> App:
    """A configuration, an inbox, a secret and a database in ``folder``; refuses to overwrite."""
    path = folder / "config.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_private(path, config)  # it may come to hold a password
    except FileExistsError as error:
        raise UsageError(f"{error.filename} is there already; nothing was changed") from error
    except OSError as error:
        raise NewsletterError(f"{error.filename}: {error.strerror}") from error
    made = replace(app, config=str(path))
    try:
        _furnish(made)
    except BaseException:
        path.unlink()  # left behind it would keep the next `init` from trying again
        raise
    return made


def _furnish(made: App) -> None:
    """What is there already stays: a database and a secret may have a past."""
    try:
        made.beside(made.settings.inbox.path).mkdir(parents=True, exist_ok=True)
        make_secret(made.beside(made.settings.web.secret_file))
    except OSError as error:
        raise NewsletterError(f"{error.filename}: {error.strerror}") from error
    made.opened(create=True).close()


def migrate(app: App, args: Namespace) -> int:  # noqa: ARG001
    with closing(app.opened(create=True)) as store:
        say(f"the database is up to date, at {store.revision()}")
    return 0
