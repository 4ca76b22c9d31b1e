from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.ranking import Entry, Ranker

DOCUMENTS = [
    Entry("焊", "焊工", "负责钢结构焊接，会氩弧焊、二保焊"),
    Entry("洁", "保洁员", "负责办公楼走廊和卫生间的清洁"),
    Entry("码", "软件工程师", "使用java编写后端服务，熟悉数据库"),
    Entry("娃", "", "照料婴幼儿的饮食起居，陪伴游戏，做好早教"),
    Entry("账", "会计专业人员"),
    Entry("饭", "", "炒菜、配菜，负责食堂三餐"),
]


def best(title="", text="", documents=DOCUMENTS):
    return next(Ranker(documents).rank([Entry("q", title, text)], 3))[1][0][0]


@pytest.mark.parametrize(
    ("title", "document"),
    [
        ("氩弧焊工", "焊"),
        ("打扫卫生的阿姨", "洁"),
        ("程序员", "码"),
        ("育婴师", "娃"),
        ("出纳", "账"),
        ("厨师", "饭"),
        ("女保洁35岁以下", "洁"),
    ],
)
def test_the_right_work_comes_first_under_other_words(title, document):
    assert best(title) == document


def test_a_query_may_be_a_text_alone():
    assert best(text="会java，做过后端开发，想找编程的工作") == "码"


words = st.text("焊工保洁会计java员 女（）", max_size=10)
entries = st.builds(Entry, st.uuids().map(str), words, words)


@settings(max_examples=60, deadline=None)
@given(st.lists(entries, max_size=12), st.lists(entries, min_size=1, max_size=4), st.integers(1, 15))
def test_scores_are_finite_never_rise_and_no_document_comes_twice(documents, queries, top):
    answers = list(Ranker(documents).rank(queries, top))
    assert [query for query, _ in answers] == [query.id for query in queries]
    for _, ranked in answers:
        scores = [score for _, score in ranked]
        assert all(math.isfinite(score) for score in scores)
        assert scores == sorted(scores, reverse=True)
        assert len(ranked) == min(top, len(documents)) == len({document for document, _ in ranked})


@settings(max_examples=30, deadline=None)
@given(st.lists(entries, min_size=2, max_size=8, unique_by=lambda entry: entry.id), entries)
def test_a_query_is_answered_alike_alone_and_among_others(documents, query):
    ranker = Ranker(documents)
    alone = next(ranker.rank([query], 5))
    among = [answer for answer in ranker.rank([*documents, query], 5) if answer[0] == query.id][-1]
    assert [score for _, score in alone[1]] == pytest.approx([score for _, score in among[1]], abs=2e-5)


def test_words_about_protected_facts_in_a_query_change_no_score():
    ranker = Ranker(DOCUMENTS)
    plain, said = ranker.rank([Entry("a", "收银员"), Entry("b", "女收银员（35岁以下，未婚，本地户籍）")], 6)
    assert plain[1] == said[1]
