"""0015: who read whose data: office, posting or claim and kinds of fields; every entry chained to the one before it"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_PAGE = 1000
_NEW = ("office", "about", "fields", "hash")
_HASHED = ("n", "at", "account_id", "role", "office", "person_id", "action", "about", "fields", "purpose")
_START = "gongqiao audit 1"
# What an entry called its action so far, by its beginning: what it is called now; the rest names the posting or the claim.
_ACTIONS = (
    ("candidates of ", "candidates"),
    ("candidate profile", "candidates"),
    ("contact of ", "contact"),
    ("claims of the region", "claims"),
    ("claim ", "claim"),
    ("civil affairs: ", "civil_affairs"),
)


def upgrade() -> None:
    for name in _NEW:
        op.add_column("access_audit", sa.Column(name, sa.String(), server_default="", nullable=False))
    op.create_index("access_audit_by_account", "access_audit", ["account_id", "n"])
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("access_audit", "n", type_=sa.BigInteger(), existing_type=sa.Integer())
        op.execute("ALTER SEQUENCE access_audit_n_seq AS bigint")
    _chain(op.get_bind())


def _chain(connection: sa.Connection) -> None:
    """Chain what is there, in its order. Numbers that were never given are closed up: from now on a gap says that an entry is missing."""
    table = sa.table("access_audit", *(sa.column(name) for name in (*_HASHED, "hash")))
    changed = sa.update(table).where(table.c.n == sa.bindparam("was"))
    last, n, hash_ = 0, 0, _START
    while True:
        page = connection.execute(sa.select(table).where(table.c.n > last).order_by(table.c.n).limit(_PAGE)).mappings().all()
        if not page:
            return
        rows = []
        for found in page:
            last, n = found["n"], n + 1
            row = {**found, "n": n, **_named(found["action"])}
            content = json.dumps([row[name] for name in _HASHED], ensure_ascii=False, separators=(",", ":"))
            hash_ = hashlib.sha256(f"{hash_}\n{content}".encode()).hexdigest()
            rows.append({"was": last, "to": n, "called": row["action"], "of": row["about"], "shown": row["fields"], "sealed": hash_})
        values = {"n": "to", "action": "called", "about": "of", "fields": "shown", "hash": "sealed"}
        connection.execute(changed.values({name: sa.bindparam(given) for name, given in values.items()}), rows)


def _named(action: str) -> dict[str, Any]:
    """The action by its present name, with what stood behind it."""
    for beginning, name in _ACTIONS:
        if action.startswith(beginning):
            rest = action.removeprefix(beginning)
            if name == "civil_affairs":
                return {"action": name, "about": "", "fields": "person_id,region,exit"}
            return {"action": name, "about": rest, "fields": "score,trade,reasons" if name == "candidates" else ""}
    return {"action": "claim_made" if action == "claim" else action, "about": "", "fields": ""}
