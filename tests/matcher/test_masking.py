"""Masking takes out what reaches or identifies a person and leaves pay, years and codes alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import credit_code
from matcher.masking import MARK, id_number_valid, mask


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("13800138000", "phone"),
        ("+86 138 0013 8000", "phone"),
        ("138-0013-8000", "phone"),
        ("1380013 8000", "phone"),
        ("8613800138000", "phone"),
        ("1 3 8 0 0 1 3 8 0 0 0", "phone"),
        ("１３８００１３８０００", "phone"),
        ("①③⑧００１３８０００", "phone"),
        ("一三八零零一三八零零零", "phone"),
        ("幺三八零零幺三八零零零", "phone"),
        ("0351-7654321转8001", "phone"),
        ("(0351)7654321", "phone"),
        ("03517654321", "phone"),
        ("4008123123", "phone"),
        ("400-812-3123", "phone"),
        ("010 6554 3210", "phone"),
        ("140105199003071234", "id_number"),
        ("11010519491231002X", "id_number"),
        ("11010519491231002x", "id_number"),
        ("１１０１０５１９４９１２３１００２Ｘ", "id_number"),
        ("110105 19491231 002X", "id_number"),
        ("140105900307123", "id_number"),
        ("abc.def@qq.com", "mail"),
        ("ＡＢ＠163．com", "mail"),
        ("hr#163.com", "mail"),
    ],
)
def test_what_reaches_or_identifies_a_person_is_taken_out(text: str, kind: str) -> None:
    masked = mask(f"有意请联系{text}，谢谢")
    assert masked.text == f"有意请联系{MARK}，谢谢"
    assert [found.kind for found in masked.found] == [kind]
    assert masked.found[0].value == text


@pytest.mark.parametrize(
    "text", ["微信：abc_123456", "微信号 zhang888999", "QQ:123456789", "加v zhangsan88", "vx13800138000", "微信同号13800138000"]
)
def test_chat_numbers_are_taken_out(text: str) -> None:
    masked = mask(text)
    assert MARK in masked.text
    assert not any(letter.isdigit() for letter in masked.text)


def test_a_short_number_is_a_telephone_after_the_word() -> None:
    assert mask("招聘电话：8888666").text == f"招聘电话：{MARK}"
    assert mask("编号8888666").text == "编号8888666"


@pytest.mark.parametrize(
    "text",
    [
        "工资15000-300000元",
        "5000-8000元/月",
        "4000-8000",
        "年薪100000-150000",
        "13薪 14薪",
        "2024年11月20日",
        "20241120",
        "2024.01.02-2025.01.02",
        "2019-2024",
        "6-18-02-04",
        "140105",
        "91140100MA0GXNJ13C",
        "公积金12%",
        "18:00-22:00",
        "编号12345678901",
        "招20人，18-45岁，150元/天",
        "精通微信JSSDK、微信小程序",
        "不收手机-【保底5000-6000】",
        "职位编码 0351765432",
        "QQ2021版",
        "3月1日-12月31日",
        "400000-8000000",
    ],
)
def test_pay_years_and_codes_stay(text: str) -> None:
    assert mask(text).text == text


def test_what_was_found_is_not_shown_by_repr() -> None:
    assert "13800138000" not in repr(mask("13800138000"))


def test_the_check_digit_of_an_identity_number() -> None:
    assert id_number_valid("11010519491231002X")
    assert not id_number_valid("110105194912310021")
    assert not id_number_valid("110105194913310020")


PHONES = st.integers(3, 9).flatmap(lambda second: st.integers(0, 10**9 - 1).map(lambda rest: f"1{second}{rest:09d}"))


@given(
    PHONES,
    st.sampled_from(["", "电话", "手机：", "联系人王女士 ", "（微信同号）", "a", "，"]),
    st.sampled_from(["", "王", "。", "转1", "a", " "]),
)
def test_every_mobile_number_is_found_wherever_it_stands(phone: str, before: str, after: str) -> None:
    for written in (phone, f"{phone[:3]} {phone[3:7]} {phone[7:]}", f"{phone[:3]}-{phone[3:7]}-{phone[7:]}", " ".join(phone)):
        masked = mask(f"{before}{written}{after}").text
        assert phone not in masked
        assert written not in masked


@given(st.text(alphabet="0123456789１２ -—.·零一二三八@ａxX:：微信电话QQv元千万k年月qcom转()", max_size=60))
def test_masking_twice_changes_nothing(text: str) -> None:
    once = mask(text).text
    assert mask(once).text == once
    assert mask(once).found == ()


@given(
    st.integers(1000, 99_999),
    st.integers(1000, 999_999),
    st.sampled_from(["-", "—", "~", "至", " - "]),
    st.sampled_from(["", "元", "元/月", "/月"]),
)
def test_pay_ranges_are_never_touched(low: int, high: int, dash: str, unit: str) -> None:
    text = f"工资{low}{dash}{high}{unit}，五险"
    assert mask(text).text == text


@given(st.text(alphabet=credit_code.ALPHABET, min_size=9, max_size=9), st.sampled_from(["140105", "140100", "110108", "440103"]))
def test_credit_codes_are_never_touched(tail: str, region: str) -> None:
    first = f"91{region}{tail}"
    code = first + credit_code.check_character(first)
    assert mask(f"信用代码{code}。").text == f"信用代码{code}。"
