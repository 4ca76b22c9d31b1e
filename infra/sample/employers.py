"""Made-up employers: firms, shops, cooperatives and homes with the attributes that policies ask for, some of them missing."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from infra.sample.identifiers import credit_code
from infra.sample.tables import County, counties, county_weights, families, family_weights, names, one_of
from streams.intake.rules import is_agency

Row = dict[str, Any]

# 000 第(二十一)条 and E-01: who stands on the lists of employers whose staffing is guaranteed.
KEY_CLASSES = ("白名单", "重点外贸", "重点领域")
_STAFF = {"micro": (2, 18), "small": (12, 95), "medium": (80, 380), "large": (350, 2600)}
_PROGRAMMES = ("ten_platforms", "taixin_zone", "reform_zone", "development_zone_hightech")
_LABOUR_INTENSIVE = ("textiles", "catering", "domestic", "agriculture", "eldercare")


@dataclass(frozen=True)
class Firm:
    """An employer as its source sends it, with what the sample itself needs to know of it."""

    row: Row
    family: str
    county: County
    short: str

    @property
    def reference(self) -> Row:
        return {"employer_id": self.row["employer_id"], "name": self.row["name"]} | (
            {"uscc": self.row["uscc"]} if "uscc" in self.row else {}
        )


def _weighted(rng: Random, weights: Mapping[str, float]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def _place(rng: Random, county: County) -> str:
    """How a firm's name begins: county, city, city and county, or province."""
    draw = rng.random()
    if county.weight == 1 and county.seat is None:
        return "山西"
    if draw < 0.18:
        return "山西"
    if draw < 0.4:
        return county.city_name
    return county.city_name + county.name if county.name in ("城区", "矿区", "郊区") or draw < 0.5 else county.name


def _name(rng: Random, family: Mapping[str, Any], kind: str, size: str, county: County, word: str) -> str:
    place = _place(rng, county)
    if kind in ("individual_business", "unit_insured_individual_business"):
        return place.replace("山西", county.city_name) + word + one_of(rng, family["shops"])
    if kind in ("cooperative", "social_service_org", "public_institution"):
        return place.replace("山西", county.city_name) + word + one_of(rng, family["bodies"])
    if kind == "law_firm":
        return f"山西{word}律师事务所"
    noun = "会计师事务所" if kind == "accounting_firm" else one_of(rng, family["nouns"])
    if size == "large":
        end = one_of(rng, ("集团有限公司", "股份有限公司", "有限责任公司"))
    else:
        end = one_of(rng, ("有限公司", "有限公司", "有限公司", "有限公司", "有限责任公司"))
    return f"{place}{word}{noun}{end}"


def _standing(rng: Random, family_name: str, family: Mapping[str, Any], kind: str, size: str) -> Row:
    """Size, ownership, staff and the sets that policies ask for, as the catalogue's vocabulary has them."""
    row: Row = {}
    if kind == "individual_business":
        row |= {"size": "none", "ownership": "other"}
    elif kind == "enterprise":
        state = rng.random() < family["state_share"] * (2 if size == "large" else 1)
        row |= {"size": size, "ownership": "state" if state else "private"}
    elif kind in ("accounting_firm", "law_firm", "cooperative"):
        row |= {"size": "micro" if size == "large" else size, "ownership": "private"}
    if kind != "cooperative":
        row["kind"] = kind  # the catalogue names no kind for a farmers' cooperative, so it stays unknown
    low, high = _STAFF["micro" if "individual" in kind else size]
    row["insured_employees"] = int(low + (high - low) * rng.random() ** 2)
    row["industry"] = list(family["industry"])
    if family_name == "coal" and rng.random() < 0.3:
        row["industry"] = ["hazardous_chemicals"]
    if family_name == "logistics":
        row["industry"] = [one_of(rng, ("road_water_rail_transport", "express_delivery", "food_delivery"))]
    if family_name == "agriculture" and rng.random() < 0.1:
        row["industry"] = ["seed_industry"]
    row["programme"] = [one_of(rng, _PROGRAMMES)] if kind == "enterprise" and rng.random() < 0.16 else []
    row["recognition"] = []
    if kind in ("enterprise", "social_service_org", "public_institution") and rng.random() < 0.12:
        row["recognition"] = ["internship_unit"]
    if family_name in ("textiles", "agriculture") and rng.random() < 0.2:
        row["recognition"] = ["poverty_workshop"]
    facts: Row = {}
    if rng.random() < 0.35:
        facts["employer.labour_intensive"] = family_name in _LABOUR_INTENSIVE
    if rng.random() < 0.4:
        facts["employer.ui_insured"] = rng.random() < 0.9
    if facts:
        row["facts"] = facts
    return row


def key_entry(rng: Random, number: int, today: date) -> Row:
    start = today - timedelta(days=60 + int(rng.random() * 500))
    level = one_of(rng, ("county", "county", "city", "province"))
    entry: Row = {"class": KEY_CLASSES[number % 3], "level": level, "from": start.isoformat()}
    if rng.random() < 0.4:
        entry["to"] = (today + timedelta(days=90 + int(rng.random() * 500))).isoformat()
    return entry


def make_firms(seed: int, count: int, today: date) -> list[Firm]:
    """``count`` employers, one in twenty-five on a list of key employers, a handful with attributes not stated."""
    rng = Random(f"{seed}/employers")
    words = names()
    taken: set[str] = set()
    firms: list[Firm] = []
    sums = county_weights()
    keys = 0
    while len(firms) < count:
        county = counties()[bisect(sums, rng.random() * sums[-1])]
        family_names, weights = family_weights(county.city)
        family_name = family_names[bisect(weights, rng.random() * weights[-1])]
        family = families()[family_name]
        kind, size = _weighted(rng, family["kinds"]), _weighted(rng, family["sizes"])
        word = one_of(rng, words["firm_first"]) + one_of(rng, words["firm_second"])
        name = _name(rng, family, kind, size, county, word)
        if name in taken:
            continue
        taken.add(name)
        row: Row = {
            "employer_id": f"e-{len(firms) + 1:05d}",
            "name": name,
            "uscc": credit_code(rng, kind, county.code),
            "region": county.code,
        }
        row |= _standing(rng, family_name, family, kind, size)
        if is_agency(name):
            row["licence"] = {"kind": "licence", "number": f"样例字第{len(firms) + 1:05d}号"}
        if kind == "enterprise" and rng.random() < 0.075:
            row["key"] = key_entry(rng, keys, today)
            keys += 1
        elif rng.random() < 0.05:
            for missing in rng.sample(("size", "uscc", "ownership", "insured_employees", "industry", "programme"), 2):
                row.pop(missing, None)
        firms.append(Firm(row, family_name, county, word + one_of(rng, ("", "", family["nouns"][0]))))
    return firms


def street_offices(seed: int, count: int) -> list[Firm]:
    """Communities that offer public-welfare posts."""
    rng = Random(f"{seed}/streets")
    found = []
    seated: Sequence[County] = [item for item in counties() if item.weight >= 3 and item.seat]
    for number in range(count):
        county = one_of(rng, seated)
        word = one_of(rng, names()["firm_first"]) + one_of(rng, ("苑", "新村", "里", "家园"))
        row: Row = {
            "employer_id": f"e-s{number + 1:04d}",
            "name": f"{county.name}{word}社区居民委员会",
            "uscc": credit_code(rng, "street_community", county.code),
            "region": county.code,
            "ownership": "other",
            "kind": "street_community",
            "industry": [],
            "programme": [],
            "recognition": [],
        }
        found.append(Firm(row, "domestic", county, word + "社区"))
    return found
