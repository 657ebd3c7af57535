from pathlib import Path

import pytest

from tests.environment import missing, postgresql_server


def test_what_is_missing_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Chromium here: install it"):
        missing("Chromium", "install it")


def test_what_is_missing_in_ci_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI has no Chromium"):
        missing("Chromium", "install it")


def test_a_postgresql_that_cannot_start_skips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "file").touch()
    with pytest.raises(pytest.skip.Exception, match="no PostgreSQL here"):
        postgresql_server(tmp_path / "file" / "data")
