"""What offers, notices and claims are called in plain Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from matcher.policy.loader import Catalogue
from matcher.policy.wording import day_words, question, yuan_words

STAGES = {
    "refused": "不予受理",
    "accepted": "已受理，等待审核",
    "approved": "审核通过，等待发放",
    "rejected": "审核不通过",
    "paid": "已发放",
}
STAGE_TONES = {"accepted": "warn", "approved": "good", "paid": "good", "refused": "bad", "rejected": "bad"}
STEPS = {
    "received": "收到申请", "accepted": "受理", "refused": "不予受理", "held": "暂缓办理", "released": "解除暂缓",
    "objected": "申请人提出异议",
    "approved": "审核通过", "rejected": "审核不通过", "paid": "发放",
}  # fmt: skip
OFFER_STATES = {"open": "可以申请", "claimed": "已经申请", "settled": "已经发放", "excluded": "不符合", "closed": "已经结束"}
DECISIONS = {"approve": "审核通过", "reject": "审核不通过", "pay": "确认已发放", "hold": "暂缓办理", "release": "解除暂缓"}
EVIDENCE = {
    "labour_contract": "劳动合同", "payroll_list": "工资发放明细单", "bank_wage_records": "银行工资流水清单",
    "social_insurance_proof": "社保缴费证明",
}  # fmt: skip


def sum_words(yuan: str | None) -> str:
    """A sum kept as text; "" where none is known."""
    if yuan is None:
        return ""
    try:
        return yuan_words(Decimal(yuan))
    except InvalidOperation:
        return ""


def notice_words(catalogue: Catalogue, notice: Mapping[str, Any]) -> str:
    """One sentence that says what happened and what to do."""
    name = catalogue.benefit_names.get(notice["benefit"], notice["benefit"])
    yuan = sum_words(notice["yuan"])
    numbers = notice["numbers"]
    last = f"，最后一天是{day_words(date.fromisoformat(notice['last_day']))}" if notice["last_day"] else ""
    kind = notice["kind"]
    if kind == "threshold":
        return f"“{name}”：现在有{numbers['count']}人，再有{numbers['missing']}人就达到{numbers['threshold']}人。"
    if kind == "exit_started":
        return f"家庭收入超过低保标准后有6个月渐退期，从{day_words(date.fromisoformat(numbers['from']))}算起{last}。"
    if kind == "exit_ending":
        return f"低保渐退期还有{numbers['days_left']}天结束{last}。"
    if kind == "closing":
        return f"“{name}”还有{numbers['days_left']}天到期{last}，要办请尽快。"
    if kind == "closed":
        return f"“{name}”不能再申请了：期限已过，或者条件已经变化。"
    if kind == "top_up":
        return f"“{name}”：一共{sum_words(numbers.get('total'))}，已发放{sum_words(numbers.get('paid'))}，还可以补{yuan}。"
    if kind == "ready":
        return f"“{name}”的条件已经满足，现在可以申请{yuan}{last}。"
    if kind == "changed":
        return f"“{name}”的金额变为{yuan}。"
    if kind == "comparison":
        return f"参保记录显示您招用了一名登记失业人员，可能可以申请“{name}”{yuan}{last}。"
    return f"可以申请“{name}”{yuan}{last}。" if notice["status"] == "ELIGIBLE" else f"可能可以申请“{name}”{yuan}，还要核对条件{last}。"


def questions_of(catalogue: Catalogue, missing: list[str]) -> list[dict[str, str]]:
    return [{"field": name, "question": question(catalogue, name)} for name in missing]


def failed_words(catalogue: Catalogue, failed: list[str]) -> str:
    """What does not hold, by the labels of the facts."""
    return "、".join(catalogue.shared.fields[name].label if name in catalogue.shared.fields else name for name in failed)
