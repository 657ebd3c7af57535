"""The table of transitions: complete, drawn in the documents, and the only way to a state."""

import ast
from itertools import product
from pathlib import Path

import pytest

from newsletter.domain.states import DeliveryState, Transition
from newsletter.storage import Store, transitions
from newsletter.storage.schema import delivery
from newsletter.storage.transitions import BEGINNINGS, MOVES
from tests.builders import NOON
from tests.program import FILES, ROOT, nodes_of_files_with, source
from tests.storage.test_ledger import fill, states

HOME = ROOT / "newsletter" / "storage" / "transitions.py"
WRITES = {"update", "insert", "delete", "insert_new"}


def writers_to_deliveries() -> set[Path]:
    """Files where a call that writes names the table (as it is imported everywhere)."""
    paths = set()
    for path, node in nodes_of_files_with("deliver"):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        named = [*node.args, *([owner] if owner is not None else [])]
        tables = {node.id for node in named if isinstance(node, ast.Name)}
        if name in WRITES and tables & {"deliveries", "delivery"}:
            paths.add(path)
    return paths


def test_nothing_else_writes_to_the_ledger() -> None:
    assert writers_to_deliveries() == {HOME}
    assert not [path for path in FILES if "UPDATE delivery" in source(path)]


def test_every_transition_and_beginning_stands_in_the_documents() -> None:
    drawn = (ROOT / "docs" / "ledger.md").read_text()
    assert set(MOVES) == set(Transition)
    for transition, move in MOVES.items():
        reason = f" ({move.reason})" if move.reason else ""
        row = f"| {transition} | {', '.join(move.before)} | {move.after}{reason} |"
        assert row in drawn
    for state, why in BEGINNINGS:
        assert f"| begin | none | {state}{f' ({why})' if why else ''} |" in drawn
    table = drawn.partition("\n## ")[0]
    assert table.count("\n| ") == len(MOVES) + len(BEGINNINGS) + 2


def test_a_row_in_another_state_is_not_moved(store: Store) -> None:
    fill(store)
    for (transition, move), state in product(MOVES.items(), DeliveryState):
        reason = move.only[0] if move.only else None
        with store.writing() as db:
            db.execute(delivery.update().values(state=state, reason=reason, owner="me"))
            moved = transitions.move(db, transition, delivery.c.id > 0, changed_at=NOON)
        assert moved == (state in move.before), (transition, state)
        after = (move.after, move.reason) if moved else (state, reason)
        assert states(store) == [after], (transition, state)


@pytest.mark.parametrize("state", DeliveryState)
def test_only_what_is_open_is_amended(sqlite: Store, state: DeliveryState) -> None:
    fill(sqlite)
    with sqlite.writing() as db:
        db.execute(delivery.update().values(state=state, owner="me"))
        amended = transitions.amend(db, delivery.c.id > 0, next_attempt_at=NOON)
    assert amended == (state in ("pending", "sending"))


def test_a_state_cannot_be_written_on_the_side(sqlite: Store) -> None:
    with sqlite.writing() as db:
        with pytest.raises(AssertionError):
            transitions.move(db, Transition.CLAIM, delivery.c.id > 0, state="sent")
        with pytest.raises(AssertionError):
            transitions.amend(db, delivery.c.id > 0, state="sent")
