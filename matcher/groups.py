"""Groups of people: the categories of the policy catalogue as far as matching needs them (``open_to``, priority).

``kind`` adds its own category; a tag that contains another brings it along (catalogue, ``category_implications``); a person of kind
``jobseeker`` (求职登记) never counts as registered unemployed, whatever was written down (contract.md, Person).
"""

from __future__ import annotations

from collections.abc import Iterable

from matcher.shapes import Person

NAMES = {
    "graduate": "高校毕业生", "employment_difficulty": "就业困难人员", "zero_employment_family_member": "零就业家庭成员",
    "dibao_family_member": "低保家庭成员", "dibao_family_long_term_unemployed": "长期失业低保家庭成员",
    "older_unemployed": "大龄失业人员", "long_term_unemployed": "长期失业人员", "disabled": "残疾人",
    "poverty_alleviated": "脱贫人口", "poverty_alleviated_labour": "脱贫劳动力", "poverty_return_monitored": "防返贫监测对象",
    "relocated_for_poverty": "易地扶贫搬迁群众", "registered_unemployed": "登记失业人员",
    "urban_registered_unemployed": "城镇登记失业人员", "college_graduate": "高校毕业生",
    "graduate_in_difficulty": "就业困难高校毕业生", "secondary_vocational_graduate": "中职毕业生", "unemployed_youth": "失业青年",
    "youth": "青年", "rural_transfer_labour": "农村转移劳动力", "rural_labour": "农村劳动力", "migrant_worker": "农民工",
    "returned_migrant_worker": "返乡农民工", "urban_rural_worker": "城乡劳动者", "flexible_worker": "灵活就业人员",
    "veteran": "退役军人", "ui_benefit_recipient": "领取失业保险金人员", "insured_unemployed": "参保失业人员",
    "insured_unemployed_migrant": "参保失业农民工", "enterprise_employee": "企业职工",
    "private_enterprise_employee": "民营企业职工", "medical_graduate": "医学专业高校毕业生",
}  # fmt: skip

# Catalogue, category_implications: what a tag says besides itself.
_IMPLIES = {
    "urban_registered_unemployed": ("registered_unemployed",),
    "graduate_in_difficulty": ("college_graduate",),
    "medical_graduate": ("college_graduate",),
    "private_enterprise_employee": ("enterprise_employee",),
    "insured_unemployed_migrant": ("insured_unemployed", "migrant_worker"),
    "returned_migrant_worker": ("migrant_worker",),
    "dibao_family_long_term_unemployed": ("dibao_family_member", "long_term_unemployed"),
    "unemployed_youth": ("youth",),
}


def names_of(codes: Iterable[str]) -> str:
    """The groups in plain Chinese, each once, in the given order."""
    return "、".join(dict.fromkeys(NAMES.get(code, code) for code in codes))


def groups_of(person: Person) -> frozenset[str]:
    """Every group the person is known to belong to: stated categories, what they imply, that of ``kind``, and 城乡劳动者 as everybody."""
    found = set(person.all_categories) | {"urban_rural_worker"}
    for tag in tuple(found):
        found.update(_IMPLIES.get(tag, ()))
    if person.kind == "jobseeker":
        found -= {"registered_unemployed", "urban_registered_unemployed"}
    return frozenset(found)


def open_to_person(open_to: Iterable[str] | None, person: Person) -> bool:
    """Whether a posting limited to these groups is open to the person. An empty or absent limit is none; missing categories never block."""
    wanted = {"college_graduate" if group == "graduate" else group for group in open_to or ()}
    return not wanted or person.categories is None or not wanted.isdisjoint(groups_of(person))
