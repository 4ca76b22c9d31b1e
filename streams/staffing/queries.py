"""What staffing answers: an employer's gap, the gaps in a region, the key employers of a region. Read-only."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from streams.regions import within
from streams.runtime.messages import from_json
from streams.staffing import rules
from streams.staffing.reckoning import gap_of, supplies_of
from streams.staffing.tables import employers, listings, shortages
from streams.staffing.tables import gaps as gap_rows

_NUMBERS = ("reported", "filled", "accepted", "in_talks", "gap")


def gap(connection: Connection, employer_id: str, as_of: date) -> dict[str, Any] | None:
    """An employer's gap on a day; None for an employer nobody has heard of.

    ``{"reported", "filled", "accepted", "in_talks", "gap", "age_days", "lines": [{"title", "occupation_code", "reported", "filled",
    "accepted", "in_talks", "gap"}], "since", "basis", "elsewhere"}``. ``basis``: ``shortage`` (reported by the employer) or ``postings``
    (no shortage was reported: the openings of its postings count). ``elsewhere``: hires that fill no reported line.
    """
    known = connection.execute(select(employers.c.employer_id).where(employers.c.employer_id == employer_id)).first()
    reported = connection.execute(select(shortages.c.employer_id).where(shortages.c.employer_id == employer_id)).first()
    if known is None and reported is None and not supplies_of(connection, employer_id):
        return None
    found = gap_of(connection, employer_id)
    return {
        **{name: found.total(name) for name in _NUMBERS},
        "age_days": found.age_days(as_of),
        "lines": [line.document() for line in found.lines],
        "since": found.since.isoformat() if found.since is not None else None,
        "basis": found.basis,
        "elsewhere": found.elsewhere,
    }


def gap_totals(connection: Connection, region: str, as_of: date) -> dict[str, int]:
    """Sums over the key employers of a region: ``{"employers", "with_gap", "reported", "filled", "accepted", "in_talks", "gap"}``."""
    query = (
        select(
            func.count(employers.c.employer_id),
            func.coalesce(func.sum(case((gap_rows.c.gap > 0, 1), else_=0)), 0),
            *(func.coalesce(func.sum(gap_rows.c[name]), 0) for name in _NUMBERS),
        )
        .select_from(employers.outerjoin(gap_rows, gap_rows.c.employer_id == employers.c.employer_id))
        .where(within(employers.c.region, region), _listed(as_of))
    )
    row = connection.execute(query).one()
    return {name: int(value) for name, value in zip(("employers", "with_gap", *_NUMBERS), row, strict=True)}


def gaps(connection: Connection, region: str, as_of: date, *, limit: int = 200, offset: int = 0) -> list[dict[str, Any]]:
    """The gaps of the key employers of a region (a city holds its counties, a province its cities), the oldest and then the largest first.

    Each: employer_id, name, region, key_class, key_level, and the gap object of ``gap``; closed gaps come last, with age 0.
    """
    query = (
        select(employers, *(gap_rows.c[name] for name in _NUMBERS), gap_rows.c.lines, gap_rows.c.since, gap_rows.c.basis)
        .select_from(employers.outerjoin(gap_rows, gap_rows.c.employer_id == employers.c.employer_id))
        .where(within(employers.c.region, region), _listed(as_of))
        .order_by(
            case((gap_rows.c.gap > 0, 0), else_=1),
            func.coalesce(gap_rows.c.since, date.max),
            func.coalesce(gap_rows.c.gap, 0).desc(),
            employers.c.employer_id,
        )
        .limit(limit)
        .offset(offset)
    )
    found = []
    for row in connection.execute(query).mappings():
        open_for = (as_of - row["since"]).days if row["gap"] and row["since"] is not None else 0
        found.append(
            {
                **{name: row[name] for name in ("employer_id", "name", "region", "key_class", "key_level")},
                **{name: row[name] or 0 for name in _NUMBERS},
                "age_days": max(0, open_for),
                "lines": from_json(row["lines"]) if row["lines"] is not None else [],
                "since": row["since"].isoformat() if row["since"] is not None else None,
                "basis": row["basis"] or "postings",
            }
        )
    return found


def key_employers(connection: Connection, region: str, as_of: date, *, limit: int = 200, offset: int = 0) -> list[dict[str, Any]]:
    """The employers of a region on the list that day, with class, level, entry and exit, size and ownership (E-01)."""
    query = (
        select(employers)
        .where(within(employers.c.region, region), _listed(as_of))
        .order_by(employers.c.employer_id)
        .limit(limit)
        .offset(offset)
    )
    names = ("employer_id", "name", "region", "size", "ownership", "key_class", "key_level")
    return [
        {
            **{name: row[name] for name in names},
            "from": row["key_from"].isoformat() if row["key_from"] is not None else None,
            "to": row["key_to"].isoformat() if row["key_to"] is not None else None,
        }
        for row in connection.execute(query).mappings()
    ]


def employer(connection: Connection, employer_id: str, as_of: date) -> dict[str, Any] | None:
    """Name, region and whether an employer is on the list that day; for the scope check and the headings of pages."""
    row = connection.execute(select(employers).where(employers.c.employer_id == employer_id)).mappings().first()
    if row is None:
        return None
    listed = rules.is_listed(row["has_key"], row["key_from"], row["key_to"], as_of)
    return {**{name: row[name] for name in ("employer_id", "name", "region", "key_class", "key_level")}, "is_key": listed}


def listing_history(connection: Connection, employer_id: str) -> list[dict[str, Any]]:
    """When an employer came on the list and left it, with the ground of each entry."""
    query = select(listings).where(listings.c.employer_id == employer_id).order_by(listings.c.day, listings.c.event)
    return [
        {"day": row["day"].isoformat(), "event": row["event"], "class": row["key_class"], "level": row["key_level"]}
        for row in connection.execute(query).mappings()
    ]


def _listed(as_of: date) -> Any:
    return and_(
        employers.c.has_key,
        or_(employers.c.key_from.is_(None), employers.c.key_from <= as_of),
        or_(employers.c.key_to.is_(None), employers.c.key_to >= as_of),
    )
