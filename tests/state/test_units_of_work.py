"""Units of work on PostgreSQL: durable when answered, never half done, whatever becomes of the connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from infra.composition import open_shared
from streams.runtime.database import EngineFault, is_engine_fault, open_engine, plain_reason, url_of
from streams.runtime.jobs import WriterStopped
from streams.runtime.log import Bell
from streams.runtime.sealing import HASH_KEY
from streams.runtime.tables import meta, upsert, writers
from streams.runtime.units import Answer, OutcomeUnknown, Session, Units
from tests.state.between import Between

pytestmark = pytest.mark.engine


@pytest.fixture
def between(database: str) -> Iterator[Between]:
    made = Between(database)
    yield made
    made.close()


@pytest.fixture
def engine(between: Between) -> Iterator[Engine]:
    made = open_engine(between.url)
    yield made
    made.dispose()


@pytest.fixture
def readers(database: str) -> Iterator[Engine]:
    made = open_engine(database, read_only=True)
    yield made
    made.dispose()


@pytest.fixture
def units(engine: Engine) -> Iterator[Units]:
    made = Units(engine, Bell(), patience=120)
    made.start()
    yield made
    made.stop()


def names(readers: Engine) -> list[str]:
    with readers.connect() as connection:
        return list(connection.execute(select(meta.c.name).order_by(meta.c.name)).scalars())


def put(name: str) -> Callable[[Connection], str]:
    def job(connection: Connection) -> str:
        connection.execute(meta.insert().values(name=name, value="1"))
        return name

    return job


def counted(job: Callable[[Connection], Any], runs: list[int]) -> Callable[[Connection], Any]:
    def counting(connection: Connection) -> Any:
        runs.append(1)
        return job(connection)

    return counting


def test_what_is_answered_is_committed(units: Units, readers: Engine) -> None:
    assert units.run(put("a")) == "a"
    assert names(readers) == ["a"]


def test_a_job_that_raises_leaves_nothing_and_does_not_touch_the_others(engine: Engine, readers: Engine) -> None:
    def broken(connection: Connection) -> None:
        put("broken")(connection)
        connection.execute(text("SELECT 1/0"))

    session = Session(engine)
    answers, _ = session.commit([put("a"), broken, put("b")], "edge")
    assert [answer.value for answer in answers] == ["a", None, "b"]
    assert "division by zero" in str(answers[1].error)
    assert names(readers) == ["a", "b"]
    session.close()


def test_a_connection_lost_between_units_is_not_noticed(units: Units, between: Between, readers: Engine) -> None:
    units.run(put("a"))
    between.cut()
    assert units.run(put("b")) == "b"
    assert units.fault is None
    assert names(readers) == ["a", "b"]


def test_a_connection_lost_in_mid_unit_has_the_job_run_again_from_nothing(units: Units, between: Between, readers: Engine) -> None:
    runs: list[int] = []

    def cut_once(connection: Connection) -> None:
        put("a")(connection)
        runs.append(1)
        if len(runs) == 1:
            between.cut()
        put("b")(connection)

    units.run(cut_once)
    assert len(runs) == 2
    assert names(readers) == ["a", "b"]


def test_a_commit_whose_answer_is_lost_is_answered_and_not_done_again(units: Units, between: Between, readers: Engine) -> None:
    runs: list[int] = []
    units.run(put("before"))
    between.lose_answer_to(b"COMMIT")
    assert units.run(counted(put("a"), runs)) == "a"
    assert between.lost == 1
    assert len(runs) == 1, "it was committed: a second run would have failed on its own row, or done a thing twice"
    assert names(readers) == ["a", "before"]


def test_a_commit_that_never_arrived_is_done_again(units: Units, between: Between, readers: Engine) -> None:
    runs: list[int] = []
    units.run(put("before"))
    between.lose(b"COMMIT")
    assert units.run(counted(put("a"), runs)) == "a"
    assert between.lost == 1
    assert len(runs) == 2
    assert names(readers) == ["a", "before"]


def test_the_very_first_commit_of_a_process_is_decided_as_well(engine: Engine, between: Between, readers: Engine) -> None:
    runs: list[int] = []
    session = Session(engine, patience=120)
    session.commit([lambda connection: None], "edge")
    between.lose_answer_to(b"COMMIT")
    assert session.commit([counted(put("a"), runs)], "edge")[0] == [Answer("a")]
    assert len(runs) == 1
    session.close()


def test_an_administrator_who_ends_the_session_is_an_engines_fault_that_passes(units: Units, database: str, readers: Engine) -> None:
    runs: list[int] = []

    def ended_once(connection: Connection) -> None:
        put("a")(connection)
        runs.append(1)
        if len(runs) == 1:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
            with create_engine(url_of(database)).connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        put("b")(connection)

    units.run(ended_once)
    assert names(readers) == ["a", "b"]


def test_a_server_that_stays_away_is_an_engines_fault_in_plain_words(engine: Engine, between: Between, readers: Engine) -> None:
    session = Session(engine, patience=0.3)
    session.commit([put("a")], "edge")
    between.close()
    with pytest.raises(EngineFault, match="does not answer"):
        session.commit([put("b")], "edge")
    assert session.fault is not None
    assert names(readers) == ["a"]


def test_a_server_that_goes_away_in_mid_commit_and_stays_away_is_said_to_be_unknown(
    engine: Engine, between: Between, readers: Engine
) -> None:
    session = Session(engine, patience=0.3)
    session.commit([put("a")], "edge")
    between.lose_answer_to(b"COMMIT", and_close=True)
    with pytest.raises(OutcomeUnknown, match="not known"):
        session.commit([put("b")], "edge")
    assert names(readers) == ["a", "b"]


def test_who_reads_while_the_server_is_away_is_told_so(between: Between) -> None:
    part = open_shared(between.url, b"k" * 32)
    with part.exchange.reading() as connection:
        assert connection.execute(select(meta.c.name)).scalars().all() == [HASH_KEY]
    between.close()
    with pytest.raises(EngineFault, match="does not answer"), part.exchange.reading() as connection:
        connection.execute(select(meta))
    part.close()


def test_two_transactions_in_each_others_way_are_both_done(engine: Engine, readers: Engine) -> None:
    """A deadlock undoes one of the two; it is run again by itself."""
    with engine.begin() as connection:
        upsert(connection, meta, [{"name": "x", "value": "0"}, {"name": "y", "value": "0"}])
    meet = threading.Barrier(2, timeout=120)
    runs: list[str] = []

    def crossing(first: str, then: str) -> Callable[[Connection], None]:
        def job(connection: Connection) -> None:
            runs.append(first)
            add(connection, first)
            if len(runs) <= 2:
                meet.wait()
            add(connection, then)

        return job

    def add(connection: Connection, name: str) -> None:
        connection.execute(text("UPDATE meta SET value = (value::int + 1)::text WHERE name = :name"), {"name": name})

    sessions = [Session(engine, patience=120), Session(engine, patience=120)]
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(sessions[0].commit, [crossing("x", "y")], "subject:one"),
            pool.submit(sessions[1].commit, [crossing("y", "x")], "subject:two"),
        ]
        assert [one.result()[0] for one in both] == [[Answer()], [Answer()]]
    assert len(runs) == 3
    with readers.connect() as connection:
        assert connection.execute(select(meta.c.value)).scalars().all() == ["2", "2"]
    for session in sessions:
        session.close()


def test_units_under_one_lock_do_not_mix(engine: Engine, readers: Engine) -> None:
    """Read, think, write, from eight sessions at once: without the lock counts would be lost."""
    with engine.begin() as connection:
        upsert(connection, meta, {"name": "n", "value": "0"})

    def add(connection: Connection) -> None:
        value = int(connection.execute(select(meta.c.value).where(meta.c.name == "n")).scalar_one())
        upsert(connection, meta, {"name": "n", "value": str(value + 1)})

    def many() -> None:
        session = Session(engine, patience=120)
        for _ in range(25):
            session.commit([add], "edge")
        session.close()

    with ThreadPoolExecutor(8) as pool:
        for one in [pool.submit(many) for _ in range(8)]:
            one.result()
    with readers.connect() as connection:
        assert connection.execute(select(meta.c.value)).scalar() == "200"
        assert connection.execute(select(writers)).all() == [], "who is through leaves no row"


def test_what_is_submitted_before_the_stop_is_done_and_after_it_refused(engine: Engine, readers: Engine) -> None:
    units = Units(engine, Bell())
    units.start()
    futures = [units.submit(put(str(number))) for number in range(50)]
    units.stop()
    assert sorted(future.result() for future in futures) == names(readers)
    with pytest.raises(WriterStopped):
        units.run(put("late"))


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("RAISE EXCEPTION USING ERRCODE = '53100'", "disk of the database server is full"),
        ("RAISE EXCEPTION USING ERRCODE = '40001'", "done again by itself"),
        ("RAISE EXCEPTION USING ERRCODE = '57P01'", "stopping or starting"),
        ("RAISE EXCEPTION USING ERRCODE = '53300'", "no connection left"),
        ("RAISE EXCEPTION USING ERRCODE = '58030'", "read or write its files"),
        ("RAISE EXCEPTION USING ERRCODE = '25006'", "standby"),
    ],
)
def test_what_the_server_says_of_itself_is_its_own_fault(engine: Engine, statement: str, words: str) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text(f"DO $$ BEGIN {statement}; END $$"))
    assert is_engine_fault(caught.value)
    assert words in plain_reason(caught.value)


@pytest.mark.parametrize("statement", ["SELECT 1/0", "SELECT * FROM nowhere", "INSERT INTO meta (name) VALUES ('a')", "SELECT 'x'::int"])
def test_what_the_server_says_of_a_statement_is_the_messages_fault(engine: Engine, statement: str) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text(statement))
    assert not is_engine_fault(caught.value)


def test_a_reader_cannot_write_and_sees_one_state_from_its_first_look_on(units: Units, readers: Engine) -> None:
    units.run(put("a"))
    with readers.connect() as connection:
        assert connection.execute(select(meta.c.name)).scalars().all() == ["a"]
        units.run(put("b"))
        assert connection.execute(select(meta.c.name)).scalars().all() == ["a"]
        with pytest.raises(Exception, match="read-only transaction"):
            connection.execute(meta.insert().values(name="c", value=""))


def test_a_wrong_password_or_name_says_so_and_repeats_nothing_secret(database: str) -> None:
    wrong = url_of(database).set(password="wr0ng-secret", database="nowhere")
    engine = open_engine(wrong.render_as_string(hide_password=False))
    with pytest.raises(OperationalError) as caught, engine.connect():
        pass
    assert is_engine_fault(caught.value)
    reason = plain_reason(caught.value)
    assert "check the URL of the state" in reason
    assert "wr0ng" not in reason
