"""What policy's notices say in plain Chinese: on the page and in a letter the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from matcher.policy.loader import Catalogue
from matcher.policy.wording import day_words, yuan_words
from streams.policy.choices import choice_words


def sum_words(yuan: str | None) -> str:
    """A sum kept as text; "" where none is known."""
    if yuan is None:
        return ""
    try:
        return yuan_words(Decimal(yuan))
    except InvalidOperation:
        return ""


def _labels(catalogue: Catalogue, names: str | None) -> str:
    """Names of facts, as a notice carries them, by their labels."""
    return "、".join(catalogue.fields[name].label for name in (names or "").split(",") if name in catalogue.fields)


def share_words(name: str, near: Mapping[str, Any]) -> str:
    """「“…”：脱贫劳动力有295人，占职工总数的29.5%，再吸纳8人就达到30%。」"""
    has = f"“{name}”：脱贫劳动力有{near['count']}人，占职工总数的{near['share']}%"
    return f"{has}，再吸纳{near['missing']}人就达到{near['threshold_percent']}%。"


def notice_words(catalogue: Catalogue, notice: Mapping[str, Any]) -> str:
    """One sentence that says what happened and what to do."""
    name = catalogue.benefit_names.get(notice["benefit"], notice["benefit"])
    yuan = sum_words(notice["yuan"])
    numbers = notice["numbers"]
    last = f"，最后一天是{day_words(date.fromisoformat(notice['last_day']))}" if notice["last_day"] else ""
    kind = notice["kind"]
    if kind == "threshold" and "threshold_percent" in numbers:
        return share_words(name, numbers)
    if kind == "threshold":
        near = f"“{name}”：现在有{numbers['count']}人，再有{numbers['missing']}人就达到{numbers['threshold']}人。"
        return near + choice_words(catalogue, numbers, f"达到{numbers['threshold']}人时")
    if kind == "layoffs":
        left = {
            "near": f"还能减少{numbers['more']}人", "last": "再减少1人就超过", "over": f"已经超过，多了{numbers['more']}人",
        }[numbers["level"]]  # fmt: skip
        rate = f"“{name}”：{numbers['year']}年到现在由单位原因减少{numbers['laid_off']}人，裁员率{numbers['percent']}%。"
        return f"{rate}现行标准是不超过{numbers['bound']}%，{left}。明年按什么标准，以届时的文件为准。"
    if kind == "exit_started":
        begins = day_words(date.fromisoformat(numbers["from"]))
        return f"家庭收入超过低保标准后有{numbers.get('months', '6')}个月渐退期，从{begins}算起{last}。"
    if kind == "exit_ending":
        return f"低保渐退期还有{numbers['days_left']}天结束{last}。"
    if kind == "closing":
        return f"“{name}”还有{numbers['days_left']}天到期{last}，要办请尽快。"
    if kind == "closed" and numbers.get("choice"):
        return f"“{name}”现在不再提供。{choice_words(catalogue, numbers)}"
    if kind == "closed" and (failed := _labels(catalogue, numbers.get("failed"))):
        return f"“{name}”不再符合条件：{failed}。以前告知的金额不再有效；数据有误的，请向经办机构核实。"
    if kind == "closed":
        return f"“{name}”不能再申请了：期限已过，或者条件已经变化。"
    if kind == "top_up":
        return f"“{name}”：一共{sum_words(numbers.get('total'))}，已申请或已发放{sum_words(numbers.get('paid'))}，还可以补{yuan}。"
    if kind == "raised":
        before = f"由{sum_words(numbers['before'])}" if "before" in numbers else ""
        return f"“{name}”：您的申请金额{before}提高到{yuan}，不用再申请。"
    if kind == "ready":
        return f"“{name}”的条件已经满足，现在可以申请{yuan}{last}。{choice_words(catalogue, numbers)}"
    if kind == "changed":
        return f"“{name}”的金额变为{yuan}。{choice_words(catalogue, numbers)}"
    if kind == "comparison":
        missing = _labels(catalogue, numbers.get("missing"))
        open_ = f"还要确认：{missing}。" if missing else ""
        return f"参保记录显示您招用了一名登记失业人员，可能可以申请“{name}”{yuan}{last}。{open_}"
    open_ = f"可以申请“{name}”{yuan}{last}。" if notice["status"] == "ELIGIBLE" else f"可能可以申请“{name}”{yuan}，还要核对条件{last}。"
    return open_ + choice_words(catalogue, numbers)
