"""Made-up postings of the three sources, as each would send them: enterprises, gig markets, labour brands."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from infra.sample.employers import Firm
from infra.sample.identifiers import scatter, telephone
from infra.sample.tables import (
    Brand,
    County,
    Trade,
    brands,
    destinations,
    family_weights,
    market_counties,
    names,
    one_of,
    phrases,
    trade_called,
    trades,
    trades_of,
)  # fmt: skip
from infra.sample.wording import Titles, describe_gig, describe_order, describe_work, slots_of

Row = dict[str, Any]
SOURCES = ("enterprise", "gig_market", "labour_brand")
DAYS_BACK = 50  # postings were published within this many days before today
GIG_DAYS_AHEAD = 10

# What every kind of firm needs beside its own trade.
_EVERYWHERE = (
    "会计", "会计", "出纳",
    "行政文员", "人事专员", "总经理助理", "运维工程师", "平面设计师", "新媒体编辑", "销售代表", "采购员", "风控专员",
    "保安员", "商场保洁", "城配司机", "仓管员", "维修电工", "客服专员", "食堂厨师",
)  # fmt: skip


class PostingMaker:
    """Makes postings one at a time from one stream of chance; the same seed and counts give the same postings."""

    def __init__(self, seed: int, firms: Sequence[Firm], streets: Sequence[Firm], today: date) -> None:
        self.rng = Random(f"{seed}/postings")
        self.titles = Titles(self.rng)
        self._today = today
        self._streets = list(streets)
        self._firms = list(firms)
        # A larger firm posts more often.
        total, self._firm_sums = 0.0, []
        for firm in self._firms:
            total += 1 + (firm.row.get("insured_employees") or 20) ** 0.5
            self._firm_sums.append(total)
        self._firms_in: dict[str, list[Firm]] = {}
        for firm in self._firms:
            self._firms_in.setdefault(firm.county.code, []).append(firm)
        self._gig_trades: dict[str, list[Trade]] = {}
        for trade in trades():
            if trade.gig:
                self._gig_trades.setdefault(trade.family, []).append(trade)
        self._general = [trade_called(title) for title in _EVERYWHERE]
        self._brand_trades = {
            brand.brand_id: [trade for family in brand.families for trade in trades_of(family) if trade.brand] for brand in brands()
        }

    def make(self, number: int) -> Row:
        """The posting with this number; the sources take turns."""
        source = SOURCES[number % 3]
        make = {"enterprise": self._enterprise, "gig_market": self._gig, "labour_brand": self._order}[source]
        return make(f"p-{number + 1:06d}", number)

    # -- the three sources -------------------------------------------------------------------------------------------------

    def _enterprise(self, posting_id: str, number: int) -> Row:
        rng = self.rng
        draw = rng.random()
        if draw < 0.012 and self._streets:
            return self._welfare_post(posting_id, number)
        firm = self._firms[bisect(self._firm_sums, rng.random() * self._firm_sums[-1])]
        trade = one_of(rng, self._general) if rng.random() < 0.32 else one_of(rng, trades_of(firm.family))
        row = self._begin(posting_id, "enterprise", f"{one_of(rng, ('HR', 'ZP', 'RS', 'GW'))}-{10_000 + number}", firm.reference)
        row["type"] = "regular"
        self._form(row, trade)
        row["headcount"] = 1 + int(rng.random() ** 3 * (18 if trade.level == "low" else 7))
        self._where(row, firm.county, 4.0)
        self._pay(row, trade)
        self._requirements(row, trade)
        if rng.random() < 0.55:
            row["contract_months"] = one_of(rng, (12, 12, 12, 24, 36, 6))
        if trade.level in ("college", "bachelor") and rng.random() < 0.1:
            self._as_internship(row)
        return self._finish(row, trade, firm.county.name, firm.short, DAYS_BACK)

    def _welfare_post(self, posting_id: str, number: int) -> Row:
        rng = self.rng
        street = one_of(rng, self._streets)
        trade = trade_called(one_of(rng, ("保安员", "商场保洁", "行政文员", "植树工")))
        row = self._begin(posting_id, "enterprise", f"GY-{10_000 + number}", street.reference)
        row |= {"type": "public_welfare_post", "employment_form": "full_time", "headcount": 1 + int(rng.random() * 4)}
        row |= {"open_to": ["employment_difficulty"], "contract_months": 12, "education_min": "90", "experience_years_min": 0}
        self._where(row, street.county, 2.0)
        low = 2000 + 10 * int(rng.random() * 25)
        row["pay"] = {"min": low, "max": low, "unit": "month", "months": 12}
        return self._finish(row, trade, street.county.name, street.short, DAYS_BACK)

    def _gig(self, posting_id: str, number: int) -> Row:
        rng = self.rng
        place = one_of(rng, market_counties())
        family_names, weights = family_weights(place.city)
        choices: list[Trade] = []
        while not choices:
            choices = self._gig_trades.get(family_names[bisect(weights, rng.random() * weights[-1])], [])
        trade = one_of(rng, choices)
        local = self._firms_in.get(place.code, [])
        same = [firm for firm in local if firm.family == trade.family]
        firm = one_of(rng, same) if same else one_of(rng, local) if local and rng.random() < 0.35 else None
        row = self._begin(posting_id, "gig_market", f"LG-{10_000 + number}", firm.reference if firm and rng.random() < 0.85 else None)
        row |= {"market_id": f"m-{place.code}", "type": "gig", "employment_form": "gig"}
        row["headcount"] = 1 + int(rng.random() ** 2 * 15)
        self._where(row, place, 5.0)
        row["work"] = self._gig_work(trade)
        self._gig_pay(row, trade)
        row["education_min"] = "90"
        row["experience_years_min"] = 0 if rng.random() < 0.85 else 1
        if trade.required_certificates and rng.random() < 0.7:
            row["certificates"] = list(trade.required_certificates)
        if trade.skills and rng.random() < 0.4:
            row["skills"] = rng.sample(trade.skills, 1)
        return self._finish(row, trade, place.name, firm.short if firm else "", 12)

    def _order(self, posting_id: str, number: int) -> Row:
        rng = self.rng
        brand = one_of(rng, brands())
        trade = one_of(rng, self._brand_trades[brand.brand_id])
        away = rng.random() < 0.12
        firm = None if away else self._firm_near(brand, trade)
        row = self._begin(posting_id, "labour_brand", f"DD-{10_000 + number}", firm.reference if firm else None)
        row |= {"brand_id": brand.brand_id, "type": "regular"}
        row["employment_form"] = one_of(rng, ("full_time",) * 8 + ("seasonal", "temporary"))
        row["headcount"] = 3 + int(rng.random() ** 2 * 57)
        if firm:
            self._where(row, firm.county, 5.0)
            where = firm.county.name
        else:
            row["region"], where = one_of(rng, destinations())
            if rng.random() < 0.5:
                row["address"] = where + one_of(rng, phrases()["places"]["spot"])
        self._pay(row, trade, 1.18 if away else 1.0)
        self._requirements(row, trade)
        row["contract_months"] = one_of(rng, (6, 12, 12, 24))
        row["facts"] = {"posting.in_province": not away}
        slots = {"brand": brand.name, "where": where}
        return self._finish(row, trade, where, firm.short if firm else "用人方", DAYS_BACK, slots)

    def _firm_near(self, brand: Brand, trade: Trade) -> Firm:
        rng = self.rng
        for _ in range(6):
            firm = self._firms[bisect(self._firm_sums, rng.random() * self._firm_sums[-1])]
            if firm.family == trade.family:
                break
        local = self._firms_in.get(brand.county)
        return one_of(rng, local) if local and rng.random() < 0.2 else firm

    # -- parts -------------------------------------------------------------------------------------------------------------

    def _begin(self, posting_id: str, source: str, source_id: str, employer: Row | None) -> Row:
        row: Row = {"posting_id": posting_id, "source": source, "source_id": source_id, "title": "", "description": ""}
        if employer:
            row["employer"] = employer
        return row

    def _form(self, row: Row, trade: Trade) -> None:
        draw = self.rng.random()
        row["employment_form"] = "full_time"
        if draw < 0.04 and trade.gig:
            row["employment_form"] = "part_time"
        elif draw < 0.07:
            row["employment_form"] = "temporary"
        elif draw < 0.12 and trade.family in ("agriculture", "tourism", "energy"):
            row["employment_form"] = "seasonal"

    def _where(self, row: Row, place: County, spread_km: float) -> None:
        rng = self.rng
        if rng.random() < 0.04:
            row["region"] = place.city
            return
        row["region"] = place.code
        if rng.random() < 0.75:
            parts = phrases()["places"]
            spot = f"{one_of(rng, parts['road'])}{1 + int(rng.random() * 180)}号" if rng.random() < 0.6 else one_of(rng, parts["spot"])
            row["address"] = place.city_name + place.name + spot
        if place.seat and rng.random() < 0.86:
            row["location"] = scatter(rng, place.seat, spread_km)

    def _pay(self, row: Row, trade: Trade, factor: float = 1.0) -> None:
        rng = self.rng
        draw = rng.random()
        if draw < 0.08:
            return  # 面议: the description says so, no figure is sent
        factor *= 0.94 + rng.random() * 0.16
        if row["region"].startswith("1401"):
            factor *= 1.06
        low = round(trade.low * factor / 100) * 100
        high = max(low + 300, round(trade.high * factor * (0.86 + rng.random() * 0.2) / 100) * 100)
        if row.get("employment_form") == "part_time" and trade.gig:
            _, least, most = trade.gig
            hourly = trade.gig[0] == "hour"
            row["pay"] = {"min": least if hourly else round(least / 8), "max": most if hourly else round(most / 8), "unit": "hour"}
        elif trade.family == "textiles" and draw < 0.3:
            low = 1 + int(rng.random() * 8)
            row["pay"] = {"min": low, "max": low + 1 + int(rng.random() * 6), "unit": "piece"}
        elif draw < 0.11 and trade.level == "bachelor":
            row["pay"] = {"min": low * 13, "max": high * 13, "unit": "year"}
        elif draw < 0.13:
            row["pay"] = {"min": low, "unit": "month"}
        elif draw < 0.19:
            row["pay"] = {"min": low, "max": high, "unit": "month", "months": one_of(rng, (13, 13, 14))}
        elif draw < 0.5:
            row["pay"] = {"min": low, "max": high, "unit": "month", "months": 12}
        else:
            row["pay"] = {"min": low, "max": high, "unit": "month"}

    def _gig_pay(self, row: Row, trade: Trade) -> None:
        rng = self.rng
        if rng.random() < 0.05 or trade.gig is None:
            return
        unit, low, high = trade.gig
        step = 10 if unit == "day" else 1
        rate = round((low + (high - low) * rng.random()) / step) * step
        row["pay"] = {"min": rate, "max": rate + (step * int(rng.random() * 4) if rng.random() < 0.4 else 0), "unit": unit}

    def _gig_work(self, trade: Trade) -> Row:
        rng = self.rng
        day = self._today + timedelta(days=1 + int(rng.random() * GIG_DAYS_AHEAD))
        short = trade.gig is not None and trade.gig[0] == "hour"
        hour = one_of(rng, (6, 7, 7, 8, 8, 8, 9, 13, 16, 19) if short else (6, 6, 7, 7, 8, 8, 20))
        return {
            "starts_at": f"{day.isoformat()}T{hour:02d}:{one_of(rng, ('00', '00', '30'))}",
            "hours_per_day": one_of(rng, (3, 4, 4, 5, 6)) if short else one_of(rng, (8, 8, 8, 9, 10)),
            "days": one_of(rng, (1, 1, 1, 2, 3, 3, 5, 7, 10)),
            "pay_on": one_of(rng, ("daily", "daily", "daily", "on_completion", "weekly")),
        }

    def _requirements(self, row: Row, trade: Trade) -> None:
        rng = self.rng
        education = one_of(rng, trade.education)
        if education is not None:
            row["education_min"] = education
        years = one_of(rng, trade.years)
        if rng.random() < 0.65:
            row["experience_years_min"] = years
        if trade.skills and rng.random() < 0.55:
            row["skills"] = rng.sample(trade.skills, min(len(trade.skills), 1 + int(rng.random() * 3)))
        certificates = [name for name in trade.required_certificates if rng.random() < 0.8]
        certificates += [name for name in trade.useful_certificates if rng.random() < 0.15]
        if certificates:
            row["certificates"] = certificates
        if rng.random() < 0.45:
            row["occupation_code"] = trade.code

    def _as_internship(self, row: Row) -> None:
        rng = self.rng
        row |= {"type": "internship", "employment_form": "internship", "open_to": ["graduate"], "experience_years_min": 0}
        row["contract_months"] = one_of(rng, (3, 6, 6, 12))
        low = 1800 + 100 * int(rng.random() * 12)
        row["pay"] = {"min": low, "max": low + 300, "unit": "month"}
        row.pop("certificates", None)

    def _finish(self, row: Row, trade: Trade, place: str, employer: str, days_back: int, more: Row | None = None) -> Row:
        rng = self.rng
        published = self._today - timedelta(days=1 + int(rng.random() * days_back))
        row["published_at"] = f"{published.isoformat()}T{7 + int(rng.random() * 13):02d}:{int(rng.random() * 60):02d}:00+08:00"
        if row["source"] != "gig_market" and rng.random() < 0.3:
            row["apply_by"] = (self._today + timedelta(days=5 + int(rng.random() * 55))).isoformat()
        if rng.random() < 0.6:
            row["contact"] = {"person": one_of(rng, names()["surnames"]) + one_of(rng, names()["contact_titles"]), "phone": telephone(rng)}
        slots = slots_of(rng, trade, row, place, employer) | (more or {})
        row["title"] = self.titles.give(trade, row["source"], slots)
        describe = {"enterprise": describe_work, "gig_market": describe_gig, "labour_brand": describe_order}[row["source"]]
        row["description"] = describe(rng, trade, row, slots)
        return row
