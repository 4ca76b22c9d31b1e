"""渐退期 (J-16: 002 六): a 低保 family whose income has passed the standard by work keeps its support for six months, and is told so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from matcher.match_order import name_id
from matcher.policy.calendar import add_months
from matcher.policy.conditions import prepare
from matcher.policy.evaluate import evaluate_entry
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue
from matcher.policy.pairing import person_side
from matcher.policy.terms import Duration
from matcher.shapes import Person
from streams.policy import rules
from streams.policy.known import catalogue_of, person_of, read_row_person
from streams.policy.messages import IncomeRecorded
from streams.policy.offers import notify
from streams.policy.referrals import agrees
from streams.policy.tables import incomes, people
from streams.runtime.messages import NAMESPACE
from streams.runtime.outcomes import Drop, Outcome, Outcomes
from streams.runtime.subjects import Work
from streams.runtime.tables import upsert

BENEFIT = "dibao_gradual_exit"
TOLD_BEFORE = (30, 7)


def exit_entry(catalogue: Catalogue, day: date) -> tuple[Entry, int] | None:
    """The entry in force and its length in months."""
    for entry in catalogue.by_benefit.get(BENEFIT, ()):
        if entry.window.holds(day) and isinstance(entry.amount, Duration):
            return entry, entry.amount.months
    return None


def take_income(message: IncomeRecorded, work: Work) -> Outcomes:
    """Keep the month; the first one above the standard starts the clock and is told once."""
    row = {
        "person_id": message.person_id,
        "month": message.month,
        "income_yuan": message.income_per_head_yuan,
        "standard_yuan": message.standard_yuan,
    }
    own = (incomes.c.person_id == message.person_id) & (incomes.c.month == message.month)
    known = work.connection.execute(select(incomes).where(own)).mappings().first()
    if known is not None and dict(known) == row:
        return [Drop("said before")]
    upsert(work.connection, incomes, row)
    return _tell(work, message.person_id, "exit_started")


def clock_of(connection: Connection, person_id: str, length: int) -> tuple[date, date] | None:
    """First and last day of a person's 渐退期 as far as it is known."""
    rows = connection.execute(select(incomes).where(incomes.c.person_id == person_id)).mappings()
    return rules.gradual_exit(((row["month"], Decimal(row["income_yuan"]) > Decimal(row["standard_yuan"])) for row in rows), length)


def _tell(work: Work, person_id: str, kind: str) -> list[Outcome]:
    catalogue, day = catalogue_of(work.settings), work.as_of
    found, person = exit_entry(catalogue, day), person_of(work.connection, person_id)
    if found is None or person is None:
        return []
    entry, length = found
    span = clock_of(work.connection, person_id, length)
    if span is None or span[1] < day:
        return []
    side = person_side(catalogue, person, day)
    facts = {**side.derived, **{name: stated.value for name, stated in side.explicit.items()}}
    if not evaluate_entry(catalogue, entry, prepare(catalogue, facts, day)).live:
        return []  # not a 低保 family: the record says nothing of them
    left = (span[1] - day).days
    if kind == "exit_ending" and left not in TOLD_BEFORE:
        return []
    mark = kind if kind == "exit_started" else f"{kind}_{left}"
    about: dict[str, Any] = {
        "employer_id": None, "person_id": person_id, "benefit": BENEFIT, "entry_id": entry.id, "about": span[0].isoformat(),
        "last_day": span[1],
    }  # fmt: skip
    id_ = name_id(NAMESPACE, f"exit|{person_id}|{span[0].isoformat()}|{mark}")
    return notify(work, id_, kind, "person", about, numbers={"from": span[0].isoformat(), "days_left": str(left), "months": str(length)})


def within_exit(connection: Connection, catalogue: Catalogue, person: Person, day: date) -> tuple[date, date] | None:
    """First and last day of the 渐退期 that a person of a 低保 family is in on that day; ``None`` outside it."""
    found = exit_entry(catalogue, day)
    if found is None:
        return None
    span = clock_of(connection, person.person_id, found[1])
    if span is None or not span[0] <= day <= span[1]:
        return None
    side = person_side(catalogue, person, day)
    facts = {**side.derived, **{name: stated.value for name, stated in side.explicit.items()}}
    return span if evaluate_entry(catalogue, found[0], prepare(catalogue, facts, day)).live else None


def for_civil_affairs(
    connection: Connection, catalogue: Catalogue, day: date, in_region: Callable[[Person], bool], after: str, page: int
) -> tuple[list[dict[str, str]], str | None]:
    """People who agreed that civil affairs are told, with the span they are within on that day; where the next page begins.

    Whoever did not agree is not in it, and nothing tells that they are not.
    """
    found = exit_entry(catalogue, day)
    if found is None:
        return [], None
    recent = incomes.c.month > add_months(day, -found[1] - 1)
    query = (
        select(people.c.person_id, people.c.document)
        .where(people.c.person_id.in_(select(incomes.c.person_id).where(recent, incomes.c.person_id > after)))
        .order_by(people.c.person_id)
        .limit(page)
    )
    rows = connection.execute(query).all()
    items = []
    for person_id, document in rows:
        person = read_row_person(document)
        if person is None or not agrees(person) or not in_region(person):
            continue
        span = within_exit(connection, catalogue, person, day)
        if span is not None:
            where = person.registered_at or person.region
            one = {"person_id": person_id, "from": span[0].isoformat(), "to": span[1].isoformat()}
            items.append({**one, **({"region": where} if where is not None else {})})
    return items, rows[-1].person_id if len(rows) == page else None


def tell_ends(work: Work, after: str, page: int) -> tuple[list[Outcome], str | None]:
    """People whose 渐退期 ends in 30 or 7 days."""
    found = exit_entry(catalogue_of(work.settings), work.as_of)
    if found is None:
        return [], None
    recent = incomes.c.month > add_months(work.as_of, -found[1] - 1)
    query = select(incomes.c.person_id).where(recent, incomes.c.person_id > after).distinct().order_by(incomes.c.person_id).limit(page)
    ids = [row[0] for row in work.connection.execute(query)]
    outcomes = [one for person_id in ids for one in _tell(work, person_id, "exit_ending")]
    return outcomes, ids[-1] if len(ids) == page else None
