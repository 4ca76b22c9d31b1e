"""一企一策, the simple form: what can be done about a key employer's gap, from numbers the exchange has. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

OLD_DAYS = 30  # a gap older than a month is more than a matter of the next posting
ENOUGH = 3  # people an opening needs on the market to be filled by recommendation alone


def remedies(gap: Mapping[str, Any], postings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Sentences in plain Chinese, the most urgent first; none where there is no gap.

    ``postings``: state, title, left (openings not taken), matched (people on the market without a blocker; None: not counted), pushed,
    interested, in_talks.
    """
    if gap["gap"] <= 0:
        return []
    found: list[str] = []
    held = [one["title"] for one in postings if one["state"] == "held"]
    if held:
        found.append(f"有{len(held)}个岗位暂缓公开（{_names(held)}），先审核，或者帮单位改好再发。")
    public = [one for one in postings if one["state"] == "published"]
    openings = sum(one["left"] for one in public)
    if not public:
        found.append("没有公开的岗位，请单位把缺的工种发布出来。")
    elif openings < gap["gap"]:
        found.append(f"公开的岗位只有{openings}个空缺，缺口是{gap['gap']}人，请单位补发岗位。")
    for one in public:
        found.extend(_of_posting(one))
    if gap["in_talks"] or gap["accepted"]:
        found.append(f"{gap['in_talks']}人在谈、{gap['accepted']}人已有录用意向，请跟进结果和到岗时间。")
    if gap["age_days"] > OLD_DAYS:
        found.append(f"已缺工{gap['age_days']}天，建议安排专场招聘，或者联系劳务协作站从外县组织。")
    return found


def _of_posting(one: Mapping[str, Any]) -> list[str]:
    title, matched = one["title"], one["matched"]
    if one["interested"] > one["in_talks"]:
        return [f"“{title}”有{one['interested']}人感兴趣，{one['in_talks']}人在谈，请单位尽快邀请。"]
    if matched is not None and matched < ENOUGH * one["left"]:
        people = f"只有{matched}人" if matched else "一个也没有"
        return [f"“{title}”还缺{one['left']}人，全部要求都符合的{people}：看看学历、证书、经验能不能放宽，或者组织定向培训。"]
    if one["pushed"] and not one["interested"]:
        return [f"“{title}”推送了{one['pushed']}人还没有人感兴趣：比一比工资、路程和上下班时间。"]
    return []


def _names(titles: Sequence[str]) -> str:
    return "、".join(titles[:3]) + ("等" if len(titles) > 3 else "")
