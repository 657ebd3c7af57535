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
from tests.storage.test_ledger import fill, states

ROOT = Path(__file__).parents[2]
HOME = ROOT / "newsletter" / "storage" / "transitions.py"
WRITES = {"update", "insert", "delete", "insert_new"}


def writes_to_deliveries(path: Path) -> list[int]:
    """Lines where a call that writes names the table (as it is imported everywhere)."""
    lines = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        named = [*node.args, *([owner] if owner is not None else [])]
        tables = {node.id for node in named if isinstance(node, ast.Name)}
        if name in WRITES and tables & {"deliveries", "delivery"}:
            lines.append(node.lineno)
    return lines


def test_nothing_else_writes_to_the_ledger() -> None:
    writers = {path for path in ROOT.glob("newsletter/**/*.py") if writes_to_deliveries(path)}
    assert writers == {HOME}
    raw = [
        path for path in ROOT.glob("newsletter/**/*.py") if "UPDATE delivery" in path.read_text()
    ]
    assert not raw


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


def test_a_state_cannot_be_written_on_the_side(sqlite: Store) -> None:
    with sqlite.writing() as db:
        with pytest.raises(AssertionError):
            transitions.move(db, Transition.CLAIM, delivery.c.id > 0, state="sent")
        with pytest.raises(AssertionError):
            transitions.amend(db, delivery.c.id > 0, state="sent")
