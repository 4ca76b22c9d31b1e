"""A posting as schema.org's JobPosting: what it states, in the words that search engines know, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from api.matching.job_posting import job_posting
from api.matching.routes import public_posting
from matcher.shapes import read_posting
from tests.api.conftest import POSTING

NAMED = {"employer_id": "e-9", "name": "太原样例机械有限公司", "uscc": "91140100MA0K3YBJ05"}


def told(changes: dict[str, Any] | None = None, last_open_day: str | None = "2027-01-18") -> dict[str, Any]:
    """The happy posting with some facts changed (None: not stated), as told to a search engine."""
    given = {**POSTING, "posting_id": "p-1", "employer": NAMED, **(changes or {})}
    stated = {name: value for name, value in given.items() if value is not None}
    return job_posting(public_posting(read_posting(stated)), url="https://x.example/postings/p-1", last_open_day=last_open_day)


def test_a_complete_posting() -> None:
    assert told() == {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": "焊工",
        "description": POSTING["description"],
        "identifier": {"@type": "PropertyValue", "name": "工桥", "value": "p-1"},
        "url": "https://x.example/postings/p-1",
        "datePosted": "2026-11-19T09:00:00+08:00",
        "validThrough": "2027-01-18T23:59:59+08:00",
        "hiringOrganization": {
            "@type": "Organization",
            "name": "太原样例机械有限公司",
            "identifier": {"@type": "PropertyValue", "name": "统一社会信用代码", "value": "91140100MA0K3YBJ05"},
        },
        "jobLocation": {
            "@type": "Place",
            "address": {
                "@type": "PostalAddress",
                "addressCountry": "CN",
                "addressRegion": "山西省",
                "addressLocality": "太原市小店区",
                "streetAddress": "太原市小店区样例路8号",
            },
            "geo": {"@type": "GeoCoordinates", "latitude": 37.73, "longitude": 112.56},
        },
        "baseSalary": {
            "@type": "MonetaryAmount",
            "currency": "CNY",
            "value": {"@type": "QuantitativeValue", "minValue": 5000, "maxValue": 7000, "unitText": "MONTH"},
        },
        "employmentType": "FULL_TIME",
        "totalJobOpenings": 1,
        "directApply": True,
    }


def test_what_is_not_stated_is_not_said() -> None:
    bare = {name: None for name in POSTING if name not in ("source", "title")}
    assert told({**bare, "employer": {}}, last_open_day=None).keys() == {
        "@context", "@type", "title", "identifier", "url", "directApply",
    }  # fmt: skip


def test_the_contact_is_never_said() -> None:
    assert "13900000001" not in str(told())
    assert "样例联系人" not in str(told())


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"pay": {"min": 180, "max": 180, "unit": "day"}}, "baseSalary", {"value": 180, "unitText": "DAY"}),
        ({"pay": {"min": 6000, "unit": "month"}}, "baseSalary", {"minValue": 6000, "unitText": "MONTH"}),
        ({"pay": {"max": 30, "unit": "hour"}}, "baseSalary", {"maxValue": 30, "unitText": "HOUR"}),
        ({"pay": {"min": 0.4, "unit": "piece"}}, "baseSalary", {"minValue": 0.4, "unitText": "PIECE"}),
        ({"pay": {"min": 5000, "max": 7000}}, "baseSalary", {"minValue": 5000, "maxValue": 7000}),
        ({"pay": {"min": 7000, "max": 5000, "unit": "year"}}, "baseSalary", {"minValue": 5000, "maxValue": 7000, "unitText": "YEAR"}),
        ({"pay": {"min": 0, "max": 0, "unit": "month"}}, "baseSalary", None),
        ({"pay": {"unit": "piece"}}, "baseSalary", None),
        ({"headcount": 5, "filled": 2}, "totalJobOpenings", 3),
        ({"employment_form": "seasonal"}, "employmentType", "TEMPORARY"),
        ({"type": "gig"}, "employmentType", "OTHER"),
        ({"type": "internship", "employment_form": None}, "employmentType", "INTERN"),
        ({"type": "internship", "employment_form": "part_time"}, "employmentType", "PART_TIME"),
        ({"employer": {"name": "样例商行"}}, "hiringOrganization", {"@type": "Organization", "name": "样例商行"}),
        ({"employer": {"employer_id": "e-9"}}, "hiringOrganization", None),
    ],
)
def test_one_fact_changed(changes: dict[str, Any], name: str, said: Any) -> None:
    found = told(changes).get(name)
    if name == "baseSalary" and found is not None:
        assert (found["@type"], found["currency"], found["value"].pop("@type")) == ("MonetaryAmount", "CNY", "QuantitativeValue")
        found = found["value"]
    assert found == said


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("140000", {"addressCountry": "CN", "addressRegion": "山西省"}),
        ("140100", {"addressCountry": "CN", "addressRegion": "山西省", "addressLocality": "太原市"}),
        ("110105", {"addressCountry": "CN", "addressRegion": "北京市"}),
        ("130199", {"addressCountry": "CN", "addressRegion": "河北省", "addressLocality": "石家庄市"}),
        (None, None),
        ("990101", None),
    ],
)
def test_a_place_is_said_by_its_chinese_names(region: str | None, said: dict[str, str] | None) -> None:
    found = told({"region": region, "address": None, "location": None}).get("jobLocation")
    assert found == (said and {"@type": "Place", "address": {"@type": "PostalAddress", **said}})


def test_an_address_without_a_region_stays_alone() -> None:
    found = told({"region": None, "location": None})["jobLocation"]
    assert found["address"] == {"@type": "PostalAddress", "streetAddress": "太原市小店区样例路8号"}
