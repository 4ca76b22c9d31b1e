"""Elasticsearch keeps the contract, and what only a server can promise."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from infra.commands.doctor import look_at_index
from infra.settings import Settings
from matcher.shapes import read_posting
from search import elastic_mapping, elastic_names, elastic_writer
from search.documents import document_of
from search.elastic_index import ElasticIndex
from search.elastic_server import IndexGone
from search.errors import IndexFault, MappingChanged, ShrunkIndex
from search.query import Query, read_query
from search.reindex import condition, needs_reindex, reindex
from tests.contract.following_suite import FollowingSuite
from tests.contract.index_cases import posting
from tests.contract.search_suite import SearchSuite
from tests.search.elastic import clear, elastic_place, place

pytestmark = pytest.mark.engine


class TestElastic(SearchSuite, FollowingSuite):
    @pytest.fixture
    def make(self):
        made: list[tuple[str, ElasticIndex]] = []

        def one(head=1000):
            url = place()
            made.append((url, ElasticIndex(url, head=head)))
            return made[-1][1]

        self.made = made
        yield one
        for url, index in made:
            index.close()
            clear(url)

    def reopened(self, index):
        index.close()
        self.made.append((self.made[-1][0], ElasticIndex(self.made[-1][0], head=3)))
        return self.made[-1][1]


@pytest.fixture
def url():
    with elastic_place() as made:
        yield made


@pytest.fixture
def index(url):
    opened = ElasticIndex(url)
    yield opened
    opened.close()


def documents(count, version=1, **changes):
    return [document_of(read_posting(posting(f"p-{n}", **changes)), version) for n in range(count)]


def found(index):
    return sorted(index.search(Query(limit=100)).posting_ids)


# -- following


def test_a_crash_between_commit_and_offset_leads_to_a_harmless_redo(index, monkeypatch):
    index.upsert(documents(2))
    index.commit(2)

    def killed(*_, **__):
        raise OSError("killed")

    with monkeypatch.context() as dying:
        dying.setattr(index._writer._client, "index", killed)
        index.upsert(documents(4, version=2))
        with pytest.raises(OSError, match="killed"):
            index.commit(9)
    assert (index.count(), index.begin()) == (4, 2), "documents first, the offset after them"
    assert index.upsert(documents(4, version=2)) == 0
    index.commit(9)
    assert (index.count(), index.begin()) == (4, 9)


def test_what_another_process_committed_is_seen_at_once(index, url):
    reader = ElasticIndex(url)
    assert reader.count() == 0
    index.upsert(documents(3))
    index.commit(3)
    assert (reader.count(), reader.offset()) == (3, 3)
    reader.close()


def test_two_openings_of_an_empty_place_make_one_index(url):
    opened = [ElasticIndex(url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda each: each.name, opened))) == 1
    assert len(opened[0].names.all()) == 1
    for each in opened:
        each.close()


def test_a_first_filling_that_does_not_get_to_its_end_leaves_nothing(index, url, monkeypatch):
    monkeypatch.setattr(elastic_writer, "_MOST_IN_MEMORY", 3)
    monkeypatch.setattr(elastic_writer, "_LOOKED_UP_TOGETHER", 2)
    index.upsert(documents(9))
    first = index.name
    killed = ElasticIndex(url)  # as after a kill: what was sent lies there, without an offset
    assert killed.begin() is None
    assert (killed.count(), killed.name != first) == (0, True)
    killed.upsert(documents(7))
    killed.rollback()
    assert (killed.begin(), killed.count()) == (None, 0)
    killed.upsert([*documents(5), *documents(5, version=2)])
    killed.commit(12)
    assert (killed.count(), killed.offset(), index.count()) == (5, 12, 5)
    killed.close()


def test_a_bad_document_is_kept_with_its_reason_and_the_others_go_in(index):
    secret = "很长的题目"
    long, unwritable = replace(documents(1)[0], posting_id="bad-1", title=secret * 9000), replace(documents(1)[0], posting_id="bad-2")
    index.upsert([*documents(3), long, replace(unwritable, employer_id="\ud800")])
    index.commit(5)
    assert found(index) == ["p-0", "p-1", "p-2"]
    refused = index.refused()
    assert sorted(refused) == ["bad-1", "bad-2"]
    assert "32766" in refused["bad-1"]
    assert secret not in refused["bad-1"]
    assert (index.count(), index.offset()) == (3, 5)
    assert index.upsert([replace(long, title="焊工")]) == 0, "the same version is not tried again"
    index.upsert([replace(long, title="焊工", version=2)])
    index.commit(6)
    assert (found(index), sorted(index.refused())) == (["bad-1", "p-0", "p-1", "p-2"], ["bad-2"])


# -- one index takes another's place


def test_the_index_carries_the_hash_of_the_mapping_behind_one_alias(index, url):
    assert index.name == f"{index.names.alias}-{elastic_mapping.mapping_hash()}-1"
    assert index.names.live() == elastic_names.Live(index.name, None)


def test_the_hash_changes_with_a_field_and_with_the_content(monkeypatch):
    before = elastic_mapping.mapping_hash()
    assert elastic_mapping.mapping_hash() == before
    with monkeypatch.context() as patched:
        patched.setattr(elastic_mapping, "_CONTENT", 0)
        assert elastic_mapping.mapping_hash() != before
    monkeypatch.setattr(elastic_mapping, "FIELDS", {**elastic_mapping.FIELDS, "more": {"type": "long"}})
    assert elastic_mapping.mapping_hash() != before


def test_another_mapping_asks_for_a_reindex_which_repairs_it(url, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr(elastic_mapping, "_CONTENT", 0)
        index = ElasticIndex(url)
        index.upsert(documents(10))
        index.commit(10)
        index.close()
    assert needs_reindex(url)
    again = ElasticIndex(url)
    for question in (again.begin, again.count, lambda: again.search(Query())):
        with pytest.raises(MappingChanged, match="gongqiao reindex"):
            question()
    compared = reindex(url, documents(9), 12)
    assert (compared.old, compared.new) == (10, 9)
    assert not needs_reindex(url)
    assert (again.count(), again.offset(), again.begin()) == (9, 12, 12)
    assert len(again.names.all()) == 1
    again.close()


def test_a_new_index_with_less_than_four_fifths_does_not_replace_the_old(index, url):
    index.upsert(documents(10))
    index.delete("p-9", 2)
    index.commit(10)
    with pytest.raises(ShrunkIndex, match="old one stays") as refused:
        reindex(url, documents(7), 11)
    assert (refused.value.old, refused.value.new) == (9, 7)
    assert (index.count(), index.offset()) == (9, 10)
    assert index.names.all() == [index.name], "the refused one is removed"
    assert reindex(url, documents(8), 11).new == 8
    assert reindex(url, documents(1), 12, force=True).new == 1
    assert len(index.names.all()) == 1


def test_a_reindex_that_fails_on_the_way_changes_nothing(index, url):
    index.upsert(documents(3))
    index.commit(3)

    def broken():
        yield documents(1)[0]
        raise RuntimeError("the table is gone")

    with pytest.raises(RuntimeError, match="the table is gone"):
        reindex(url, broken(), 4)
    assert (index.count(), index.offset(), index.names.all()) == (3, 3, [index.name])


def test_a_search_moves_to_the_new_index_by_itself_and_a_walk_goes_on(index, url):
    index.upsert(documents(9))
    index.commit(9)
    query = read_query({"q": "焊工", "limit": 4})
    first = index.search(query)
    assert reindex(url, documents(9), 9).new == 9
    second = index.search(query.after(first.cursor))
    third = index.search(query.after(second.cursor))
    assert sorted(first.posting_ids + second.posting_ids + third.posting_ids) == [f"p-{n}" for n in range(9)]


def test_a_batch_meant_for_the_old_index_does_not_go_into_the_new_one(index, url):
    """The old one stood at 9 and the new one at 5: writing 12 into it would skip what lies between."""
    index.upsert(documents(3))
    index.commit(9)
    assert index.begin() == 9
    index.upsert(documents(1, version=4))
    reindex(url, documents(3), 5)
    assert index.count() == 3, "the searching side has moved already"
    with pytest.raises(IndexFault, match="taken away"):
        index.commit(12)
    index.rollback()
    assert (index.begin(), index.offset()) == (5, 5)
    old = ElasticIndex(url, name=f"{index.names.alias}-{elastic_mapping.mapping_hash()}-1")
    with pytest.raises(IndexGone):
        old.count()
    assert len(old.names.all()) == 1, "nothing made the old one again"
    old.close()


def test_an_index_of_somebody_elses_under_our_alias_is_left_alone(url):
    index = ElasticIndex(url)
    foreign = f"{index.server.prefix}-of-somebody"
    index._client.indices.create(index=foreign, aliases={index.names.alias: {}})
    try:
        with pytest.raises(IndexFault, match="not ours"):
            index.count()
    finally:
        index._client.indices.delete(index=foreign)
        index.close()


def test_a_changed_mapping_is_named_field_by_field(index, url):
    index.upsert(documents(1))
    index.commit(1)
    assert condition(url).drift == ()
    changed = {"colour": {"type": "keyword"}, "education_rank": {"type": "short", "coerce": False}}
    index._client.indices.put_mapping(index=index.name, properties=changed)
    assert condition(url).drift == (
        "colour: not ours",
        'education_rank: {"type": "short", "coerce": false} instead of {"type": "short"}',
    )
    settings = Settings(search=url)
    bad = [finding for finding in look_at_index(settings) if not finding.fine]
    assert len(bad) == 1
    assert "colour: not ours" in bad[0].what
    assert "gongqiao reindex" in bad[0].mend


# -- users


def test_a_stranger_and_a_wrong_password_are_refused_without_repeating_it(url):
    for known in ("", "exchange:a-wrong-word@", "reader:a-wrong-word@"):
        host = url.rpartition("@")[2]
        index = ElasticIndex(f"elastic://{known}{host}")
        with pytest.raises(IndexFault, match="refuses our user") as refused:
            index.count()
        assert "wrong-word" not in str(refused.value)
        index.close()


def test_searches_from_several_threads_go_on_while_one_writes(index):
    index.upsert(documents(30))
    index.commit(1)
    stop = threading.Event()

    def ask():
        walks = 0
        while not stop.is_set() or walks == 0:
            page = index.search(read_query({"q": "焊工", "limit": 50, "facets": "form"}))
            assert page.total == len(page.hits) == page.facets["form"]["full_time"] == 30
            walks += 1
        return walks

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask) for _ in range(3)]
        for version in range(2, 8):
            index.upsert(documents(30, version=version))
            index.commit(version)
        stop.set()
        assert all(each.result() for each in asking)
