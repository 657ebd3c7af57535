"""CONTRIBUTING.md's lists of places: a registry and what must be named with it agree."""

import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from newsletter.bootstrap.mail import CHANNELS
from newsletter.cli.parser import parser
from newsletter.config.sections import Delivery
from newsletter.domain.model import Subscriber
from newsletter.ingest.parsers import PARSERS
from newsletter.services.subscriptions import FIELDS
from newsletter.storage.recipients import FROZEN
from newsletter.storage.schema import recipient, subscriber
from newsletter.web.api.schemas import Changes, Reader

ROOT = Path(__file__).parents[1]
SECTION = (ROOT / "CONTRIBUTING.md").read_text().split("## How to add a thing")[1].split("\n## ")[0]
PLACES = sorted(
    set(re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.(?:py|md|toml|html|css|json))?)`", SECTION))
)


@pytest.mark.parametrize("place", PLACES)
def test_each_place_is_there(place: str) -> None:
    assert (ROOT / place).exists() or (ROOT / "newsletter" / place).exists()


@pytest.mark.parametrize("module", sorted(set(PARSERS.values())))
def test_each_format_has_a_module_that_reads(module: str) -> None:
    assert callable(import_module(f"newsletter.ingest.parsers.{module}").read)


def test_each_channel_can_be_chosen_and_has_a_section() -> None:
    assert set(get_args(Delivery.__annotations__["channel"])) == set(CHANNELS)
    assert set(CHANNELS) <= set(Delivery.__struct_fields__)


def test_each_field_of_a_subscriber_is_a_column_an_option_and_in_the_api() -> None:
    names = {field.name for field in fields(Subscriber)}
    assert names <= set(subscriber.c.keys())
    assert set(FIELDS) == names - {"id"}
    changeable = names - {"id", "address", "state"}
    options = vars(parser().parse_args(["subscribers", "add", "a@example.org"]))
    assert changeable <= options.keys()
    assert changeable == set(Changes.__struct_fields__)
    assert names == set(Reader.__struct_fields__)


def test_what_is_kept_of_a_recipient_has_a_column() -> None:
    assert set(FROZEN) <= {field.name for field in fields(Subscriber)} & set(recipient.c.keys())
