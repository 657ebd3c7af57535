"""A channel is a module, a line in the registry, and a section of the configuration."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from newsletter.bootstrap import App
from newsletter.bootstrap.mail import CHANNELS, channel
from newsletter.config.sections import Delivery


def test_every_channel_that_may_be_configured_can_be_made() -> None:
    assert set(CHANNELS) == set(get_args(get_type_hints(Delivery)["channel"]))
    assert set(CHANNELS) <= set(Delivery.__struct_fields__), "each has a section of its own"


@pytest.mark.parametrize("name", CHANNELS)
def test_making_a_channel_connects_to_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f"[delivery]\nchannel = '{name}'\n")
    app = App(str(tmp_path / "config.toml"), {}, lambda: datetime.now(UTC))
    channel(app).close()
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]
