"""What offers, notices and claims are called in plain Chinese."""

from __future__ import annotations

from matcher.policy.loader import Catalogue
from matcher.policy.wording import how_words, question
from streams.policy.choices import choice_words
from streams.policy.wording import notice_words, share_words, sum_words

__all__ = ["choice_words", "how_words", "notice_words", "share_words", "sum_words"]  # templates find them here, beside the others

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
    "objected": "申请人提出异议", "raised": "金额按新标准提高", "checked": "数据核对",
    "approved": "审核通过", "rejected": "审核不通过", "paid": "发放",
}  # fmt: skip
OFFER_STATES = {"open": "可以申请", "claimed": "已经申请", "settled": "已经发放", "excluded": "不符合", "closed": "已经结束"}
DECISIONS = {"approve": "审核通过", "reject": "审核不通过", "pay": "确认已发放", "hold": "暂缓办理", "release": "解除暂缓"}
EVIDENCE = {
    "labour_contract": "劳动合同", "payroll_list": "工资发放明细单", "bank_wage_records": "银行工资流水清单",
    "social_insurance_proof": "社保缴费证明",
}  # fmt: skip


def questions_of(catalogue: Catalogue, missing: list[str]) -> list[dict[str, str]]:
    return [{"field": name, "question": question(catalogue, name)} for name in missing]


def failed_words(catalogue: Catalogue, failed: list[str]) -> str:
    """What does not hold, by the labels of the facts."""
    return "、".join(catalogue.shared.fields[name].label if name in catalogue.shared.fields else name for name in failed)
