"""What an entry pays for one unit (``amount_rule``): a person, an insured employee, a certificate, a prize, or the enterprise.

Ceilings, monthly and yearly amounts are no single figure in yuan here; ``shown`` puts them into words with the most they can come to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from matcher.figures import Dated
from matcher.places import full_name
from matcher.policy.conditions import TRUE, Prepared, compiled, decide_all
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue
from matcher.policy.named import monthly_minimum_wage
from matcher.policy.terms import (
    Amount,
    ByCategory,
    ByLevel,
    ByReference,
    Cap,
    CapPerPerson,
    Deferral,
    Duration,
    Fixed,
    FractionCapOfBase,
    FreeSpace,
    LadderPercentOfBase,
    LadderPerPerson,
    LadderTotal,
    Loan,
    MonthlyPerPerson,
    NonMonetary,
    PercentBySize,
    PercentOfBase,
    PercentStep,
    PerYear,
    PerYearCapByLevel,
    RangePerCounty,
    Rate,
    RemainingMonthsOf,
    TermExtension,
    WageGradeRaise,
)
from matcher.policy.wording import day_words, value_words, yuan_words


@dataclass(frozen=True)
class Figure:
    """``yuan`` or ``percent`` of one unit, where the text and the facts give it; ``yuan_per_month``: that percent of a known wage."""

    yuan: Decimal | None = None
    percent: Decimal | None = None
    yuan_per_month: Decimal | None = None


NONE = Figure()
MINIMUM_WAGE = "local monthly minimum wage"
KEPT = "restated_keep_earlier_criteria"


def amount_in_force(catalogue: Catalogue, entry: Entry, prepared_day: Any) -> Amount:
    """The entry's amount on that day: a version kept for its criteria shows its successor's amount from the successor's first day."""
    later = entry.superseded_by
    if later is not None and later.mode == KEPT:
        successor = catalogue.by_id[later.entry]
        if successor.window.holds(prepared_day):
            return successor.amount
    return entry.amount


def figure(catalogue: Catalogue, entry: Entry, prepared: Prepared) -> Figure:
    """The figure of one unit under these facts, or nothing where a fact it needs is unknown."""
    amount = amount_in_force(catalogue, entry, prepared.day)
    found = _figure(catalogue, entry, amount, prepared)
    wage = _wage(catalogue, amount, prepared)
    return found if wage is None or found.percent is None else replace(found, yuan_per_month=_share(wage, found.percent))


def _wage(catalogue: Catalogue, amount: Amount, prepared: Prepared) -> Dated | None:
    """The minimum wage that the amount is a share of, where the dated tables hold it for the place of the post."""
    if not catalogue.figures or getattr(amount, "base", None) != MINIMUM_WAGE:
        return None
    return monthly_minimum_wage(catalogue.figures, prepared.facts, prepared.day)


def _share(wage: Dated, percent: Decimal) -> Decimal:
    return (wage.value * percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _figure(catalogue: Catalogue, entry: Entry, amount: Amount, prepared: Prepared) -> Figure:
    facts = prepared.facts
    if isinstance(amount, Fixed):
        return Figure(yuan=amount.yuan)
    if isinstance(amount, PercentOfBase):
        return Figure(percent=amount.percent)
    if isinstance(amount, LadderPerPerson):
        steps = [step.yuan_per_person for step in amount.steps if _in_step(step, facts.get(amount.basis))]
        return Figure(yuan=steps[0]) if steps else NONE
    if isinstance(amount, LadderTotal):
        steps = [step.yuan for step in amount.steps if _in_step(step, facts.get(amount.basis))]
        return Figure(yuan=steps[0]) if steps else NONE
    if isinstance(amount, LadderPercentOfBase):
        percents = [step.percent for step in amount.steps_derived if _in_percent_step(step, facts.get(amount.basis))]
        return Figure(percent=percents[0]) if percents else NONE
    if isinstance(amount, ByLevel):
        level = _one_text(facts.get(amount.level_fact))
        return Figure(yuan=amount.levels[level]) if level in amount.levels else NONE
    if isinstance(amount, PercentBySize):
        size = _one_text(facts.get("employer.size"))
        if size not in amount.percent_by_size or not _size_decides(entry, facts.get("employer.kind")):
            return NONE
        return Figure(percent=amount.percent_by_size[size])
    if isinstance(amount, ByCategory):
        return _by_category(catalogue, entry, amount, prepared)
    if isinstance(amount, ByReference):
        return _by_reference(catalogue, amount.reference, prepared)
    return NONE


def _in_step(step: Any, value: Any) -> bool:
    return isinstance(value, Decimal) and step.min <= value and (step.max is None or value < step.max + 1)


def _in_percent_step(step: PercentStep, value: Any) -> bool:
    if not isinstance(value, Decimal):
        return False
    return (
        (step.gte is None or value >= step.gte)
        and (step.gt is None or value > step.gt)
        and (step.lt is None or value < step.lt)
        and (step.lte is None or value <= step.lte)
    )


def _one_text(value: Any) -> str:
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) else ""


def _size_decides(entry: Entry, kind: Any) -> bool:
    """Whether the percentage by size is stated for this kind: bodies that only 参照实施 (000 第(二)条) have none."""
    named = [leaf for leaf in entry.conditions if getattr(leaf, "field", None) == "employer.kind"]
    if named and set(named[0].value) == {"enterprise"}:  # type: ignore[union-attr]
        return True
    return _one_text(kind) == "enterprise"


def _by_category(catalogue: Catalogue, entry: Entry, amount: ByCategory, prepared: Prepared) -> Figure:
    for case, number in zip(amount.cases, compiled(catalogue).cases[entry.id], strict=True):
        state = prepared.states[number]
        if state == TRUE:
            return Figure(yuan=case.yuan) if case.yuan is not None else _by_reference(catalogue, case.reference or "", prepared)
        if state != 0:
            return NONE  # whether the higher case holds is unknown, so is the figure
    return NONE


def _by_reference(catalogue: Catalogue, reference: str | tuple[str, ...], prepared: Prepared) -> Figure:
    if isinstance(reference, str):
        other = catalogue.by_id[reference]
        return _figure(catalogue, other, other.amount, prepared)
    plan = compiled(catalogue)
    holding = [catalogue.by_id[name] for name in reference if decide_all(plan.trees[name], prepared.states) == TRUE]
    return _figure(catalogue, holding[0], holding[0].amount, prepared) if len(holding) == 1 else NONE


def is_stated(amount: Amount) -> bool:
    """Whether the text gives any figure at all (``one_hint_rule`` prefers the version that does)."""
    return amount.type not in ("not_stated", "ladder_not_stated")


@dataclass(frozen=True)
class Shown:
    """An amount for readers: the most that it can come to in yuan where that is known, in words, and whether it is a ceiling."""

    yuan: Decimal | None
    basis: str
    at_most: bool
    yuan_per_month: Decimal | None = None


_BASES = {
    MINIMUM_WAGE: "当地月最低工资标准",
    "employer part of social insurance contributions actually paid": "实际缴纳社会保险费（单位缴费部分）",
}


def _n(value: Decimal | int) -> str:
    return format(Decimal(value).normalize(), "f")


def _base(text: str) -> str:
    if text in _BASES:
        return _BASES[text]
    return "上年度实际缴纳的失业保险费" if "unemployment insurance" in text or "not restated" in text else text


def shown(catalogue: Catalogue, entry: Entry, prepared: Prepared) -> Shown:
    """The amount as a hint shows it."""
    amount = amount_in_force(catalogue, entry, prepared.day)
    made = _shown(catalogue, entry, amount, prepared)
    wage = _wage(catalogue, amount, prepared)
    if wage is None:
        return made
    percent = _figure(catalogue, entry, amount, prepared).percent
    told = f"{made.basis}；{full_name(wage.code)}月最低工资标准{_n(wage.value)}元（{wage.source}）"
    if percent is None:
        return replace(made, basis=told)
    share = _share(wage, percent)
    return replace(made, basis=f"{told}，即每月{_n(share)}元", yuan_per_month=share)


def _shown(catalogue: Catalogue, entry: Entry, amount: Amount, prepared: Prepared) -> Shown:
    found = _figure(catalogue, entry, amount, prepared)
    if isinstance(amount, Fixed):
        unit = {"fixed": "一次性", "fixed_per_person": "每人", "fixed_per_insured_employee": "每名参保职工"}[amount.type]
        return Shown(amount.yuan, f"{unit}{yuan_words(amount.yuan)}", False)
    if isinstance(amount, MonthlyPerPerson):
        return Shown(amount.max_total_yuan, f"{yuan_words(amount.yuan_per_month)}/月 × 最长{amount.max_months}个月", True)
    if isinstance(amount, FractionCapOfBase):
        return Shown(None, f"不超过{_base(amount.base)}的{amount.max_fraction.num}/{amount.max_fraction.den}", True)
    if isinstance(amount, PercentOfBase):
        return Shown(None, f"{_base(amount.base)}的{_n(amount.percent)}%", False)
    if isinstance(amount, LadderPercentOfBase):
        if found.percent is not None:
            return Shown(None, f"{_base(amount.base)}的{_n(found.percent)}%", False)
        return Shown(None, f"{_base(amount.base)}的{_n(amount.base_percent)}%起，随留用率提高，最高{_n(amount.top.percent_of_base)}%", True)
    if isinstance(amount, PercentBySize):
        if found.percent is not None:
            return Shown(None, f"{_base(amount.base)}的{_n(found.percent)}%", False)
        sizes = "，".join(
            f"{catalogue.shared.vocabulary['employer.size'][size]}{_n(value)}%" for size, value in amount.percent_by_size.items()
        )
        return Shown(None, f"{_base(amount.base)}的一定比例（{sizes}）", False)
    if isinstance(amount, LadderPerPerson):
        steps = "，".join(_step_words(step, f"每人{yuan_words(step.yuan_per_person)}") for step in amount.steps)
        return Shown(found.yuan, f"每人{yuan_words(found.yuan)}" if found.yuan is not None else steps, False)
    if isinstance(amount, LadderTotal):
        totals = "，".join(_step_words(step, f"{yuan_words(step.yuan)}") for step in amount.steps)
        return Shown(found.yuan, f"一次性{yuan_words(found.yuan)}" if found.yuan is not None else totals, False)
    if isinstance(amount, ByLevel):
        unit = "每人" if amount.type == "by_level_per_person" else ""
        levels = "，".join(f"{LEVEL_WORDS.get(level, level)}{unit}{yuan_words(value)}" for level, value in amount.levels.items())
        return Shown(found.yuan, f"{unit}{yuan_words(found.yuan)}" if found.yuan is not None else levels, False)
    if isinstance(amount, ByCategory | ByReference):
        if found.yuan is not None:
            return Shown(found.yuan, f"{_unit_of(catalogue, amount)}{yuan_words(found.yuan)}", False)
        return Shown(None, _referenced(catalogue, amount, prepared), False)
    return _shown_other(amount)


def _unit_of(catalogue: Catalogue, amount: ByCategory | ByReference) -> str:
    """每人, where what is referred to is a sum a head; prizes are a project's."""
    named = amount.reference if isinstance(amount, ByReference) else ""
    first = named if isinstance(named, str) else named[0]
    return "" if first and catalogue.by_id[first].amount.type == "by_level_total" else "每人"


def _referenced(catalogue: Catalogue, amount: ByCategory | ByReference, prepared: Prepared) -> str:
    """What an amount that only refers to others comes to, in words."""
    if isinstance(amount, ByReference):
        if not isinstance(amount.reference, str):
            return f"与对应项目相同：{'、'.join(catalogue.by_id[name].name for name in amount.reference)}"
        other = catalogue.by_id[amount.reference]
        return f"按“{other.name}”的标准（{_shown(catalogue, other, other.amount, prepared).basis}）"
    cases = []
    for case in amount.cases:
        if case.yuan is not None:
            cases.append(f"{value_words(catalogue, case.when.field, frozenset(case.when.value))}每人{yuan_words(case.yuan)}")
        elif case.reference is not None:
            cases.append("其他人员" + _referenced(catalogue, ByReference(type="by_reference", reference=case.reference), prepared))
    return "；".join(cases)


def _shown_other(amount: Amount) -> Shown:
    if isinstance(amount, CapPerPerson):
        return Shown(amount.max_yuan, f"每人最高{yuan_words(amount.max_yuan)}", True)
    if isinstance(amount, Cap):
        return Shown(amount.max_yuan, f"最高{yuan_words(amount.max_yuan)}", True)
    if isinstance(amount, PerYear):
        return Shown(None, f"每年{yuan_words(amount.yuan_per_year)}，年限未写明", False)
    if isinstance(amount, PerYearCapByLevel):
        ceilings = amount.max_yuan_per_year.items()
        levels = "，".join(f"{LEVEL_WORDS.get(level, level)}每年最高{yuan_words(value)}" for level, value in ceilings)
        return Shown(None, levels, True)
    if isinstance(amount, RangePerCounty):
        return Shown(amount.max_yuan, f"每县{yuan_words(amount.min_yuan)}至{yuan_words(amount.max_yuan)}", True)
    if isinstance(amount, Loan):
        credit = amount.max_credit_yuan or amount.max_principal_yuan
        words = f"额度最高{yuan_words(credit)}" if credit is not None else "额度未写明"
        return Shown(
            None, words + (f"，利率原则上不超过{_n(amount.max_rate_percent)}%" if amount.max_rate_percent is not None else ""), True
        )
    if isinstance(amount, Rate):
        split = ""
        if amount.employer_percent is not None and amount.employee_percent is not None:
            split = f"（单位{_n(amount.employer_percent)}%，职工{_n(amount.employee_percent)}%）"
        return Shown(None, f"总费率{_n(amount.total_percent)}%{split}", False)
    if isinstance(amount, RemainingMonthsOf):
        most = f"，最多{amount.max_months}个月" if amount.max_months is not None else ""
        return Shown(None, f"剩余见习月数的见习补贴{most}", False)
    if isinstance(amount, TermExtension):
        return Shown(None, f"展期原则上最长{amount.max_months}个月", True)
    if isinstance(amount, Duration):
        return Shown(None, f"{amount.months}个月", False)
    if isinstance(amount, FreeSpace):
        return Shown(None, f"不少于{_n(amount.min_share_of_space_percent)}%的场地免费提供", False)
    if isinstance(amount, Deferral):
        untils = (("养老保险费", amount.pension_until), ("失业保险费", amount.unemployment_until))
        ends = [f"{insurance}缓缴至{day_words(day)}" for insurance, day in untils if day is not None]
        return Shown(None, "，".join([*(ends or ["缓缴社会保险费"]), "免收滞纳金"]), False)
    if isinstance(amount, WageGradeRaise):
        return Shown(None, f"高定{amount.grades_min}至{amount.grades_max}级薪级工资", False)
    if isinstance(amount, NonMonetary):
        return Shown(None, "不涉及金额", False)
    if amount.type == "post":
        return Shown(None, "提供岗位", False)
    return Shown(None, "文件未写明金额", False)


LEVEL_WORDS = {
    "junior_5": "五级（初级工）", "intermediate_4": "四级（中级工）", "senior_3": "三级（高级工）", "gold": "金牌", "silver": "银牌",
    "bronze": "铜牌", "excellence": "优胜奖", "first": "一等奖", "second": "二等奖", "third": "三等奖",
    "national": "国家级", "provincial": "省级",
}  # fmt: skip


def _step_words(step: Any, words: str) -> str:
    return f"{_n(step.min)}人及以上{words}" if step.max is None else f"{_n(step.min)}至{_n(step.max)}人{words}"
