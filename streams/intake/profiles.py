"""People and employers as sources give them -> the shapes, with private values split off and free text masked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from matcher import credit_code, education
from matcher.experience_reading import read_experience
from matcher.forms import form_of
from matcher.masking import id_number_valid
from matcher.pay import monthly, read_pay
from matcher.place_reading import read_place
from matcher.shapes import Employer, EmploymentForm, FieldError, Person, ShapeError, read_employer, read_person
from streams.intake.said_facts import notes_on_facts
from streams.intake.written import Masker, date_text, day_text, is_nothing, is_unstated, number, texts, with_defaults

_CHINESE = re.compile(r"[一-鿿]")
_KINDS = {
    "登记失业人员": "registered_unemployed", "失业人员": "registered_unemployed", "失业登记": "registered_unemployed",
    "高校毕业生": "graduate", "毕业生": "graduate", "应届毕业生": "graduate", "求职者": "jobseeker", "求职登记": "jobseeker",
}  # fmt: skip
_SIZES = {"微型": "micro", "微型企业": "micro", "小型": "small", "小型企业": "small", "中型": "medium", "中型企业": "medium",
          "大型": "large", "大型企业": "large"}  # fmt: skip
_OWNERSHIPS = {"民营": "private", "私营": "private", "国有": "state", "国企": "state", "其他": "other"}
PRIVATE_FIELDS = ("name", "id_number", "phone", "mail")


@dataclass(frozen=True)
class ReadPerson:
    """``private``: name, identity number, telephone; never part of ``person``, never shown by ``repr``."""

    person: Person
    private: dict[str, str] = field(repr=False)
    notes: tuple[str, ...]


def read_received_person(raw: Any, *, defaults: Mapping[str, Any] | None = None, person_id: str | None = None) -> ReadPerson:
    """The person that a source's object means. ``person_id`` stands in where the object brings none. Errors never echo private values."""
    if not isinstance(raw, Mapping):
        raise ShapeError([FieldError(field="(object)", message="a JSON object expected")])
    data = with_defaults(raw, defaults)
    notes: list[str] = []
    masker = Masker()
    private = _private(data.pop("private", None))
    if is_nothing(data.get("person_id")) and person_id is not None:
        data["person_id"] = person_id
    if isinstance(data.get("person_id"), int):
        data["person_id"] = str(data["person_id"])
    if isinstance(data.get("person_id"), str) and id_number_valid(data["person_id"].strip().upper()):
        raise ShapeError(
            [FieldError(field="person_id", message="an identity number is no person_id: leave it out or use the sender's own number")]
        )
    data["kind"] = _KINDS.get(data.get("kind", ""), data.get("kind")) if isinstance(data.get("kind"), str) else data.get("kind")
    for name in ("region", "registered_at"):
        data[name] = _region(data.get(name))
    data["registered_unemployed_on"] = day_text(data.get("registered_unemployed_on"))
    if data.get("birth_year_month") is None and id_number_valid(private.get("id_number", "")):
        data["birth_year_month"] = f"{private['id_number'][6:10]}-{private['id_number'][10:12]}"
    elif isinstance(data.get("birth_year_month"), str):
        data["birth_year_month"] = _year_month(data["birth_year_month"])
    _desired(data, masker)
    _education(data, masker, notes)
    _experience(data, masker)
    for name in ("skills", "certificates", "categories"):
        data[name] = masker.deep(texts(data.get(name)))
    data["facts"] = masker.deep(data["facts"]) if isinstance(data.get("facts"), Mapping) else None
    notes += notes_on_facts(data["facts"])
    person = read_person(data)
    if masker.found:
        notes.append("文字中的联系方式或证件号码已隐去")
        phone = masker.first("phone")
        if phone is not None:
            private.setdefault("phone", phone)
    return ReadPerson(person, private, tuple(notes))


def _private(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    found = {name: str(value[name]).strip() for name in PRIVATE_FIELDS if not is_nothing(value.get(name))}
    if "id_number" in found:
        found["id_number"] = re.sub(r"[\s\-]", "", found["id_number"]).upper()
    return found


def _region(value: Any) -> Any:
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str) or is_unstated(value):
        return None if isinstance(value, str) else value
    return read_place(None, value, within="140000").code if _CHINESE.search(value) else value


def _year_month(value: str) -> str | None:
    found = re.match(r"^\s*((?:19|20)\d{2})\s*[-./年]?\s*(\d{1,2})", value)
    return f"{found[1]}-{int(found[2]):02d}" if found else value


def _desired(data: dict[str, Any], masker: Masker) -> None:
    desired = data.get("desired")
    if not isinstance(desired, Mapping):
        return
    found: dict[str, Any] = {name: value for name, value in desired.items() if not is_nothing(value)}
    for name in ("titles", "occupation_codes", "regions", "employment_forms"):
        found[name] = texts(found.get(name))
    found["titles"] = masker.deep(found["titles"])
    if isinstance(found["regions"], list):
        read = [_region(item) for item in found["regions"]]
        found["regions"] = [code for code in read if code is not None] or None
    if isinstance(found["employment_forms"], list):
        found["employment_forms"] = [
            form_of(form) or form if isinstance(form, str) and form not in get_args(EmploymentForm) and _CHINESE.search(form) else form
            for form in found["employment_forms"]
        ] or None
    pay = number(found.get("pay_min"))
    if isinstance(pay, str):
        reading = read_pay(pay)
        bounds = monthly(reading.pay) if reading.pay is not None else None
        pay = None if bounds is None else bounds[0] if bounds[0] is not None else bounds[1]
    found["pay_min"] = pay or None
    found["max_distance_km"] = number(found.get("max_distance_km"))
    found["available_from"] = day_text(found.get("available_from"))
    data["desired"] = {name: value for name, value in found.items() if value is not None}


def _education(data: dict[str, Any], masker: Masker, notes: list[str]) -> None:
    given = data.get("education")
    if isinstance(given, str):
        given = {"level": given}
    if not isinstance(given, Mapping):
        return
    found: dict[str, Any] = {name: value for name, value in given.items() if not is_nothing(value)}
    level = found.get("level")
    if isinstance(level, str | int):
        found["level"] = education.code_of(str(level))
        if found["level"] is None:
            notes.append("学历未能识别")
    for name in ("major", "school"):
        found[name] = masker.text(found.get(name))
    found["graduated_on"] = _graduated(found.get("graduated_on"))
    data["education"] = {name: value for name, value in found.items() if value is not None}


def _graduated(value: Any) -> Any:
    """A day; of a month or a year alone its usual end (graduation is in summer, so a bare year is 1 July)."""
    text = day_text(value)
    if isinstance(text, str):
        month = re.fullmatch(r"((?:19|20)\d{2})[-./年](\d{1,2})月?", text)
        year = re.fullmatch(r"((?:19|20)\d{2})年?", text)
        if month:
            return f"{month[1]}-{int(month[2]):02d}-01"
        if year:
            return f"{year[1]}-07-01"
    return text


def _experience(data: dict[str, Any], masker: Masker) -> None:
    given = data.get("experience")
    if isinstance(given, str):
        data["experience"] = [{"title": masker.text(item)} for item in texts(given) or []]
        return
    if not isinstance(given, list | tuple):
        return
    entries: list[Any] = []
    for item in given:
        if isinstance(item, Mapping):
            entry = {name: value for name, value in item.items() if not is_nothing(value)}
            entry["title"] = masker.text(entry.get("title"))
            if isinstance(entry.get("years"), str):
                entry["years"] = read_experience(entry["years"]).at_least
            entries.append(entry)
        else:
            entries.append({"title": masker.text(item)} if isinstance(item, str) else item)
    data["experience"] = entries


@dataclass(frozen=True)
class ReadEmployer:
    employer: Employer
    notes: tuple[str, ...]


def read_received_employer(raw: Any, *, defaults: Mapping[str, Any] | None = None, employer_id: str | None = None) -> ReadEmployer:
    """The employer that a source's object means; telephones in its name are masked. A credit code that fails its check is noted."""
    if not isinstance(raw, Mapping):
        raise ShapeError([FieldError(field="(object)", message="a JSON object expected")])
    data = with_defaults(raw, defaults)
    masker = Masker()
    notes: list[str] = []
    if is_nothing(data.get("employer_id")) and employer_id is not None:
        data["employer_id"] = employer_id
    if isinstance(data.get("employer_id"), int):
        data["employer_id"] = str(data["employer_id"])
    data["name"] = masker.text(data.get("name"))
    if isinstance(data.get("uscc"), str):
        data["uscc"] = credit_code.tidy(data["uscc"])
        if id_number_valid(data["uscc"]) and not credit_code.is_valid(data["uscc"]):
            data["uscc"] = None
            notes.append("统一社会信用代码一栏填的是身份证号，未采用")
        elif credit_code.problem(data["uscc"]) is not None:
            notes.append(credit_code.problem(data["uscc"]) or "")
    data["region"] = _region(data.get("region"))
    for name, words in (("size", _SIZES), ("ownership", _OWNERSHIPS)):
        if isinstance(data.get(name), str):
            data[name] = words.get(data[name].strip(), data[name])
    for name in ("industry", "programme", "recognition"):
        data[name] = texts(data.get(name))
    data["insured_employees"] = _whole(number(data.get("insured_employees")))
    key = data.get("key")
    if isinstance(key, Mapping):
        data["key"] = {**key, "from": date_text(key.get("from")), "to": date_text(key.get("to"))}
    data["facts"] = masker.deep(data["facts"]) if isinstance(data.get("facts"), Mapping) else None
    notes += notes_on_facts(data["facts"])
    return ReadEmployer(read_employer(data), tuple(notes))


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


__all__ = ["ReadEmployer", "ReadPerson", "read_received_employer", "read_received_person"]
