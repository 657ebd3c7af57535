"""What `run` and the cluster do once a day, by the settings."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.bootstrap import App
from newsletter.bootstrap.upkeep import upkeep
from newsletter.domain.errors import ConfigError
from newsletter.storage.schema import notice
from tests.builders import NOON
from tests.conftest import new_store
from tests.services.test_sunset import List

BASE = "[newsletter]\nbase_url = 'https://news.example'\n"


@pytest.fixture
def silent(tmp_path: Path) -> Path:
    """Three readers who said nothing for a year."""
    store = new_store(tmp_path)
    for name in ("ann", "bob", "cal"):
        List(store).reader(name)
    store.close()
    return tmp_path / "config.toml"


@pytest.mark.parametrize(
    ("section", "asked"), [("", 0), ("months = 6", 3), ("months = 6\na_day = 2", 2)]
)
def test_who_is_silent_is_asked_as_the_operator_says(
    silent: Path, section: str, asked: int, caplog: pytest.LogCaptureFixture
) -> None:
    silent.write_text(f"{BASE}[returns.sunset]\n{section}\n")
    with closing(App(str(silent), {}, lambda: NOON)) as app, caplog.at_level("INFO"):
        upkeep(app)
        upkeep(app)
        with app.store.reading() as db:
            assert len(db.scalars(select(notice.c.id)).all()) == asked
    assert len(caplog.messages) == (1 if asked else 0), "what changes nothing is not told"


def test_without_a_site_nobody_can_answer(silent: Path) -> None:
    silent.write_text("[returns.sunset]\nmonths = 6\n")
    with pytest.raises(ConfigError, match=r"returns\.sunset\.months.*base_url"):
        _ = App(str(silent), {}, lambda: NOON).settings
