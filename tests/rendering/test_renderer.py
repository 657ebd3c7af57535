import pytest
from jinja2 import UndefinedError

from newsletter.domain.errors import ConfigError
from newsletter.rendering.renderer import Renderer


def test_a_template_that_does_not_compile_names_its_line() -> None:
    with pytest.raises(ConfigError, match=r"template issue.txt, line 2: .*'endif'"):
        Renderer({"issue.txt": "fine\n{% if x %}"}).render("issue.txt")
    with pytest.raises(ConfigError, match="line 1: No filter named 'shout'"):
        Renderer({"issue.txt": "{{ name | shout }}"}).render("issue.txt")


OWN = "mine/issue.txt"


def own(source: str, **more: str) -> Renderer:
    """``source`` is the operator's issue.txt; ``more`` are bundled."""
    bundled = {f"{name}.txt": text for name, text in more.items()}
    return Renderer({"issue.txt": source, **bundled}, {"issue.txt": OWN})


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{{ nmae }}", "'nmae' is undefined"),
        ("{{ name.nosuch }}", "'str object' has no attribute 'nosuch'"),
        ("{{ numbers['three'] }}", "'dict object' has no attribute 'three'"),
        ("{{ '%(three)s' | format(one=1) }}", "KeyError: 'three'"),
        ("{{ '{three}'.format(one=1) }}", "KeyError: 'three'"),
        ("{{ numbers.pop('three') }}", "KeyError: 'three'"),
        ("{{ 1 + name }}", "TypeError: unsupported operand"),
        ("{{ 1 / 0 }}", "ZeroDivisionError: "),
        ("{{ name | round }}", "TypeError: "),
        ("{% include 'nosuch.txt' %}", "there is no template 'nosuch.txt'"),
        ("{% include 'issue.txt' %}", "RecursionError: "),
    ],
)
def test_a_mistake_in_an_operators_template_is_named_with_file_and_line(
    line: str, problem: str
) -> None:
    renderer = own(f"fine\n{line}")
    with pytest.raises(ConfigError) as error:
        renderer.render("issue.txt", name="x", numbers={"one": 1})
    assert error.value.finding.startswith(f"template {OWN}, line 2: {problem}")
    assert error.value.advice == "correct that line"


def test_a_mistake_that_shows_in_a_bundled_part_is_that_of_the_line_that_includes_it() -> None:
    renderer = own("\n\n{% include 'end.txt' %}", end="Bye, {{ who }}")
    with pytest.raises(ConfigError, match=rf"^template {OWN}, line 3: 'who' is undefined"):
        renderer.render("issue.txt")


@pytest.mark.parametrize("call", ["day | long_date", "[day] | taken_apart", "day | link"])
def test_a_defect_of_ours_is_no_mistake_of_the_operator(call: str) -> None:
    """Code of ours that fails shows its traceback, with the line of the template that called it."""
    template = f"fine\n{{{{ {call} }}}}"
    for renderer, place in ((own(template), OWN), (Renderer({"issue.txt": template}), "issue.txt")):
        with pytest.raises((AttributeError, AssertionError)) as error:
            renderer.render("issue.txt", day="no date")
        assert error.value.__notes__ == [f"while rendering template {place}, line 2"]


@pytest.mark.parametrize("template", ["\n{{ nmae }}", "\n{{ 1 / 0 }}"])
def test_a_bundled_template_that_fails_is_a_defect(template: str) -> None:
    with pytest.raises((UndefinedError, ZeroDivisionError)) as error:
        Renderer({"issue.txt": template}).render("issue.txt")
    assert error.value.__notes__ == ["while rendering template issue.txt, line 2"]


def test_the_line_is_that_of_the_source_and_not_of_what_inlining_makes_of_it() -> None:
    style = "<style>\np { color: red }\nb { color: red }\n</style>\n"
    page = f"<html><head>{style}</head><body>\n<p>\n\n{{{{ nosuch }}}}</p></body></html>"
    renderer = Renderer({"issue.html": page}, {"issue.html": "mine/issue.html"})
    with pytest.raises(ConfigError, match=r"^template mine/issue\.html, line 8: 'nosuch' is und"):
        renderer.render("issue.html")


def test_an_included_template_is_found() -> None:
    renderer = Renderer({"issue.txt": "{% include 'end.txt' %}", "end.txt": "Bye, {{ who }}"})
    assert renderer.render("issue.txt", who="Mira") == "Bye, Mira"


def test_html_is_escaped_and_text_is_not() -> None:
    renderer = Renderer({"a.html": "{{ x }}", "a.txt": "{{ x }}"})
    assert renderer.render("a.html", x="<b>\x00") == "&lt;b&gt;\ufffd"
    assert renderer.render("a.txt", x="<b>\x00") == "<b>\ufffd"
