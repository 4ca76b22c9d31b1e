"""What people and employers are told beside recommendations: that a benefit of which an inbox tells ends soon, and what policy says.

A notice stands in the inbox (or on the employer's page) at once. Outside it is told in one letter a person or employer and day, which waits
for the end of quiet hours and takes one of the day's pushes; where they are used up it goes on the next day. An employer that has given no
address is told nothing outside: the sender finds none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from matcher.days import midnight
from matcher.match_order import name_id
from streams.delivery import rules
from streams.delivery.known_pairs import USED
from streams.delivery.messages import HintEnding
from streams.delivery.tables import add_counts, budgets, notices, outgoing, pairs, sides
from streams.matching.messages import PairHint, hints_as_texts
from streams.policy.messages import PersonPolicyNotice, PolicyNotice, WindowChanged
from streams.runtime.messages import NAMESPACE, from_json, to_json
from streams.runtime.outcomes import Continue, Drop, Emit, Outcome, Outcomes
from streams.runtime.subjects import Work
from streams.runtime.tables import insert_new, upsert

PEOPLE = 100  # looked at in one unit of work
GATHER = timedelta(minutes=10)  # what a day ends is said in one message an entry: the letter waits for all of them
WAITS_DAYS = 3  # at most, for a day with a push left; the inbox has said it all the while
KEPT_DAYS = 400


def tell_holders(message: WindowChanged, work: Work) -> Outcomes:
    """Everybody whose inbox tells of this entry, once a person, entry and stage, in pages of people."""
    stage = _stage(message, work.as_of)
    if stage is None:
        return [Drop("nothing to tell")]
    connection = work.connection
    asked = (
        select(pairs.c.person_id)
        .where(pairs.c.state == "issued", pairs.c.person_id > (work.cursor or ""))
        .distinct()
        .order_by(pairs.c.person_id)
        .limit(PEOPLE)
    )
    people = list(connection.execute(asked).scalars())
    if not people:
        return None
    query = (
        select(pairs.c.person_id, pairs.c.match_id, pairs.c.best, pairs.c.document, pairs.c.said)
        .where(pairs.c.person_id.in_(people), pairs.c.state == "issued")
        .order_by(pairs.c.best)
    )
    held: dict[str, list[str]] = {}
    for row in connection.execute(query).mappings():
        if _tells_of(row, message.entry_id, stage):
            held.setdefault(row["person_id"], []).append(row["match_id"])
    outcomes = _tell(message, stage, held, work)
    if len(people) == PEOPLE:
        outcomes.append(Continue(people[-1]))
    return outcomes


def _stage(message: WindowChanged, as_of: date) -> str | None:
    """What there is to say on the day it is handled; nothing is promised after the last day, nor twice after a pause."""
    if message.event == "closed":
        return "closed"
    if message.event != "closing" or message.last_day is None or message.days_left not in (30, 7):
        return None
    left = (message.last_day - as_of).days
    if left < 0 or (message.days_left == 30 and left <= 7):
        return None
    return f"closing_{message.days_left}"


def _tells_of(row: Any, entry_id: str, stage: str) -> bool:
    """Whether the newest version of a recommendation tells of the entry; of one that has ended also the version that was pushed."""
    if entry_id.encode() in row["document"]:
        hints = hints_as_texts(from_json(row["document"])).get("hints", ())
        if any(PairHint.of(text).entry_id == entry_id for text in hints):
            return True
    pushed = (row["said"] or "").partition("|")[2] if stage == "closed" else ""
    return entry_id in pushed and any(part.startswith(f"{entry_id}=") for part in pushed.split(";"))


def _tell(message: WindowChanged, stage: str, held: dict[str, list[str]], work: Work) -> list[Outcome]:
    last = message.last_day.isoformat() if message.last_day is not None else ""
    ids = {name_id(NAMESPACE, f"window|{person_id}|{message.entry_id}|{last}|{stage}"): person_id for person_id in held}
    known = set(work.connection.execute(select(notices.c.notice_id).where(notices.c.notice_id.in_(sorted(ids)))).scalars())
    new = {id_: person_id for id_, person_id in ids.items() if id_ not in known}
    rows = [
        {
            "notice_id": id_,
            "letter": None,
            "person_id": person_id,
            "employer_id": None,
            "kind": stage,
            "entry_id": message.entry_id,
            "benefit": message.benefit,
            "match_id": held[person_id][0],
            "document": to_json({}),
            "day": work.as_of.isoformat(),
            "last_day": last or None,
        }
        for id_, person_id in new.items()
    ]
    keep(work, rows)
    return [
        Emit(
            HintEnding(
                person_id=person_id,
                notice_id=id_,
                entry_id=message.entry_id,
                benefit=message.benefit,
                stage=stage,  # type: ignore[arg-type]
                last_day=message.last_day,
                match_id=held[person_id][0],
                matches=len(held[person_id]),
            ),
            discriminator=id_,
        )
        for id_, person_id in new.items()
    ]


def tell_by_letter(message: PersonPolicyNotice | PolicyNotice, work: Work) -> Outcomes:
    """What policy tells a person or an employer goes outside too, as recommendations do: within quiet hours and the day's pushes, to a
    person with consent, to an employer that has given an address."""
    to_person = isinstance(message, PersonPolicyNotice) and message.audience == "person"
    person_id = message.person_id if isinstance(message, PersonPolicyNotice) else None
    if not to_person and message.employer_id is None:
        return [Drop("to nobody")]
    if not work.settings.get("outside_channels"):
        return [Drop("no channel outside")]
    mine = (sides.c.kind == "person") & (sides.c.id == person_id)
    if to_person and work.connection.execute(select(sides.c.on_market).where(mine)).scalar() is not True:
        return [Drop("no consent to be sent anything")]
    if work.connection.execute(select(notices.c.notice_id).where(notices.c.notice_id == message.notice_id)).first() is not None:
        return [Drop("said before")]
    said = {"kind": message.kind, "status": message.status, "yuan": message.yuan, "numbers": message.numbers}
    row = {
        "notice_id": message.notice_id,
        "letter": None,
        "person_id": person_id,  # also where the employer is told: it goes when the person is forgotten
        "employer_id": None if to_person else message.employer_id,
        "kind": f"{rules.OF_POLICY}{message.kind}",
        "entry_id": message.entry_id,
        "benefit": message.benefit,
        "match_id": None,
        "document": to_json(said),
        "day": work.as_of.isoformat(),
        "last_day": message.last_day.isoformat() if message.last_day is not None else None,
    }
    keep(work, [row])
    return None


def keep(work: Work, rows: list[dict[str, Any]]) -> None:
    """Keep notices, and put them into the letters of those they are for."""
    if not rows:
        return
    letters = {}
    for kind in ("person", "employer"):
        ids = sorted({id_ for row in rows for owner, id_ in (_reader(row),) if owner == kind})
        letters.update({(kind, id_): letter for id_, letter in _letters(work, kind, ids).items()})
    for row in rows:
        row["letter"] = letters.get(_reader(row))
    insert_new(work.connection, notices, rows)
    add_counts(work.connection, work.as_of.isoformat(), {"notices": len(rows)})


def _reader(row: dict[str, Any]) -> tuple[str, str]:
    """Who is told: the employer where there is one, else the person."""
    return ("employer", row["employer_id"]) if row["employer_id"] is not None else ("person", row["person_id"])


def _letters(work: Work, kind: str, readers: Sequence[str]) -> dict[str, str]:
    """The letter of each of these readers: the one that is queued for a day already, or a new one on the first day with a push left."""
    channels: Sequence[str] = work.settings.get("outside_channels", ())
    if not channels:
        return {}
    limit = int(work.settings.get("person_pushes_a_day", 10))
    found: dict[str, str] = {}
    left = list(readers)
    mark = "" if kind == "person" else f"{kind}|"
    for ahead in range(WAITS_DAYS):
        day = work.as_of + timedelta(days=ahead)
        ids = {reader: name_id(NAMESPACE, f"letter|{mark}{reader}|{day.isoformat()}") for reader in left}
        if not ids:
            break
        states = _states(work, ids.values())
        used = {id_: number for id_, number in USED.rows(work.connection, kind=kind, ids=left, day=day.isoformat())}
        new = [reader for reader in left if ids[reader] not in states and used.get(reader, 0) < limit]
        _queue(work, kind, {reader: ids[reader] for reader in new}, day, channels)
        upsert(
            work.connection,
            budgets,
            [{"kind": kind, "id": one, "day": day.isoformat(), "used": used.get(one, 0) + 1} for one in new],
        )
        # A letter that is due may have gone out already: it takes nothing more.
        found.update({one: ids[one] for one in left if one in new or states.get(ids[one]) == "waiting"})
        left = [one for one in left if one not in found]
    return found


def _states(work: Work, letters: Iterable[str]) -> dict[str, str]:
    query = select(outgoing.c.match_id, outgoing.c.state).where(outgoing.c.match_id.in_(sorted(letters)))
    return {letter: state for letter, state in work.connection.execute(query)}


def _queue(work: Work, kind: str, letters: dict[str, str], day: date, channels: Sequence[str]) -> None:
    when = rules.as_text(_sending_time(work, day))
    rows = [
        {
            "outgoing_id": f"{letter}:0:{channel}",
            "match_id": letter,
            "person_id": reader if kind == "person" else "",
            "posting_id": "",
            "revision": 0,
            "channel": channel,
            "kind": "notices",
            "reason": None,
            "state": "waiting",
            "not_before": when,
            "employer_id": reader if kind == "employer" else None,
        }
        for reader, letter in letters.items()
        for channel in channels
    ]
    insert_new(work.connection, outgoing, rows)


def _sending_time(work: Work, day: date) -> datetime:
    earliest = max(work.envelope.recorded_at + GATHER, midnight(day))
    return rules.next_waking(earliest, int(work.settings.get("quiet_from", 22)), int(work.settings.get("quiet_to", 7)))


def drop_notices(work: Work, person_id: str, *, removed: bool) -> None:
    """Who left is told nothing more; of who was removed nothing stays."""
    queued = outgoing.c.state.in_(("waiting", "due"))
    work.connection.execute(
        update(outgoing).where(outgoing.c.person_id == person_id, outgoing.c.kind == "notices", queued).values(state="cancelled")
    )
    if removed:
        work.connection.execute(delete(notices).where(notices.c.person_id == person_id))


def forget_old(work: Work) -> None:
    work.connection.execute(delete(notices).where(notices.c.day < (work.as_of - timedelta(days=KEPT_DAYS)).isoformat()))
