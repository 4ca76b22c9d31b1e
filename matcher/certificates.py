"""Certificates: which name of a certificate answers which demand.

Names differ in spelling (焊工证, 焊工操作证, 特种作业操作证（焊工）), in level (中级焊工) and in kind of licence (C1驾照 for 驾驶证).
A demand without a level is met by any level; a demand with one only by the same, save for driving licences, where the larger class
includes the smaller ones (机动车驾驶证申领和使用规定, table of 准驾车型).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rapidfuzz import fuzz

from matcher import tables

# Words that say "certificate" in one way or another and do not tell one from another.
_FILLERS = re.compile(
    r"证书|执照|资格|职业|上岗|从业|执业|操作|技能|等级|持|有效|国家|认证|考试|人员|作业|特种设备|特种|证件|证明|合格|者|优先|证|相关|以上|及|[()\s·\-_/]"
)
_ALIASES = (
    (r"焊接与热切割|电气焊|电焊工?|熔化焊接与热切割|^焊$|焊工", "焊工"),
    (r"场\(?厂\)?内专用机动车辆|n1|叉车(司机|工|驾驶)?", "叉车"),
    (r"食品(行业)?从业健康|健康(体检)?", "健康"),
    (r"机动车|驾驶员?|驾照|驾驶执照", "驾驶"),
    (r"教资|教师", "教师"),
    (r"护士", "护士"),
    (r"cicpa注册会计师|cpa|注会|注册会计师", "注册会计师"),
    (r"(大学)?英语(四级|cet-?4)|cet-?4", "英语四级"),
    (r"(大学)?英语(六级|cet-?6)|cet-?6", "英语六级"),
    (r"一建|一级建造师", "一级建造师"),
    (r"二建|二级建造师", "二级建造师"),
    (r"保安员?", "保安"),
    (r"育婴[师员]", "育婴"),
    (r"养老护理员?", "养老护理"),
    (r"(全国)?计算机(等级)?(考试)?二级", "计算机二级"),
    (r"建\(?构\)?筑物消防员|消防设施", "消防设施"),
)
_COMPILED = tuple((re.compile(pattern), name) for pattern, name in _ALIASES)
_LEVELS = re.compile(r"初级|中级|高级|助理|技师|[一二三四五六1-6]级|[甲乙丙]等|二甲|二乙|一甲|一乙")
_QUALIFIERS = re.compile(r"^(初级|中级|高级|高级技师|技师|[一二三四五1-5]级|低压|高压|注册|执业|中国|全国|国家)+$")
_DRIVING_CLASS = re.compile(r"(?<![a-z])([abc][1-6])(?!\d)")
_INCLUDES = {
    "a1": {"a3", "b1", "b2", "c1", "c2", "c3"},
    "a2": {"b1", "b2", "c1", "c2", "c3"},
    "a3": {"c1", "c2", "c3"},
    "b1": {"c1", "c2", "c3"},
    "b2": {"c1", "c2", "c3"},
    "c1": {"c2", "c3"},
}


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().lower()


@lru_cache(maxsize=1 << 16)
def core(name: str) -> str:
    """The name without the words every certificate has, aliases put together: 「特种作业操作证（电焊）」 -> 「焊工」."""
    plain = _plain(name)
    level = "".join(dict.fromkeys(_LEVELS.findall(plain)))
    if _DRIVING_CLASS.search(plain) and re.search(r"驾|照|本$|^[abc][1-6]证?$", plain):
        return "驾驶"
    for pattern, alias in _COMPILED:
        if pattern.search(plain):
            return alias if _LEVELS.search(alias) else (level + alias if level else alias)
    return _FILLERS.sub("", plain) or plain


@lru_cache(maxsize=1 << 12)
def code_of(name: str) -> str | None:
    """The code of the shipped list of certificates for this name; None where the list has none."""
    wanted = core(name)
    return next(
        (row["code"] for row in tables.rows("certificates") if not row["code"].endswith("00") and core(row["name"]) == wanted), None
    )


@lru_cache(maxsize=1 << 18)
def same(needed: str, own: str) -> bool:
    """Whether the certificate ``own`` answers the demand ``needed``. A demand without a level is met by any level."""
    wanted, has = core(needed), core(own)
    if wanted == has == "驾驶":
        asked, held = set(_DRIVING_CLASS.findall(_plain(needed))), set(_DRIVING_CLASS.findall(_plain(own)))
        return not asked or any(one in asked or _INCLUDES.get(one, set()) & asked for one in held)
    if wanted == has:
        return True
    if has.endswith(wanted) and len(wanted) >= 2 and _QUALIFIERS.match(has[: -len(wanted)]):
        return not _LEVELS.search(wanted)
    if _LEVELS.findall(wanted) != _LEVELS.findall(has) or re.findall(r"\d+", wanted) != re.findall(r"\d+", has):
        return False
    # A slip of the pen in a long name; short names that differ in a character are different certificates (焊工, 钳工).
    return min(len(wanted), len(has)) >= 5 and fuzz.ratio(wanted, has) >= 88
