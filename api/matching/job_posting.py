"""A public posting as schema.org's ``JobPosting``, for search engines: what the posting states, and nothing that it does not."""

from __future__ import annotations

from typing import Any

from matcher.places import city_of, province_of, regions

# https://schema.org/employmentType is free text; these are the values that search engines know.
_FORMS = {
    "full_time": "FULL_TIME", "part_time": "PART_TIME", "temporary": "TEMPORARY", "seasonal": "TEMPORARY", "internship": "INTERN",
    "gig": "OTHER",
}  # fmt: skip
_UNITS = {"month": "MONTH", "year": "YEAR", "week": "WEEK", "day": "DAY", "hour": "HOUR", "piece": "PIECE"}
CREDIT_CODE = "统一社会信用代码"


def job_posting(posting: dict[str, Any], *, url: str, last_open_day: str | None) -> dict[str, Any]:
    """JSON-LD of an open posting as everyone may see it (``public_posting``).

    ``last_open_day``: the day after whose end the exchange takes it down, stated by the posting or following from its days.
    """
    found = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": posting["title"],
        "description": posting.get("description"),
        "identifier": {"@type": "PropertyValue", "name": "工桥", "value": posting["posting_id"]},
        "url": url,
        "datePosted": posting.get("published_at"),
        "validThrough": f"{last_open_day}T23:59:59+08:00" if last_open_day else None,
        "hiringOrganization": _organization(posting.get("employer") or {}),
        "jobLocation": _place(posting),
        "baseSalary": _salary(posting.get("pay") or {}),
        "employmentType": _form(posting),
        "totalJobOpenings": _openings(posting),
        "directApply": True,  # whoever is signed in says on this page that they are interested
    }
    return {name: value for name, value in found.items() if value is not None}


def _organization(employer: dict[str, Any]) -> dict[str, Any] | None:
    if not employer.get("name"):
        return None
    found: dict[str, Any] = {"@type": "Organization", "name": employer["name"]}
    if employer.get("uscc"):
        found["identifier"] = {"@type": "PropertyValue", "name": CREDIT_CODE, "value": employer["uscc"]}
    return found


def _place(posting: dict[str, Any]) -> dict[str, Any] | None:
    """Province, then city and county in one, as an address in China is written."""
    code, known = posting.get("region"), regions()
    parts: list[str] = []
    if code and province_of(code) in known:
        names = [known[part].name for part in (province_of(code), city_of(code), code) if part in known]
        parts = [name for name in dict.fromkeys(names) if "直辖县级" not in name]
    stated = {
        "addressCountry": "CN" if parts else None,
        "addressRegion": parts[0] if parts else None,
        "addressLocality": "".join(parts[1:]) or None,
        "streetAddress": posting.get("address"),
    }
    address = {name: value for name, value in stated.items() if value}
    found: dict[str, Any] = {"@type": "Place"}
    if address:
        found["address"] = {"@type": "PostalAddress", **address}
    at = posting.get("location")
    if at:
        found["geo"] = {"@type": "GeoCoordinates", "latitude": at["lat"], "longitude": at["lon"]}
    return found if len(found) > 1 else None


def _salary(pay: dict[str, Any]) -> dict[str, Any] | None:
    """Yuan as stated; a stated 0 is an unknown value, and a minimum above the maximum a swapped pair (``matcher.pay.monthly``)."""
    low, high = pay.get("min") or None, pay.get("max") or None
    if low is None and high is None:
        return None
    if low is not None and high is not None and low > high:
        low, high = high, low
    amounts = {"value": low} if low == high else {"minValue": low, "maxValue": high}
    value = {"@type": "QuantitativeValue", **amounts, "unitText": _UNITS.get(pay.get("unit") or "")}
    stated = {name: one for name, one in value.items() if one is not None}
    return {"@type": "MonetaryAmount", "currency": "CNY", "value": stated}


def _form(posting: dict[str, Any]) -> str | None:
    """``type: gig`` and ``type: internship`` say it where the form is not stated (contract.md)."""
    implied = posting["type"] if posting.get("type") in ("gig", "internship") else None
    form = "gig" if implied == "gig" else posting.get("employment_form") or implied
    return _FORMS.get(form or "")


def _openings(posting: dict[str, Any]) -> int | None:
    """Openings that are left, where their number is stated."""
    headcount = posting.get("headcount")
    return None if headcount is None else max(0, headcount - posting["filled"])
