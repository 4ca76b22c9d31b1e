from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.likeness import TitleIndex, likeness, same_trade

TITLES = [
    "焊工",
    "电焊工",
    "氩弧焊工（急聘）",
    "保洁员",
    "家政阿姨",
    "Java开发工程师",
    "叉车司机",
    "普工",
    "会计",
    "外卖骑手",
    "",
    "！！",
    "护士",
    "月嫂",
    "女收银员",
]
words = st.one_of(st.sampled_from(TITLES), st.text("焊工电气司机保洁员会计师javaC+ 12（）女", max_size=12))
codes = st.sampled_from([None, "6-18-02-04", "4-10-08-01", "4-09-08-01", "9-99-99-99"])


@settings(max_examples=150, deadline=None)
@given(words, st.one_of(st.none(), words, st.just("负责车间焊接、叉车转运，懂java优先")), codes, st.lists(words, min_size=1, max_size=8))
def test_the_index_gives_every_title_the_number_the_readable_form_gives_it(title, text, code, wishes):
    index = TitleIndex()
    numbers = [index.add(wish) for wish in wishes]
    scores = index.scores(title, text, code)
    assert scores.dtype == np.int16
    assert scores.shape == (len(set(wishes)),)
    for wish, number in zip(wishes, numbers, strict=True):
        assert int(scores[number]) == likeness(title, text, code, wish)
    assert ((scores >= 0) & (scores <= 1000)).all()


def test_the_same_title_is_worth_all():
    assert likeness("焊工", None, None, "焊工") == 1000


@pytest.mark.parametrize(
    ("title", "near", "far"),
    [
        ("月嫂", "母婴护理员", "焊工"),
        ("叉车工", "场内专用机动车辆司机", "会计"),
        ("外卖骑手", "网约配送员", "电工"),
        ("普工", "操作工", "护士"),
        ("焊工", "氩弧焊工", "收银员"),
        ("急聘双休保洁阿姨", "保洁员", "程序员"),
        ("Java高级开发工程师", "java程序员", "厨师"),
    ],
)
def test_a_spoken_name_is_nearer_than_another_trade(title, near, far):
    assert likeness(title, None, None, near) > likeness(title, None, None, far) + 200


@pytest.mark.parametrize(
    "added", ["女{}", "{}（女）", "{}（35岁以下）", "{} 18-45岁", "{}（未婚）", "{}（本地户籍）", "{} 宝妈优先", "男女不限{}"]
)
@pytest.mark.parametrize("title", ["收银员", "保洁", "缝纫工", "电焊工"])
def test_words_about_protected_facts_change_nothing(added, title):
    said = added.format(title)
    for wish in ("收银员", "保洁员", "焊工", "女保洁", "宝妈兼职"):
        assert likeness(said, None, None, wish) == likeness(title, None, None, wish)
        assert likeness(wish, said, None, said) == likeness(wish, title, None, title)


def test_years_in_a_near_trade_are_recognised_and_in_none_unknown():
    assert same_trade("电焊工", "焊工") is True
    assert same_trade("焊工", "会计") is False
    assert same_trade("焊工", "自由职业xyz") is None
