"""``newsletter move``: all of the database into another one."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from newsletter.bootstrap import App
from newsletter.cli.output import progress, warn
from newsletter.domain.errors import ConfigError, NewsletterError
from newsletter.domain.text import counted
from newsletter.services.clock import steady


def move(app: App, args: Namespace) -> int:
    """What was interrupted goes on where it stood."""
    from newsletter.storage import Store
    from newsletter.storage.moving import move as move_all

    old = app.store
    if args.to == app.settings.store.url:
        raise ConfigError("--to is the database of store.url: name another")
    try:
        new = Store(args.to, app.path.parent, create=True)
    except NewsletterError as error:  # the store knows one key alone
        raise type(error)(str(error).replace("store.url", "--to")) from error
    try:
        with _shown() as watch:
            counts = move_all(old, new, app.clock(), steady(), watch)
    finally:
        new.close()
    for name, count in counts.items():
        if count:
            print(f"{name:<16} {counted(count, 'row')}")
    print("all is there, counted and summed in both: write store.url, and start again")
    warn("the old database is left as it is: see that nothing writes to it any more")
    return 0


@contextmanager
def _shown() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each table: a year of them takes minutes."""
    bars = dict[str, Callable[[int, int], None]]()
    with ExitStack() as shown:

        def watch(step: str, done: int, total: int) -> None:
            if step not in bars:
                shown.close()
                bars[step] = shown.enter_context(progress(step))
            bars[step](done, total)

        yield watch
