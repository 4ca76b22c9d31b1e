"""Writes the next migration: what the tables in the code have that the migrations so far do not.

    python -m infra.make_revision 0003 "What it is for."

Read it before it is committed: a renamed column looks like one that goes and one that comes, and data is moved by hand.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from infra.migrate import migrate, newest
from infra.schema import metadata, product_tables
from streams.runtime.database import Where, url_of

_FORM = '''"""{number}: {what}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = {before}
branch_labels = None
depends_on = None


def upgrade() -> None:
    {body}
'''


def _ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
    """Only tables that the product's own modules declare; a test's made-up subject registers its tables in the same metadata.

    PostgreSQL's hidden column for followers (migration 0003) is none of the program's, and of two constraints that say the same (0001) it
    keeps one.
    """
    if kind == "unique_constraint":
        return getattr(getattr(thing, "table", None), "name", "") != "idempotency"
    if kind == "column":
        return name != "xid" or "outbox" in str(getattr(thing, "table", ""))
    if kind == "index":
        return not str(name).startswith("matching_") or not str(name).endswith("_by_transaction")
    return kind != "table" or name in {table.name for table in product_tables()}


def differences(database: Where) -> list[object]:
    """What the code's tables have that this migrated database does not, and the other way round; empty when they agree."""
    engine = create_engine(url_of(database))
    with engine.connect() as connection:
        found = produce_migrations(MigrationContext.configure(connection, opts={"include_object": _ours}), metadata).upgrade_ops
    engine.dispose()
    return list(found.as_diffs()) if found is not None else []


def rendered(number: str, what: str, *, from_nothing: bool = False) -> str:
    """The migration's source."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "g.sqlite"
        if not from_nothing:
            migrate(database)
        engine = create_engine(f"sqlite:///{database}")
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"render_as_batch": True, "include_object": _ours})
            operations = produce_migrations(context, metadata).upgrade_ops
            assert operations is not None
            body = render_python_code(operations, render_as_batch=True)
        engine.dispose()
    body = "\n".join(line for line in body.splitlines() if not line.strip().startswith("# ###")).strip()
    # A condition written as an expression is rendered as bare text, which nothing can compile.
    body = re.sub(r"((?:sqlite|postgresql)_where)=('[^']*')", r"\1=sa.text(\2)", body)
    return _FORM.format(number=number, what=what, before="None" if from_nothing else f'"{newest()}"', body=body)


if __name__ == "__main__":
    _number, _what = sys.argv[1:]
    _file = Path(__file__).parent / "migrations" / "versions" / f"{_number}_{'_'.join(_what.lower().split()[:4]).strip('.,;:')}.py"
    _file.write_text(rendered(_number, _what))
    sys.stdout.write(f"{_file}\n")
