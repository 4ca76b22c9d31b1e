"""The embedded index keeps the contract, and what only a folder can promise."""

import json
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from matcher.shapes import read_posting
from search import tantivy_folder, tantivy_mapping
from search.documents import document_of
from search.errors import IndexFault, MappingChanged, ShrunkIndex
from search.index import open_index, tantivy_url
from search.query import Query, read_query
from search.reindex import Reindexing, needs_reindex, reindex
from search.tantivy_index import TantivyIndex
from tests.contract.following_suite import FollowingSuite
from tests.contract.index_cases import posting
from tests.contract.search_suite import SearchSuite


def documents(count, version=1, **changes):
    return [document_of(read_posting(posting(f"p-{n}", **changes)), version) for n in range(count)]


class TestTantivy(SearchSuite, FollowingSuite):
    @pytest.fixture
    def make(self, tmp_path):
        made = []

        def one(head=1000):
            made.append(TantivyIndex(tmp_path / f"index-{len(made)}", head=head))
            return made[-1]

        yield one
        for index in made:
            index.close()

    def reopened(self, index):
        index.close()
        return TantivyIndex(index.folder.parent, head=3)


@pytest.fixture
def url(tmp_path):
    return tantivy_url(tmp_path / "index")


def test_what_was_committed_is_there_after_opening_again_and_the_rest_is_not(url):
    index = open_index(url)
    index.upsert(documents(3))
    index.commit(7)
    index.upsert(documents(5))
    index.close()
    again = open_index(url)
    assert (again.count(), again.offset()) == (3, 7)


def test_a_crash_between_commit_and_offset_leads_to_a_harmless_redo(url, monkeypatch):
    index = open_index(url)
    index.upsert(documents(2))
    index.commit(1)

    def crash(*_):
        raise KeyboardInterrupt

    index.upsert(documents(4, version=2))
    with monkeypatch.context() as patched:
        patched.setattr(tantivy_folder, "remember_offset", crash)
        with pytest.raises(KeyboardInterrupt):
            index.commit(2)
    index.close()
    again = open_index(url)
    assert (again.offset(), again.count()) == (1, 4), "documents are ahead of the offset, never behind"
    assert again.upsert(documents(4, version=2)) == 0
    again.commit(2)
    assert (again.offset(), again.count()) == (2, 4)
    again.close()


def test_a_process_killed_in_mid_commit_leaves_an_index_that_can_be_written(url):
    """Files of the unfinished commit lie in the folder then, under the names the next commit will want."""
    index = open_index(url)
    index.upsert(documents(3))
    index.commit(1)
    index.close()
    index = open_index(url)
    meta = index.folder / "meta.json"
    before = meta.read_bytes()
    index.upsert(documents(1, version=2))
    index.commit(2)
    index.close()
    meta.write_bytes(before)  # as if the process had ended before the last file of its commit
    tantivy_folder.remember_offset(index.folder, 1)

    again = open_index(url)
    assert again.begin() == 1
    again.upsert(documents(1, version=2))
    again.commit(2)
    assert (again.count(), again.offset()) == (3, 2)
    again.close()


def test_an_unreadable_offset_means_from_the_start(url):
    index = open_index(url)
    index.upsert(documents(2))
    index.commit(5)
    (index.folder / "follower.json").write_text('{"offs')
    assert index.offset() is None
    index.close()


def test_a_second_writer_is_told_who_may_be_writing(url):
    one, two = open_index(url), open_index(url)
    one.upsert(documents(1))
    with pytest.raises(IndexFault, match="another process"):
        two.upsert(documents(1))
    one.close()
    two.upsert(documents(1))
    two.close()


def _write_in_another_process(url):
    index = open_index(url)
    index.upsert(documents(3))
    index.commit(3)
    index.close()


def test_a_reader_sees_what_another_process_committed_after_a_refresh(url):
    reader = open_index(url)
    child = multiprocessing.get_context("spawn").Process(target=_write_in_another_process, args=(url,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert reader.count() == 0
    reader.refresh()
    assert (reader.count(), reader.offset()) == (3, 3)


def test_the_folder_carries_the_hash_of_the_mapping(url):
    assert open_index(url).folder.name == f"postings-{tantivy_mapping.mapping_hash()}-1"


def test_the_hash_changes_with_a_field_and_with_a_listed_value(monkeypatch):
    before = tantivy_mapping.mapping_hash()
    assert tantivy_mapping.mapping_hash() == before
    with monkeypatch.context() as patched:
        patched.setattr(tantivy_mapping, "_LISTS", {**tantivy_mapping._LISTS, "form": ("other",)})
        assert tantivy_mapping.mapping_hash() != before
    monkeypatch.setattr(tantivy_mapping, "_FIELDS", tantivy_mapping._FIELDS[:-1])
    assert tantivy_mapping.mapping_hash() != before


def test_another_mapping_asks_for_a_reindex_which_repairs_it(url, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr(tantivy_mapping, "_CONTENT", 0)
        index = open_index(url)
        index.upsert(documents(10))
        index.commit(10)
        index.close()
    assert needs_reindex(url)
    with pytest.raises(MappingChanged, match="gongqiao reindex"):
        open_index(url)
    compared = reindex(url, documents(9), 12)
    assert (compared.old, compared.new) == (10, 9)
    assert not needs_reindex(url)
    again = open_index(url)
    assert (again.count(), again.offset()) == (9, 12)


def test_a_new_index_with_less_than_four_fifths_does_not_replace_the_old(url):
    index = open_index(url)
    index.upsert(documents(10))
    index.delete("p-9", 2)
    index.commit(10)
    index.close()
    with pytest.raises(ShrunkIndex, match="old one stays") as refused:
        reindex(url, documents(7), 11)
    assert (refused.value.old, refused.value.new) == (9, 7)
    assert (open_index(url).count(), open_index(url).offset()) == (9, 10)
    root = index.folder.parent
    assert [path.name for path in root.glob("postings-*")] == [index.folder.name], "the refused one is removed"
    assert reindex(url, documents(8), 11).new == 8
    assert reindex(url, documents(1), 12, force=True).new == 1
    assert len(list(root.glob("postings-*"))) == 1


def test_an_open_index_moves_to_the_new_folder_at_its_next_refresh(url):
    index = open_index(url)
    index.upsert(documents(5))
    index.commit(5)
    index.close()
    with Reindexing(url) as running:
        running.index.upsert(documents(6))
        running.index.commit(6)
        assert index.count() == 5
        running.swap()
    assert index.search(Query()).total == 5, "what is open goes on answering"
    index.refresh()
    assert (index.count(), index.offset()) == (6, 6)


def test_a_reindex_that_fails_on_the_way_changes_nothing(url):
    index = open_index(url)
    index.upsert(documents(3))
    index.commit(3)
    index.close()

    def broken():
        yield documents(1)[0]
        raise RuntimeError("the table is gone")

    with pytest.raises(RuntimeError, match="the table is gone"):
        reindex(url, broken(), 4)
    assert (open_index(url).count(), open_index(url).offset()) == (3, 3)
    assert len(list(index.folder.parent.glob("postings-*"))) == 1


def test_a_damaged_folder_says_so_and_a_reindex_repairs_it(url):
    index = open_index(url)
    index.upsert(documents(3))
    index.commit(3)
    index.close()
    (index.folder / "meta.json").write_text("{")
    with pytest.raises(IndexFault, match="not readable"):
        open_index(url)
    assert needs_reindex(url)
    assert reindex(url, documents(2), 4).old is None
    assert open_index(url).count() == 2


def test_urls_are_relative_with_three_strokes_and_absolute_with_four(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_index("tantivy:///here/index").folder.resolve().is_relative_to(tmp_path / "here")
    assert open_index(tantivy_url(tmp_path / "there")).folder.is_relative_to(tmp_path / "there")
    for wrong in ("tantivy://", "tantivy:///", "solr://x/y", ""):
        with pytest.raises(IndexFault):
            open_index(wrong)


def test_no_private_word_is_in_any_file_of_the_index(url):
    canary = {"person": "卡纳里王", "phone": "13912345678"}
    index = open_index(url)
    index.upsert([document_of(read_posting(posting(contact=canary, address="卡纳里路", description="电话13912345678")), 1)])
    index.commit(1)
    index.close()
    files = [path for path in index.folder.rglob("*") if path.is_file()]
    assert any("焊工".encode() in path.read_bytes() for path in files), "the check must be able to see texts"
    for path in files:
        for secret in ("卡纳里", "13912345678"):
            assert secret.encode() not in path.read_bytes(), path.name


def test_the_head_is_ranked_once_for_a_walk_and_again_after_a_commit(url):
    calls = []

    def rerank(wish, described):
        calls.append((wish, len(described)))
        return [500] * len(described)

    index = open_index(url, rerank=rerank)
    index.upsert(documents(5))
    index.commit(1)
    query = read_query({"q": '焊工 "电焊" -厨师', "limit": 2})
    cursor = index.search(query).cursor
    index.search(query.after(cursor))
    assert calls == [("焊工 电焊", 5)]
    index.upsert(documents(6))
    index.commit(2)
    index.search(query.after(cursor))
    assert calls[1:] == [("焊工 电焊", 6)]
    index.close()


def test_searches_from_several_threads_go_on_while_one_writes(url):
    index = open_index(url)
    index.upsert(documents(50))
    index.commit(1)
    stop = threading.Event()

    def ask():
        walks = 0
        while not stop.is_set() or walks == 0:
            page = index.search(read_query({"q": "焊工", "limit": 50, "facets": "form"}))
            assert page.total == len(page.hits) == page.facets["form"]["full_time"] == 50
            walks += 1
        return walks

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask) for _ in range(3)]
        for version in range(2, 12):
            index.upsert(documents(50, version=version))
            index.commit(version)
        stop.set()
        assert all(each.result() for each in asking)
    index.close()


def test_the_pointer_is_plain_json(url):
    index = open_index(url)
    assert json.loads((index.folder.parent / "current.json").read_text()) == {"folder": index.folder.name}
