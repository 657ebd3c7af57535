"""``newsletter init`` and ``migrate``: a place to work in."""

from argparse import Namespace
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from newsletter.bootstrap import App
from newsletter.bootstrap.deploy import deployment
from newsletter.cli.output import say
from newsletter.domain.errors import NewsletterError, UsageError
from newsletter.resources import resource
from newsletter.services.secret import make_secret, write_private


def init(app: App, args: Namespace) -> int:
    if app.config:
        raise UsageError("init writes a config.toml into DIR: leave --config out")
    folder = Path(args.dir).absolute()
    target = replace(app, config=str(folder / "config.toml"))
    if target.path.exists() and (_another_secret(target) or args.systemd):
        return _write_deploy_files(target) if args.systemd else 0
    created = create_newsletter(
        app, folder, resource("config.example.toml").read_text(encoding="utf-8")
    )
    say(f"{created.path}: set newsletter.from_address in it")
    say(f"{created.beside(created.settings.inbox.path)}: drop brief files here")
    say(f"then, in {folder}: newsletter subscribers add you@example.org")
    return _write_deploy_files(created) if args.systemd else 0


def _write_deploy_files(app: App) -> int:
    """Beside the configuration, with the paths of this machine."""
    from newsletter.services.deploy import deploy_files, write_deploy_files

    folder = app.path.parent / "deploy"
    try:
        for path in write_deploy_files(deploy_files(deployment(app)), folder):
            say(f"{path}")
    except OSError as error:
        raise NewsletterError(f"{error.filename}: {error.strerror}") from error
    if folder.owner() == "root":
        say(
            "the units run as root, because root owns the folder: give it to another user, and"
            " run this again"
        )
    say(f"as root: cp {folder}/*.service /etc/systemd/system/ && systemctl daemon-reload")
    say("         systemctl enable --now newsletter newsletter-web")
    say("one of several machines: newsletter-worker in the place of newsletter (docs/cluster.md)")
    say("nginx.conf and Caddyfile: take the one of your web server into its configuration")
    return 0


def _another_secret(target: App) -> bool:
    """Make the secret if only it is missing: no other command does. Returns whether it was."""
    path = target.beside(target.settings.web.secret_file)
    try:
        created = make_secret(path)
    except OSError as error:
        raise NewsletterError(f"{error.filename}: {error.strerror}") from error
    if created:
        say(f"{path}: a new secret, because there was none; back it up")
        say("unsubscribe links in messages already sent do not work any more")
    return created


def create_newsletter(app: App, folder: Path, config: str) -> App:
    """A configuration, an inbox, a secret and a database in ``folder``; refuses to overwrite."""
    path = folder / "config.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_private(path, config)  # it may come to hold a password
    except FileExistsError as error:
        raise UsageError(f"{error.filename} is there already; nothing was changed") from error
    except OSError as error:
        raise NewsletterError(f"{error.filename}: {error.strerror}") from error
    created = replace(app, config=str(path))
    try:
        _create_parts(created)
    except BaseException:
        path.unlink()  # left behind it would keep the next `init` from trying again
        raise
    return created


def _create_parts(created: App) -> None:
    """An existing database or secret stays: it may have a past."""
    try:
        created.beside(created.settings.inbox.path).mkdir(parents=True, exist_ok=True)
        make_secret(created.beside(created.settings.web.secret_file))
    except OSError as error:
        raise NewsletterError(f"{error.filename}: {error.strerror}") from error
    created.opened(create=True).close()


def migrate(app: App, args: Namespace) -> int:  # noqa: ARG001
    with closing(app.opened(create=True)) as store:
        say(f"the database is up to date, at {store.revision()}")
    return 0
