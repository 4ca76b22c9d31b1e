"""A source's object as a posting: contract.md's JSON, but as people write it (「大专」, 「6-8千」, 「不限」, 「2026/12/31」).

``read_received`` gives the posting without its contact and with every free text masked, the contact apart, and notes on what was not
sure. What cannot be a posting raises ``ShapeError`` with each faulty field. Pure: no clock, no tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast, get_args

from matcher import credit_code, education
from matcher.experience_reading import read_experience
from matcher.forms import form_of, read_headcount, type_of
from matcher.masking import id_number_valid
from matcher.pay import PayReading, pay_of_columns, read_pay
from matcher.place_reading import PlaceReading, read_place
from matcher.shapes import EmploymentForm, FieldError, PayUnit, Posting, PostingType, ShapeError, read_posting
from streams.intake.calendars import FIRST_YEAR, LAST_YEAR, question
from streams.intake.said_facts import notes_on_facts
from streams.intake.written import Masker, date_text, day_text, is_nothing, is_unstated, number, plain, texts, with_defaults

NEW_ID = "(new)"  # stands for the id until the gateway knows it
_UNITS: dict[str, str] = {
    "元/月": "month", "月": "month", "月薪": "month", "元/年": "year", "年": "year", "年薪": "year", "元/周": "week", "周": "week",
    "元/天": "day", "元/日": "day", "天": "day", "日": "day", "日薪": "day", "日结": "day", "元/小时": "hour", "元/时": "hour",
    "小时": "hour", "时薪": "hour", "时": "hour", "元/件": "piece", "件": "piece", "计件": "piece",
}  # fmt: skip
_CONTACT_FIELDS = ("person", "phone", "mail", "chat")
_CHINESE = re.compile(r"[一-鿿]")


@dataclass(frozen=True)
class ReadPosting:
    """``contact`` holds private values by field; they are never part of ``posting`` and never shown by ``repr``."""

    posting: Posting
    contact: dict[str, str] = field(repr=False)
    notes: tuple[str, ...]


def read_received(raw: Any, *, defaults: Mapping[str, Any] | None = None) -> ReadPosting:
    """The posting that a source's object means. ``defaults`` fills in what the sender's credential or file says of all its postings."""
    if not isinstance(raw, Mapping):
        raise ShapeError([FieldError(field="(object)", message="a JSON object expected")])
    data = with_defaults(raw, defaults)
    notes: list[str] = []
    masker = Masker()
    data.setdefault("posting_id", NEW_ID)
    contact = _contact(data.pop("contact", None))
    _employer(data, masker, notes)
    for name in ("title", "description", "address"):
        data[name] = masker.text(data[name]) if isinstance(data.get(name), str) else data.get(name)
    if isinstance(data["address"], str) and is_unstated(data["address"]):
        data["address"] = None
    data["facts"] = masker.deep(data["facts"]) if isinstance(data.get("facts"), Mapping) else None
    notes += notes_on_facts(data["facts"])
    for name in ("skills", "certificates", "open_to"):
        data[name] = masker.deep(texts(data.get(name)))
    _education(data, notes)
    _experience(data)
    data["headcount"] = _headcount(data.get("headcount"))
    _pay(data, notes)
    _place(data, notes)
    _work(data, masker)
    _form_and_type(data, notes)
    for name in ("published_at", "confirmed_at"):
        data[name] = date_text(data.get(name))
    data["apply_by"] = day_text(data.get("apply_by"))
    _days(data, notes)
    for name in ("source_id", "brand_id", "market_id", "posting_id"):
        if isinstance(data.get(name), int):
            data[name] = str(data[name])
    posting = read_posting(data)
    if len(posting.description or "") > 20_000:
        raise ShapeError([FieldError(field="description", message="at most 20,000 characters expected")])
    for kind in ("phone", "mail", "chat"):
        value = masker.first(kind)
        if value is not None and kind not in contact:
            contact[kind] = value
    if masker.found:
        notes.append("文字中的联系方式或证件号码已隐去")
    return ReadPosting(posting, contact, tuple(notes))


def _days(data: dict[str, Any], notes: list[str]) -> None:
    """A day that can only be meant in another calendar (2569 is this year in 佛历) is left out and asked about."""
    for name in ("published_at", "confirmed_at", "apply_by"):
        value = data.get(name)
        if isinstance(value, str) and re.match(r"\d{4}-", value) and not FIRST_YEAR <= int(value[:4]) <= LAST_YEAR:
            notes.append(question(value[:10]))
            data[name] = None


def _contact(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        masker = Masker()
        rest = masker.text(value)
        phone = masker.first("phone")
        person = re.sub(r"〔已隐去〕|[\d\s:：,，()（）\-]|电话|手机|联系人", "", rest)
        return {name: text for name, text in (("person", person), ("phone", phone or "")) if text}
    if isinstance(value, Mapping):
        return {name: str(value[name]).strip() for name in _CONTACT_FIELDS if not is_nothing(value.get(name)) and str(value[name]).strip()}
    return {}


def _employer(data: dict[str, Any], masker: Masker, notes: list[str]) -> None:
    employer = data.get("employer")
    if isinstance(employer, str):
        employer = {"name": employer}
    if not isinstance(employer, Mapping):
        data["employer"] = employer
        return
    found = {name: value for name, value in employer.items() if not is_nothing(value)}
    if isinstance(found.get("name"), str):
        found["name"] = masker.text(re.sub(r"\s+", " ", found["name"]).strip())
    if isinstance(found.get("uscc"), str):
        found["uscc"] = credit_code.tidy(found["uscc"])
        if id_number_valid(found["uscc"]) and not credit_code.is_valid(found["uscc"]):
            # A sole trader's field sometimes holds the owner's identity number: that must never be published.
            del found["uscc"]
            notes.append("统一社会信用代码一栏填的是身份证号，未采用")
    data["employer"] = found


def _education(data: dict[str, Any], notes: list[str]) -> None:
    value = data.get("education_min")
    if isinstance(value, int):
        value = str(value)
    if value is None or not isinstance(value, str):
        data["education_min"] = value
        return
    code = education.code_of(value)
    if code is None:
        notes.append(f"学历要求“{value[:20]}”未能识别")
    data["education_min"] = code


def _experience(data: dict[str, Any]) -> None:
    value = data.get("experience_years_min")
    if isinstance(value, str):
        data["experience_years_min"] = read_experience(value).at_least


def _headcount(value: Any) -> Any:
    if isinstance(value, str):
        return read_headcount(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _unit(value: Any) -> Any:
    return _UNITS.get(re.sub(r"\s", "", plain(value)), value) if isinstance(value, str) else value


def _pay(data: dict[str, Any], notes: list[str]) -> None:
    """Pay that cannot be meant is left out and asked about: a wrong wage misleads, a missing one only costs a question."""
    value = data.get("pay")
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = {"min": value, "max": value}
    reading: PayReading | None = None
    if isinstance(value, str):
        reading = read_pay(value)
    elif isinstance(value, Mapping):
        given = {name: number(item) for name, item in value.items() if name in ("min", "max", "months") and not is_nothing(item)}
        unit = None if is_unstated(value.get("unit")) else _unit(value.get("unit"))
        given = {**given, **({"unit": unit} if unit is not None else {})}
        texts_given = [item for name, item in given.items() if name in ("min", "max") and isinstance(item, str)]
        if texts_given:
            reading = read_pay("-".join(texts_given), default_unit=unit if unit in get_args(PayUnit) else None)
        elif unit in get_args(PayUnit) and _amounts(given):
            reading = pay_of_columns(given.get("min"), given.get("max"), cast(PayUnit, unit), given.get("months"))
            if reading.pay is not None and given.get("months") is not None:
                reading = PayReading(
                    reading.pay.model_copy(update={"months": given["months"]}), reading.confidence, reading.question, reading.stated
                )
        else:
            _keep_how_read(data, value, None)
            data["pay"] = {name: item for name, item in given.items() if item != 0 or name == "months"}
            return
    if reading is None:
        data["pay"] = value
        return
    _keep_how_read(data, value, reading)
    if reading.question is not None:
        notes.append(reading.question)
    data["pay"] = reading.pay.model_dump(exclude_none=True) if reading.pay is not None else None


def _keep_how_read(data: dict[str, Any], value: Any, reading: PayReading | None) -> None:
    """Before or after tax, base wage with commission, and how sure the reading was, among the posting's terms."""
    said: dict[str, Any] = {}
    if isinstance(value, Mapping):
        said = {"pay_tax": value.get("tax"), "pay_base_plus": value.get("base_plus"), "pay_confidence": value.get("confidence")}
    if reading is not None and reading.pay is not None and isinstance(value, str):
        said = {"pay_tax": reading.tax, "pay_base_plus": reading.base_plus or None, "pay_confidence": reading.confidence}
    said = {name: item for name, item in said.items() if item is not None and item != ""}
    terms = data.get("terms")
    if said and (terms is None or isinstance(terms, Mapping)):
        data["terms"] = {**said, **(terms or {})}


def _amounts(given: Mapping[str, Any]) -> bool:
    amounts = [given[name] for name in ("min", "max") if given.get(name) is not None]
    return bool(amounts) and all(isinstance(item, int | float) and not isinstance(item, bool) and item >= 0 for item in amounts)


@lru_cache(maxsize=50_000)
def _read_place(address: str | None, region: str | None) -> PlaceReading:
    return read_place(address, region)


def _place(data: dict[str, Any], notes: list[str]) -> None:
    region = data.get("region")
    if isinstance(region, int):
        region = str(region)
    address = data.get("address") if isinstance(data.get("address"), str) else None
    if isinstance(region, str) and is_unstated(region):
        region = None
    if (region is None and address is not None) or (isinstance(region, str) and _CHINESE.search(region)):
        reading = _read_place(address, region)
        if reading.question is not None and (region is not None or reading.code is not None):
            notes.append(reading.question)
        region = reading.code
    data["region"] = region
    location = data.get("location")
    if isinstance(location, Mapping):
        lat, lon = number(location.get("lat")), number(location.get("lon"))
        if lat is None or lon is None or (lat == 0 and lon == 0):
            data["location"] = None
        else:
            data["location"] = {"lat": lat, "lon": lon}
    elif is_nothing(location):
        data["location"] = None


def _work(data: dict[str, Any], masker: Masker) -> None:
    work = data.get("work")
    if not isinstance(work, Mapping):
        return
    found: dict[str, Any] = {name: value for name, value in work.items() if not is_unstated(value)}
    found["starts_at"] = date_text(found.get("starts_at"))
    for name in ("hours_per_day", "days"):
        found[name] = number(found.get(name))
    found["pay_on"] = masker.text(found.get("pay_on"))
    data["work"] = {name: value for name, value in found.items() if value is not None}


def _form_and_type(data: dict[str, Any], notes: list[str]) -> None:
    """Closed lists stay closed for codes; Chinese words are read, and the title tells where the field is silent."""
    title = data.get("title") if isinstance(data.get("title"), str) else None
    for name, values, read in (
        ("employment_form", get_args(EmploymentForm), form_of),
        ("type", get_args(PostingType), type_of),
    ):
        value = data.get(name)
        if isinstance(value, str) and value not in values and _CHINESE.search(value):
            code = read(value)
            if code is None and not is_unstated(value):
                notes.append(f"“{value[:20]}”未能识别")
            data[name] = code
        if data.get(name) is None and title is not None:
            data[name] = read(title)
    pay = data.get("pay")
    by_the_day = isinstance(pay, Mapping) and pay.get("unit") in ("day", "hour", "piece")
    open_form = data.get("type") is None and data.get("employment_form") in (None, "gig")
    if data.get("source") == "gig_market" and open_form and (by_the_day or data.get("work") or data.get("employment_form") == "gig"):
        data["type"] = "gig"
    if data.get("type") == "gig" and data.get("employment_form") is None:
        data["employment_form"] = "gig"
