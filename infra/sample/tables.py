"""The sample's own small tables: counties, trades, families of trades, brands, sentence parts. Read once, when first asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, TypeVar

import yaml

T = TypeVar("T")

# GB/T 4658 codes behind the letters of trades.csv; N is a stated "no requirement", - is nothing said.
EDUCATION_LETTERS: Mapping[str, str | None] = {
    "N": "90", "-": None, "J": "71", "G": "61", "Z": "41", "Q": "44", "T": "47", "D": "31", "B": "21", "M": "14",
}  # fmt: skip
EDUCATION_NAMES: Mapping[str, str] = {
    "71": "初中", "61": "高中", "41": "中专", "44": "职高", "47": "技校", "31": "大专", "21": "本科", "14": "硕士",
}  # fmt: skip
_HEIGHT = {"N": 1, "-": 1, "J": 2, "G": 3, "Z": 3, "Q": 3, "T": 3, "D": 4, "B": 5, "M": 6}


@dataclass(frozen=True)
class County:
    code: str
    name: str
    city: str
    city_name: str
    seat: tuple[float, float] | None  # (lat, lon); the development zones have none
    weight: int
    adjacent: tuple[str, ...]


@dataclass(frozen=True)
class Trade:
    """One trade: what it is called in postings and by jobseekers, what it pays a month, what it asks for, what is done all day."""

    number: int
    family: str
    code: str
    titles: tuple[str, ...]
    specialties: tuple[str, ...]
    low: int
    high: int
    education: tuple[str | None, ...]
    level: str  # "low", "middle", "college" or "bachelor": what people of this trade have usually learnt
    years: tuple[int, ...]
    skills: tuple[str, ...]
    required_certificates: tuple[str, ...]
    useful_certificates: tuple[str, ...]
    duties: tuple[str, ...]
    spoken: tuple[str, ...]
    gig: tuple[str, int, int] | None  # unit, low, high
    brand: bool


@dataclass(frozen=True)
class Brand:
    brand_id: str
    name: str
    county: str
    families: tuple[str, ...]


def _text(name: str) -> str:
    return (files("infra.sample") / name).read_text(encoding="utf-8")


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_text(name))))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("/") if part)


@cache
def counties() -> tuple[County, ...]:
    """All counties, districts and development zones of Shanxi with their six-digit codes."""
    return tuple(
        County(
            code=row["code"],
            name=row["name"],
            city=row["city_code"],
            city_name=row["city_name"],
            seat=(float(row["lat"]), float(row["lon"])) if row["lat"] else None,
            weight=int(row["weight"]),
            adjacent=_parts(row["adjacent"]),
        )
        for row in _rows("counties.csv")
    )


@cache
def county(code: str) -> County:
    return next(item for item in counties() if item.code == code)


@cache
def destinations() -> tuple[tuple[str, str], ...]:
    """Code and name of the places outside Shanxi to which brands send people."""
    return tuple((row["code"], row["name"]) for row in _rows("destinations.csv"))


def _level(letters: str) -> str:
    height = sum(_HEIGHT[letter] for letter in letters) / len(letters)
    return "low" if height < 2.2 else "middle" if height < 3.4 else "college" if height < 4.3 else "bachelor"


@cache
def trades() -> tuple[Trade, ...]:
    found = []
    for number, row in enumerate(_rows("trades.csv")):
        certificates = _parts(row["certificates"])
        low_high = row["gig"][1:].split("-") if row["gig"] else []
        found.append(
            Trade(
                number=number,
                family=row["family"],
                code=row["code"],
                titles=_parts(row["titles"]),
                specialties=_parts(row["specialties"]),
                low=int(row["low"]),
                high=int(row["high"]),
                education=tuple(EDUCATION_LETTERS[letter] for letter in row["education"]),
                level=_level(row["education"]),
                years=tuple(int(digit) for digit in row["years"]),
                skills=_parts(row["skills"]),
                required_certificates=tuple(name[:-1] for name in certificates if name.endswith("!")),
                useful_certificates=tuple(name for name in certificates if not name.endswith("!")),
                duties=_parts(row["duties"]),
                spoken=_parts(row["spoken"]),
                gig=({"d": "day", "h": "hour"}[row["gig"][0]], int(low_high[0]), int(low_high[1])) if row["gig"] else None,
                brand=row["brand"] == "y",
            )
        )
    return tuple(found)


@cache
def trades_of(family: str) -> tuple[Trade, ...]:
    return tuple(trade for trade in trades() if trade.family == family)


@cache
def trade_called(title: str) -> Trade:
    return next(trade for trade in trades() if title in trade.titles)


@cache
def brands() -> tuple[Brand, ...]:
    return tuple(Brand(row["brand_id"], row["name"], row["county"], _parts(row["families"])) for row in _rows("brands.csv"))


@cache
def market_counties() -> tuple[County, ...]:
    """Counties with a gig market in the sample; the market's id is ``m-`` and the county's code."""
    return tuple(item for item in counties() if item.weight >= 3 or int(item.code) % 3 == 0)


@cache
def families() -> Mapping[str, Mapping[str, Any]]:
    return _yaml("families.yaml")


@cache
def phrases() -> Mapping[str, Any]:
    return _yaml("phrases.yaml")


@cache
def names() -> Mapping[str, Any]:
    return _yaml("names.yaml")


def _yaml(name: str) -> Any:
    return yaml.load(_text(name), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def family_weights(city: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Families and their cumulative weights in this city."""
    total = 0.0
    sums = []
    for family in families().values():
        total += family["weight"] * family["cities"].get(city, 1)
        sums.append(total)
    return tuple(families()), tuple(sums)


@cache
def county_weights() -> tuple[int, ...]:
    total = 0
    sums = []
    for item in counties():
        total += item.weight
        sums.append(total)
    return tuple(sums)


def one_of(rng: Random, items: Sequence[T]) -> T:
    """``rng.choice`` at a third of its cost; the generator makes some fifty draws a row."""
    return items[int(rng.random() * len(items))]
