"""What a model answers, read: claims, or a reason."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ingest.writer.answers import Claim, NotJson, claims

ONE = {"text": "Stone keeps heat.", "segment_ids": [1, 2]}
CLAIM = Claim("Stone keeps heat.", (1, 2))


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"insights": [ONE]}),
        json.dumps([ONE]),
        "\n```json\n" + json.dumps({"insights": [ONE]}, indent=2) + "\n```\n",
        "```\n" + json.dumps({"insights": [ONE]}) + "\n```",
        '<think>{"insights": []} or not?</think>\n' + json.dumps({"insights": [ONE]}),
        json.dumps({"insights": [{**ONE, "speaker": "Ana"}], "note": "done"}),
        json.dumps({"insights": [{**ONE, "text": " Stone\n keeps\theat. "}]}),
    ],
)
def test_the_same_claim_in_every_form(content: str) -> None:
    assert claims(content) == ([CLAIM], 0)


def test_none_is_an_answer() -> None:
    assert claims('{"insights": []}') == ([], 0)


@pytest.mark.parametrize(
    "item",
    [
        {"text": "No ids."},
        {"text": "Words for ids.", "segment_ids": ["one"]},
        {"text": "Halves.", "segment_ids": [1.5]},
        {"text": "No list.", "segment_ids": 1},
        {"text": None, "segment_ids": [1]},
        {"segment_ids": [1]},
        "a text alone",
        None,
        7,
        [],
    ],
)
def test_an_item_of_another_form_is_counted_and_the_others_stay(item: object) -> None:
    assert claims(json.dumps({"insights": [item, ONE]})) == ([CLAIM], 1)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "I am sorry, I cannot do that.",
        "{'insights': []}",
        '{"insights": [{"text": "Cut o',
        '{"insight": []}',
        '{"insights": {}}',
        '"insights"',
        "NaN",
        "[" * 100_000,
        '{"insights": [' + "[" * 5_000 + "]" * 5_000 + "]",
        "\ud800",
    ],
)
def test_no_json_is_told_so(content: str) -> None:
    with pytest.raises(NotJson):
        claims(content)


@given(st.text())
def test_whatever_comes_it_is_claims_or_no_json(content: str) -> None:
    try:
        made, other = claims(content)
    except NotJson:
        return
    assert other >= 0
    assert all(isinstance(claim, Claim) for claim in made)
