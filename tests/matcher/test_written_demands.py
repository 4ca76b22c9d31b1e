"""Experience, employment form, type, headcount and certificates as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import certificates
from matcher.employer_names import employer_key, id_of_name, normal_name
from matcher.experience_reading import read_experience
from matcher.forms import form_of, read_headcount, type_of


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("1-3年", 1, 3),
        ("5-10年", 5, 10),
        ("三至五年", 3, 5),
        ("3年以上", 3, None),
        ("半年以上", 0.5, None),
        ("6个月以上", 0.5, None),
        ("一年半", 1.5, None),
        ("十五年", 15, None),
        ("1年以下", 0, 1),
        ("3", 3, None),
        ("经验不限", 0, None),
        ("无需经验", 0, None),
        ("不限", 0, None),
        ("", None, None),
        ("2020年毕业", None, None),
        ("吃苦耐劳", None, None),
        ("300年", None, None),
    ],
)
def test_experience_is_read(text: str, least: float | None, most: float | None) -> None:
    found = read_experience(text)
    assert (found.at_least, found.at_most) == (least, most)


def test_graduates_need_no_experience() -> None:
    found = read_experience("在校/应届")
    assert (found.at_least, found.fresh_graduates) == (0, True)


@given(st.text(alphabet="0123456789一二三十半年个月以上下-至经验不限应届", max_size=14))
def test_any_writing_gives_sound_years(text: str) -> None:
    found = read_experience(text)
    for years in (found.at_least, found.at_most):
        assert years is None or 0 <= years <= 51


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("兼职", "part_time"),
        ("送餐员（兼职）", "part_time"),
        ("非全日制", "part_time"),
        ("临时工", "temporary"),
        ("暑假工", "seasonal"),
        ("实习生", "internship"),
        ("就业见习", "internship"),
        ("零工", "gig"),
        ("日结搬运工", "gig"),
        ("全职", "full_time"),
        ("兼职勿扰，全职", "full_time"),
        ("全日制本科", None),
        ("实习律师", None),
        ("焊工", None),
        ("gig", "gig"),
        ("", None),
    ],
)
def test_the_employment_form_is_read(text: str, form: str | None) -> None:
    assert form_of(text) == form


def test_the_posting_type_is_read() -> None:
    assert type_of("公益性岗位保洁员") == "public_welfare_post"
    assert type_of("就业见习") == "internship"
    assert type_of("零工") == "gig"
    assert type_of("焊工") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("招22人", 22), ("3-5名", 3), ("十二人", 12), ("两名", 2), ("二十", 20), ("22", 22), ("招聘人数：3人", 3), ("约50人", 50)],
)
def test_the_headcount_is_read(text: str, number: int) -> None:
    assert read_headcount(text) == number


@pytest.mark.parametrize("text", ["若干", "0", "", None, "18-45岁", "8小时", "5千", "1.5"])
def test_what_is_no_count_is_no_headcount(text: str | None) -> None:
    assert read_headcount(text) is None


@pytest.mark.parametrize(
    ("needed", "own"),
    [
        ("焊工证", "特种作业操作证（电焊）"),
        ("焊工证", "中级焊工"),
        ("驾驶证", "C1驾照"),
        ("C1驾照", "B2驾驶证"),
        ("C1", "C1驾照"),
        ("电工证", "低压电工操作证"),
        ("会计证", "初级会计证"),
        ("健康证", "食品从业人员健康证明"),
        ("教师资格证", "教资"),
        ("叉车证", "N1叉车操作证"),
        ("护士资格证", "护士执业证书"),
    ],
)
def test_a_certificate_answers_a_demand_whatever_it_is_called(needed: str, own: str) -> None:
    assert certificates.same(needed, own)


@pytest.mark.parametrize(
    ("needed", "own"),
    [
        ("高级焊工证", "中级焊工证"),
        ("B2驾照", "C1驾照"),
        ("电工证", "焊工证"),
        ("电工证", "钳工证"),
        ("二级建造师", "一级建造师"),
        ("初级会计职称", "中级会计职称"),
        ("低压电工证", "高压电工证"),
    ],
)
def test_another_trade_or_level_does_not_answer(needed: str, own: str) -> None:
    assert not certificates.same(needed, own)


@given(st.text(min_size=1, max_size=12))
def test_a_certificate_answers_itself(name: str) -> None:
    assert certificates.same(name, name)


def test_one_firm_written_in_two_ways_has_one_id() -> None:
    assert id_of_name("太原某机械（集团）有限公司") == id_of_name("太原某机械(集团) 有限公司 ")
    assert id_of_name("太原某机械有限公司") != id_of_name("太原某机械厂")
    assert normal_name("Ａbc（北京）有限公司") == "ABC(北京)有限公司"


def test_the_key_of_a_name_is_its_distinctive_part() -> None:
    assert employer_key("山西省太原市红叶机械制造有限公司") == employer_key("红叶机械制造股份有限公司") == "红叶机械制造"
    assert employer_key("公司") == "公司"
