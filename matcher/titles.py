"""A job title without what does not say which work it is: appeals (急聘), promises (双休, 包吃住), pay, places, numbers of people."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from matcher.tables import rows as table_rows
from matcher.text import normalise, only_chinese, without_protected

# What postings add to a title. Longest first within a group; read against the real postings' titles (17,000).
_NOISE = (
    "急聘|急招|诚聘|诚招|高薪诚聘|高薪招聘|高薪急聘|高薪聘请|高薪|直聘|直招|热招|招聘|招募|招工|聘请|聘用|特聘|内聘|外聘|急需|急|诚邀|寻|招满即止|可内推|内推|厂家直招|企业直招|公司直招|正式工|合同工|小时工资|"
    "周末双休|双休|单休|大小周|月休\\d天|月休[一二三四五六八]天|做[一二五六]休[一二]|上[一二五六]休[一二]|朝九晚[五六]|早九晚[五六]|八小时|8小时|长白班|白班|夜班|两班倒|三班倒|倒班|不加班|无夜班|不倒班|不上夜班|坐班|不坐班|弹性(?:工作|上班)?|"
    "包吃包住|包吃住|包住宿|包住|包吃|包食宿|管吃管住|管吃住|管吃|管住|提供住宿|提供食宿|提供宿舍|免费住宿|免费食宿|有食堂|有宿舍|食宿|吃住|住宿|有餐补|餐补|房补|车补|话补|补贴|可住宿|含吃住|"
    "五险一金|五险二金|六险一金|七险一金|六险二金|六险|五险|一金|社保|公积金|缴纳|购买|年终奖|奖金|分红|提成|底薪|无责底薪|无责|保底|月薪|年薪|日薪|时薪|薪资|薪酬|工资|月入|综合薪资|日结|周结|月结|现结|当天结|当日结|带薪年假|带薪|福利好|福利|待遇优|待遇好|待遇|绩效|"
    "经验不限|无经验|无需经验|有无经验均可|零基础|0基础|小白|新手|可培训|带薪培训|免费培训|包教包会|提供培训|带教|师傅带|学历不限|不限学历|可应届|应届生|应届毕业生|欢迎应届|应届|毕业生|校招|社招|春招|秋招|\\d{2,4}届|优先|可转正|转正|"
    "稳定|轻松|离家近|就近分配|就近安排|就近|晋升快|晋升空间大|晋升|发展前景好|上市公司|上市|国企|央企|世界500强|500强|外企|外资|大厂|名企|知名企业|集团|事业单位|双一流|有保障|可兼职|长期|短期|暑期|暑假|寒假|寒假工|暑假工|"
    "全职|兼职|在家办公|居家办公|远程|线上|可居家|驻外|出差|不出差|可出差|接受小白|匿名公司|某公司|某知名|岗位|职位|若干名|数名|多名|"
    "人员编制|编制|派遣|外包|劳务派遣|非外包|非中介|直签|独家|急用|大量|欢迎|马上上岗|随时到岗|随时上岗|立即上岗|速来|包分配"
)
_MONEY = (
    r"(?:\d+(?:\.\d+)?\s*[-~至到—]+\s*)?\d+(?:\.\d+)?\s*(?:k|w|元|块|千|万)\+?"
    r"(?:/(?:月|天|日|小时|时|年|h))?(?:以上|左右|起|每天|每月|一天|一月)?"
    r"|\d{3,}\+?(?:\s*[-~至到—]\s*\d{3,}\+?)?|\d+\s*(?:名|人|个|位)"
)
_NOISE_WORDS = re.compile("|".join(sorted(_NOISE.split("|"), key=len, reverse=True)))
_MONEY_WORDS = re.compile(_MONEY)
_SENIORITY = re.compile(
    r"^(?:高级|资深|初级|中级|首席|中高级|初中级|高中级|实习|见习|储备|总)(?=..)|(?:实习生?|\((?:高级|资深|初级|中级)\))$"
)
_BRACKETS = re.compile(r"[(\[【〔{<《「]([^()\[\]【】〔〕{}<>《》「」]*)[)\]】〕}>》」]")
_SEPARATORS = re.compile(r"[\s/|、,;+&·・•\-—_~!*#@:.。“”\"'?=^$%…()\[\]【】〔〕{}<>《》「」]+")


# Cities whose short name is also a piece of everyday or trade words: 大理石工, 来宾接待, 普通化验员.
_AMBIGUOUS = {
    "大理",
    "来宾",
    "日照",
    "白银",
    "通化",
    "东方",
    "安康",
    "资阳",
    "双河",
    "天门",
    "开封",
    "朝阳",
    "城区",
    "矿区",
    "郊区",
    "市区",
}


@cache
def _place_names() -> tuple[re.Pattern[str], frozenset[str]]:
    """Full names of provinces, cities and counties anywhere; short ones (太原) only where no Chinese character stands on one side. And the
    first two characters of each: a title that holds none of them holds no place, which is told in a tenth of the time."""
    full: set[str] = set()
    short: set[str] = set()
    for row in table_rows("regions"):
        name = row["name"]
        bare = re.sub(r"(?:壮族|回族|维吾尔)?(?:自治区|省|市|特别行政区|自治州|地区|盟|县|区)$", "", name)
        if len(name) >= 3:
            full.add(name)
        if len(bare) >= 2 and bare not in _AMBIGUOUS:
            short.add(bare)

    def either(names: set[str]) -> str:
        return "|".join(sorted(map(re.escape, names), key=lambda name: (-len(name), name)))

    found = re.compile(rf"{either(full)}|(?<![一-鿿])(?:{either(short)})|(?:{either(short)})(?![一-鿿])")
    return found, frozenset(name[:2] for name in full | short)


def _without_places(part: str) -> str:
    names, starts = _place_names()
    if starts.isdisjoint([part[at : at + 2] for at in range(len(part) - 1)]):
        return part
    return names.sub(" ", part)


def _bare(part: str) -> str:
    part = _without_places(part)
    if only_chinese(part):  # no numbers and nothing between words
        rest = _NOISE_WORDS.sub(" ", part)
        return part if rest == part else normalise(rest)
    part = _NOISE_WORDS.sub(" ", _MONEY_WORDS.sub(" ", part))
    return normalise(_SEPARATORS.sub(" ", part))


@lru_cache(maxsize=200_000)
def essence(title: str) -> str:
    """What is left of a title when appeals, promises, pay, places and protected words are gone; words stand apart by single spaces.

    >>> essence("【急聘】太原市 女收银员（35岁以下，双休，五险一金）")
    '收银员'

    Words in brackets are kept when anything but noise is in them: 「客服（电话销售）」. A title that is all noise comes back normalised
    rather than empty, so that it can still be found.
    """
    plain = without_protected(title)
    inside: list[str] = []

    def take(found: re.Match[str]) -> str:
        inside.append(found.group(1))
        return " "

    outside = plain if only_chinese(plain) else _BRACKETS.sub(take, plain)
    parts = [_bare(outside), *(_bare(part) for part in inside)]
    kept = " ".join(part for part in parts if part)
    for _ in range(2):
        shorter = _SENIORITY.sub("", kept).strip()
        kept = shorter or kept
    return kept or normalise(_SEPARATORS.sub(" ", plain))
