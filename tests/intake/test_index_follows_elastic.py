"""Elasticsearch follows the log: while another index takes its place, and over an engine that is stopped and started."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from infra.commands.doctor import look_at_index
from infra.settings import Settings
from search.elastic_index import ElasticIndex
from search.errors import IndexFault
from search.index import PostingIndex, open_index
from search.query import Query
from streams.intake import queries
from streams.intake.index_follower import IndexFollower, fill_anew
from tests.engines import OwnEngines
from tests.intake.conftest import Intake
from tests.search.elastic import elastic_place, place

pytestmark = pytest.mark.engine


@pytest.fixture
def url() -> Iterator[str]:
    with elastic_place() as made:
        yield made


@pytest.fixture
def index(url: str) -> Iterator[PostingIndex]:
    opened = open_index(url)
    yield opened
    opened.close()


def titled(number: int) -> dict[str, object]:
    """Postings so unlike each other that none is taken for another's copy."""
    word = "焊钳铣刨磨钻镗拉剪折冲压铸锻热表装检测修"[number % 20] + "甲乙丙丁戊己庚辛壬癸"[number // 20 % 10]
    return {
        "source_id": f"HR-{number}",
        "title": f"{word}工{number}号岗",
        "description": f"{word}岗位职责第{number}条，负责{word}设备。" * 3,
        "employer": {"employer_id": f"e-{number}", "name": f"太原第{number}{word}厂"},
    }


def found(index: PostingIndex) -> list[str]:
    seen: list[str] = []
    query = Query(limit=100)
    while True:
        page = index.search(query)
        seen += page.posting_ids
        if page.cursor is None:
            return sorted(seen)
        query = query.after(page.cursor)


def public(intake: Intake) -> list[str]:
    with intake.exchange.reading() as connection:
        return sorted(each["posting_id"] for each in queries.published(connection, limit=1000))


def wait_until(intake: Intake, holds: object) -> None:
    seen = intake.exchange.bell.count
    while not holds():  # type: ignore[operator]
        seen = intake.exchange.bell.wait(seen, 0.05)


def test_what_is_published_is_found_and_what_ends_is_not(intake: Intake, index: PostingIndex) -> None:
    follower = IndexFollower(intake.exchange, index)
    first, second = intake.posted(titled(1)), intake.posted(titled(2))
    follower.catch_up()
    assert found(index) == sorted((first, second))
    intake.withdraw(first)
    follower.catch_up()
    assert (found(index), follower.lag()) == ([second], 0)


def test_a_reindex_while_postings_come_and_go_loses_none(intake: Intake, index: PostingIndex, url: str) -> None:
    """The follower goes on into whichever index is live, and takes over the place in the log that lies there."""
    kept = [intake.posted(titled(number)) for number in range(30)]
    follower = IndexFollower(intake.exchange, index, batch=3)
    follower.start()
    done = threading.Event()

    def go_on() -> None:
        number = 30
        while not done.is_set() or number < 60:
            kept.append(intake.posted(titled(number)))
            if number % 3 == 0:
                intake.withdraw(kept[number - 30])
            number += 1
            if number > 150:
                return

    with_writes = threading.Thread(target=go_on)
    with_writes.start()
    try:
        for _ in range(3):
            assert fill_anew(intake.exchange, url, force=True).new > 0
    finally:
        done.set()
        with_writes.join()
    wait_until(intake, lambda: follower.fault_reason() is None and follower.lag() == 0)
    follower.stop()
    assert found(index) == public(intake)
    assert index.count() == len(public(intake)) > 30
    elastic = ElasticIndex(url)
    assert len(elastic.names.all()) == 1
    elastic.close()


def test_an_index_that_was_removed_is_filled_again_from_the_tables(intake: Intake, index: PostingIndex, url: str) -> None:
    first = intake.posted(titled(1))
    follower = IndexFollower(intake.exchange, index)
    follower.catch_up()
    elastic = ElasticIndex(url)
    elastic.names.remove(elastic.name)
    elastic.close()
    second = intake.posted(titled(2))
    follower.catch_up()
    assert (found(index), follower.lag()) == (sorted((first, second)), 0)


@pytest.mark.slow
def test_an_engine_that_is_stopped_and_started_loses_nothing_and_the_follower_says_so_meanwhile(intake: Intake) -> None:
    with OwnEngines("elastic") as own:
        url = place(own.url("elastic"))
        index = open_index(url)
        follower = IndexFollower(intake.exchange, index)
        follower.start()
        before = intake.posted(titled(1))
        wait_until(intake, lambda: follower.fault_reason() is None and follower.lag() == 0)
        own.kill("elastic")
        during = [intake.posted(titled(number)) for number in range(2, 12)]
        intake.withdraw(before)
        wait_until(intake, lambda: follower.fault_reason() is not None)
        assert "does not answer" in str(follower.fault_reason())
        assert own.url("elastic").partition("@")[0].rpartition(":")[2] not in str(follower.fault_reason()), "no password in it"
        with pytest.raises(IndexFault, match="does not answer"):
            index.search(Query())
        assert [finding.fine for finding in look_at_index(Settings(search=url))] == [False]
        own.start("elastic")
        wait_until(intake, lambda: _caught_up(follower))
        follower.stop()
        assert found(index) == sorted(during) == public(intake)
        index.close()


def _caught_up(follower: IndexFollower) -> bool:
    if follower.fault_reason() is not None:
        return False
    try:
        return follower.lag() == 0
    except IndexFault:
        return False
