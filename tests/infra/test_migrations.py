"""An older data directory is copied, then migrated in one transaction; what is newer or somebody else's is left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Column, select
from sqlalchemy.dialects import sqlite

from api.access import audit
from infra.composition import exchange
from infra.make_revision import differences, rendered
from infra.migrate import SchemaError, config, migrate, newest, revision_of
from streams.intake.gateway import receive_employers
from streams.policy import tables as policy
from streams.runtime.messages import from_json
from streams.runtime.tables import meta, upsert
from streams.staffing import tables as staffing
from tests.infra.conftest import settings_of

FIRST = "0001"
WEBHOOKS = ("webhooks", "webhook_deliveries")
LATER = (*WEBHOOKS, "policy_referrals", "policy_founders")  # tables that later versions made


def rows(database: Path, table: str = "log") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


def _columns(database: Path, table: str) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return ", ".join(f'"{name}"' for _, name, *_ in connection.execute(f"PRAGMA table_info({table})"))


def _as_before(database: Path, table: str, columns: str) -> list[tuple[object, ...]]:
    """The columns that the older version had, in its order."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"SELECT {columns} FROM {table} ORDER BY 1").fetchall()


def indexes(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}


def back_to_23(connection: sqlite3.Connection) -> None:
    """Without what came after version 0023."""
    for table in ("delivery_reach", "delivery_leanings"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("DROP INDEX intake_people_by_confirmed")
    for table, column in (("intake_people", "confirmed_on"), ("intake_people", "asked_on"), ("intake_postings", "asked_until")):
        connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def back_to_first(database: Path) -> None:
    """The database as version 0001 had it, with everything in it."""
    with closing(sqlite3.connect(database)) as connection:
        back_to_23(connection)
        connection.execute("DROP INDEX log_by_key")
        policy = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'policy\\_%' ESCAPE '\\'").fetchall()
        for table in (
            "outbox",
            "handled",
            "writers",
            "intake_reports",
            "help_channels",
            "delivery_notices",
            "delivery_searches",
            "delivery_search_keys",
            "delivery_finds",
            "intake_commitments",
            "matching_counts",
            "matching_parts",
            "shards_people",
            "access_second_factors",
            "access_recovery_codes",
            "access_resets",
            *WEBHOOKS,
            *(name for (name,) in policy),
        ):
            connection.execute(f"DROP TABLE {table}")
        without_offices(connection)
        connection.execute("ALTER TABLE access_sessions DROP COLUMN stage")
        for name in ("account_id", "key_id"):
            connection.execute(f"DROP INDEX ix_access_api_keys_{name}")
        for column in ("key_id", "name", "actions", "last_day", "last_used_on"):
            connection.execute(f"ALTER TABLE access_api_keys DROP COLUMN {column}")
        connection.execute("ALTER TABLE delivery_outgoing DROP COLUMN employer_id")
        connection.execute("DROP INDEX access_audit_by_account")
        for column in ("office", "about", "fields", "hash"):
            connection.execute(f"ALTER TABLE access_audit DROP COLUMN {column}")
        connection.execute("ALTER TABLE intake_people DROP COLUMN consents")
        connection.execute("DROP INDEX intake_postings_by_trade")
        for column in ("first_public", "times_public", "accepted", "in_talks", "occupation_code", "pay_low", "pay_high"):
            connection.execute(f"ALTER TABLE intake_postings DROP COLUMN {column}")
        connection.execute("ALTER TABLE intake_blocks RENAME TO blocks")
        connection.execute("DROP INDEX intake_blocks_by_posting")
        connection.execute(
            "CREATE TABLE intake_blocks (block VARCHAR NOT NULL, posting_id VARCHAR NOT NULL, PRIMARY KEY (block, posting_id))"
        )
        connection.execute("CREATE INDEX intake_blocks_by_posting ON intake_blocks (posting_id)")
        connection.execute("INSERT INTO intake_blocks SELECT DISTINCT 'old', posting_id FROM blocks")
        connection.execute("DROP TABLE blocks")
        connection.execute("UPDATE alembic_version SET version_num = ?", (FIRST,))
        connection.commit()


def without_offices(connection: sqlite3.Connection) -> None:
    """Take away what 0027 and 0028 added."""
    for table in ("access_provider_links", "access_offices", "access_deputies"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("ALTER TABLE access_sessions DROP COLUMN acting_for")
    connection.execute("ALTER TABLE access_accounts DROP COLUMN office_id")


BLOCKS = "SELECT block, tail, posting_id FROM intake_blocks ORDER BY 1, 2, 3"
PAID = "SELECT posting_id, occupation_code, pay_low, pay_high, first_public FROM intake_postings ORDER BY 1"


def test_what_intake_looks_postings_up_by_is_made_anew_from_their_documents(folder: Path) -> None:
    database = folder / "gongqiao.sqlite"

    def looked_up() -> list[list[tuple[object, ...]]]:
        with closing(sqlite3.connect(database)) as connection:
            return [connection.execute(query).fetchall() for query in (BLOCKS, PAID)]

    before = looked_up()
    back_to_first(database)
    migrate(database)
    assert looked_up() == before
    assert all(before)


def test_whom_postings_reached_is_counted_from_what_was_pushed(folder: Path) -> None:
    database = folder / "gongqiao.sqlite"
    before = {posting_id: people for posting_id, people, _ in rows(database, "delivery_reach") if people}
    assert before
    back_to_first(database)
    migrate(database)
    assert {posting_id: people for posting_id, people, _ in rows(database, "delivery_reach")} == before


def test_people_said_last_what_they_stated_on_the_day_of_their_profile(folder: Path) -> None:
    database = folder / "gongqiao.sqlite"
    before = _as_before(database, "intake_people", "person_id, confirmed_on, asked_on")
    assert before
    back_to_first(database)
    migrate(database)
    assert _as_before(database, "intake_people", "person_id, confirmed_on, asked_on") == before


def test_what_people_agreed_to_is_of_the_day_of_their_profile(folder: Path) -> None:
    database = folder / "gongqiao.sqlite"

    def agreed() -> dict[str, list[tuple[str, bool, str]]]:
        with closing(sqlite3.connect(database)) as connection:
            kept = connection.execute("SELECT person_id, consents FROM intake_people").fetchall()
        return {person_id: [(one["purpose"], one["given"], one["at"]) for one in from_json(said)] for person_id, said in kept}

    before = agreed()
    assert any(before.values())
    back_to_first(database)
    migrate(database)
    assert agreed() == before


def test_who_read_whose_data_before_is_chained_in_its_order(folder: Path) -> None:
    database = folder / "gongqiao.sqlite"
    back_to_first(database)
    actions = ("profile", "candidates of p-1", "candidate profile", "claims of the region", "claim c-1", "contact of p-2", "claim",
               "civil affairs: person_id, region, from, to")  # fmt: skip
    with closing(sqlite3.connect(database)) as connection:
        for place, action in enumerate(actions):
            connection.execute(
                "INSERT INTO access_audit VALUES (?, '2026-11-20', 'a-1', 'commissioner', 'u-1', ?, '')", (3 + 2 * place, action)
            )
        connection.commit()
    migrate(database)
    with exchange(settings_of(folder), run=False) as opened, opened.reading() as connection:
        assert audit.verify(connection) == audit.Verdict(audit.head(connection))
        found = list(reversed(audit.listed(connection, None, 100)))
    assert [one["n"] for one in found] == list(range(1, len(actions) + 1))
    assert [(one["action"], one["about"]) for one in found] == [
        ("profile", ""), ("candidates", "p-1"), ("candidates", ""), ("claims", ""), ("claim", "c-1"), ("contact", "p-2"),
        ("claim_made", ""), ("civil_affairs", ""),
    ]  # fmt: skip


COUNTED = "SELECT * FROM policy_internship_posts ORDER BY posting_id"


def test_internship_posts_are_counted_from_what_intake_knows(folder: Path) -> None:
    database = folder / "gongqiao.sqlite"

    def counted() -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(database)) as connection:
            return connection.execute(COUNTED).fetchall()

    before = counted()
    back_to_first(database)
    migrate(database)
    assert counted() == before
    assert before


def test_what_policy_had_counted_is_there_for_the_hints_before_it_counts_again(folder: Path) -> None:
    database = folder / "gongqiao.sqlite"
    counted = (("e-a", b'{"absorbed":7,"poverty":0,"share":null}'), ("e-b", b'{"absorbed":0,"poverty":0,"share":null}'), ("e-c", None))
    with closing(sqlite3.connect(database)) as connection:
        without_offices(connection)
        back_to_23(connection)
        connection.execute("DROP TABLE matching_counts")
        connection.execute("ALTER TABLE intake_people DROP COLUMN consents")
        connection.execute("ALTER TABLE policy_claims DROP COLUMN marked_yuan")
        for table in LATER:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE alembic_version SET version_num = '0019'")
        insert = "INSERT INTO policy_employers (employer_id, revision, due, counters) VALUES (?, 1, 0, ?)"
        connection.executemany(insert, counted)
        connection.commit()
    migrate(database)
    assert rows(database, "matching_counts") == [("e-a", 0, 7, 0, None)]


def test_a_claim_from_before_takes_up_its_own_sum(folder: Path) -> None:
    database = folder / "gongqiao.sqlite"
    claims = (
        ("c-1", "accepted", "1000"),
        ("c-2", "paid", "800"),
        ("c-3", "approved", None),
        ("c-4", "refused", "0"),
        ("c-5", "rejected", "5"),
    )
    with closing(sqlite3.connect(database)) as connection:
        without_offices(connection)
        back_to_23(connection)
        connection.execute("ALTER TABLE policy_claims DROP COLUMN marked_yuan")
        for table in LATER:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE alembic_version SET version_num = '0021'")
        connection.executemany(
            'INSERT INTO policy_claims (claim_id, stage, yuan, revision, benefit, about, "on", received_at, changed_at, held, reasons,'
            " cleared, missing, failed, declared, evidence, objected)"
            " VALUES (?, ?, ?, 1, 'hiring_one_off', '', '2026-11-20', '', '', 0, '[]', '[]', '[]', '[]', '{}', '[]', 0)",
            claims,
        )
        connection.commit()
    migrate(database)
    with closing(sqlite3.connect(database)) as connection:
        kept = dict(connection.execute("SELECT claim_id, marked_yuan FROM policy_claims").fetchall())
    assert kept == {"c-1": "1000", "c-2": "800", "c-3": None, "c-4": None, "c-5": None}


PROMISES = (
    {"kind": "commitment", "number": "样例诺字第1号", "from": "2026-10-01"},
    {"kind": "commitment", "number": "样例诺字第2号"},
    {"kind": "commitment", "from": "2026-09-01", "checked_on": "2026-10-20"},
    {"kind": "licence", "number": "样例许字第1号", "from": "2026-09-01"},
    None,
)


def test_promises_of_agencies_are_taken_from_their_documents(folder: Path) -> None:
    agencies = [
        {"employer_id": f"e-agency-{number}", "name": f"太原样例{number}号人力资源有限公司", **({"licence": licence} if licence else {})}
        for number, licence in enumerate(PROMISES)
    ]
    with exchange(settings_of(folder)) as opened:
        receive_employers(opened, agencies, sender="test", verified=True)
        opened.runner.drain(240)
    database = folder / "gongqiao.sqlite"
    before = rows(database, "intake_commitments")
    back_to_first(database)
    migrate(database)
    assert rows(database, "intake_commitments") == before
    assert [employer for employer, *_ in before] == ["e-agency-0", "e-agency-1", "e-agency-2"]


@pytest.fixture
def older(folder: Path) -> Path:
    back_to_first(folder / "gongqiao.sqlite")
    return folder


def test_the_migrations_make_what_the_code_has(tmp_path: Path) -> None:
    migrate(tmp_path / "g.sqlite")
    assert differences(tmp_path / "g.sqlite") == [], "a table changed: python -m infra.make_revision NUMBER 'What for.', read it, commit it"


@pytest.mark.parametrize("due", [policy.employers.c.due, policy.hires.c.due, policy.referrals.c.due, staffing.employers.c.has_key], ids=str)
def test_what_is_due_is_found_by_its_partial_index(tmp_path: Path, due: Column[bool]) -> None:
    database = tmp_path / "g.sqlite"
    command.upgrade(config(f"sqlite:///{database}"), "0030")
    migrate(database)
    (key,) = due.table.primary_key.columns
    asked = select(key).where(due).order_by(key).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    with closing(sqlite3.connect(database)) as connection:
        plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {asked}")]
    (partial,) = (index.name for index in due.table.indexes if index.dialect_options["sqlite"]["where"] is not None)
    assert [one for one in plan if f"INDEX {partial}" in one] == plan


def test_the_first_version_is_what_it_was(tmp_path: Path) -> None:
    command.upgrade(config(f"sqlite:///{tmp_path / 'g.sqlite'}"), FIRST)
    assert revision_of(tmp_path / "g.sqlite") == FIRST
    assert "log_by_type" in indexes(tmp_path / "g.sqlite")
    assert "log_by_key" not in indexes(tmp_path / "g.sqlite")


def test_an_older_data_directory_is_migrated_after_a_backup_and_loses_nothing(older: Path) -> None:
    database = older / "gongqiao.sqlite"
    before = {table: rows(database, table) for table in ("log", "intake_postings", "delivery_pairs", "private_values")}
    assert all(before.values())
    columns = {table: _columns(database, table) for table in before}
    with exchange(settings_of(older)) as opened:
        opened.runner.drain(240)
    copy = older / f"gongqiao.before-{newest()}.sqlite"
    assert revision_of(copy) == FIRST
    assert revision_of(database) == newest()
    assert "log_by_key" in indexes(database)
    for table, content in before.items():
        assert rows(copy, table) == content
        assert _as_before(database, table, columns[table]) == content
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert copy.stat().st_mode & 0o077 == 0


def test_the_next_start_copies_nothing(older: Path) -> None:
    assert migrate(older / "gongqiao.sqlite") is not None
    assert migrate(older / "gongqiao.sqlite") is None
    assert len(list(older.glob("gongqiao.before-*"))) == 1


def test_an_earlier_copy_is_never_overwritten(older: Path) -> None:
    database = older / "gongqiao.sqlite"
    first = migrate(database)
    back_to_first(database)
    second = migrate(database)
    assert first is not None
    assert second is not None
    assert first != second
    assert first.exists()


def test_a_copy_can_be_gone_back_to(older: Path) -> None:
    from click.testing import CliRunner

    from infra.cli import cli

    copy = migrate(older / "gongqiao.sqlite")
    with exchange(settings_of(older), run=False) as opened:
        opened.write(lambda connection: upsert(connection, meta, {"name": "since", "value": "x"}))
    assert CliRunner().invoke(cli, ["restore", str(copy), "--data-dir", str(older), "--yes"]).exit_code == 0
    assert ("since", "x") not in rows(older / "gongqiao.sqlite", "meta")
    assert revision_of(older / "gongqiao.sqlite") == newest()


def test_a_migration_that_fails_leaves_the_old_version_whole(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    database = older / "gongqiao.sqlite"
    before = rows(database)

    def half(*_: object, **__: object) -> None:
        op.execute("CREATE TABLE half (x)")
        op.execute("DELETE FROM log")
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(op, "create_index", half)
        with pytest.raises(RuntimeError, match="power cut"):
            migrate(database)
    assert revision_of(database) == FIRST
    assert rows(database) == before
    assert "half" not in {name for (name,) in closing_names(database)}
    migrate(database)
    assert rows(database) == before


def closing_names(database: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT name FROM sqlite_master").fetchall()


def test_a_newer_database_is_left_alone(folder: Path) -> None:
    database = folder / "gongqiao.sqlite"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(SchemaError, match="upgrade the program"):
        migrate(database)


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "g.sqlite")) as connection:
        connection.execute("CREATE TABLE photographs (x)")
    with pytest.raises(SchemaError, match="not of an exchange"):
        migrate(tmp_path / "g.sqlite")


def test_the_next_migration_can_be_written() -> None:
    made = rendered("9999", "nothing")
    compile(made, "9999.py", "exec")
    assert 'down_revision = "' + newest() in made
