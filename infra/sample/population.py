"""Made-up registered unemployed people, graduates and jobseekers, as many as are asked for, one at a time."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from infra.sample.identifiers import identity_numbers, scatter, telephone
from infra.sample.tables import County, Trade, counties, county_weights, families, family_weights, names, one_of, trades, trades_of

Row = dict[str, Any]
SAMPLE_DAY = date(2026, 11, 20)

_KINDS = ("registered_unemployed", "registered_unemployed", "graduate", "jobseeker")
_FORMS = (["full_time"], ["full_time"], ["full_time"], ["full_time", "gig"], ["full_time", "part_time"], ["full_time", "temporary", "gig"])
_FLEXIBLE_FORMS = (["gig"], ["gig", "part_time"], ["part_time"], ["gig", "temporary", "seasonal"])
_INTENTIONS = ("employment",) * 15 + ("flexible",) * 3 + ("startup", "unclear")

# What people of a trade's level have usually learnt: GB/T 4658 codes and weights.
_EDUCATION = {
    "low": (("81", 8), ("71", 48), ("61", 20), ("44", 5), ("47", 7), ("41", 6), ("31", 6)),
    "middle": (("71", 20), ("61", 22), ("41", 14), ("44", 8), ("47", 16), ("31", 16), ("21", 4)),
    "college": (("61", 6), ("41", 14), ("47", 5), ("31", 46), ("21", 27), ("14", 2)),
    "bachelor": (("31", 22), ("21", 65), ("14", 12), ("11", 1)),
}
_GRADUATE = (("31", 46), ("21", 45), ("14", 9))


def _table(pairs: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    return tuple(code for code, weight in pairs for _ in range(weight))


_EDUCATION_TABLE = {level: _table(pairs) for level, pairs in _EDUCATION.items()}
_GRADUATE_TABLE = _table(_GRADUATE)
_STUDY = {"41": "vocational", "44": "vocational", "47": "vocational", "31": "college", "21": "bachelor", "14": "bachelor", "11": "bachelor"}
# Age at which a level is usually finished.
_FINISHED_AT = {"81": 13, "71": 16, "61": 19, "41": 19, "44": 19, "47": 19, "31": 22, "21": 23, "14": 26, "11": 30}


def _graduate_wishes() -> tuple[dict[str, tuple[Trade, ...]], tuple[Trade, ...]]:
    by_family = {family: tuple(trade for trade in trades_of(family) if trade.level != "low") for family in families()}
    return by_family, tuple(trade for trade in trades() if trade.level in ("college", "bachelor"))


class _PeopleMaker:
    def __init__(self, seed: int, today: date) -> None:
        self.rng = Random(f"{seed}/people")
        self.today = today
        self.identity = identity_numbers()
        self.counties = counties()
        self.county_sums = county_weights()
        self.family_sums = {item.city: family_weights(item.city) for item in self.counties}
        self.trades = {family: trades_of(family) for family in families()}
        self.graduate_trades, self.any_graduate_trade = _graduate_wishes()
        self.majors = {name: family["majors"] for name, family in families().items()}
        words = names()
        self.surnames, self.given, self.schools = words["surnames"], words["given"], words["schools"]
        self.day_texts = [(today + timedelta(days=day)).isoformat() for day in range(60)]

    def make(self, number: int) -> Row:
        rng = self.rng
        rnd = rng.random
        kind = _KINDS[number & 3]
        home = self.counties[bisect(self.county_sums, rnd() * self.county_sums[-1])]
        family_names, weights = self.family_sums[home.city]
        family = family_names[bisect(weights, rnd() * weights[-1])]
        graduate = kind == "graduate"
        choices = (self.graduate_trades[family] or self.any_graduate_trade) if graduate else self.trades[family]
        trade = one_of(rng, choices)
        level = one_of(rng, _GRADUATE_TABLE if graduate else _EDUCATION_TABLE[trade.level])
        if graduate:
            age = _FINISHED_AT[level] + int(rnd() * 3)
        else:
            age = max(18 + int(rnd() * 41), _FINISHED_AT[level] + int(rnd() * 3))
        born = date(self.today.year - age, 1, 1) + timedelta(days=int(rnd() * 365))
        worked = 0 if graduate else max(0, int((age - _FINISHED_AT[level]) * (0.3 + 0.6 * rnd())))
        row: Row = {"person_id": f"u-{number + 1:07d}", "kind": kind, "region": home.code}
        row["birth_year_month"] = f"{born.year}-{born.month:02d}"
        if kind == "registered_unemployed":
            days = 10 + int(rnd() ** 2 * 900)
            row["registered_unemployed_on"] = (self.today - timedelta(days=days)).isoformat()
            row["registered_at"] = home.code if rnd() < 0.93 or not home.adjacent else one_of(rng, home.adjacent)
        else:
            days = 0
        row["intention"] = intention = one_of(rng, _INTENTIONS)
        row["desired"] = self._wish(home, trade, intention, choices)
        if home.seat and rnd() < 0.85:
            row["location"] = scatter(rng, home.seat, 6.0)
        row["education"] = self._education(family, level, born.year + _FINISHED_AT[level], graduate)
        self._experience(row, trade, family, worked, graduate)
        if rnd() < 0.94:
            row["categories"] = self._categories(kind, age, days, row)
        if graduate and rnd() < 0.7:
            in_province = row["education"]["school"] not in self.schools["outside"]
            row["facts"] = {"graduate.full_time": rnd() < 0.93, "graduate.school_in_province": in_province}
        draw = rnd()
        if draw < 0.93:
            row["consent"] = {"recommend": True, "share_with_employers": rnd() < 0.72}
        elif draw < 0.97:
            row["consent"] = {"recommend": False, "share_with_employers": False}
        name = one_of(rng, self.surnames) + one_of(rng, self.given) + (one_of(rng, self.given) if rnd() < 0.75 else "")
        row["private"] = {"name": name, "id_number": self.identity(born, rnd() < 0.5), "phone": telephone(rng)}
        return row

    def _wish(self, home: County, trade: Trade, intention: str, choices: tuple[Trade, ...]) -> Row:
        rng = self.rng
        rnd = rng.random
        titles = [one_of(rng, trade.spoken)]
        if rnd() < 0.3:
            other = one_of(rng, trade.spoken if rnd() < 0.5 else one_of(rng, choices).spoken)
            if other != titles[0]:
                titles.append(other)
        wish: Row = {"titles": titles, "occupation_codes": [trade.code] if rnd() < 0.25 else []}
        draw = rnd()
        if draw < 0.55:
            wish["regions"] = [home.code]
        elif draw < 0.77:
            wish["regions"] = [home.city]
        elif draw < 0.87 and home.adjacent:
            wish["regions"] = [home.code, one_of(rng, home.adjacent)]
        elif draw < 0.92:
            wish["regions"] = ["140000"]
        if draw >= 0.92 or rnd() < 0.4:
            wish["max_distance_km"] = (5, 8, 10, 15, 20, 30, 40, 60)[int(rnd() * 8)]
        if rnd() < 0.9:
            wish["pay_min"] = max(2000, int(trade.low * (0.72 + 0.3 * rnd()) / 100) * 100)
        wish["employment_forms"] = list(one_of(rng, _FLEXIBLE_FORMS if intention == "flexible" else _FORMS))
        if rnd() < 0.45:
            wish["available_from"] = self.day_texts[int(rnd() ** 3 * 60)]
        return wish

    def _education(self, family: str, level: str, year: int, graduate: bool) -> Row:
        rng = self.rng
        found: Row = {"level": level}
        study = _STUDY.get(level)
        if study and (graduate or rng.random() < 0.75):
            own = family if rng.random() < 0.75 else one_of(rng, tuple(self.majors))
            found["major"] = one_of(rng, self.majors[own][study])
            found["school"] = one_of(rng, self.schools["outside" if study != "vocational" and rng.random() < 0.15 else study])
        if graduate:
            # Half of those who look for a first post finished this summer, nobody finishes in the future.
            last = self.today.year if (self.today.month, self.today.day) >= (7, 1) else self.today.year - 1
            year = last if rng.random() < 0.55 else last - 1 - int(rng.random() * 2)
        if graduate or (study and rng.random() < 0.5):
            year = year if graduate else min(year, self.today.year - 1)
            found["graduated_on"] = f"{year}-0{6 + int(rng.random() * 2)}-{10 + int(rng.random() * 20)}"
        return found

    def _experience(self, row: Row, trade: Trade, family: str, worked: int, graduate: bool) -> None:
        rng = self.rng
        rnd = rng.random
        entries: list[Row] = []
        if worked > 0 and rnd() < 0.88:
            years = 1 + int(rnd() * worked * 0.8)
            entries.append({"title": one_of(rng, trade.titles if rnd() < 0.6 else trade.spoken), "years": years})
            if worked > years and rnd() < 0.45:
                other = one_of(rng, self.trades[family if rnd() < 0.4 else one_of(rng, tuple(self.trades))])
                entries.append({"title": one_of(rng, other.titles), "years": 1 + int(rnd() * (worked - years))})
        if entries or rnd() < 0.6:
            row["experience"] = entries
        if trade.skills and rnd() < (0.35 if graduate else 0.7):
            row["skills"] = rng.sample(trade.skills, min(len(trade.skills), 1 + int(rnd() * 3)))
        held = [name for name in trade.required_certificates if rnd() < (0.4 if graduate or not entries else 0.75)]
        held += [name for name in trade.useful_certificates if rnd() < 0.25]
        if held or rnd() < 0.5:
            row["certificates"] = held

    def _categories(self, kind: str, age: int, days: int, row: Row) -> list[str]:
        rnd = self.rng.random
        found: list[str] = []
        if kind == "graduate":
            found.append("college_graduate")
            if rnd() < 0.07:
                found.append("graduate_in_difficulty")
            if row["education"].get("major") in ("临床医学", "护理学", "护理", "药学"):
                found.append("medical_graduate")
        elif kind == "registered_unemployed":
            found.append("registered_unemployed")
            if rnd() < 0.6:
                found.append("urban_registered_unemployed")
            if rnd() < 0.3:
                found += ["insured_unemployed"] if days > 540 else ["insured_unemployed", "ui_benefit_recipient"]
        if age <= 24 and rnd() < 0.5:
            found.append("unemployed_youth" if kind == "registered_unemployed" else "youth")
        tags: list[str] = []
        if kind == "registered_unemployed" and age >= 48 and rnd() < 0.6:
            tags.append("older_unemployed")
        if kind == "registered_unemployed" and days > 365 and rnd() < 0.6:
            tags.append("long_term_unemployed")
        draw = rnd()
        if draw < 0.03:
            tags.append("disabled")
        elif draw < 0.07:
            tags.append("dibao_family_member")
        elif draw < 0.085:
            tags.append("zero_employment_family_member")
        elif draw < 0.14:
            tags.append("poverty_alleviated_labour")
        elif draw < 0.155:
            tags.append("relocated_for_poverty")
        # Recognition is a step of its own (002 第六条): a tag makes a candidate, an office recognises.
        if kind == "registered_unemployed" and ((tags and rnd() < 0.6) or rnd() < 0.03):
            tags.append("employment_difficulty")
        found += tags
        draw = rnd()
        if draw < 0.16:
            found.append("migrant_worker" if draw < 0.1 else "returned_migrant_worker")
        elif draw < 0.19:
            found.append("veteran")
        elif draw < 0.25:
            found.append("rural_labour")
        return found


def people(n: int, seed: int = 2026, today: date = SAMPLE_DAY) -> Iterator[Row]:
    """``n`` people in the contract's shape, lazily: half registered unemployed, a quarter graduates, a quarter jobseekers.

    The first hundred of a million are the same as the first hundred of a hundred. Days are counted from ``today``.
    """
    maker = _PeopleMaker(seed, today)
    for number in range(n):
        yield maker.make(number)


__all__ = ["SAMPLE_DAY", "people"]
