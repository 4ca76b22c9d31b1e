"""The form of a person's own profile: contract JSON as texts of fields, and what was filled in over what stood there."""

from __future__ import annotations

import re
from typing import Any

from api.forms import Form, Reader
from api.wording import INTENTIONS, LEVELS
from matcher.places import regions
from matcher.wording import FORMS, number

REGIONS = 3
JOBS = 3
_WORDS = re.compile(r"[,，、;；\n]+")
_NONE = ("无", "没有")
_PHONE = re.compile(r"1\d{10}")


def levels(values: dict[str, str], title: str) -> dict[str, str]:
    """The choices of education, with the level the person has now where the list has it not (结业, 肄业)."""
    now = values.get("education.level", "")
    return LEVELS if not now or now in LEVELS else {**LEVELS, now: title}


def values_of(person: dict[str, Any]) -> dict[str, str]:
    """A profile as texts for the form; lists as words, wished regions and past jobs numbered from 0."""
    desired, education, consent = person.get("desired") or {}, person.get("education") or {}, person.get("consent") or {}
    texts: dict[str, Any] = {
        "titles": "、".join(desired.get("titles") or ()),
        "employment_forms": "、".join(desired.get("employment_forms") or ()),
        "available_from": desired.get("available_from"),
        "intention": person.get("intention"),
        "region": person.get("region"),
        "education.level": education.get("level"),
        "education.major": education.get("major"),
        "education.graduated_on": education.get("graduated_on"),
        "recommend": "1" if consent.get("recommend") else "",
        "share_with_employers": "1" if consent.get("share_with_employers") else "",
        "share_with_civil_affairs": "1" if consent.get("share_with_civil_affairs") else "",
    }
    for name in ("pay_min", "max_distance_km"):
        texts[name] = number(desired[name]) if desired.get(name) is not None else ""
    for name in ("skills", "certificates"):
        texts[name] = "、".join(person[name]) if person.get(name) else "无" if person.get(name) == [] else ""
    texts |= {f"regions.{place}": code for place, code in enumerate(desired.get("regions") or ())}
    for place, job in enumerate(person.get("experience") or ()):
        texts[f"job.{place}.title"] = job.get("title")
        texts[f"job.{place}.years"] = number(job["years"]) if job.get("years") is not None else ""
    return {name: str(value) for name, value in texts.items() if value}


def sent_values(form: Form) -> dict[str, str]:
    """What was filled in, to show the form again."""
    found = {name: form.text(name) for name in form.values}
    return found | {"employment_forms": "、".join(form.texts("employment_forms"))}


def rows(values: dict[str, str], prefix: str, least: int) -> list[int]:
    """How many rows of a repeated field to show: those filled in and one more, at least so many."""
    filled = [int(name.split(".")[1]) for name in values if name.startswith(f"{prefix}.") and name.split(".")[1].isdecimal()]
    return list(range(min(20, max(least, max(filled, default=-1) + 2))))


def read(form: Form, before: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The profile with what was filled in, and a sentence for each field that is wrong.

    What only an office can say (kind, registration, categories) stays as it is, whatever was sent.
    """
    reader = Reader(form)
    person = dict(before)
    person["intention"] = reader.one_of("intention", INTENTIONS)
    region = reader.one_of("region", set(regions()))
    if region != before.get("region"):
        person.pop("location", None)  # the point belonged to the former place
    person["region"] = region
    person["desired"] = _desired(reader, before.get("desired") or {})
    person["education"] = _education(reader, before.get("education") or {})
    person["experience"] = _experience(reader, before.get("experience") or ())
    for name in ("skills", "certificates"):
        person[name] = _words(reader, name)
    person["consent"] = {name: form.checked(name) for name in ("recommend", "share_with_employers", "share_with_civil_affairs")}
    phone = reader.text("phone", most=20)
    if phone is not None:
        if _PHONE.fullmatch(re.sub(r"[\s\-]", "", phone)):
            person["private"] = {"phone": re.sub(r"[\s\-]", "", phone)}
        else:
            reader.errors["phone"] = "请填写11位手机号"
    return {name: value for name, value in person.items() if value is not None}, reader.errors


def _words(reader: Reader, name: str) -> list[str] | None:
    text = reader.text(name, most=500)
    if text in _NONE:
        return []
    found = [word.strip() for word in _WORDS.split(text or "") if word.strip() and word.strip() not in _NONE]
    return list(dict.fromkeys(found)) or None


def _desired(reader: Reader, before: dict[str, Any]) -> dict[str, Any]:
    day = reader.day("available_from")
    names = [name for name in reader.form.values if re.fullmatch(r"regions\.\d{1,2}", name)]
    wished = [code for name in sorted(names, key=lambda name: int(name[8:])) if (code := reader.one_of(name, set(regions())))]
    desired = {
        "titles": _words(reader, "titles"),
        "occupation_codes": before.get("occupation_codes"),
        "regions": list(dict.fromkeys(wished)) or None,
        "max_distance_km": reader.number("max_distance_km", high=20_000),
        "pay_min": reader.number("pay_min"),
        "employment_forms": reader.several("employment_forms", FORMS) or None,
        "available_from": day.isoformat() if day is not None else None,
    }
    return {name: value for name, value in desired.items() if value is not None}


def _education(reader: Reader, before: dict[str, Any]) -> dict[str, Any]:
    known = LEVELS | ({before["level"]: ""} if before.get("level") else {})
    day = reader.day("education.graduated_on")
    education = {
        "level": reader.one_of("education.level", known),
        "major": reader.text("education.major", most=60),
        "school": before.get("school"),
        "graduated_on": day.isoformat() if day is not None else None,
    }
    return {name: value for name, value in education.items() if value is not None}


def _experience(reader: Reader, before: Any) -> list[dict[str, Any]] | None:
    codes = {job.get("title"): job.get("occupation_code") for job in before}
    jobs = []
    for place in range(20):
        title, years = reader.text(f"job.{place}.title", most=60), reader.number(f"job.{place}.years", high=60)
        if title is None:
            if years is not None:
                reader.errors[f"job.{place}.title"] = "请写做过什么工作"
            continue
        job = {"title": title, "years": years, "occupation_code": codes.get(title)}
        jobs.append({name: value for name, value in job.items() if value is not None})
    return jobs or None
