"""Conditions, facts and steps in plain Chinese: what a hint still asks for, why not, and what must happen first."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from matcher.figures import Dated
from matcher.policy.calendar import add_months
from matcher.policy.conditions import Atom
from matcher.policy.facts import KnownTags, Span, Tags
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue

_DAYS = {"gte": "不早于", "gt": "晚于", "lte": "不晚于", "lt": "早于", "eq": "为"}
_AT_LEAST = {"gte": "不少于", "gt": "大于", "lte": "不超过", "lt": "少于", "eq": "为"}

# What must happen before the claim, by the catalogue's evaluable_at; months count from the hire.
_STEPS: dict[str, tuple[str, int | None]] = {
    "at_match": ("", None),
    "always": ("", None),
    "at_contract": ("签订劳动合同后申请", None),
    "after_hire": ("就业后办理", None),
    "at_internship_start": ("见习开始后申请", None),
    "after_internship_cohort": ("见习期满后申请", None),
    "after_training": ("培训结束后申请", None),
    "at_certificate": ("取得证书后申请", None),
    "at_claim": ("申请时适用", None),
    "at_first_employee": ("带动第一人就业后申请", None),
    "at_ui_enrolment": ("参加失业保险后申请", None),
    "month_6_after_hire": ("稳定就业满6个月后申请", 6),
    "month_12_after_registration": ("登记注册并正常经营满12个月后申请", None),
    "monthly_after_hire": ("就业后按月核定", 1),
    "enterprise_thresholds_met": ("单位用工达到规定人数或比例后申请", None),
    "after_failed_market_matches": ("通过市场渠道确实难以就业的，再按规定安置", None),
    "yearly": ("按年度办理", None),
    "on_award": ("认定或获奖后申请", None),
    "on_registration": ("登记后办理", None),
    "on_cpi_event": ("价格涨幅达到启动条件后发放", None),
    "on_risk_level_event": ("发布疫情风险等级后办理", None),
    "never_until_rule_exists": ("具体办法出台前不能办理", None),
}


# What the text says of applying (E-08), by the catalogue's application.
APPLICATIONS = {
    "mandated": "免申即享：不用申请，经办机构比对数据后直接发放",
    "permitted": "各市可以免申即享：经办机构比对数据后直接发放，没有收到的可以申请",
    "proactive_push": "经办机构比对数据后主动推送政策，仍需要申请",
    "not_stated": "文件没有写明怎么申请，以经办机构的办事指南为准",
}


def label(catalogue: Catalogue, name: str) -> str:
    known = catalogue.shared.fields.get(name)
    return known.label if known is not None and known.label else name


def question(catalogue: Catalogue, name: str) -> str:
    """The question that asks a person or an employer for this fact."""
    known = catalogue.shared.fields.get(name)
    return known.question if known is not None and known.question else name


def _unit(catalogue: Catalogue, name: str) -> str:
    known = catalogue.shared.fields.get(name)
    return known.unit if known is not None else ""


def yuan_words(value: Decimal | int) -> str:
    """A sum as readers write it: 300元, 5000元, 1.5万元, 3000万元; anything not in whole thousands stays in 元."""
    amount = Decimal(value)
    if amount >= 10_000 and amount % 1000 == 0:
        return f"{format((amount / 10_000).normalize(), 'f')}万元"
    return f"{format(amount.normalize(), 'f')}元"


def value_words(catalogue: Catalogue, name: str, value: Any) -> str:
    """One value of a fact in the readers' words."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        if _unit(catalogue, name) == "元":
            return yuan_words(value)
        return f"{format(value.normalize(), 'f')}{_unit(catalogue, name)}"
    if isinstance(value, Span):
        return f"{value.low}或{value.high}{_unit(catalogue, name)}"
    if isinstance(value, Tags | KnownTags):
        value = value.holds - frozenset(catalogue.shared.categories.always)  # what everybody is says nothing of anybody
    if isinstance(value, frozenset | tuple):
        return "、".join(value_words(catalogue, name, item) for item in in_order(catalogue, name, value)) or "无"
    if isinstance(value, str):
        if value in catalogue.shared.figures:
            return catalogue.shared.figures[value]
        known = catalogue.shared.fields.get(name)
        found = catalogue.shared.vocabulary.get(name, {}).get(value)
        return found or (known.words.get(value, value) if known is not None else value)
    return day_words(value) if isinstance(value, date) else str(value)


def day_words(day: date) -> str:
    """2026年11月20日."""
    return f"{day.year}年{day.month}月{day.day}日"


def in_order(catalogue: Catalogue, name: str, values: Any) -> list[Any]:
    """Values in the vocabulary's order, so that a sentence is the same every time."""
    known = catalogue.shared.fields.get(name)
    order = [*catalogue.shared.vocabulary.get(name, {}), *(known.words if known is not None else {})]
    return sorted(values, key=lambda value: (order.index(value) if value in order else len(order), str(value)))


def condition_words(catalogue: Catalogue, atom: Atom, bound: Dated | None = None) -> str:
    """What a condition asks for: 「劳动合同期限不少于12个月」, 「单位规模为微型或小型」, 「足额缴纳社会保险费」.

    ``bound``: the value of the figure that the condition names, where the dated tables hold it.
    """
    name = label(catalogue, atom.field)
    if atom.op == "unstated":
        return f"“{atom.words}”"
    if atom.kind == "bool":
        known = catalogue.shared.fields.get(atom.field)
        return name if atom.value else known.words.get("false", f"并非“{name}”") if known is not None else f"并非“{name}”"
    if atom.op in ("in", "contains_any"):
        words = [value_words(catalogue, atom.field, value) for value in in_order(catalogue, atom.field, atom.value)]
        return f"{name}为{'或'.join(words)}"
    if atom.op == "between":
        low, high = (value_words(catalogue, atom.field, bound) for bound in atom.value)
        return f"{name}在{low}至{high}之间"
    if atom.figure is not None and bound is not None:
        value = value_words(catalogue, atom.field, bound.value)
        return f"{name}{_AT_LEAST[atom.op]}{catalogue.shared.figures[atom.figure]}（{value}，{bound.source}）"
    if atom.value is None:
        return f"{name}达到规定标准（数值不在文件内）"
    return f"{name}{(_DAYS if atom.kind == 'date' else _AT_LEAST)[atom.op]}{value_words(catalogue, atom.field, atom.value)}"


def stated_words(catalogue: Catalogue, atom: Atom) -> str:
    """A condition as everybody may read it, with a word where the text leaves it to the authority."""
    words = condition_words(catalogue, atom)
    if atom.op == "unstated":
        return f"{words}（由经办机构核定）"
    return f"{words}（文件写得不明确）" if atom.certainty == "ambiguous" else words


def step_words(entry: Entry, day: date) -> tuple[str, date | None]:
    """What must happen before a claim, and the first day on which it can be true if the hire were on ``day``."""
    words, months = _STEPS[entry.evaluable_at]
    return words, add_months(day, months) if months is not None else None


def how_words(entry: Entry) -> str:
    """怎么办理: what must happen before a claim, and whether one has to apply at all."""
    return "；".join(words for words in (_STEPS[entry.evaluable_at][0], APPLICATIONS[entry.application]) if words)


def window_words(entry: Entry) -> str:
    end = f"至{day_words(entry.window.to)}" if entry.window.to is not None else "起，文件未写明截止日期"
    return f"{day_words(entry.window.from_)}{end}"
