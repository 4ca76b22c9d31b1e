"""Long texts are read another way than short ones, and descriptions are searched for protected words only where one can be: both to the
same result as the long way."""

from __future__ import annotations

import sys
import unicodedata

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.text import (
    _CLAUSES,
    _LONG,
    _MAY_BE_PROTECTED,
    _PROTECTED,
    _SEX,
    _as_written,
    _clause_without,
    _plain,
    normalise,
    tokens,
    tokens_of_normalised,
)
from matcher.titles import _place_names, _without_places

READ_ALONE = [int(code) for code in np.flatnonzero(_plain())]
LONG = st.text(
    st.one_of(
        st.sampled_from("焊工電氣岁女男，。：（）【】Ｊａｖａ１２Java 18-45\n\t\u3000\xa0①·…"),
        st.sampled_from([chr(code) for code in READ_ALONE]),
        st.characters(exclude_categories=[]),
        st.sampled_from("e\u0301\u0338\u200b\ufeffσΣ\u0130ｶﾞ\uac00\u11a8𠮷"),
    ),
    min_size=_LONG,
    max_size=3 * _LONG,
)


def test_a_character_that_is_read_alone_reads_as_it_does_by_itself() -> None:
    table = _plain()
    assert len(READ_ALONE) > 27_000
    for code in READ_ALONE:
        assert chr(table[code]) == (_as_written(chr(code)) or " ")


def test_no_character_that_is_read_alone_composes_with_another() -> None:
    table = _plain()
    alone = set(READ_ALONE) | {int(table[code]) for code in READ_ALONE}
    assert not any(unicodedata.combining(chr(code)) for code in alone)
    seconds = set()
    for code in range(sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            seconds.add(int(parts[1], 16))
    assert not seconds & alone


@given(LONG)
def test_a_long_text_is_normalised_as_a_short_one(text: str) -> None:
    assert normalise(text) == _as_written(text)


def test_a_short_text_of_chinese_characters_alone_is_normalised_as_any_other() -> None:
    for code in range(0x4E00, 0xA000):
        assert normalise(chr(code)) == _as_written(chr(code))
    assert normalise("電氣焊工") == _as_written("電氣焊工") == "电气焊工"


@given(LONG)
def test_a_normalised_text_is_cut_as_it_stands(text: str) -> None:
    assert tokens_of_normalised(normalise(text)) == tokens(text)


@given(st.one_of(st.from_regex(_PROTECTED), st.from_regex(_SEX)))
def test_where_a_protected_word_is_found_one_was_looked_for(text: str) -> None:
    assert _MAY_BE_PROTECTED.search(text)


@given(
    st.lists(
        st.sampled_from(["太原市", "山西", "焊工", "大同", "县", "盐湖区", "运城", "A", "（", "急聘", " ", "内蒙古自治区", "原平", "长治"]),
        max_size=6,
    ).map("".join)
)
def test_a_place_is_looked_for_wherever_one_is(title: str) -> None:
    names, _ = _place_names()
    assert _without_places(title) == names.sub(" ", title)


PROTECTED_PIECES = [
    "年龄", "18-45岁", "35", "周岁", "以下", "女", "男", "男女不限", "性别", ":", "未婚", "宝妈", "本地", "户籍",
    "汉族", "90", "后", "(", ")", " ", ",", "。", ";", "生产", "装配", "女装", "工", "残疾人", "【", "】", "优先",
    ".", "至", "、", "焊工",
]  # fmt: skip


@given(st.lists(st.sampled_from(PROTECTED_PIECES), max_size=14).map("".join))
def test_clause_by_clause_the_same_words_go_as_from_the_whole(text: str) -> None:
    clauses = "".join(_clause_without(clause) for clause in _CLAUSES.split(text))
    assert clauses == _SEX.sub(lambda found: found.group(1) or "", _PROTECTED.sub(" ", text))
