"""The bundled template lies there inlined: as premailer would inline it now."""

import pytest

from newsletter.domain.model import digest
from newsletter.rendering.css_inlining import BUNDLED, inline, inline_now
from newsletter.rendering.templates import read_templates

TEMPLATE = read_templates(None)["issue.html"]


@pytest.mark.parametrize("name", BUNDLED)
def test_the_file_is_what_inlining_now_gives(name: str) -> None:
    template = read_templates(None)[name]
    expected = f"{digest(template)}\n{inline_now(template)}"
    found = BUNDLED[name].read_text(encoding="utf-8")
    assert found == expected, f"{name} changed: run `make golden`"


def test_it_is_used_for_the_bundled_template_alone() -> None:
    assert inline(TEMPLATE) == inline_now(TEMPLATE)
    changed = TEMPLATE.replace("</body>", "<p>changed</p></body>")
    assert "<p>changed</p>" in inline(changed)
