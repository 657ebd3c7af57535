from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.domain.model import normalise
from newsletter.language.words import words

DAY = date(2024, 3, 14)


@pytest.mark.parametrize(
    ("language", "long", "short", "weekday"),
    [
        ("en", "Thursday, 14 March 2024", "14 March", "Thursday"),
        ("en-US", "Thursday, March 14, 2024", "March 14", "Thursday"),
        ("en-XX", "Thursday, March 14, 2024", "March 14", "Thursday"),
        ("de", "Donnerstag, 14. März 2024", "14. März", "Donnerstag"),
        ("de-CH", "Donnerstag, 14. März 2024", "14. März", "Donnerstag"),
        ("fr", "jeudi 14 mars 2024", "14 mars", "jeudi"),
        ("es", "jueves, 14 de marzo de 2024", "14 de marzo", "jueves"),
    ],
)
def test_dates(language: str, long: str, short: str, weekday: str) -> None:
    own = words(language)
    assert (own.long_date(DAY), own.day_month(DAY), own.weekday(DAY)) == (long, short, weekday)


def test_messages_lists_and_numbers() -> None:
    german = words("de-AT")
    assert german.gettext("Listen from %(time)s", time="1:05") == "Anhören ab 1:05"
    assert german.listed(["A", "B", "C"]) == "A, B und C"
    counted = [
        words("fr").ngettext("%(count)s insight", "%(count)s insights", n) for n in (0, 1, 2)
    ]
    assert counted == ["0 idée", "1 idée", "2 idées"]
    assert words().gettext("100 % as it stands") == "100 % as it stands"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("A so-called 'pause'", "A so-called “pause”"),
        ('He says "no"', "He says “no”"),
        ("It’s “no”", "It’s “no”"),
        ("Teenagers' bodies don't", "Teenagers’ bodies don’t"),
        ("\"I call it 'it'\"", "“I call it ‘it’”"),
        ("the '90s", "the ’90s"),
        ("<b> *x* &amp; \\", "<b> *x* &amp; \\"),
    ],
)
def test_one_kind_of_quotation_marks(written: str, shown: str) -> None:
    assert words().typographic(written) == shown


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "“I call it ‘it’”, don’t you?"),
        ("de", "„I call it ‚it‘“, don’t you?"),
        ("fr", "«\u00a0I call it “it”\u00a0», don’t you?"),
        ("es", "«I call it “it”», don’t you?"),
    ],
)
def test_each_language_has_its_own_marks(language: str, shown: str) -> None:
    assert words(language).typographic("\"I call it 'it'\", don't you?") == shown


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ("I wait.", "“I wait.”"),
        ('"I wait."', "“I wait.”"),
        ("“I don't know”, I said.", "“‘I don’t know’, I said.”"),
        ("“No,” he said, “never.”", "“‘No,’ he said, ‘never.’”"),
        ('"I said "no" to it."', "“I said ‘no’ to it.”"),
        ("  ", "“”"),
    ],
)
def test_a_quote_stands_in_quotation_marks_once(said: str, quoted: str) -> None:
    assert words().quoted(said) == quoted


@example("‘‘")
@given(st.text(alphabet=st.characters(exclude_characters="\0\r")))
def test_setting_quotes_changes_nothing_else(text: str) -> None:
    """But for single marks that become double, what identifies an insight stays the same."""
    shown = normalise(words().typographic(text))
    assert shown.replace('"', "'") == normalise(text).replace('"', "'")


@given(st.text(alphabet="\"' ab“”‘’„«»", max_size=30))
def test_any_mixture_of_marks_is_set_and_no_mark_is_lost(text: str) -> None:
    for language in ("en", "de", "es"):
        shown = words(language).typographic(text)
        assert len(shown) == len(text)
        assert not set(shown) & {"\ue000", "\ue001"}
