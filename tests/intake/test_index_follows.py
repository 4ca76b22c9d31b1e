"""The index follows the log, survives crashes between its commit and its offset, and is filled anew from the tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from search.index import PostingIndex, open_index, tantivy_url
from search.query import Query
from streams.intake.index_follower import IndexFollower, fill_anew
from tests.intake.conftest import Intake


@pytest.fixture
def url(tmp_path: Path) -> str:
    return tantivy_url(tmp_path / "index")


@pytest.fixture
def index(url: str) -> Iterator[PostingIndex]:
    opened = open_index(url)
    yield opened
    opened.close()


def found(index: PostingIndex) -> list[str]:
    return sorted(index.search(Query()).posting_ids)


def test_what_is_published_is_found_and_what_ends_is_not(intake: Intake, index: PostingIndex) -> None:
    follower = IndexFollower(intake.exchange, index)
    first, second = intake.posted(), intake.posted({"source_id": "HR-2", "title": "会计", "description": "做账报税。"})
    follower.catch_up()
    assert found(index) == sorted((first, second))
    intake.withdraw(first)
    intake.posted({"source_id": "HR-2", "title": "会计", "description": "限男性，35岁以下。"})
    assert follower.lag() == 2
    follower.catch_up()
    assert (found(index), follower.lag()) == ([], 0)


def test_an_empty_index_is_filled_from_the_tables_and_then_follows(intake: Intake, index: PostingIndex) -> None:
    first = intake.posted()
    intake.withdraw(intake.posted({"source_id": "HR-2", "title": "会计", "description": "做账报税。"}))
    follower = IndexFollower(intake.exchange, index)
    assert follower.step()
    assert found(index) == [first]
    assert index.offset() == intake.log_length()
    assert not follower.step()


class Forgetful:
    """An index whose process dies after its commit and before its offset is written."""

    def __init__(self, index: PostingIndex):
        self.index = index
        self.dies = True

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        return getattr(self.index, name)

    def commit(self, offset: int) -> None:
        if self.dies:
            self.index.commit(self.index.offset() or 0)
            raise OSError("killed")
        self.index.commit(offset)


def test_a_crash_between_commit_and_offset_is_a_harmless_repetition(intake: Intake, index: PostingIndex) -> None:
    IndexFollower(intake.exchange, index).step()
    first = intake.posted()
    intake.withdraw(first)
    intake.posted()
    dying = Forgetful(index)
    follower = IndexFollower(intake.exchange, dying)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="killed"):
        follower.step()
    dying.dies = False
    follower.catch_up()
    assert (found(index), follower.lag()) == ([first], 0)


def test_the_thread_follows_by_itself_and_says_what_is_wrong(intake: Intake, index: PostingIndex) -> None:
    dying = Forgetful(index)
    follower = IndexFollower(intake.exchange, dying)  # type: ignore[arg-type]
    follower.start()
    first = intake.posted()
    seen = intake.exchange.bell.count
    while follower.fault_reason() is None:
        seen = intake.exchange.bell.wait(seen, 0.01)
    assert "does not answer" in str(follower.fault_reason())
    dying.dies = False
    while follower.lag() or follower.fault_reason():
        seen = intake.exchange.bell.wait(seen, 0.01)
    follower.stop()
    assert found(index) == [first]


def test_filled_anew_it_is_what_following_made_of_it(intake: Intake, url: str) -> None:
    titles = ("焊工", "会计", "保安")
    ids = [intake.posted({"source_id": title, "title": title, "description": f"{title}岗位"}) for title in titles]
    intake.withdraw(ids[1])
    assert fill_anew(intake.exchange, url).new == 2
    index = open_index(url)
    try:
        assert found(index) == sorted((ids[0], ids[2]))
        assert IndexFollower(intake.exchange, index).lag() == 0
    finally:
        index.close()
