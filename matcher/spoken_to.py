"""A sentence about a pair in its reader's words: 您 for the person, 本岗位 and 这位求职者 for the employer.

The commissioner reads it as it is written.

The facts and numbers stay as they are; what stands in quotation marks (titles, majors) is never touched.
"""

from __future__ import annotations

import re

_QUOTED = re.compile("(“[^”]*”)")
#: What follows 岗位 and 求职者 where they are the sentence's own words and not part of a certificate's or a skill's name.
_OF_POSTING = "需要|要求|不要求|不限|没有写明|按件计酬|折合|在|是|与|地点|只面向|正在|已经|将于|今天|开始|推迟|最高|$|\\d+天前|\\d{4}-"
_OF_PERSON = "都具备|具备|所写|没有|有|期望|的住处|的部分|在|同意|接受|\\d{4}-"
_START = "(?:^|(?<=，)|(?<=或者))"
_POSTING = re.compile(rf"{_START}岗位(?={_OF_POSTING})")
_PERSON = re.compile(rf"(?:{_START}|(?<=与)|(?<=还没有))求职者(?={_OF_PERSON})")
_SAME_PLACE = re.compile(r"(?<=，)与求职者(?=在同一|同省)")
# Sentences that leave their subject out, because both sides read them: (what is written, to the person, to the employer).
_WITHOUT_SUBJECT = tuple(
    (re.compile(pattern), person, employer)
    for pattern, person, employer in (
        (r"(?<=，)求职者(?=学历是)", "您的", "这位求职者的"),
        (r"^期望(?=月薪)", "您的期望", "这位求职者的期望"),
        (r"^期望(?=$)", "您期望", "这位求职者期望"),
        (r"(?<=，)期望(?=不低于|的是|的工作地区)", "您期望", "这位求职者期望"),
        (r"^做过(?=$)", "您做过", "这位求职者做过"),
        (r"^所学专业(?=$)", "您所学的专业是", "这位求职者所学的专业是"),
        (r"(?<=，)愿意接受的距离", "您愿意接受的距离", "这位求职者愿意接受的距离"),
        (r"(?<=与)住处(?=相距)", "您的住处", "这位求职者的住处"),
        (r"^没有写明(?=期望职业)", "您没有写明", "这位求职者没有写明"),
        (r"^未满16周岁", "您未满16周岁", "这位求职者未满16周岁"),
        (r"^(?=也愿意|可接受的距离|取得|再积累|年满16周岁|提前\d+天到岗)", "您", "这位求职者"),
    )
)


def spoken_to(text: str, reader: str) -> str:
    """``text`` of a criterion, a blocker or a change for ``reader``: ``jobseeker`` (the person), ``employer``, anybody else as written.

    >>> spoken_to("岗位折合月薪最高3900元，期望不低于4500元", "jobseeker")
    '岗位折合月薪最高3900元，您期望不低于4500元'
    """
    if reader not in ("jobseeker", "employer"):
        return text
    parts = _QUOTED.split(text)
    parts[::2] = [_spoken(part, reader == "jobseeker", first=place == 0) for place, part in enumerate(parts[::2])]
    return "".join(parts)


def _spoken(part: str, to_person: bool, *, first: bool) -> str:
    """A stretch without quotation marks; ``first`` where it begins the text."""
    if not first and not part.startswith("，"):
        rest, comma, clauses = part.partition("，")
        return rest + (_spoken(comma + clauses, to_person, first=False) if comma else "")
    named = "您" if to_person else "这位求职者"
    part = _PERSON.sub(named, _SAME_PLACE.sub(f"与{named}", part))
    for pattern, person, employer in _WITHOUT_SUBJECT:
        part = pattern.sub(person if to_person else employer, part)
    return part if to_person else _POSTING.sub("本岗位", part)
