"""What a posting's text says of the work: board, lodging, shifts, overtime, days off, hours, probation, contract, insurance; and with
less room for error what it asks: education, experience, certificates, skills.

A negation is part of what is said: 「不包住」 is no lodging, 「不用加班」 no overtime, 「无需经验」 no experience needed. Wishes (优先)
ask for nothing. A text about somebody else's insurance or schooling (社保专员, 小学老师) says nothing of this post: clauses of duties
are passed over. Looking for words first and reading only the clauses around them keeps a posting of 330 characters near 0.2 ms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from matcher import education
from matcher.experience_reading import read_experience
from matcher.shapes import Terms
from matcher.skill_words import skills_in

MOST_CHARACTERS = 6_000

_NUMERALS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10, "半": 0.5}
_N = r"(?P<n>\d{1,2}(?:\.\d)?|[一二两三四五六七八九十半])"
_LENGTH = (
    r"(?P<n>\d{1,2}|[一二两三四五六七八九十半])\s*(?:[-~～—－–至到]+\s*(?P<m>\d{1,2}|[一二三四五六七八九十])\s*)?(?:个)?(?P<unit>月|年)"
)
_NOT = r"(?:不|无|没有?|未|非|免)(?:需要?|用|要|得|必|会|安排|参与|提供|包|含|供|管|设|接受)?"

_LODGING_NO = re.compile(
    r"(?:不|无|没有)(?:包|提供|含|供|管|设|安排)?(?:吃住|食宿|住宿|宿舍|住(?!房公积|院|户|院部))|(?:食宿|吃住|住宿|住房)(?:需|须)?(?:自理|自行|自己)|自行?解决(?:食宿|住宿|吃住)"
)
_LODGING = re.compile(
    r"(?<!不)包(?:吃包?|食)?(?:住(?!院)|宿)|(?<!不)包食宿|(?<!不)管(?:吃管?)?住|(?:免费|提供|供|含|安排|可|解决|有|统一|公司)[^，,。；;]{0,4}?(?:吃住|食宿|住宿|宿舍|公寓)(?!管理|楼|清洁|卫生)"
    r"|(?:食宿|吃住)(?:全)?(?:全?包|免费|由公司)|员工宿舍|公寓式宿舍|(?:住宿|宿舍)免费|宿舍有|(?:三|四|六|八|双|单|2|4|6)人间|拎包入住"
)
_BOARD_NO = re.compile(
    r"(?:不|无|没有)(?:包|提供|含|供|管)?(?:吃(?!苦)|食宿|餐(?!饮)|午餐|伙食)|(?:食宿|吃住|用?餐|伙食)(?:需|须)?(?:自理|自行|自己)"
)
_BOARD = re.compile(
    r"(?<!不)包(?:吃|食|[一二三两123]?顿?餐|[早中午晚]+餐|饭|工作餐|伙食)|(?<!不)管(?:吃|[一二三两123]?顿?[餐饭])"
    r"|(?:免费|提供|供|含)[^，,。；;]{0,3}?(?:[一二三两123早中午晚]*餐(?!补|饮|厅|具|补)|用餐|就餐|伙食|食宿|吃住)(?!补)|工作餐(?!补)|(?:食宿|吃住)全?包"
)
_THREE = re.compile(r"三班(?:倒|制|三?运?转|轮)|[四五]班三(?:运转|倒)|3班倒|三班两?倒")
_TWO = re.compile(
    r"[两二2]班(?:倒|制|轮|运?转|班)|[三四]班(?:两|二)(?:运转|倒)|白夜班(?:两班|轮|倒|交替)|白晚班(?:轮|倒)|黑白(?:两班|倒)|两班(?=[，,。；;、\s]|$)"
)
_ROTATING = re.compile(r"倒班|轮班|翻班|轮值夜|轮流值?夜|早晚班|早中晚班|白夜班")
_NO_ROTATION = re.compile(
    rf"{_NOT}(?:上|倒|轮|安排)?(?:夜班|倒班|轮班|晚班|大?夜)|不倒班|不轮班|(?<!不)长白班|常白班|纯白班|只上白班|全白班|固定白班|正常白班|都是白班|上白班(?![/、和或夜])"
    rf"|行政班|朝九晚[五六]|早九晚[五六]|朝八晚五|早八晚[五六]"
)
_NIGHT = re.compile(r"(?:长|纯|固定|只上|专职?)夜班|^夜班|夜班(?=保安|安保|服务员|护工|收银|店员|值班|分拣|司机)")
_OVERTIME_NO = re.compile(
    r"(?:不|无|没有|零|从不|拒绝|免)(?:需要?|用|要|存在|安排)?加班(?!费|工资|补)|(?:不|无)(?:需要?|用)?(?:上|值)?夜班不加班"
)
_OVERTIME = re.compile(
    r"(?:需要?|须|要|必须|能够?|可以?|愿意?|经常|偶尔|有时|适当|服从|接受|适应|配合|每天|每日)[^，,。；;不无自]{0,8}(?<!自愿)加班(?!费|工资|补|餐|时|调休)|加班(?:多|较多|频繁|随项目|看项目)"
)
_REST_EACH_MONTH = re.compile(rf"每个?月{_N}(?:天|日)(?:的)?(?:带薪)?(?:休息|休假|公休)")
_REST = (
    (re.compile(r"大小[周休礼]|单双休|大小周"), 6.0),
    (
        re.compile(
            r"(?<!不)(?<!非)双休|(?<![单大])周末(?:都)?休|(?:五|5)天(?:工作|上班)?制|[做上]五休[二两]|周休[二两2]日?|每周休(?:息)?[二两2]天|五天[八78]小时|[朝早]九晚[五六](?:双休)?周末"
        ),
        8.0,
    ),
    (re.compile(r"(?<!不)单休|[做上]六休一|周休(?:一|1)[天日]|每周休(?:息)?(?:一|1)[天日]|(?:六|6)天(?:工作)?制"), 4.0),
)
_MONTH_REST = re.compile(rf"(?:每?个?月休(?:息)?|月公休|每月公休){_N}\s*(?:[-~—至到]\s*\d\s*)?(?:天|日|(?=[，,。；;、\s]|$))")
_HOURS = re.compile(
    r"(?:每天|每日|日工作|一天|当班|每班|工作时间|工作时长|上班时间|上班|工时|工作)(?:工作|上班|时间|时长|制|只?需|不超过|约|大概|为|[:：]"
    r"|\s){0,4}(?P<a>\d{1,2}(?:\.5)?|[四五六七八九十]|十一|十二)\s*(?:个)?(?:小时|h(?![a-z]))"
    r"|(?P<b>\d{1,2}(?:\.5)?|[六七八九]|十二|十)\s*(?:个)?(?:小时|h)\s*(?:/|每|一)(?:天|日|班)|(?P<c>\d{1,2}|[六七八九]|十二|十)\s*(?:个)?小时(?:工作)?制"
)
_PROBATION = re.compile(
    rf"试用期?(?:限)?(?:一般|通常|最长|最短|时间|时长|期限)?(?:为|是|共|约|[:：])?\s*{_LENGTH}(?!\s*(?:\d|薪|底薪|工资))"
)
_NO_PROBATION = re.compile(r"(?:无|没有|免|不设)试用期")
_SECOND, _THIRD = (re.sub(r"\?P<(\w+)>", rf"?P<\g<1>{tail}>", _LENGTH) for tail in ("2", "3"))
_CONTRACT = re.compile(
    rf"(?:劳动|聘用|用工|正式)合同(?:期限?|一签)?[^，,。；;\d一二三四五六七八九十]{{0,5}}{_LENGTH}"
    rf"|签(?:订|署|定|约)?\s*{_SECOND}\s*(?:期|的)?(?:劳动|正式|固定期限)?合同|合同期限?\s*[:：为]?\s*{_THIRD}"
)
_YEARLY = re.compile(r"合同一年一签|一年一签")
_INSURANCE_NO = re.compile(
    r"(?:不|无|没有|未)(?:缴纳?|交|买|上|购买?|含|提供|办理?|包)?(?:社保|五险|社会保险|保险|三险)|(?:社保|五险|保险)(?:自理|自缴|自交|自己)"
)
_SOCIAL = re.compile(r"[三四五六七]险|社保|社会保险|养老保险")
_FUND_NO = re.compile(r"(?:不|无|没有)(?:缴纳?|交|买|上|含)?(?:住房)?(?:公积金|一金)")
_FUND = re.compile(r"[三四五六七]险[一二两]金|公积金")
_COMMERCIAL = re.compile(r"意外(?:伤害|保)?险|雇主(?:责任)?险|商业(?:保险|医疗|意外)|团体险|补充医疗|商保")
# Whose insurance it is when a clause speaks of work: the post's duty, its trade, its customers.
_DUTY = re.compile(
    r"负责|办理|核算|申报|核对|统计|处理|专员|代理|客户|销售|产品|推销|咨询|熟悉|了解|操作|计算|业务|精通|公司主营|专业从事|协助|参保登记|增减"
)
_DUTY_FOR_SURE = re.compile(r"负责|办理|核算|申报|核对|统计|处理|代理|计算|缴纳工作|参保登记|增减|熟悉|了解")
_OFFERED = re.compile(r"[五六七]险[一二两]?金?")
_WISH = re.compile(r"优先|优佳|为佳|最好|更佳|尤佳|加分|为宜|即可加")

_TAX_AFTER = re.compile(
    r"(?:薪|工资|收入|待遇|元|k|\d{4})[^，,。；;]{0,6}(?:税后|到手)|(?:税后|到手)[^，,。；;]{0,8}(?:薪|工资|收入|\d|元)"
)
_TAX_BEFORE = re.compile(r"(?:薪|工资|收入|待遇|元|k|\d{4})[^，,。；;]{0,6}税前(?!扣)|税前[^，,。；;扣]{0,8}(?:薪|工资|收入|\d|元)")

_CLAUSE = re.compile(r"[，,。；;!！?？\n\r|]+|(?<=[^\d])(?=\d{1,2}[、.．)）](?!\d))")
_EDUCATION_WORD = re.compile(r"学历|文化|毕业|文凭|(?:大专|本科|中专|高中|初中|硕士|研究生|博士|专科|技校)(?:及|或)?(?:其)?以上")
_EDUCATION_NOT = re.compile(
    r"招生|学生|老师|教师|家教|辅导|客户|用户|家长|孩子|毕业(?:后|时|证复|设计|典礼)|教育(?:培训|产品|咨询|机构)|提升|补贴|培养|学历(?:越|高)|同等学[历力]|可放宽|放宽|优秀者|\d+年毕业|届"
)
_ANY_EDUCATION = re.compile(
    r"学历(?:要求)?[:：]?(?:及专业|[、/]?专业|[、/]?经验)?不限|不限(?:制)?(?:学历|男女[、,，]?学历)|学历(?:无|没有?|不做?)要求|(?:无|不要求)学历(?:要求)?"
)
_NO_EXPERIENCE = re.compile(
    r"(?:无需|不需要?|不用|不要求|无要求|不限|无须|免)(?:任何|相关|有|工作|行业|从业|销售|专业)*经验|(?:有无|无|没有|没|零|0)(?:相关|工作|行业|任何)*经验(?:者|的"
    r"|人员)?(?:也|亦|均|都|皆|要求)?(?:可|行|接受|能|要|欢迎|$)|经验(?:要求)?[:：]?不限|(?:小白|新手|生手)(?:也|亦|均)?(?:可|行|友好|皆可)|(?:有无"
    r"|有没有)(?:工作|相关)?经验|(?:可|接受|欢迎)(?:无|零|没有?)(?:相关|工作)?经验"
)
_EXPERIENCE = re.compile(
    r"(?P<n>\d{1,2}|[一二两三四五六七八九十半])\s*(?:[-~～—－–至到]+\s*(?:\d{1,2}|[一二两三四五六七八九十])\s*)?(?P<u>年|个月)\s*(?:及|或|含"
    r"|\(含\))?(?:以上|以?上)?(?:的)?[^，,。；;\d优先]{0,24}(?:经验|经历|从业|工作经|工龄)"
)
_EXPERIENCE_NOT = re.compile(r"公司|本司|团队|平台|提供|薪|补贴|工龄(?:工资|奖|补)|年限|积累|成长|培养|晋升|我们|企业(?:成立|拥有)|成立")

_HEADCOUNT = re.compile(
    r"(?:招聘|招收|需求|录用)人数\s*[:：为]?\s*(?P<a>\d{1,4})(?!\d)|(?:急|现|诚|直|拟|需|共|再)?(?:招聘|招收|招募|招|聘)(?P<b>\d{1,3}"
    r"|[一二两三四五六七八九十])\s*(?:名|人|位|个人)(?!以)"
)

# What a text demands of certificates: those that the law asks for or that everybody knows by one name.
_CERTIFICATES = (
    (re.compile(r"健康证"), "健康证"),
    (re.compile(r"(?:焊工|电焊|焊接)(?:操作|上岗|资格|特种作业)*证"), "焊工证"),
    (re.compile(r"低压电工(?:操作|作业|特种)*证"), "低压电工证"),
    (re.compile(r"高压电工(?:操作|作业|特种)*证"), "高压电工证"),
    (re.compile(r"(?<![压气])电工(?:操作|上岗|资格|特种作业|本)*证"), "电工证"),
    (re.compile(r"叉车(?:操作|驾驶|司机|上岗|N1|特种设备作业)*证"), "叉车证"),
    (re.compile(r"(?<![A-Za-z])([ABC][1-3])(?:照|本|证|型?驾驶?[证照]|及?以上驾)"), "{}驾照"),
    (re.compile(r"驾驶证|驾照"), "驾驶证"),
    (re.compile(r"教师资格证|教资"), "教师资格证"),
    (re.compile(r"护士(?:执业)?(?:资格)?证"), "护士资格证"),
    (re.compile(r"(?:执业)?药师(?:资格|执业)*证"), "执业药师证"),
    (re.compile(r"执业医师(?:资格)*证|医师(?:资格|执业)证"), "执业医师证"),
    (re.compile(r"初级会计(?:师|职称|证)"), "初级会计证"),
    (re.compile(r"中级会计(?:师|职称|证)"), "中级会计证"),
    (re.compile(r"会计(?:从业)?(?:资格)?证"), "会计证"),
    (re.compile(r"保安员?(?:上岗|资格)*证"), "保安员证"),
    (re.compile(r"(?:建\(?构\)?筑物)?消防(?:设施操作员|员|证|中控|控制室)+(?:证|操作)*证?"), "消防设施操作员证"),
    (re.compile(r"普通话(?:水平)?(?:二级甲等|二甲|二级乙等|二乙|一级乙等|一乙)"), "普通话证书"),
    (re.compile(r"保育[员师](?:资格)?证"), "保育员证"),
    (re.compile(r"厨师(?:资格|等级)?证"), "厨师证"),
    (re.compile(r"电梯(?:操作|维修|安全管理|作业)*证"), "电梯作业证"),
    (re.compile(r"登高(?:作业|架设)*证|高空(?:作业)?证"), "高处作业证"),
    (re.compile(r"一级建造师|一建证?"), "一级建造师"),
    (re.compile(r"二级建造师|二建证?"), "二级建造师"),
)  # fmt: skip
_ALSO_TITLES = frozenset({"一级建造师", "二级建造师", "初级会计证", "中级会计证", "普通话证书"})
_A_CERTIFICATE = re.compile(r"证|持|具备|取得|职称|资格")
_ASKED = re.compile(r"持|需|须|必|要求|具有|具备|取得|拥有|有|任职|证书[:：]|齐全")
_NOT_ASKED = re.compile(
    r"优先|优佳|为佳|最好|更佳|尤佳|加分|协助|办理|代办|公司(?:提供|承担|报销)|可(?:协助|办|代|先)|入职后|免费|审核|检查|查验|核对|培训考|考取|报名|咨询|均可|无(?:需|要求)|不需|不要求|补贴|津贴|奖励|挂靠|客户|顾客"
)


@dataclass(frozen=True)
class TextReading:
    """What a text says. ``terms`` as the posting's; the others as its fields of that name, None where nothing was said."""

    terms: Terms
    education_min: str | None = None
    experience_years_min: float | None = None
    contract_months: float | None = None
    headcount: int | None = None
    certificates: tuple[str, ...] | None = None
    skills: tuple[str, ...] | None = None


def _number(text: str) -> float:
    if text[0].isdigit():
        return float(text)
    if len(text) == 2:
        return 10.0 + _NUMERALS[text[1]]
    return float(_NUMERALS[text])


def probation_months(text: str) -> float | None:
    """The longest probation a text states, in months; None where it states none."""
    if "试用" not in text:
        return None
    lengths = [_months(match["m"] or match["n"], match["unit"]) for match in _PROBATION.finditer(text)]
    return max(lengths, default=None)


def _months(number: str, unit: str) -> float:
    return _number(number) * (12 if unit == "年" else 1)


def _contract(text: str) -> float | None:
    if "合同" not in text and "一签" not in text:
        return None
    match = _CONTRACT.search(text)
    if match is not None:
        for tail in ("", "2", "3"):
            if match["n" + tail]:
                months = _months(match["m" + tail] or match["n" + tail], match["unit" + tail])
                return months if 0 < months <= 120 else None
    return 12.0 if _YEARLY.search(text) else None


def _headcount(text: str) -> int | None:
    if "招" not in text and "人数" not in text and "聘" not in text:
        return None
    said = {int(_number(match["a"] or match["b"])) for match in _HEADCOUNT.finditer(text)}
    return said.pop() if len(said) == 1 and 0 not in said else None


def _either(text: str, no: re.Pattern[str], yes: re.Pattern[str]) -> bool | None:
    """True, False, or None where nothing or both is said."""
    denied = no.search(text)
    said = yes.search(no.sub(" ", text) if denied else text)
    if denied and said:
        return None
    return True if said else False if denied else None


def _shifts(text: str) -> str | None:
    if "班" not in text and "晚" not in text:
        return None
    steady = _NO_ROTATION.search(text)
    rest = _NO_ROTATION.sub(" ", text) if steady else text
    found = next(
        (name for name, pattern in (("three_shift", _THREE), ("two_shift", _TWO), ("rotating", _ROTATING)) if pattern.search(rest)), None
    )
    if steady and found:
        return None  # 「长白班、两班倒均有」: both are offered, or the text is about several posts
    return "day" if steady else found or ("night" if _NIGHT.search(rest) else None)


def _rest_days(text: str) -> float | None:
    if "休" not in text and "天" not in text and "周" not in text:
        return None
    month = _MONTH_REST.search(text) or _REST_EACH_MONTH.search(text)
    if month is not None:
        days = _number(month["n"])
        return days if days <= 15 else None
    found = {days for pattern, days in _REST if pattern.search(text)}
    return found.pop() if len(found) == 1 else None


def _hours(text: str) -> float | None:
    if "时" not in text and "h" not in text:
        return None
    found = set()
    for match in _HOURS.finditer(text):
        said = match["a"] or match["b"] or match["c"]
        value = _number(said)
        if 4 <= value <= 14:
            found.add(value)
    return found.pop() if len(found) == 1 else None


def _clauses(text: str, word: str) -> Iterator[str]:
    """The clauses that hold a word, each once."""
    at = text.find(word)
    while at >= 0:
        left = max(text.rfind(mark, 0, at) for mark in "，,。；;\n!！") + 1
        rights = [end for mark in "，,。；;\n!！" if (end := text.find(mark, at)) >= 0]
        right = min(rights, default=len(text))
        yield text[left:right]
        at = text.find(word, right)


def _insurance(text: str) -> tuple[str, ...] | None:
    if "险" not in text and "社保" not in text and "公积金" not in text:
        return None
    found: dict[str, None] = {}
    denied = False
    for word in ("险", "社保", "公积金"):
        for clause in _clauses(text, word):
            if _INSURANCE_NO.search(clause):
                denied = True
                continue
            # 「五险一金」 among selling points is an offer (产品运营-双休-五险一金); among duties it is none.
            if _DUTY.search(clause) and (_DUTY_FOR_SURE.search(clause) or not _OFFERED.search(clause)):
                continue
            if _SOCIAL.search(clause):
                found["social"] = None
            if _FUND.search(clause) and not _FUND_NO.search(clause):
                found["housing_fund"] = None
            if _COMMERCIAL.search(clause):
                found["commercial"] = None
    if found:
        return None if denied and "social" in found else tuple(sorted(found))
    return () if denied else None


def _education(text: str) -> str | None:
    if _ANY_EDUCATION.search(text):
        return education.NO_REQUIREMENT
    found = []
    for match in _EDUCATION_WORD.finditer(text):
        left = max(text.rfind(mark, 0, match.start()) for mark in "，,。；;\n!！") + 1
        rights = [end for mark in "，,。；;\n!！" if (end := text.find(mark, match.end())) >= 0]
        clause = text[left : min(rights, default=len(text))]
        if len(clause) > 40 or _WISH.search(clause) or _EDUCATION_NOT.search(clause):
            continue
        code = education.code_of(clause)
        if code is not None:
            found.append(code)
    if not found:
        return None
    ranks = {education.rank(code) for code in found}
    return found[0] if len(ranks) == 1 else None  # two levels for two posts, or for two places: not said clearly


def _experience(text: str) -> float | None:
    if "经" not in text and "从业" not in text and "小白" not in text and "新手" not in text and "工龄" not in text:
        return None
    asked = []
    for match in _EXPERIENCE.finditer(text):
        left = max(text.rfind(mark, 0, match.start()) for mark in "，,。；;\n!！") + 1
        rights = [end for mark in "，,。；;\n!！" if (end := text.find(mark, match.end())) >= 0]
        clause = text[left : min(rights, default=len(text))]
        if _WISH.search(clause) or _EXPERIENCE_NOT.search(clause):
            continue
        asked.append(read_experience(match["n"] + match["u"]).at_least)
    years = {value for value in asked if value is not None}
    none = _NO_EXPERIENCE.search(text) is not None
    if none and years:
        return None
    if none:
        return 0.0
    return years.pop() if len(years) == 1 else None


def _certificates(text: str) -> tuple[str, ...] | None:
    if "证" not in text and "照" not in text and "建" not in text and "普通话" not in text and "会计" not in text:
        return None
    found: dict[str, None] = {}
    for clause in _CLAUSE.split(text):
        if not _ASKED.search(clause) or _NOT_ASKED.search(clause) or len(clause) > 60:
            continue
        rest = clause
        for pattern, name in _CERTIFICATES:
            match = pattern.search(rest)
            if match is None:
                continue
            if name in ("一级建造师", "二级建造师", "初级会计证", "中级会计证", "普通话证书") and not re.search(
                r"证|持|具备|取得|职称|资格", rest
            ):
                continue
            found[name.format(match[1]) if "{" in name else name] = None
            rest = pattern.sub(" ", rest)
    return tuple(found) or None


@lru_cache(maxsize=1 << 12)
def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:MOST_CHARACTERS]).replace(" ", "")


def read_terms(text: str) -> Terms:
    """The terms of work that a text states."""
    return read_text(text).terms


def read_text(text: str, *, fields: frozenset[str] = frozenset(), title: str = "") -> TextReading:
    """What ``title`` and ``text`` say. ``fields``: names that are stated already and need not be looked for."""
    folded = _folded(f"{title}\n{text}" if title else text)
    values: dict[str, Any] = {}
    if "住" in folded or "宿" in folded or "人间" in folded:
        values["lodging"] = _either(folded, _LODGING_NO, _LODGING)
    if "吃" in folded or "餐" in folded or "食" in folded or "饭" in folded:
        values["board"] = _either(folded, _BOARD_NO, _BOARD)
    if "加班" in folded:
        values["overtime"] = _either(folded, _OVERTIME_NO, _OVERTIME)
    values["shifts"] = _shifts(folded)
    values["rest_days"] = _rest_days(folded)
    values["hours_per_day"] = _hours(folded)
    values["insurance"] = _insurance(folded)
    if "试用" in folded:
        values["probation_months"] = 0.0 if _NO_PROBATION.search(folded) else probation_months(folded)
    if "税" in folded or "到手" in folded:
        after, before = _TAX_AFTER.search(folded), _TAX_BEFORE.search(folded)
        values["pay_tax"] = None if bool(after) == bool(before) else "after" if after else "before"
    stated = {name: value for name, value in values.items() if value is not None}
    return TextReading(
        Terms(**stated, read=tuple(sorted(stated)) or None) if stated else Terms(),
        None if "education_min" in fields else _education(folded),
        None if "experience_years_min" in fields else _experience(folded),
        None if "contract_months" in fields else _contract(folded),
        None if "headcount" in fields else _headcount(folded),
        None if "certificates" in fields else _certificates(folded),
        None if "skills" in fields else skills_in(folded),
    )
