"""The form of a posting: contract JSON as texts of fields, and what was filled in as contract JSON again."""

from __future__ import annotations

import re
from typing import Any

from api.forms import Form, Reader
from api.wording import INSURANCE, SHIFTS, UNITS, pay_day_of, pay_day_words
from matcher.places import regions
from matcher.wording import FORMS, number

TYPES = {"regular": "一般岗位", "internship": "就业见习岗位"}
EDUCATION = {"90": "不限", "71": "初中", "61": "高中", "41": "中专或技校", "31": "大专", "21": "本科", "14": "硕士", "11": "博士"}
EXPERIENCE = {"0": "不限", "1": "1年以上", "2": "2年以上", "3": "3年以上", "5": "5年以上", "10": "10年以上"}
PAY_UNITS = {name: f"元/{words}" for name, words in UNITS.items()}
PAY_TAX = {"before": "税前", "after": "税后"}
INSURANCES = {**INSURANCE, "none": "都没有"}
#: Terms that are said or denied: field, what it is called, its two answers.
YES_NO = {
    "terms.board": ("吃饭", {"yes": "包吃", "no": "不包吃"}),
    "terms.lodging": ("住宿", {"yes": "包住", "no": "不包住"}),
    "terms.overtime": ("加班", {"yes": "要加班", "no": "不加班"}),
    "terms.pay_base_plus": ("工资组成", {"yes": "底薪加提成", "no": "固定工资"}),
}
OPEN_TO = {"graduate": "高校毕业生"}
_PHONE = re.compile(r"(1\d{10}|0\d{2,3}-?\d{7,8})(-\d{1,6})?")
_WORDS = re.compile(r"[,，、;；\n]+")
#: Kept of a former version where the form does not ask for it.
_KEPT = ("source", "source_id", "employer", "market_id", "brand_id", "facts", "published_at")


def options(values: dict[str, str], name: str, known: dict[str, str], title: str) -> dict[str, str]:
    """The choices of a field, with the value it has now where that is none of them (a posting from elsewhere may have others)."""
    now = values.get(name, "")
    return known if not now or now in known else {**known, now: title}


def values_of(posting: dict[str, Any]) -> dict[str, str]:
    """A posting's fields as texts for the form. Its contact is private and stays empty: what is kept is kept."""
    pay, work = posting.get("pay") or {}, posting.get("work") or {}
    texts: dict[str, Any] = {
        **{name: posting.get(name) for name in ("title", "description", "region", "address", "education_min", "apply_by", "type")},
        "employment_form": posting.get("employment_form"),
        "pay.unit": pay.get("unit"),
        "skills": "、".join(posting.get("skills") or ()),
        "certificates": "、".join(posting.get("certificates") or ()),
        "work.starts_at": (work.get("starts_at") or "")[:16],
        "work.pay_on": pay_day_words(work.get("pay_on")),
        "open_to": "、".join(posting.get("open_to") or ()),
    }
    terms = _stated(posting)
    texts |= {"terms.shifts": terms.get("shifts"), "terms.pay_tax": terms.get("pay_tax")}
    texts |= {name: "yes" if terms[short] else "no" for name in YES_NO if (short := name.removeprefix("terms.")) in terms}
    if "insurance" in terms:
        texts["terms.insurance"] = "、".join(terms["insurance"]) or "none"
    numbers = {
        "terms.rest_days": terms.get("rest_days"),
        "terms.probation_months": terms.get("probation_months"),
        "headcount": posting.get("headcount"),
        "pay.min": pay.get("min"),
        "pay.max": pay.get("max"),
        "pay.months": pay.get("months"),
        "experience_years_min": posting.get("experience_years_min"),
        "contract_months": posting.get("contract_months"),
        "work.hours_per_day": work.get("hours_per_day"),
        "work.days": work.get("days"),
    }
    texts |= {name: number(value) for name, value in numbers.items() if value is not None}
    return {name: str(value) for name, value in texts.items() if value}


def sent_values(form: Form) -> dict[str, str]:
    """What was filled in, to show the form again."""
    found = {name: form.text(name) for name in form.values}
    return found | {name: "、".join(form.texts(name)) for name in ("open_to", "terms.insurance")}


def _stated(posting: dict[str, Any]) -> dict[str, Any]:
    """Terms that a field stated. What was read from the text is read again, from the text as it is then."""
    terms = posting.get("terms") or {}
    read_from_text = {"read", *(terms.get("read") or ())}
    return {name: value for name, value in terms.items() if name not in read_from_text and value is not None}


def read(form: Form, before: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, str]]:
    """Contract JSON of what was filled in, over the former version, and a sentence for each field that is wrong."""
    known = before or {}
    reader = Reader(form)
    posting: dict[str, Any] = {name: known[name] for name in _KEPT if known.get(name)}
    posting["title"] = reader.text("title", most=100, required="请填写岗位名称，例如：焊工")
    posting["description"] = reader.text("description", most=5000)
    posting["region"] = reader.one_of("region", set(regions()))
    if posting["region"] is None and "region" not in reader.errors:
        reader.errors["region"] = "请选择工作地区"
    posting["address"] = reader.text("address")
    posting["headcount"] = reader.number("headcount", low=1, high=10_000, whole=True)
    if posting["headcount"] is None and "headcount" not in reader.errors:
        reader.errors["headcount"] = "请填写要招几个人"
    posting["type"] = reader.one_of("type", TYPES | ({known["type"]: ""} if known.get("type") else {})) or "regular"
    posting["employment_form"] = reader.one_of("employment_form", FORMS)
    posting["education_min"] = reader.one_of(
        "education_min", EDUCATION | ({known["education_min"]: ""} if known.get("education_min") else {})
    )
    posting["experience_years_min"] = reader.number("experience_years_min", high=50)
    posting["contract_months"] = reader.number("contract_months", high=600)
    for name in ("skills", "certificates"):
        posting[name] = _words(reader, name)
    if known.get(name := "certificates") == [] and posting[name] is None:
        posting[name] = []  # the source said that none is asked for
    _open_to(form, posting, known)
    _pay(reader, posting)
    _work(reader, posting)
    _terms(reader, posting, known)
    posting["apply_by"] = day.isoformat() if (day := reader.day("apply_by")) is not None else None
    _contact(reader, posting)
    if known.get("title") == posting["title"] and known.get("occupation_code"):
        posting["occupation_code"] = known["occupation_code"]
    if known.get("location") and (known.get("region"), known.get("address")) == (posting["region"], posting["address"]):
        posting["location"] = known["location"]
    return {name: value for name, value in posting.items() if value is not None}, reader.errors


def _words(reader: Reader, name: str) -> list[str] | None:
    text = reader.text(name, most=300)
    found = [word.strip() for word in _WORDS.split(text or "") if word.strip()]
    return list(dict.fromkeys(found)) or None


def _open_to(form: Form, posting: dict[str, Any], known: dict[str, Any]) -> None:
    others = [group for group in known.get("open_to") or () if group not in OPEN_TO]
    chosen = [group for group in form.texts("open_to") if group in OPEN_TO]
    if others or chosen:
        posting["open_to"] = [*others, *chosen]


def _pay(reader: Reader, posting: dict[str, Any]) -> None:
    low, high = reader.number("pay.min"), reader.number("pay.max")
    unit = reader.one_of("pay.unit", UNITS)
    months = reader.number("pay.months", low=1, high=24)
    if low is not None and high is not None and low > high:
        reader.errors["pay.max"] = "工资上限不能低于下限"
    if (low is not None or high is not None) and unit is None and "pay.unit" not in reader.errors:
        reader.errors["pay.unit"] = "请选择工资是按月、按天还是按小时"
    pay = {"min": low, "max": high, "unit": unit, "months": months if unit == "month" else None}
    if low is not None or high is not None:
        posting["pay"] = {name: value for name, value in pay.items() if value is not None}


def _work(reader: Reader, posting: dict[str, Any]) -> None:
    starts = reader.instant("work.starts_at")
    work = {
        "starts_at": f"{starts}:00+08:00" if starts else None,
        "hours_per_day": reader.number("work.hours_per_day", low=0.5, high=24),
        "days": reader.number("work.days", low=0.5, high=3660),
        "pay_on": pay_day_of(reader.text("work.pay_on", most=30)),
    }
    work = {name: value for name, value in work.items() if value is not None}
    if work:
        posting["work"] = work


def _terms(reader: Reader, posting: dict[str, Any], known: dict[str, Any]) -> None:
    """Shifts, board and lodging, insurance, probation: what is left blank is unknown, not denied."""
    terms: dict[str, Any] = {name: value for name, value in _stated(known).items() if name in ("hours_per_day", "pay_confidence")}
    terms["shifts"] = reader.one_of("terms.shifts", SHIFTS)
    terms["pay_tax"] = reader.one_of("terms.pay_tax", PAY_TAX)
    for name, (_, answers) in YES_NO.items():
        said = reader.one_of(name, answers)
        terms[name.removeprefix("terms.")] = None if said is None else said == "yes"
    terms["rest_days"] = reader.number("terms.rest_days", high=15)
    terms["probation_months"] = probation = reader.number("terms.probation_months", high=60)
    contract = posting.get("contract_months")
    if probation and contract and probation >= contract:
        reader.errors["terms.probation_months"] = "试用期要比劳动合同短"
    insurance = reader.several("terms.insurance", INSURANCES)
    if "none" in insurance and len(insurance) > 1:
        reader.errors["terms.insurance"] = "勾选了“都没有”，就不要再勾选别的"
    if insurance:
        terms["insurance"] = [one for one in insurance if one != "none"]
    terms = {name: value for name, value in terms.items() if value is not None}
    if terms:
        posting["terms"] = terms


def _contact(reader: Reader, posting: dict[str, Any]) -> None:
    person, phone = reader.text("contact.person", most=30), reader.text("contact.phone", most=20)
    if phone is not None and not _PHONE.fullmatch(phone.replace(" ", "")):
        reader.errors["contact.phone"] = "请填写11位手机号，或带区号的座机号"
    contact = {name: value for name, value in (("person", person), ("phone", phone)) if value is not None}
    if contact:
        posting["contact"] = contact
