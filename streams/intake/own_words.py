"""What people and employers may say of themselves, and what only staff may say of them. Pure.

Declared by oneself: wishes, education, experience, trade, size. Kept as staff set it: being registered unemployed (失业登记) with its day
and place, categories that an office recognises (002 第六条 随认定; 就业困难人员 orders candidates, so nobody may give it to oneself), an
employer's place on the list of key employers, its programmes and recognitions, and who it is once staff have confirmed it. What is not
taken over is said in the notes; nothing is refused for it, so that a form can send back what it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matcher.shapes import Employer, Person

# What somebody is by an office's word: registration, recognition, benefit registers, the lists of poverty alleviation. The others
# (graduate, youth, veteran, migrant worker, …) are declared and looked at again with a claim.
RECOGNISED = frozenset(
    {
        "registered_unemployed", "urban_registered_unemployed", "employment_difficulty", "zero_employment_family_member",
        "dibao_family_member", "dibao_family_long_term_unemployed", "older_unemployed", "long_term_unemployed", "disabled",
        "poverty_alleviated", "poverty_alleviated_labour", "poverty_return_monitored", "relocated_for_poverty", "graduate_in_difficulty",
        "ui_benefit_recipient", "insured_unemployed", "insured_unemployed_migrant",
    }
)  # fmt: skip
# Explicit facts win over what follows from the fields, so they must not say what the fields may not.
PERSON_FACTS = frozenset(
    {
        "person.category", "person.in_difficulty_group", "person.registered_unemployed_months", "person.living_difficulty",
        "person.ui_record_found", "person.ui_contribution_months", "person.ui_contribution_months_cumulative", "founder.category",
    }
)  # fmt: skip
EMPLOYER_FACTS = frozenset({"employer.programme", "employer.recognition", "employer.kind", "employer.labour_compliant"})
_LISTED = {"key": "重点企业名单", "programme": "所属平台或计划", "recognition": "认定情况", "licence": "人力资源服务许可或备案"}
_IDENTITY = ("name", "uscc", "region", "kind")


def own_person(person: Person, kept: Person | None) -> tuple[Person, tuple[str, ...]]:
    """A person's word about themselves, with what only staff may say as it is kept (None: nothing yet); and what was not taken over."""
    changes: dict[str, Any] = {}
    left_out = []
    registered = kept is not None and kept.kind == "registered_unemployed"
    if (person.kind == "registered_unemployed") != registered:
        changes["kind"] = "registered_unemployed" if registered else kept.kind if kept is not None else "jobseeker"
        left_out.append("失业登记")
    for name, word in (("registered_unemployed_on", "失业登记日期"), ("registered_at", "失业登记地")):
        before = getattr(kept, name) if kept is not None else None
        if getattr(person, name) != before:
            changes[name] = before
            if getattr(person, name) is not None:
                left_out.append(word)
    recognised = [one for one in (kept.categories or () if kept is not None else ()) if one in RECOGNISED]
    if person.categories is not None or recognised:
        sent = person.categories or ()
        if any(one in RECOGNISED and one not in recognised for one in sent):
            left_out.append("需要认定的人员类别")
        changes["categories"] = tuple(dict.fromkeys((*recognised, *(one for one in sent if one not in RECOGNISED))))
    facts, more = _facts(person.facts, kept.facts if kept is not None else {}, PERSON_FACTS)
    changes["facts"] = facts
    left_out += more
    note = (f"{'、'.join(left_out)}由人社部门登记或认定，本次没有采用",) if left_out else ()
    return person.model_copy(update=changes), note


def own_employer(employer: Employer, kept: Employer | None, *, confirmed: bool) -> tuple[Employer, tuple[str, ...]]:
    """The same of an employer; ``confirmed``: staff have confirmed who it is, so its name and code are theirs to change."""
    changes: dict[str, Any] = {}
    left_out = []
    for name, word in _LISTED.items():
        before = getattr(kept, name) if kept is not None else None
        sent = getattr(employer, name)
        changes[name] = before
        if sent and sent != before:
            left_out.append(word)
    facts, more = _facts(employer.facts, kept.facts if kept is not None else {}, EMPLOYER_FACTS)
    changes["facts"] = facts
    left_out += more
    notes = [f"{'、'.join(left_out)}由人社部门登记或认定，本次没有采用"] if left_out else []
    if confirmed and kept is not None:
        fixed = {name: getattr(kept, name) for name in _IDENTITY if getattr(kept, name) is not None}
        if any(getattr(employer, name) not in (None, value) for name, value in fixed.items()):
            notes.append("单位已经核实，名称、信用代码、所在地和性质的变更请到人社部门办理，本次没有采用")
        changes |= fixed
    return employer.model_copy(update=changes), tuple(notes)


def _facts(sent: Mapping[str, Any], kept: Mapping[str, Any], office: frozenset[str]) -> tuple[dict[str, Any], list[str]]:
    theirs = {name: value for name, value in kept.items() if name in office}
    refused = any(name in office and value != theirs.get(name) for name, value in sent.items())
    return {**{name: value for name, value in sent.items() if name not in office}, **theirs}, ["需要核定的情况"] if refused else []
