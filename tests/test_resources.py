from pathlib import Path

import pytest

from newsletter import resources
from newsletter.domain.errors import NewsletterError
from newsletter.resources import resource


def test_a_checkout_holds_its_resources_beside_the_package() -> None:
    assert (resource("templates") / "issue.html").is_file()


def test_an_installed_package_holds_them_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "newsletter"
    (package / "templates").mkdir(parents=True)
    (tmp_path / "templates").mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resource("templates") == package / "templates"


def test_a_missing_resource_is_an_error() -> None:
    with pytest.raises(NewsletterError, match="install newsletter again"):
        resource("none such")
