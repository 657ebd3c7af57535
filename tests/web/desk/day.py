"""The pages of the day on a real server, over a newsletter's folder and its morning."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newsletter.bootstrap import App, desk_day
from newsletter.domain.errors import StoreError
from newsletter.services.desk_users import Role
from newsletter.storage import Store, desk_users
from newsletter.web.app import app as with_headers
from newsletter.web.desk import login
from newsletter.web.desk.frame import Frame
from newsletter.web.desk.look import look
from tests.builders import NOON
from tests.conftest import new_store
from tests.web.desk.conftest import SECRET, Browser, Clock
from tests.web.desk.morning import morning
from tests.web.test_unsubscribe import serving

CONFIG = """
[newsletter]
name = "Five Insights"
from_address = "Five <five@news.example>"
[inbox]
source = "here"
[store]
url = "sqlite:///newsletter.db"
"""


@dataclass(frozen=True)
class Day:
    port: int
    store: Store
    clock: Clock
    folder: Path

    def browser(self, name: str = "") -> Browser:
        """``name`` is logged in."""
        one = Browser(self.port, self.store, self.clock)
        if name:
            one.log_in(name)
        return one


@contextmanager
def standing(folder: Path) -> Iterator[Day]:
    """``olga`` is an operator, ``eddy`` an editor."""
    (folder / "config.toml").write_text(CONFIG)
    (folder / "inbox").mkdir()
    new_store(folder).close()
    clock = Clock()
    app = App(str(folder / "config.toml"), {}, clock)
    morning(app.store)
    users: tuple[tuple[str, Role], ...] = (("olga", "operator"), ("eddy", "editor"))
    with app.store.writing() as db:
        for name, role in users:
            desk_users.add(db, name, role, "no hash: nobody logs in by a password here", NOON)
    frame = Frame(app.store, clock, SECRET, look("Five Insights", "#a8321a", "UTC"))
    pages = desk_day.routes(app, frame)
    routes = [*frame.look.files(), *login.routes(frame), *pages, *frame.rest()]
    with serving(with_headers(routes, {StoreError: frame.closed})) as port:
        yield Day(port, app.store, clock, folder)
    app.close()
