"""What is kept for ever and what is dropped after a while have tables of their own; when and why a
reader left; a file belongs to the machine that reads it."""

import json
import socket
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_MANY = 500
_REASONS = ("too_few", "too_late", "expired", "refused", "unsubscribed", "cancelled")
_MORE_REASONS = (*_REASONS[:5], "bounced", "complained", "cancelled")

_explanation = sa.table(
    "explanation",
    sa.column("issue_id", sa.Integer),
    sa.column("composed_at", sa.DateTime(timezone=True)),
    sa.column("body", sa.LargeBinary),
)
_issue = sa.table(
    "issue",
    sa.column("id", sa.Integer),
    sa.column("date", sa.Date),
    sa.column("runners_up", sa.JSON),
)
_pick = sa.table(
    "pick",
    sa.column("issue_id", sa.Integer),
    sa.column("rank", sa.Integer),
    sa.column("insight_id", sa.Integer),
    sa.column("score", sa.Float),
    *(sa.column(name, sa.JSON) for name in ("signals", "citation", "echoes", "related")),
    sa.column("reason", sa.Text),
)


def upgrade() -> None:
    db = op.get_bind()
    _create_explanations()
    _fill_explanations(db)
    _narrow_picks(db)
    op.drop_column("issue", "runners_up")
    _create_recipients(db)
    op.add_column("subscriber", sa.Column("state_changed_at", sa.DateTime(timezone=True)))
    op.add_column(
        "subscriber", sa.Column("state_reason", sa.Text(), nullable=False, server_default="")
    )
    db.execute(
        sa.text(
            "UPDATE subscriber SET state_changed_at = activated_at"
            " WHERE state IN ('active', 'pending')"
        )
    )
    _change_reasons(db, _REASONS, _MORE_REASONS)
    _name_sources(db)


def downgrade() -> None:
    db = op.get_bind()
    db.execute(
        sa.text(
            "UPDATE delivery SET reason = 'unsubscribed' WHERE reason IN ('bounced', 'complained')"
        )
    )
    _change_reasons(db, _MORE_REASONS, _REASONS)
    _forget_sources(db)
    op.drop_column("subscriber", "state_reason")
    op.drop_column("subscriber", "state_changed_at")
    op.drop_table("recipient")
    op.add_column("issue", sa.Column("runners_up", sa.JSON(), nullable=False, server_default="[]"))
    _widen_picks(db)
    _restore_explanations(db)
    op.drop_table("explanation")


def _create_explanations() -> None:
    op.create_table(
        "explanation",
        sa.Column("issue_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("composed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_explanation_issue_id"),
        sa.PrimaryKeyConstraint("issue_id", name="pk_explanation"),
    )
    op.create_index("ix_explanation_composed_at", "explanation", ["composed_at"])


def _fill_explanations(db: sa.Connection) -> None:
    """When an issue was composed was not kept: noon of its date is near enough to drop it by."""
    for ids in _batches(db, sa.select(_issue.c.id)):
        picks: dict[int, list[Any]] = {issue_id: [] for issue_id in ids}
        rows = db.execute(sa.select(_pick).where(_pick.c.issue_id.in_(ids)).order_by(_pick.c.rank))
        for row in rows.all():
            picks[row.issue_id].append(_explained(row))
        db.execute(
            _explanation.insert(),
            [
                {
                    "issue_id": row.id,
                    "composed_at": _noon(row.date),
                    "body": _packed([picks[row.id], _runners_up(row.runners_up)]),
                }
                for row in db.execute(sa.select(_issue).where(_issue.c.id.in_(ids))).all()
            ],
        )


def _explained(row: sa.Row[Any]) -> list[Any]:
    echoes, related = ([_echo(one) for one in some] for some in (row.echoes, row.related))
    return [row.score, row.signals, row.citation, echoes, related, row.reason]


def _echo(one: dict[str, Any]) -> list[Any]:
    """Its text is the insight's, which never changes."""
    return [one["insight_id"], one["similarity"], one.get("heard"), one.get("shared", [])]


def _runners_up(some: list[dict[str, Any]]) -> list[list[Any]]:
    return [[one["insight_id"], one["score"], one["signals"], one["why"]] for one in some]


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _packed(body: list[Any]) -> bytes:
    return zlib.compress(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def _batches(db: sa.Connection, query: sa.Select[Any]) -> Iterator[Sequence[int]]:
    ids = sorted(db.scalars(query))
    for start in range(0, len(ids), _MANY):
        yield ids[start : start + _MANY]


def _narrow_picks(db: sa.Connection) -> None:
    if db.dialect.name != "sqlite":
        op.drop_index("ix_pick_issue_id_insight_id", table_name="pick")
        for name in ("score", "signals", "citation", "echoes", "related", "reason"):
            op.drop_column("pick", name)
        return
    op.create_table(
        "pick_narrow",
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("insight_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["insight_id"], ["insight.id"], name="fk_pick_insight_id"),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_pick_issue_id"),
        sa.PrimaryKeyConstraint("issue_id", "rank", name="pk_pick"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO pick_narrow SELECT issue_id, rank, insight_id FROM pick"
        " ORDER BY issue_id, rank"
    )
    op.drop_table("pick")
    op.rename_table("pick_narrow", "pick")
    op.create_index("ix_pick_insight_id", "pick", ["insight_id"])


def _create_recipients(db: sa.Connection) -> None:
    """A message that waits is the one it was: its Date was the due instant until now."""
    op.create_table(
        "recipient",
        sa.Column("delivery_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("composed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("interests", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_recipient_delivery_id"),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_recipient"),
    )
    op.create_index("ix_recipient_composed_at", "recipient", ["composed_at"])
    db.execute(
        sa.text(
            "INSERT INTO recipient (delivery_id, composed_at, name, timezone, hour, interests)"
            " SELECT d.id, d.due_at, s.name, s.timezone, s.hour, s.interests"
            " FROM delivery d JOIN subscriber s ON s.id = d.subscriber_id"
            " WHERE d.issue_id IS NOT NULL ORDER BY d.id"
        )
    )


def _change_reasons(db: sa.Connection, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    old, new = (" OR ".join(f"reason = {one!r}" for one in some) for some in (before, after))
    if db.dialect.name == "sqlite":
        _rewrite_check(db, f"CHECK ({old})", f"CHECK ({new})")
    else:
        check = op.f("ck_delivery_reason")
        op.drop_constraint(check, "delivery", type_="check")
        op.create_check_constraint(check, "delivery", new)


def _rewrite_check(db: sa.Connection, before: str, after: str) -> None:
    """In the schema's own text (sqlite.org/lang_altertable.html, 7): every row that is there
    passes both, and years of them need not be copied."""
    version = db.scalar(sa.text("PRAGMA schema_version"))
    db.execute(sa.text("PRAGMA writable_schema = ON"))
    try:
        db.execute(
            sa.text(
                "UPDATE sqlite_master SET sql = replace(sql, :before, :after)"
                " WHERE name = 'delivery'"
            ),
            {"before": before, "after": after},
        )
        db.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    finally:
        db.execute(sa.text("PRAGMA writable_schema = OFF"))


def _name_sources(db: sa.Connection) -> None:
    """The files that are there are taken to be this machine's."""
    with op.batch_alter_table("file") as table:
        table.add_column(sa.Column("source", sa.Text(), nullable=False, server_default=""))
        table.drop_constraint("pk_file", type_="primary")
        table.create_primary_key("pk_file", ["source", "path"])
    db.execute(sa.text("UPDATE file SET source = :host"), {"host": socket.gethostname()})


def _forget_sources(db: sa.Connection) -> None:
    """Of the same path on several machines the first one's row stays."""
    db.execute(
        sa.text(
            "DELETE FROM file WHERE EXISTS (SELECT 1 FROM file AS other"
            " WHERE other.path = file.path AND other.source < file.source)"
        )
    )
    with op.batch_alter_table("file") as table:
        table.drop_constraint("pk_file", type_="primary")
        table.drop_column("source")
        table.create_primary_key("pk_file", ["path"])


def _widen_picks(db: sa.Connection) -> None:
    """With empty values, which is what stays of an issue whose explanation was dropped."""
    if db.dialect.name == "sqlite":
        with op.batch_alter_table("pick", recreate="always") as table:
            _add_explaining(table)
    else:
        with op.batch_alter_table("pick") as table:
            _add_explaining(table)
    op.create_index("ix_pick_issue_id_insight_id", "pick", ["issue_id", "insight_id"])


def _add_explaining(table: Any) -> None:
    table.add_column(sa.Column("score", sa.Float(), nullable=False, server_default="0"))
    for name, empty in (("signals", "{}"), ("citation", "{}"), ("echoes", "[]"), ("related", "[]")):
        table.add_column(sa.Column(name, sa.JSON(), nullable=False, server_default=empty))
    table.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))


def _restore_explanations(db: sa.Connection) -> None:
    for ids in _batches(db, sa.select(_explanation.c.issue_id)):
        query = sa.select(_explanation).where(_explanation.c.issue_id.in_(ids))
        for row in db.execute(query).all():
            picks, runners_up, *_ = json.loads(zlib.decompress(row.body))  # later: more
            texts = _texts(db, picks, runners_up)
            for rank, pick in enumerate(picks, start=1):
                mine = (_pick.c.issue_id == row.issue_id) & (_pick.c.rank == rank)
                db.execute(_pick.update().where(mine).values(_wide(pick, texts)))
            told = [_wide_runner_up(one, texts) for one in runners_up]
            issue = _issue.update().where(_issue.c.id == row.issue_id)
            db.execute(issue.values(runners_up=told))


def _texts(db: sa.Connection, picks: list[Any], runners_up: list[Any]) -> dict[int, str]:
    ids = {echo[0] for pick in picks for echo in (*pick[3], *pick[4])}
    ids |= {one[0] for one in runners_up}
    insight = sa.table("insight", sa.column("id", sa.Integer), sa.column("text", sa.Text))
    query = sa.select(insight).where(insight.c.id.in_(ids))
    return {row.id: row.text for row in db.execute(query)}


def _wide(pick: list[Any], texts: dict[int, str]) -> dict[str, Any]:
    score, signals, citation, echoes, related, reason, *_ = pick
    return {
        "score": score,
        "signals": signals,
        "citation": citation,
        "echoes": [_wide_echo(one, texts) for one in echoes],
        "related": [_wide_echo(one, texts) for one in related],
        "reason": reason,
    }


def _wide_echo(one: list[Any], texts: dict[int, str]) -> dict[str, Any]:
    insight_id, similarity, heard, shared, *_ = one
    text = texts.get(insight_id, "")
    return {
        "insight_id": insight_id,
        "text": text if len(text) <= 200 else f"{text[:199]}…",
        "similarity": similarity,
        "heard": heard,
        "shared": shared,
    }


def _wide_runner_up(one: list[Any], texts: dict[int, str]) -> dict[str, Any]:
    insight_id, score, signals, why = one
    return {
        "insight_id": insight_id,
        "text": texts.get(insight_id, ""),
        "score": score,
        "signals": signals,
        "why": why,
    }
