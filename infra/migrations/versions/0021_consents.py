"""0021: what people agreed to, with its days"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from streams.runtime.messages import from_json, to_json

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_PAGE = 1000
_PURPOSES = ("recommend", "share_with_employers", "share_with_civil_affairs")


def upgrade() -> None:
    op.add_column("intake_people", sa.Column("consents", sa.LargeBinary(), nullable=True))
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """What profiles say now, of the day they were said; what was said before, only the log knows: ``gongqiao rebuild intake``."""
    table = sa.table("intake_people", *(sa.column(name) for name in ("person_id", "doc", "changed_at", "consents")))
    change = sa.update(table).where(table.c.person_id == sa.bindparam("of")).values(consents=sa.bindparam("said"))
    after = ""
    while True:
        query = sa.select(table).where(table.c.person_id > after).order_by(table.c.person_id).limit(_PAGE)
        page = connection.execute(query).all()
        if not page:
            return
        after = page[-1].person_id
        connection.execute(change, [{"of": one.person_id, "said": to_json(_said(one))} for one in page])


def _said(one: Any) -> list[dict[str, Any]]:
    given = (from_json(one.doc).get("consent") or {}) if one.doc is not None else {}
    said = [(purpose, given.get(purpose)) for purpose in _PURPOSES]
    return [{"purpose": purpose, "given": now, "at": one.changed_at, "by": ""} for purpose, now in said if now is not None]
