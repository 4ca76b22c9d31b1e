"""The five levels of the public employment service (C-07), and who stands in for whom.

An office of a province, city or county is responsible for that region; one of a township or community for the county it lies in, because
what people and employers say of their place goes no further. Standing in lasts some days; whoever does it chooses so, sees the other's
region instead of their own, and stays who they are in the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select

from api.access.tables import accounts, deputies, offices
from matcher.places import covers, level_of, regions
from matcher.shapes import FieldError, ShapeError
from streams.runtime.tables import upsert

#: From the top; each office lies in one of the level before it.
LEVELS = {"province": "省", "city": "市", "county": "县（市、区）", "township": "街道（乡镇）", "community": "社区（村）"}
_ORDER = tuple(LEVELS)


@dataclass(frozen=True)
class Office:
    """``parent_id`` is None for a province's alone."""

    office_id: str
    name: str
    level: str
    region: str
    parent_id: str | None


def office(connection: Connection, office_id: str) -> Office | None:
    """One office; None where nobody entered it."""
    row = connection.execute(select(offices).where(offices.c.office_id == office_id)).mappings().first()
    return Office(**row) if row is not None else None


def enter(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Enter offices or change them, parents before children or among those that are there; answers how many by level. Raises ``ShapeError``
    naming line and field, and enters nothing then."""
    known = {row["office_id"]: Office(**row) for row in connection.execute(select(offices)).mappings()}
    errors: list[FieldError] = []
    read: list[Office] = []
    for line, row in enumerate(rows, 2):  # the heading is line 1
        given = {name: str(row.get(name) or "").strip() for name in ("office_id", "name", "level", "region", "parent_id")}
        one = Office(**{**given, "parent_id": given["parent_id"] or None})  # type: ignore[arg-type]
        wrong = _wrong(one, known)
        errors += [FieldError(field=f"line {line}: {field}", message=message, allowed=allowed) for field, message, allowed in wrong]
        known[one.office_id] = one
        read.append(one)
    if errors:
        raise ShapeError(errors)
    for one in read:
        upsert(connection, offices, dict(vars(one)))
    return Counter(one.level for one in read)


def _wrong(one: Office, known: Mapping[str, Office]) -> list[tuple[str, str, list[str] | None]]:
    if not one.office_id or not one.name:
        return [("name" if one.office_id else "office_id", "must not be empty", None)]
    if one.level not in LEVELS:
        return [("level", "one of the five levels expected", list(LEVELS))]
    # What the office is responsible for: its own region, or the county it lies in.
    wanted = one.level if one.level in _ORDER[:3] else "county"
    if one.region not in regions() or level_of(one.region) != wanted:
        return [("region", f"the six-digit code of a {wanted} expected", None)]
    above = _ORDER[_ORDER.index(one.level) - 1] if one.level != "province" else None
    if above is None:
        return [("parent_id", "a province's office has none above it", None)] if one.parent_id else []
    parent = known.get(one.parent_id or "")
    if parent is None or parent.level != above:
        return [("parent_id", f"an office of a {above} expected, on an earlier line or entered before", None)]
    return [] if covers(parent.region, one.region) else [("region", f"outside the region of {parent.office_id}, {parent.region}", None)]


def without_station(connection: Connection) -> list[str]:
    """Counties that have an office and no station of a township below it (在乡镇、街道全面设立就业服务站)."""
    rows = [Office(**row) for row in connection.execute(select(offices)).mappings()]
    served = {one.parent_id for one in rows if one.level == "township"}
    return sorted(one.region for one in rows if one.level == "county" and one.office_id not in served)


# -- deputies ----------------------------------------------------------------------------------------------------------


def appoint(connection: Connection, account_id: str, deputy_id: str, first_day: date, last_day: date) -> None:
    """One commissioner stands in for another from the first to the last day, both included; other days for the same two replace these."""
    key = {"account_id": account_id, "deputy_id": deputy_id}
    upsert(connection, deputies, {**key, "first_day": first_day.isoformat(), "last_day": last_day.isoformat()})


def dismiss(connection: Connection, account_id: str, deputy_id: str) -> bool:
    """End it at once; whether there was anything to end."""
    mine = (deputies.c.account_id == account_id) & (deputies.c.deputy_id == deputy_id)
    return connection.execute(delete(deputies).where(mine)).rowcount == 1


def stood_in_for(connection: Connection, deputy_id: str, today: date, account_id: str | None = None) -> list[RowMapping]:
    """For whom somebody may stand in today (``account_id``: only for this one): ``account_id``, ``display``, ``region``, ``last_day``."""
    day, told = today.isoformat(), (accounts.c.account_id, accounts.c.display, accounts.c.region, deputies.c.last_day)
    query = select(*told).join(deputies, deputies.c.account_id == accounts.c.account_id).where(
        deputies.c.deputy_id == deputy_id, deputies.c.first_day <= day, deputies.c.last_day >= day,
        accounts.c.state == "active", accounts.c.role == "commissioner",
    )  # fmt: skip
    if account_id is not None:
        query = query.where(accounts.c.account_id == account_id)
    return list(connection.execute(query.order_by(accounts.c.account_id)).mappings())
