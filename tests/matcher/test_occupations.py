from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.occupations import codes_for_title, concepts_of_title, kinship, leaving_out, occupation, occupations, spoken_families, trade_of

some_code = st.sampled_from(
    ["6-18-02-04", "6-18-02-03", "6-18-01-01", "6-20-01-01", "4-10-01-05", "4-02-07-10", "4-10-08-01", "9-99-99-99"]
)


def test_every_spoken_family_belongs_to_an_occupation_or_says_that_it_has_none():
    names = {found.name for found in occupations().values()}
    assert [name for name in spoken_families() if not name.startswith("=") and name not in names] == []


def test_codes_have_the_form_of_the_classification_and_groups_have_names():
    for code, found in occupations().items():
        assert code.startswith(found.minor)
        assert found.minor.startswith(found.mid)
        assert found.mid.startswith(found.major)
        assert all((found.name, found.mid_name, found.major_name)), code


def test_a_courier_for_orders_stands_under_the_official_code_and_is_found_under_the_old_one():
    assert occupation("4-02-07-10").name == "网约配送员"
    assert occupation("4-10-08-01").name == "网约配送员"
    assert kinship("4-10-08-01", "4-02-07-10") == 1.0


@pytest.mark.parametrize(
    ("title", "name"),
    [("月嫂", "家政服务员"), ("母婴护理员", "家政服务员"), ("叉车工", "专用车辆驾驶员"), ("场内专用机动车辆司机", "专用车辆驾驶员"),
     ("骑手", "网约配送员"),
     ("电焊工", "焊工"), ("急聘女保洁（双休）", "保洁员"), ("门卫", "保安员"), ("超市收银", "收银员"),
     ("出纳", "会计专业人员"), ("瓦检员", "矿井通风工"),
     ("Java开发工程师", "计算机软件工程技术人员"), ("幼师", "幼儿园教师"), ("洗煤工", "选矿工"), ("推焦车司机", "炼焦工")],
)  # fmt: skip
def test_a_spoken_title_means_its_occupation(title, name):
    code, confidence = codes_for_title(title)[0]
    assert occupation(code).name == name
    assert 0.5 <= confidence <= 1


def test_nonsense_means_nothing():
    assert codes_for_title("qwxyz") == []
    assert codes_for_title("") == []
    assert trade_of("qwxyz") is None


def test_a_trade_is_the_small_group():
    assert trade_of("电焊工") == "6-18-02"


@given(some_code, some_code)
def test_kinship_is_symmetric_and_whole_only_for_the_same(a, b):
    assert kinship(a, b) == kinship(b, a)
    assert 0 <= kinship(a, b) <= 1
    assert kinship(a, a) == 1


def test_kinship_falls_with_each_group_left():
    order = [kinship("6-18-02-04", code) for code in ("6-18-02-04", "6-18-02-03", "6-18-01-01", "6-20-01-01", "4-10-01-05")]
    assert order == sorted(order, reverse=True)
    assert len(set(order)) == 5


def test_leaving_a_name_out_hides_it_inside_the_block_only():
    before = concepts_of_title("骑手")
    with leaving_out(frozenset({"骑手"})):
        assert concepts_of_title("骑手") != before
    assert concepts_of_title("骑手") == before
