from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.text import normalise, tokens, without_protected
from matcher.titles import essence

anything = st.one_of(st.text(max_size=60), st.text("女男宝妈35岁-以下未婚户籍（）焊工 急聘Ｊａｖａ電焊汉族90后", max_size=30))


@given(anything)
def test_normalising_twice_changes_nothing_more(text):
    assert normalise(normalise(text)) == normalise(text)


@given(anything)
def test_protected_words_once_dropped_do_not_appear_again(text):
    once = without_protected(text)
    assert without_protected(once) == once
    assert len(once) <= len(normalise(text))


@given(anything)
def test_tokens_are_the_same_for_a_text_and_its_normal_form(text):
    assert tokens(text) == tokens(normalise(text))
    assert all(token and not token.isspace() for token in tokens(text))


@given(st.text("焊工电气司机保洁员", min_size=1, max_size=20))
def test_every_character_and_every_pair_of_a_chinese_run_is_a_token(run):
    found = tokens(run)
    assert set(found) == set(run) | {run[index : index + 2] for index in range(len(run) - 1)}


def test_latin_words_stay_whole_and_pairs_do_not_cross_scripts():
    assert tokens("C++开发 Node.js") == ["c++", "开", "开发", "发", "node.js"]
    assert tokens("焊，工") == ["焊", "工"]


@pytest.mark.parametrize(
    ("written", "read"), [("ＪＡＶＡ", "java"), ("電焊工", "电焊工"), ("焊\u200b工", "焊工"), ("焊工　　双休", "焊工 双休"), ("", "")]
)
def test_what_reads_the_same_is_written_the_same(written, read):
    assert normalise(written) == read


@pytest.mark.parametrize("kept", ["女装导购", "男装设计师", "妇女主任", "男科医生", "女鞋销售", "生产管理", "男装"])
def test_sex_stays_where_it_names_goods_or_a_field(kept):
    assert without_protected(kept) == kept


@pytest.mark.parametrize(
    "said",
    ["女收银员", "收银员（女）", "收银员(35岁以下)", "收银员 18—45周岁", "收银员（未婚）",
     "收银员（本地户籍优先）", "收银员 宝妈优先", "收银员（汉族）",
     "收银员（年龄不限）", "收银员(男女不限)", "限女性 收银员", "收银员 90后", "收银员（女，35岁以内，已婚已育）", "收银员 性别：女"],
)  # fmt: skip
def test_a_title_reads_the_same_with_and_without_protected_words(said):
    assert essence(said) == "收银员"


@pytest.mark.parametrize(
    ("title", "work"),
    [("急聘焊工（双休，五险一金）", "焊工"), ("【太原】高薪诚聘电工包吃住", "电工"), ("运城市盐湖区 普工 5000-7000元/月", "普工"),
     ("资深Java开发工程师", "java开发工程师"), ("大理石工", "大理石工"), ("客服（电话销售）", "客服 电话销售"), ("双休", "双休")],
)  # fmt: skip
def test_the_essence_of_a_title_is_the_work(title, work):
    assert essence(title) == work
