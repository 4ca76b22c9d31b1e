"""Pay: what is comparable by the month, and what people write.

The rule of comparable monthly pay (contract.md): month as it is times ``months`` / 12, year / 12, week x 52 / 12, day x 21.75,
hour x 8 x 21.75; a missing unit is not compared, piece pay never is.

``read_pay`` reads the words of advertisements and ``pay_of_columns`` numbers in columns. What cannot be meant (6 yuan a month, 200 yuan in
a monthly column) is asked about and not used: a wrong wage misleads a person, a missing one only costs a question.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Literal

from matcher.shapes import Pay, PayUnit

DAYS_A_MONTH = 21.75
HOURS_A_DAY = 8

# What an amount can mean, yuan per unit. Wide on purpose: outside lies a slip of unit or of zeros, not an unusual wage.
_PLAUSIBLE: dict[str, tuple[float, float]] = {
    "month": (800, 500_000),
    "year": (9_000, 10_000_000),
    "week": (200, 100_000),
    "day": (30, 20_000),
    "hour": (5, 3_000),
    "piece": (0.001, 100_000),
}
_UNIT_NAMES = {"month": "月", "year": "年", "week": "周", "day": "天", "hour": "小时", "piece": "件"}


@dataclass(frozen=True)
class PayReading:
    """Pay as read. ``pay`` is what may be used (None: nothing), ``confidence`` 0..1, ``question`` what to ask the sender (plain Chinese).

    ``stated`` says what kind of statement it was: ``amount``, ``negotiable`` (面议), ``piece`` (计件 without an amount) or ``nothing``;
    ``base_plus`` that a base wage with commission on top was stated, so the amount is a lower bound.
    """

    pay: Pay | None = None
    confidence: float = 0.0
    question: str | None = None
    stated: str = "nothing"
    base_plus: bool = False
    tax: Literal["before", "after"] | None = None  # 税前 or 税后 (到手), where one of them was said

    @property
    def unit(self) -> str | None:
        return None if self.pay is None else self.pay.unit

    @property
    def months(self) -> float | None:
        return None if self.pay is None else self.pay.months


def monthly(pay: Pay) -> tuple[float | None, float | None] | None:
    """Comparable monthly (min, max) in yuan, either side None where not stated; None when not comparable or nothing is stated.

    A stated 0 is not pay but an unknown value; a minimum above the maximum is a swapped pair, as which it is read.
    """
    unit = pay.unit
    if unit is None or unit == "piece":
        return None
    if unit == "month":
        factor = (pay.months or 12) / 12
    elif unit == "year":
        factor = 1 / 12
    elif unit == "week":
        factor = 52 / 12
    elif unit == "day":
        factor = DAYS_A_MONTH
    else:
        factor = HOURS_A_DAY * DAYS_A_MONTH
    low = pay.min * factor if pay.min else None
    high = pay.max * factor if pay.max else None
    if low is None and high is None:
        return None
    if low is not None and high is not None and low > high:
        low, high = high, low
    return low, high


def _show(value: float) -> str:
    return f"{value:g}" if value < 1e6 else f"{value / 1e4:g}万"


def _span(low: float | None, high: float | None) -> str:
    return "—".join(_show(value) for value in dict.fromkeys((low, high)) if value is not None)


def _judged(
    low: float | None, high: float | None, unit: PayUnit, months: float | None, confidence: float, base_plus: bool = False
) -> PayReading:
    """The amounts as a reading, or a question where they cannot be meant with that unit."""
    if low is not None and high is not None and low > high:
        low, high, confidence = high, low, confidence * 0.8
    least, most = _PLAUSIBLE[unit]
    amounts = [value for value in (low, high) if value is not None]
    if not all(least <= value <= most for value in amounts):
        name = _UNIT_NAMES[unit]
        other = ""
        if unit == "month" and max(amounts) < 100:
            other = f"，是{_span(low, high)}千元，还是每小时、每天的工资"
        elif unit == "month" and max(amounts) < least:
            other = "，是每天的工资吗"
        return PayReading(None, 0.0, f"工资“{_span(low, high)}元/{name}”不像{name}薪{other}？请确认金额和单位", "amount", base_plus)
    question = None
    if low is not None and high is not None and high > 10 * low:
        confidence *= 0.7
        question = f"工资{_span(low, high)}元相差过大，请写实际范围"
    return PayReading(Pay(min=low, max=high, unit=unit, months=months), round(confidence, 2), question, "amount", base_plus)


def pay_of_columns(low: float | None, high: float | None, unit: PayUnit = "month", months: float | None = None) -> PayReading:
    """Pay from number columns that are said to be yuan per ``unit``. 0 is not stated; implausible amounts become a question.

    ``months`` outside 12..24 is no count of monthly wages a year and is left out.
    """
    below = [value for value in (low, high) if value is not None and value < 0]
    if below:
        return PayReading(None, 0.0, f"工资“{below[0]:g}”不能小于零，请填写实际工资；面议的不填", "amount")
    low = low if low is not None and low > 0 else None
    high = high if high is not None and high > 0 else None
    if low is None and high is None:
        return PayReading()
    kept = months if unit == "month" and months is not None and 12 <= months <= 24 else None
    return _judged(low, high, unit, kept, 1.0)


_DIGITS = {digit: number for number, digit in enumerate("零一二三四五六七八九")} | {"两": 2, "半": 0.5}
_SCALES = {"百": 100, "千": 1_000, "k": 1_000, "万": 10_000, "w": 10_000}
_NUMERAL = re.compile(
    r"([一二两三四五六七八九])([一二三四五六七八九])?([千万])(?:([一二三四五六七八九])(?![一二三四五六七八九十千万天月年周个])[百千]?)?"
)
_UNITS = r"(?P<unit>年|月|周|星期|礼拜|日|天|班|小时|钟头|时|h(?![a-z])|件|单|台|平米|平方|吨|个(?!月))"
_NUMBER = r"(\d+(?:\.\d+)?)\s*(千|k|万|w|百)?"
_AMOUNT = re.compile(
    rf"(?<![\d.\-])(?P<low>{_NUMBER})\s*(?P<yuan0>元|块(?!钱))?(?:(?:/|每)?(?:月|年|天|日|小时|时)(?=-))?(?:\s*-\s*(?P<high>{_NUMBER}))?"
    rf"\s*(?P<yuan>元人民币|元|块钱|块|rmb)?(?:/?(?P<finish>日结|天结)|\s*(?P<per>/|每|一(?!个月试)|·)?\s*(?:每|一|个)?{_UNITS})?"
    r"\s*(?P<bound>以上|起|\+|及以上|以下|以内|封顶)?"
)
_UNIT_OF: dict[str, PayUnit] = {
    "年": "year", "月": "month", "周": "week", "星期": "week", "礼拜": "week", "日": "day", "天": "day", "班": "day",
    "小时": "hour", "钟头": "hour", "时": "hour", "h": "hour",
    "件": "piece", "单": "piece", "台": "piece", "平米": "piece", "平方": "piece", "吨": "piece", "个": "piece",
}  # fmt: skip
_BEFORE = re.compile(
    r"(年薪|年收入|年总包|年包|年入|月薪|月收入|月工资|月入|月赚|每月|日薪|日工资|日结|日入|日赚|每天|一天|时薪|每小时|小时工|周薪|每周|计件|单价)[^\d,，。;；]{0,6}$|(?<![\d个年半满])(月)$"
)
_BEFORE_UNIT: dict[str, PayUnit] = {
    "年": "year",
    "月": "month",
    "日": "day",
    "天": "day",
    "时": "hour",
    "小": "hour",
    "周": "week",
    "计": "piece",
    "单": "piece",
}
_MONTHS = re.compile(r"(?<!\d)(1[2-9]|2[0-4])\s*(?:薪|个月(?:薪|工资))|(?<=[*xX×])\s*(1[2-9]|2[0-4])(?!\d)")
_NEGOTIABLE = re.compile(r"面议|面谈|待议|详谈|协商|工资不限|薪资不限")
_BASE = re.compile(r"底薪|无责|保底|基本工资|提成|绩效")
_NOT_PAY_AFTER = re.compile(
    r"^\s*(岁|周岁|人|名|位|小时(?!/)|点|:|：|险|休|班倒|级|号|楼|公里|米|%|年(?![薪终底度])|周年|个月|个人|项|天班|天/|餐|次|届)"
)
# What stands before an amount that is no wage: turnover and capital, pay for overtime and holidays, an allowance or a bonus.
_NOT_PAY_BEFORE = re.compile(
    r"(身高|年龄|体重|业绩|消耗|销售额|营业额|营收|产值|资产|投资|资金|流水|资本|规模|(?<![不无])加班(费|工资|补贴)?|节假日|法定假|法定节)[^\d,，。;；、薪资]{0,8}$"
)
_NOT_PAY_AFTER_WORD = re.compile(r"^\s*(号|人|名|位|岁|周岁|%|不是梦)")
_EXTRA_BEFORE = re.compile(r"(保底|补贴|补助|奖|押金|房补|餐补|全勤|社保|费)[^\d,，]{0,4}$")
_EXTRA_AFTER = re.compile(r"^\s*(左右)?的?(?:(?![包有加另提管含五])[一-鿿]){0,4}(补贴|补助|津贴|体检费|礼金|红包)")
_MOST_EXTRA = 1_500
_PAY_WORD = re.compile(r"(薪资?|薪酬|工资|收入|待遇)(范围|待遇|水平|标准|区间)?\s*(为|是|:)?\s*$")
# 「试用期4000-5000元，转正6000-7000元」: the first is not what the post pays.
_PROBATION_BEFORE = re.compile(r"(试用|试岗|实习|培训)期[^。;；转]{0,24}$")
# A bare figure of hundreds that opens a title, or before what comes with the wage: 「5500包吃住」, 「6500保洁」.
_BARE = re.compile(
    r"(?<![A-Za-z0-9_.\-(（#])(?!(?:19|20)\d\d(?!\d))[1-9]\d{1,2}00(?!\d)(?=包吃|包住|包食|包餐|双休|单休|五险|社保|急招|急聘|起薪|月休)|^(?!20\d\d)[3-9]\d00(?=[一-鿿])"
)


_MOST_CHARACTERS = 1_000  # a field or a phrase: what surrounds each amount is looked through, so time is a square of the length


def _with_digits(text: str) -> str:
    """Chinese numerals of thousands and ten thousands as digits: 三千五 -> 3.5千, 五六千 -> 5-6千, 一万二 -> 1.2万."""

    def digits(match: re.Match[str]) -> str:
        first, second, scale, after = match.groups()
        if second:
            return f"{_DIGITS[first]}-{_DIGITS[second]}{scale}"
        return f"{_DIGITS[first]}{f'.{_DIGITS[after]}' if after else ''}{scale}"

    return _NUMERAL.sub(digits, text)


def _prepared(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).lower().replace("¥", "").replace("￥", "")
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", plain)
    plain = _with_digits(plain)
    return re.sub(r"(?<=[\d千万kw元])\s*(?:~|～|—+|–|-+|至|到)\s*(?=\d)", "-", plain)


@dataclass(frozen=True)
class _Found:
    low: float | None
    high: float | None
    unit: PayUnit | None
    sure: float
    weight: float
    open_above: bool


def _amount(match: re.Match[str], text: str, alone: bool) -> _Found | None:
    low, low_scale = float(match.group(2)), match.group(3)
    high = float(match.group(6)) if match.group("high") else None
    high_scale = match.group(7) if match.group("high") else None
    sure = 0.95
    if high is not None and low_scale is None and high_scale is not None and (low < 100 or low < float(match.group(6))):
        # 「6-8k」, 「1.5-3万」: the scale is said once. 「8-1.2万」 can only mean 8千.
        low_scale = "千" if high_scale in "万w" and low > float(match.group(6)) else high_scale
    before = _BEFORE.search(text[: match.start()])
    unit: PayUnit | None = None
    if match.group("unit"):
        joined = match.group("per") or match.group("yuan")
        if not joined and not match.group(3) and not high_scale and not (match.group("unit") == "月" and max(low, high or 0) >= 1_000):
            return None  # 「8小时」, 「3年」, 「26天」: a length of time, not a wage
        unit = _UNIT_OF[match.group("unit")]
    elif match.group("finish"):
        unit = "day"
    elif before:
        unit = _BEFORE_UNIT[(before[1] or before[2]).removeprefix("每").removeprefix("一")[0]]
    after = text[match.end() :]
    if (unit is None and _NOT_PAY_AFTER.match(after)) or (not match.group("unit") and _NOT_PAY_AFTER_WORD.match(after)):
        return None
    if _NOT_PAY_BEFORE.search(text[: match.start()]) or not max(low, high or 0):
        return None
    scaled_low = low * _SCALES.get(low_scale or "", 1)
    scaled_high = None if high is None else high * _SCALES.get(high_scale or "", 1)
    marked = bool(low_scale or high_scale or match.group("yuan") or match.group("yuan0") or unit or match.group("bound"))
    marked = marked or _BARE.match(text, match.start()) is not None
    marked = marked or (scaled_high is not None and _PAY_WORD.search(text[: match.start()]) is not None)
    if not marked and not alone and not 1_000 <= scaled_low <= 60_000:
        return None
    if (
        not marked
        and not alone
        and scaled_high is None
        and not re.search(r"(薪|工资|收入|待遇|底薪|无责|保底|到手)[^\d]{0,6}$", text[: match.start()])
    ):
        return None
    bound = match.group("bound") or ""
    if scaled_high is None and ("以下" in bound or "以内" in bound or "封顶" in bound):
        found_low, found_high = None, scaled_low
    elif scaled_high is None and bound:
        found_low, found_high = scaled_low, None
    else:
        found_low, found_high = scaled_low, scaled_high
    weight = (2.0 if scaled_high is not None else 1.0) + (0.5 if before and (before[1] or before[2]).startswith(("月", "年")) else 0.0)
    if _EXTRA_BEFORE.search(text[: match.start()]):
        if (scaled_high or scaled_low) < _MOST_EXTRA:
            return None
        weight -= 1.5
    elif re.search(r"底薪[^\d,，]{0,4}$", text[: match.start()]):
        weight -= 0.6
    if not bound and _EXTRA_AFTER.match(after):
        return None
    if _PROBATION_BEFORE.search(text[: match.start()]):
        weight -= 1.2
    return _Found(found_low, found_high, unit, sure if marked else 0.6, weight, found_low is not None and bool(bound))


def read_pay(text: str | None, default_unit: PayUnit | None = None) -> PayReading:
    """Pay as written in a field or a short phrase: 「6-8k」, 「1.5-3万·13薪」, 「180元/天」, 「底薪3000+提成」, 「面议」.

    Without a stated unit an amount between 1,000 and 80,000 is by the month (less sure); another one keeps its unit open, is not compared,
    and is asked about. ``default_unit`` is what the column's heading says. Of several amounts a range goes before a single one.
    """
    if text is None or not text.strip():
        return PayReading()
    text = text[:_MOST_CHARACTERS]
    reading = _read_pay(text, default_unit)
    after, before = "税后" in text or "到手" in text, "税前" in text
    return replace(reading, tax="after" if after else "before") if after != before else reading


def _read_pay(text: str, default_unit: PayUnit | None) -> PayReading:
    plain = _prepared(text)[:_MOST_CHARACTERS]
    months_match = _MONTHS.search(plain)
    months = float(months_match[1] or months_match[2]) if months_match else None
    rest = _MONTHS.sub("#", plain) if months_match else plain
    alone = re.fullmatch(r"[\s\d.千k万w百元块+\-#·以上起下内]*", rest) is not None
    found = [item for match in _AMOUNT.finditer(rest) if (item := _amount(match, rest, alone)) is not None]
    base_plus = bool(_BASE.search(plain)) and bool(re.search(r"\+|加|提成|绩效", plain))
    if not found:
        if _NEGOTIABLE.search(plain):
            return PayReading(stated="negotiable", confidence=0.95)
        if "计件" in plain:
            return PayReading(Pay(unit="piece"), 0.9, None, "piece")
        return PayReading()
    best = max(enumerate(found), key=lambda item: (item[1].weight, -item[0]))[1]
    low, high, unit, sure = best.low, best.high, best.unit, best.sure
    if len(found) > 1:
        sure *= 0.85
    if not any((low, high)):
        return PayReading()
    if unit is None:
        # 「计件工资，综合8000-9000元」 is what it comes to in a month, not the price of a piece.
        by_piece = "计件" in plain and max(low or 0, high or 0) < 1_000
        unit = "piece" if by_piece else "month" if months else default_unit
        if unit is not None and unit == default_unit:
            sure = max(sure, 0.95)  # the column's heading says what the figure leaves out
    open_above = base_plus or best.open_above or re.search(r"起薪|起步|不封顶", rest) is not None
    if low is not None and high is None and not open_above:
        high = low
    if unit is None:
        top = max(value for value in (low, high) if value is not None)
        if (low or top) < 1_000 or (low or top) > 40_000 or top > 80_000:
            span = _span(low, high)
            if top > _PLAUSIBLE["year"][1]:
                return PayReading(None, 0.0, f"工资“{span}元”太大，请确认金额和单位", "amount", base_plus)
            return PayReading(Pay(min=low, max=high), 0.3, f"“{span}元”是按月、按天还是按年？请写明单位", "amount", base_plus)
        unit, sure = "month", sure * 0.85
    return _judged(low, high, unit, months if unit == "month" else None, sure, base_plus=base_plus)
