"""What delivery answers: inbox, one recommendation, why something was not pushed, who was asked for a posting, counters. Read-only."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, or_, select

from matcher.match_order import match_id as match_id_of
from streams.delivery import rules
from streams.delivery.tables import counts, notices, outgoing, outside_sends, pairs, postings, suppressed
from streams.matching.messages import PairHint, hints_as_texts
from streams.runtime.messages import from_json

CLEARED = ("consent", "removed")  # the person left: their inbox is empty


def inbox(connection: Connection, person_id: str, cursor: str | None = None, limit: int = 20) -> dict[str, Any]:
    """What is in a person's inbox, newest first: ``{"items": [...], "cursor": str | None}``, without depth limit.

    Pushed vacancies that were not refused; and those the person is interested in that have ended since (``state: "ended"``,
    ``ended_reason``), so that whoever had answered is told. Raises ``ValueError`` for a cursor that is none of ours.
    """
    shown = or_(
        pairs.c.state == "issued",
        and_(
            pairs.c.state == "ended",
            or_(pairs.c.answer == "interested", pairs.c.step == "hired"),
            pairs.c.ended_reason.not_in((*CLEARED, "merged")),
        ),
    )
    query = _with_posting().where(pairs.c.person_id == person_id, shown)
    if cursor is not None:
        at, best = _read_cursor(cursor)
        query = query.where(or_(pairs.c.changed_at < at, and_(pairs.c.changed_at == at, pairs.c.best > best)))
    rows = connection.execute(query.order_by(pairs.c.changed_at.desc(), pairs.c.best).limit(limit + 1)).mappings().all()
    following = f"{rows[limit - 1]['changed_at']}~{rows[limit - 1]['best']}" if len(rows) > limit else None
    return {"items": [_item(row) for row in rows[:limit]], "cursor": following}


def unread(connection: Connection, person_id: str) -> int:
    """How many pushed vacancies the person has not looked at."""
    query = select(func.count()).where(pairs.c.person_id == person_id, pairs.c.state == "issued", pairs.c.answer.is_(None))
    return int(connection.execute(query).scalar_one())


def endings(connection: Connection, person_id: str, today: date) -> list[dict[str, Any]]:
    """Benefits of which the inbox tells that end soon or have ended, the next end first: ``{"notice_id", "stage", "entry_id", "benefit",
    "match_id", "posting_id", "day", "last_day", "days_left"}``; one an entry, and nothing that was promised after its last day."""
    query = (
        select(notices, pairs.c.posting_id)
        .join(pairs, and_(pairs.c.match_id == notices.c.match_id, pairs.c.person_id == notices.c.person_id))
        .where(
            notices.c.person_id == person_id,
            notices.c.kind.in_(rules.STAGES),
            notices.c.day >= (today - timedelta(days=rules.ENDINGS_SHOWN_DAYS)).isoformat(),
            pairs.c.state == "issued",
        )
        .order_by(notices.c.last_day, notices.c.day, notices.c.notice_id)
    )
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query).mappings():
        if rules.still_says(row["kind"], row["last_day"], today):
            left = (date.fromisoformat(row["last_day"]) - today).days if row["kind"] != "closed" else None
            names = ("notice_id", "entry_id", "benefit", "match_id", "posting_id", "day", "last_day")
            found[row["entry_id"]] = {"stage": row["kind"], **{name: row[name] for name in names}, "days_left": left}
    return list(found.values())


def notices_of_letter(connection: Connection, letter: str, today: date) -> list[dict[str, Any]]:
    """What a letter says on that day: ``notice_id``, ``stage``, ``benefit``, ``entry_id``, ``last_day``, ``document``; the newest stage of
    an entry alone, of a window only while a recommendation that told of it is in the inbox."""
    joined = notices.outerjoin(pairs, pairs.c.match_id == notices.c.match_id)
    query = (
        select(notices, pairs.c.state).select_from(joined).where(notices.c.letter == letter).order_by(notices.c.day, notices.c.notice_id)
    )
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query).mappings():
        window = row["kind"] in rules.STAGES
        if (window and row["state"] != "issued") or not rules.still_says(row["kind"], row["last_day"], today):
            continue
        one = {"stage": row["kind"], **{name: row[name] for name in ("notice_id", "benefit", "entry_id", "last_day")}}
        found[row["entry_id"] if window else row["notice_id"]] = {**one, "document": from_json(row["document"])}
    return list(found.values())


def recommendation(connection: Connection, match_id: str) -> dict[str, Any] | None:
    """One pair as delivery knows it, whatever its state; None when it knows none.

    ``contact_visible``: the person is interested, and the opening is still there or is theirs, so the API may reveal the posting's
    contact (and logs it).
    """
    row = connection.execute(_with_posting().where(pairs.c.match_id == match_id)).mappings().first()
    return None if row is None else _item(row)


def why_not_pushed(connection: Connection, person_id: str, posting_id: str) -> dict[str, Any]:
    """Whether a pair was pushed and, if not, why: ``{"pushed", "state", "reason", "text", "on", "history": [{"day", "reason", "text"}]}``.

    ``reason`` is None when its newest version is in the inbox; ``not_matched`` when the matcher offered no such pair.
    """
    row = connection.execute(select(pairs).where(pairs.c.match_id == match_id_of(person_id, posting_id))).mappings().first()
    if row is None:
        return {"pushed": False, "state": None, "reason": "not_matched", "text": rules.text_of("not_matched"), "on": None, "history": []}
    reason = {"ended": row["ended_reason"], "waiting": "waiting"}.get(row["state"], row["held_back"])
    past = connection.execute(
        select(suppressed).where(suppressed.c.match_id == row["match_id"]).order_by(suppressed.c.day, suppressed.c.reason)
    ).mappings()
    return {
        "pushed": row["pushed_on"] is not None,
        "state": row["state"],
        "reason": reason,
        "text": rules.text_of(reason or "pushed"),
        "on": row["held_on"] or row["pushed_on"],
        "history": [{"day": p["day"], "reason": p["reason"], "text": rules.text_of(p["reason"])} for p in past],
    }


def pushed_for(
    connection: Connection, posting_id: str, *, answer: str | None = None, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """The people a posting was pushed to, best first, with their answers; ``answer="interested"``: only those who are."""
    query = _with_posting().where(pairs.c.posting_id == posting_id, pairs.c.pushed_on.is_not(None))
    if answer is not None:
        query = query.where(pairs.c.answer == answer)
    if cursor is not None:
        query = query.where(pairs.c.best > cursor)
    rows = connection.execute(query.order_by(pairs.c.best).limit(limit + 1)).mappings().all()
    return {"items": [_item(row) for row in rows[:limit]], "cursor": rows[limit - 1]["best"] if len(rows) > limit else None}


def answers_of_posting(connection: Connection, posting_id: str) -> dict[str, int]:
    """How many people a posting was pushed to, and how they answered: ``{"pushed", "interested", "refused", "seen"}``."""
    query = (
        select(pairs.c.answer, func.count())
        .where(pairs.c.posting_id == posting_id, pairs.c.pushed_on.is_not(None))
        .group_by(pairs.c.answer)
    )
    found: dict[str | None, int] = {answer: number for answer, number in connection.execute(query)}
    return {"pushed": sum(found.values()), **{name: found.get(name, 0) for name in ("interested", "refused", "seen")}}


def counters(connection: Connection, first: date, last: date) -> dict[str, dict[str, int]]:
    """Counters by day, both days included: issued, issued_again, ended, answered_*, held_back_*."""
    rows = connection.execute(select(counts).where(counts.c.day >= first.isoformat(), counts.c.day <= last.isoformat())).mappings()
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["day"], {})[row["what"]] = row["number"]
    return found


def outside(connection: Connection, limit: int = 50) -> dict[str, Any]:
    """What became of messages outside: numbers by state and the last ones given up, with the reason; no address, no text."""
    state = func.coalesce(outside_sends.c.state, outgoing.c.state)
    joined = outgoing.outerjoin(outside_sends, outside_sends.c.outgoing_id == outgoing.c.outgoing_id)
    numbers = connection.execute(select(state, func.count()).select_from(joined).group_by(state))
    lost = connection.execute(
        select(outside_sends)
        .where(outside_sends.c.state == "gave_up")
        .order_by(outside_sends.c.at.desc(), outside_sends.c.outgoing_id)
        .limit(limit)
    ).mappings()
    return {
        "states": {name: number for name, number in numbers},
        "gave_up": [{name: row[name] for name in ("outgoing_id", "attempts", "reason", "at")} for row in lost],
    }


def failed_sends(connection: Connection) -> dict[str, int]:
    """How many messages outside wait for another attempt (``again``), and how many were given up (``gave_up``)."""
    states = ("again", "gave_up")
    query = select(outside_sends.c.state, func.count()).where(outside_sends.c.state.in_(states)).group_by(outside_sends.c.state)
    return {**dict.fromkeys(states, 0), **{state: number for state, number in connection.execute(query)}}


def _with_posting() -> Any:
    return select(pairs, postings.c.document.label("posting_document")).join_from(
        pairs, postings, pairs.c.posting_id == postings.c.posting_id, isouter=True
    )


def _read_cursor(cursor: str) -> tuple[str, str]:
    at, mark, best = cursor.partition("~")
    if not mark or not best:
        raise ValueError("cursor: one given by an earlier answer expected")
    return at, best


def _item(row: RowMapping) -> dict[str, Any]:
    names = (
        "match_id", "person_id", "posting_id", "state", "revision", "score", "band", "rank", "priority", "model_version",
        "catalogue_version", "pushed_on", "changed_at", "answer", "answer_reason", "answered_on", "step", "ended_reason", "held_back",
    )  # fmt: skip
    item = {name: row[name] for name in names}
    item.update(hints_as_texts(from_json(row["document"])))
    item["turn"] = [{"code": code, "text": rules.TURNS.get(code, code)} for code in item.get("turn", ())]
    item["hints"] = [PairHint.of(text)._asdict() for text in item["hints"]]
    hired = row["step"] == "hired"
    item["ended_text"] = rules.text_of("hired" if hired else row["ended_reason"]) if row["ended_reason"] else None
    item["contact_visible"] = row["answer"] == "interested" and (row["state"] in ("issued", "waiting") or hired)
    item["posting"] = from_json(row["posting_document"]) if row["posting_document"] is not None else None
    return item
