from pathlib import Path

import pytest

from newsletter.domain.errors import ConfigError
from newsletter.rendering.templates import read_templates


def test_the_bundled_templates_are_all_there() -> None:
    assert {"issue.html", "issue.txt", "subject.txt"} <= set(read_templates(None))


def test_an_operators_folder_overrides_single_templates_and_adds_parts(tmp_path: Path) -> None:
    (tmp_path / "subject.txt").write_bytes(b"\xef\xbb\xbfHello, {{ name }}")
    (tmp_path / "part.html").write_text("<p>{{ name }}</p>")
    (tmp_path / "README.md").write_text("{{ not a template")
    sources, bundled = read_templates(tmp_path), read_templates(None)
    assert sources == bundled | {
        "subject.txt": "Hello, {{ name }}",
        "part.html": "<p>{{ name }}</p>",
    }


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none is missing"):
        read_templates(tmp_path / "none")


def test_a_template_that_does_not_compile_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "issue.txt").write_text("fine\n\n{% for x in %}\n")
    with pytest.raises(ConfigError, match=r"issue\.txt, line 3: ") as error:
        read_templates(tmp_path)
    assert str(tmp_path) in str(error.value)


def test_a_template_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "issue.txt").write_bytes(b"caf\xe9")
    with pytest.raises(ConfigError, match=r"issue\.txt cannot be read as UTF-8"):
        read_templates(tmp_path)
