"""Words of the pages: what codes, states and errors are called in plain Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from matcher.groups import NAMES as GROUPS
from matcher.policy.wording import day_words
from matcher.shapes import FieldError
from matcher.wording import FORMS, number

SOURCES = {"enterprise": "企业发布", "gig_market": "零工市场", "labour_brand": "劳务品牌"}
#: Who offers a posting that names no employer.
UNNAMED = {"gig_market": "零工市场发布的零活", "labour_brand": "劳务品牌订单"}
TYPES = {
    "regular": "一般岗位", "gig": "零工", "internship": "就业见习", "public_welfare_post": "公益性岗位",
    "public_service_post": "公共服务岗位", "work_relief_project": "以工代赈项目", "government_investment_project": "政府投资项目",
    "grassroots_management_project": "基层管理服务项目", "resettlement_service_post": "安置区服务岗位",
    "university_flow_post": "高校流动岗位",
}  # fmt: skip
CRITERIA = {
    "occupation": "工种", "skills": "技能", "education": "学历", "experience": "经验", "place": "地点", "pay": "工资",
    "hours": "用工形式", "freshness": "发布时间",
}  # fmt: skip
PRIORITIES = {
    "registered_unemployed_local": "本县登记失业人员，重点企业优先推荐",
    "registered_unemployed": "登记失业人员，重点企业优先推荐",
    "employment_difficulty": "就业困难人员，同等条件优先",
}
PAYEES = {
    "employer": "给用人单位", "jobseeker": "给求职者本人", "intern_unit": "给见习单位", "training_org": "给培训机构",
    "enterprise_founder": "给创业者", "institution": "给人力资源机构", "market": "给零工市场",
}  # fmt: skip
HINT_STATES = {"ELIGIBLE": "按现有信息符合", "NEEDS_CHECK": "还要核对", "NOT_ELIGIBLE": "不符合", "OUT_OF_WINDOW": "不在期限内"}
VERDICTS = {"met": "符合", "not_met": "不符合", "unknown": "还不清楚"}
POSTING_STATES = {
    "received": "已收到，正在处理", "published": "已公开", "held": "暂缓公开", "withdrawn": "已撤回",
    "expired": "已过期", "filled": "已招满",
    "rejected": "未通过审核", "merged": "与相同岗位合并",
}  # fmt: skip
STATE_TONES = {"published": "good", "held": "warn", "rejected": "bad", "filled": "good"}
ENDED = {
    "withdrawn": "用人单位已经撤回这个岗位。", "expired": "这个岗位已经过了报名时间。", "filled": "这个岗位已经招满了。",
    "rejected": "这个岗位没有通过审核。", "merged": "这个岗位与另一个相同的岗位合并了。",
}  # fmt: skip
HOLD_RULES = {
    "sex": "限制性别", "marriage": "限制婚育", "household": "限制户籍", "origin": "限制地域",
    "ethnicity": "限制民族", "health": "限制健康状况",
    "age": "限制年龄", "age_preference": "年龄偏好", "fees": "向求职者收费", "documents": "扣押证件", "probation_unpaid": "试用期不付工资",
    "probation_too_long": "试用期过长", "minimum_wage": "低于最低工资标准", "employer_unverified": "用人单位未核实",
    "agency_licence": "中介机构许可未核实", "agency_commitment": "告知承诺未履行",
    "reported": "有举报，要求改正", "employer_reported": "单位有查实的举报",
}  # fmt: skip
REFUSALS = {"pay": "工资不合适", "distance": "太远", "trade": "工种不合适", "hours": "上班时间不合适", "other": "其他原因"}
ANSWERS = {"interested": "您已表示感兴趣", "refused": "您已表示不合适", "seen": "您已看过"}
INTENTIONS = {"employment": "找单位上班", "flexible": "灵活就业", "startup": "创业", "unclear": "还没想好"}
KINDS = {"registered_unemployed": "登记失业人员", "graduate": "高校毕业生", "jobseeker": "求职登记"}
LEVELS = {
    "81": "小学", "71": "初中", "61": "高中", "41": "中专", "44": "职业高中", "47": "技校",
    "31": "大专", "21": "本科", "14": "硕士", "11": "博士",
}  # fmt: skip
SHIFTS = {"day": "长白班", "night": "夜班", "two_shift": "两班倒", "three_shift": "三班倒", "rotating": "倒班"}
INSURANCE = {"social": "社会保险", "housing_fund": "住房公积金", "commercial": "意外险等商业保险"}
PAY_DAYS = {"daily": "当天结清", "weekly": "每周结", "monthly": "每月结", "on_completion": "干完结清"}
UNITS = {"month": "月", "year": "年", "week": "周", "day": "天", "hour": "小时", "piece": "件"}
KEY_LEVELS = {"province": "省级", "city": "市级", "county": "县级"}
FIELDS = {
    "title": "岗位名称", "description": "岗位说明", "region": "工作地区", "address": "详细地址",
    "headcount": "招聘人数", "pay.min": "工资下限",
    "pay.max": "工资上限", "pay.unit": "工资单位", "pay.months": "一年发几个月工资", "education_min": "学历要求",
    "experience_years_min": "经验要求", "skills": "技能", "certificates": "证书", "apply_by": "报名截止日期", "employment_form": "用工形式",
    "work.starts_at": "上班时间", "work.hours_per_day": "每天工时", "work.days": "一共做几天", "work.pay_on": "什么时候发工资",
    "contract_months": "合同期限",
    "terms.shifts": "班次", "terms.overtime": "加班", "terms.rest_days": "每月休息天数", "terms.board": "吃饭", "terms.lodging": "住宿",
    "terms.insurance": "保险", "terms.probation_months": "试用期", "terms.pay_tax": "税前还是税后", "terms.pay_base_plus": "工资组成",
    "contact": "联系人", "employer": "用人单位",
    "employer.employer_id": "用人单位", "q": "关键词", "pay_min": "最低工资", "form": "用工形式", "cursor": "翻页", "reason": "原因",
}  # fmt: skip

_MESSAGES = (
    (r"^required", "这一项必须填写"),
    (r"text expected|String should", "请填写文字，不要太长"),
    (r"whole number expected|valid integer", "请填写整数"),
    (r"number expected|valid number|not a number|not an amount", "请填写数字"),
    (r"greater than|less than", "数字超出了可以填的范围"),
    (r"date expected|not a day", "请填写日期，例如2026-11-20"),
    (r"time expected", "请填写时间，例如2026-11-20 09:00"),
    (r"six digits|not an administrative code", "请从列表中选择地区"),
    (r"this credential|another owner", "只能填写自己单位的内容"),
    (r"listed values|not one of the values", "请从列表中选择"),
    (r"at most 20,000", "岗位说明最多20000字"),
    (r"too many|characters", "内容太长，请写短一些"),
)


def in_words(error: FieldError) -> str:
    """A field's error for whoever filled in a page's form. A message that is Chinese already stays as it is."""
    if re.search(r"[一-鿿]", error.message):
        return error.message
    return next((words for pattern, words in _MESSAGES if re.search(pattern, error.message)), "这一项填写有误，请检查")


def pay_words(pay: Mapping[str, Any] | None) -> str:
    """「5000–7000元/月」; 「工资面议」 where nothing is stated."""
    low, high = (pay or {}).get("min"), (pay or {}).get("max")
    if low is None and high is None:
        return "工资面议"
    amount = "–".join(dict.fromkeys(number(value) for value in (low, high) if value is not None)) + "元"
    unit = (pay or {}).get("unit")
    months = (pay or {}).get("months")
    words = amount + (f"/{UNITS[unit]}" if unit in UNITS else "") + (f"·{number(months)}薪" if months and months != 12 else "")
    return f"最高{words}" if low is None else words + ("起" if high is None else "")


def pay_day_words(value: str | None) -> str:
    """When pay is paid: 「当天结清」 for a code, 「每月15日」 for a day of the month, anything else as it was written."""
    text = value or ""
    return PAY_DAYS.get(text) or (f"每月{text}日" if text.isdecimal() and 1 <= int(text) <= 31 else text)


def pay_day_of(words: str | None) -> str | None:
    """The other way: what somebody wrote, as the code or day that it is; other words stay."""
    if words is None:
        return None
    code = next((code for code, known in PAY_DAYS.items() if words == known), None)
    day = re.fullmatch(r"每个?月([1-9]|[12]\d|3[01])[日号]?", words)
    return code or (day[1] if day else words)


def terms_words(posting: Mapping[str, Any]) -> list[str]:
    """What a posting says of its terms, one short phrase each; what it does not say is left out."""
    terms = posting.get("terms") or {}
    found = [SHIFTS.get(terms.get("shifts") or "", "")]
    for name, yes, no in (("overtime", "要加班", "不加班"), ("board", "包吃", "不包吃"), ("lodging", "包住", "不包住")):
        found.append("" if terms.get(name) is None else yes if terms[name] else no)
    if terms.get("rest_days") is not None:
        found.append(f"每月休息{number(terms['rest_days'])}天")
    if terms.get("insurance") is not None:
        found.append("、".join(INSURANCE.get(one, one) for one in terms["insurance"]) or "不上保险")
    if terms.get("probation_months") is not None:
        found.append(f"试用期{number(terms['probation_months'])}个月" if terms["probation_months"] else "没有试用期")
    found.append({"before": "工资为税前", "after": "工资为税后"}.get(terms.get("pay_tax") or "", ""))
    found.append("底薪加提成" if terms.get("pay_base_plus") else "")
    return [words for words in found if words]


def form_words(posting: Mapping[str, Any]) -> str:
    form = "gig" if posting.get("type") == "gig" else posting.get("employment_form") or posting.get("form")
    return FORMS.get(form or "", "")


def experience_words(years: float | None) -> str:
    if years is None:
        return "没有写明"
    return "不限" if years == 0 else f"{number(years)}年以上"


def groups_words(codes: list[str] | tuple[str, ...] | None) -> str:
    return "、".join(dict.fromkeys(GROUPS.get(code, code) for code in codes or ()))


def window_words(window: Mapping[str, Any]) -> str:
    """Until when a benefit's text holds, and how that is known."""
    end = window.get("to")
    if end is None:
        return "文件没有写明截止日期"
    derived = {
        "derived_doc_validity_5y": "（按文件五年有效期推算）",
        "derived_plan_period": "（按规划期推算）",
        "derived_superseded": "（之后由新文件代替）",
    }
    return f"到{day_words(date.fromisoformat(end))}为止{derived.get(window.get('basis', ''), '')}"


def masked(kind: str, value: str | None) -> str:
    """A private value as its owner may see it on a page: enough to recognise it, not enough to use it."""
    if not value:
        return "没有登记"
    if kind == "name":
        return value[0] + "＊" * max(1, len(value) - 1)
    if kind == "phone":
        return f"{value[:3]}****{value[-2:]}" if len(value) >= 8 else "****"
    return f"{value[:3]}***********{value[-1:]}" if len(value) >= 8 else "****"
