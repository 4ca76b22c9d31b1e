"""推送民政 (J-16: 002 六): registered unemployed people in hardship are told to civil affairs, once per change and only if they agreed.

What would be told of a person stands beside what was told last; where the two differ, it is due. Telling it is an act of staff, and said
as a message of its own: what was told is what that message carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from matcher.policy.conditions import prepare
from matcher.policy.evaluate import evaluate_entry
from matcher.policy.loader import Catalogue
from matcher.policy.pairing import person_side
from matcher.shapes import Person
from streams.policy.known import catalogue_of
from streams.policy.messages import CivilAffairsTold
from streams.policy.tables import referrals
from streams.regions import lies_in
from streams.runtime.messages import from_json, to_json
from streams.runtime.outcomes import Drop, Outcomes
from streams.runtime.subjects import Work
from streams.runtime.tables import upsert

BENEFIT = "social_assistance"
HARDSHIP, ENDED = "hardship", "ended"
#: What is told of a person, and nothing else: no name, no number of any kind but the exchange's own.
FIELDS = ("person_id", "region", "registered_unemployed_on", "state", "since")
Told = dict[str, str]


def agrees(person: Person) -> bool:
    """Whether a person agreed that civil affairs are told; silence is no consent."""
    return person.consent is not None and person.consent.share_with_civil_affairs is True


def in_hardship(catalogue: Catalogue, person: Person, day: date) -> bool:
    """Whether everything that the text asks of somebody to be told holds; what is unknown does not. 「符合条件的」 is for civil affairs."""
    side = person_side(catalogue, person, day)
    facts = {**side.derived, **{name: stated.value for name, stated in side.explicit.items()}}
    prepared = prepare(catalogue, facts, day)
    for entry in catalogue.by_benefit.get(BENEFIT, ()):
        if entry.application == "proactive_push" and entry.window.holds(day):
            result = evaluate_entry(catalogue, entry, prepared)
            if result.live and not result.missing:
                return True
    return False


def follow_hardship(work: Work, person: Person) -> None:
    """Something was said of a person: is there anything new to tell of them?"""
    row = _row(work.connection, person.person_id)
    told = _to_tell(work, person, row["sent"] if row is not None else None)
    if row is None and told is None:
        return
    row = row or _new(person.person_id)
    for before in (row["document"], row["sent"]):
        if told is not None and before is not None and _same(told, before):
            told = before  # also its day: nothing has changed since
    if told is None and row["sent"] is None:
        work.connection.execute(referrals.delete().where(referrals.c.person_id == person.person_id))
        return
    row.update(region=person.registered_at or person.region, document=told)
    _keep(work.connection, row)


def _to_tell(work: Work, person: Person, sent: Told | None) -> Told | None:
    """What is to be told; that it is over only of somebody of whom the hardship was told; without consent nothing at all."""
    if not agrees(person):
        return None
    region = person.registered_at or person.region
    told = {"person_id": person.person_id, "since": work.as_of.isoformat(), **({"region": region} if region is not None else {})}
    if in_hardship(catalogue_of(work.settings), person, work.as_of):
        registered = person.registered_unemployed_on
        return {**told, "state": HARDSHIP, **({"registered_unemployed_on": registered.isoformat()} if registered is not None else {})}
    return {**told, "state": ENDED} if sent is not None and sent["state"] == HARDSHIP else None


def take_told(message: CivilAffairsTold, work: Work) -> Outcomes:
    """What a list told of a person; of two lists made at the same time only the first tells it."""
    row = _row(work.connection, message.person_id) or _new(message.person_id)
    if row["sent"] is not None and _same(row["sent"], message.told):
        return [Drop("told before")]
    row.update(sent=message.told, batch=message.batch, told_on=work.as_of, told_at=work.envelope.recorded_at.isoformat())
    _keep(work.connection, row)
    return None


def _same(one: Told, other: Told) -> bool:
    return {**one, "since": ""} == {**other, "since": ""}


def _new(person_id: str) -> dict[str, Any]:
    return {**dict.fromkeys(column.name for column in referrals.columns), "person_id": person_id}


def _row(connection: Connection, person_id: str) -> dict[str, Any] | None:
    found = connection.execute(select(referrals).where(referrals.c.person_id == person_id)).mappings().first()
    return _decoded(dict(found)) if found is not None else None


def _decoded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, **{name: from_json(row[name]) if row[name] is not None else None for name in ("document", "sent")}}


def _keep(connection: Connection, row: dict[str, Any]) -> None:
    due = row["document"] is not None and (row["sent"] is None or not _same(row["document"], row["sent"]))
    coded = {name: to_json(row[name]) if row[name] is not None else None for name in ("document", "sent")}
    upsert(connection, referrals, {**row, **coded, "due": due})


# -- what is asked -------------------------------------------------------------------------------------------------------


def waiting(connection: Connection, region: str) -> int:
    """Of how many people of a region something new is to be told."""
    query = select(func.count()).select_from(referrals).where(referrals.c.due, lies_in(referrals.c.region, region))
    return int(connection.execute(query).scalar() or 0)


def due(connection: Connection, region: str, limit: int) -> list[Told]:
    """What is to be told of whom."""
    query = select(referrals.c.document).where(referrals.c.due, lies_in(referrals.c.region, region)).order_by(referrals.c.person_id)
    return [dict(from_json(document)) for document in connection.execute(query.limit(limit)).scalars()]


def told_in(connection: Connection, region: str, batch: str) -> list[Told]:
    """What one list told, without those who do not agree any more and those of whom a later list told something else."""
    mine = (referrals.c.batch == batch) & referrals.c.document.is_not(None) & lies_in(referrals.c.region, region)
    query = select(referrals.c.sent).where(mine).order_by(referrals.c.person_id)
    return [dict(from_json(sent)) for sent in connection.execute(query).scalars()]


def lists(connection: Connection, region: str, limit: int) -> list[dict[str, Any]]:
    """The newest lists, the last one first: ``{"batch", "told_on", "told_at", "people"}``; of lists from before instants were kept
    ``told_at`` is None."""
    mine = referrals.c.batch.is_not(None) & referrals.c.document.is_not(None) & lies_in(referrals.c.region, region)
    day, at = func.max(referrals.c.told_on), func.max(referrals.c.told_at)
    newest = (day.desc(), func.coalesce(at, "").desc(), referrals.c.batch)
    query = select(referrals.c.batch, day, at, func.count()).where(mine).group_by(referrals.c.batch).order_by(*newest)
    return [
        {"batch": batch, "told_on": told_on.isoformat(), "told_at": told_at, "people": int(people)}
        for batch, told_on, told_at, people in connection.execute(query.limit(limit))
    ]
