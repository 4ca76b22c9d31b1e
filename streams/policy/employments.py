"""One person employed by one employer at one time is one hire, whoever says so: a step of hiring, a second posting, insurance data.

What is said later joins the hire that lasts; what begins after the former hire ended is a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from matcher.match_order import name_id
from streams.hiring.messages import StepTaken
from streams.policy.messages import InsuranceRecorded
from streams.policy.tables import hires
from streams.runtime.messages import NAMESPACE


def new_hire(hire_id: str, origin: str, person_id: str, employer_id: str | None) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(column.name for column in hires.columns)
    row.update(hire_id=hire_id, origin=origin, person_id=person_id, employer_id=employer_id, due=False)
    row.update(was_unemployed=False, from_poverty=False)
    return row


def hire_during(
    connection: Connection, person_id: str, employer_id: str | None, since: date, until: date | None = None
) -> dict[str, Any] | None:
    """The hire of this person at this employer that overlaps the time; one that lasts before one that is over. A hire that was taken back
    (over on its first day) overlaps nothing."""
    if employer_id is None:
        return None
    lasts = or_(hires.c.left_on.is_(None), and_(hires.c.left_on > since, hires.c.left_on > hires.c.hired_on))
    asked = [_of_pair(person_id, employer_id), hires.c.hired_on.is_not(None), lasts]
    if until is not None:
        asked.append(hires.c.hired_on < until)
    query = select(hires).where(*asked).order_by(hires.c.left_on.is_not(None), hires.c.hired_on, hires.c.hire_id)
    found = connection.execute(query.limit(1)).mappings().first()
    return dict(found) if found is not None else None


def hire_for_step(connection: Connection, message: StepTaken, employer_id: str | None) -> dict[str, Any] | None:
    """The hire that "hired" joins, or a new one; of any other step the hire that stands on this posting, ``None`` where none does."""
    if message.step != "hired":
        return _of_posting(connection, message)
    found = hire_during(connection, message.person_id, employer_id, message.on)
    if found is not None:
        return found
    own = _by_id(connection, message.match_id)
    if own is None:
        return new_hire(message.match_id, "platform", message.person_id, employer_id)
    if _was_over(own, message.on):
        again = name_id(NAMESPACE, f"hired|{message.match_id}|{message.on.isoformat()}")
        return _by_id(connection, again) or new_hire(again, "platform", message.person_id, employer_id)
    return own


def hire_for_insurance(connection: Connection, message: InsuranceRecorded) -> tuple[dict[str, Any], bool]:
    """The hire that insurance data are about, and whether it is a new one that only they show."""
    found = hire_during(connection, message.person_id, message.employer_id, message.insured_on, message.ended_on)
    if found is not None:
        return found, False
    name = f"insured|{message.employer_id}|{message.person_id}"
    id_ = name_id(NAMESPACE, name)
    known = _by_id(connection, id_)
    if known is not None and known["insured_on"] != message.insured_on:
        id_ = name_id(NAMESPACE, f"{name}|{message.insured_on.isoformat()}")  # insured again after the former hire ended
        known = _by_id(connection, id_)
    if known is not None:
        return known, False
    hire = new_hire(id_, "insurance", message.person_id, message.employer_id)
    hire["hired_on"] = message.insured_on
    return hire, True


def begins(connection: Connection, hire: Mapping[str, Any], day: date) -> date:
    """The first day of a hire of which somebody says that it began on ``day``: the earliest one said, and not before a former one ended."""
    known: date | None = hire["hired_on"]
    if known is None or known <= day or hire["employer_id"] is None:
        return day if known is None else min(known, day)
    former = select(func.max(hires.c.left_on)).where(
        _of_pair(hire["person_id"], hire["employer_id"]), hires.c.hire_id != hire["hire_id"], hires.c.left_on <= known
    )
    ended: date | None = connection.execute(former).scalar()
    return max(day, ended) if ended is not None else day


def insurance_alone(hire: dict[str, Any]) -> None:
    """The step was taken back, and insurance data still show the hire: what the step said goes."""
    hire.update(origin="insurance", posting_id=None, contract_signed=None, contract_months=None)
    hire.update(hired_on=hire["insured_on"], left_on=hire["insurance_ended_on"])


def _of_pair(person_id: str, employer_id: str) -> Any:
    return and_(hires.c.person_id == person_id, hires.c.employer_id == employer_id)


def _of_posting(connection: Connection, message: StepTaken) -> dict[str, Any] | None:
    own = and_(hires.c.person_id == message.person_id, hires.c.posting_id == message.posting_id)
    query = select(hires).where(own).order_by(hires.c.hired_on.desc(), hires.c.hire_id)
    found = connection.execute(query.limit(1)).mappings().first()
    return dict(found) if found is not None else None


def _by_id(connection: Connection, hire_id: str) -> dict[str, Any] | None:
    found = connection.execute(select(hires).where(hires.c.hire_id == hire_id)).mappings().first()
    return dict(found) if found is not None else None


def _was_over(hire: Mapping[str, Any], day: date) -> bool:
    left = hire["left_on"]
    return left is not None and hire["hired_on"] is not None and hire["hired_on"] < left <= day
