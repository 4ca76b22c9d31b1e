"""What a person's own answers do to their later recommendations: one rule an answer, shown to the person, who can put it aside.

A refusal moves postings that are alike in what was refused behind everything else that waits for that person: pay that is no higher, the
same county, the same trade, the same hours. Interest lets postings of the same trade go first among near equals. No score changes, nothing
is hidden from lists and search, nobody else's recommendations are touched. A rule counts for 90 days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from matcher.pay import monthly
from matcher.places import full_name
from matcher.shapes import Pay
from matcher.wording import number
from streams.delivery import rules
from streams.delivery.messages import AnswerUse
from streams.delivery.tables import leanings, postings
from streams.runtime.messages import from_json, to_json
from streams.runtime.outcomes import Drop, Outcomes
from streams.runtime.subjects import Work
from streams.runtime.tables import Look, upsert

BACK, AS_BEFORE, FORWARD = -1, 0, 1
_OF_PEOPLE = Look(
    select(leanings.c.person_id, leanings.c.posting_id, leanings.c.kind, leanings.c.value).where(
        leanings.c.person_id.in_(bindparam("ids", expanding=True)), leanings.c.used.is_(True), leanings.c.day > bindparam("since")
    ),
    among="ids",
)
_SAID = Look(
    select(postings.c.posting_id, postings.c.document).where(postings.c.posting_id.in_(bindparam("ids", expanding=True))), among="ids"
)


# -- what a posting is, as rules compare it -------------------------------------------------------------------------------


def trade_of(posting: Mapping[str, Any]) -> str | None:
    """The 小类 of its occupation, else its title."""
    code = posting.get("occupation_code")
    return "-".join(code.split("-")[:3]) if code else posting.get("title")


def top_pay(posting: Mapping[str, Any]) -> float | None:
    """The most that is known of its comparable monthly pay."""
    span = monthly(Pay.model_validate(posting.get("pay") or {}))
    return None if span is None else span[1] if span[1] is not None else span[0]


def hours_of(posting: Mapping[str, Any]) -> str | None:
    """Form of work, shifts and hours a day, where anything but full time is said: full time alone is nearly every posting."""
    said = [str(posting.get(name) or "") for name in ("form", "shifts", "hours_per_day")]
    return "|".join(said) if said[1] or said[2] or said[0] not in ("", "full_time") else None


def rule_of(answer: str | None, reason: str | None, posting: Mapping[str, Any]) -> tuple[str, str] | None:
    """Kind and value of the rule that follows from an answer; None where none does."""
    if answer == "interested":
        kind, value = "interested", trade_of(posting)
    elif answer == "refused" and reason == "pay":
        top = top_pay(posting)
        kind, value = "pay", None if top is None else f"{top:.2f}"
    elif answer == "refused" and reason in ("distance", "trade", "hours"):
        kind = reason
        value = {"distance": posting.get("region"), "trade": trade_of(posting), "hours": hours_of(posting)}[reason]
    else:
        return None
    return (kind, value) if value else None


def meets(kind: str, value: str, posting: Mapping[str, Any]) -> bool:
    """Whether a posting is alike in what the rule is about."""
    if kind == "pay":
        top = top_pay(posting)
        return top is not None and top <= float(value)
    if kind == "distance":
        return posting.get("region") == value
    return (hours_of(posting) if kind == "hours" else trade_of(posting)) == value


# -- what handlers keep and ask -------------------------------------------------------------------------------------------


def learn(connection: Connection, pair: Mapping[str, Any], day: str) -> None:
    """Keep the rule of a pair's answer as it stands now, or drop the one there was."""
    found = _SAID.rows(connection, ids=[pair["posting_id"]])
    posting = from_json(found[0][1]) if found else {}
    rule = rule_of(pair["answer"], pair["answer_reason"], posting)
    if rule is None:
        connection.execute(delete(leanings).where(leanings.c.match_id == pair["match_id"]))
        return
    row = {name: pair[name] for name in ("match_id", "person_id", "posting_id")}
    title = to_json({"title": posting.get("title")})
    upsert(connection, leanings, {**row, "kind": rule[0], "value": rule[1], "document": title, "day": day, "used": True})


def set_use(message: AnswerUse, work: Work) -> Outcomes:
    """The person puts a rule aside, or takes it up again. What it held goes out with the next day's."""
    mine = (leanings.c.match_id == message.match_id) & (leanings.c.person_id == message.person_id)
    return None if work.connection.execute(update(leanings).where(mine).values(used=message.used)).rowcount else [Drop("no such rule")]


def forget_leanings(connection: Connection, person_id: str) -> None:
    connection.execute(delete(leanings).where(leanings.c.person_id == person_id))


def sweep_leanings(work: Work) -> None:
    """A rule that has run out is none."""
    work.connection.execute(delete(leanings).where(leanings.c.day <= since(work.as_of)))


def since(today: date) -> str:
    """The day after which answers count."""
    return (today - timedelta(days=rules.REFUSAL_HOLDS_DAYS)).isoformat()


class Leanings:
    """The rules of the people of one unit of work."""

    def __init__(self, connection: Connection, today: date):
        self._connection = connection
        self._since = since(today)
        self._rules: dict[str, list[tuple[str, str, str]]] = {}
        self._said: dict[str, Mapping[str, Any]] = {}

    def load(self, people: Iterable[str], openings: Iterable[str]) -> None:
        for person_id, posting_id, kind, value in _OF_PEOPLE.rows(self._connection, ids=sorted(set(people)), since=self._since):
            self._rules.setdefault(person_id, []).append((posting_id, kind, value))
        if self._rules:
            self._said = {id_: from_json(document) for id_, document in _SAID.rows(self._connection, ids=sorted(set(openings)))}

    def stand(self, person_id: str, posting_id: str) -> int:
        """Where the person's answers to other postings move this one; a refusal weighs more than interest."""
        posting = self._said.get(posting_id)
        own = self._rules.get(person_id)
        if not own or posting is None:
            return AS_BEFORE
        met = {kind for answered, kind, value in own if answered != posting_id and meets(kind, value, posting)}
        if met - {"interested"}:
            return BACK
        return FORWARD if met else AS_BEFORE


# -- what is shown --------------------------------------------------------------------------------------------------------


def of_person(connection: Connection, person_id: str, today: date) -> list[dict[str, Any]]:
    """The rules of a person's answers, the newest first: ``match_id``, ``posting_id``, ``title``, ``kind``, ``day``, ``until``, ``used``,
    and the rule as ``text``."""
    query = select(leanings).where(leanings.c.person_id == person_id, leanings.c.day > since(today))
    found = []
    for row in connection.execute(query.order_by(leanings.c.day.desc(), leanings.c.match_id)).mappings():
        title = from_json(row["document"])["title"]
        last = date.fromisoformat(row["day"]) + timedelta(days=rules.REFUSAL_HOLDS_DAYS - 1)
        names = ("match_id", "posting_id", "kind", "day", "used")
        found.append(
            {
                **{name: row[name] for name in names},
                "title": title,
                "until": last.isoformat(),
                "text": text_of(row["kind"], row["value"], title),
            }
        )
    return found


def text_of(kind: str, value: str, title: str | None) -> str:
    """The rule in one sentence, as its person reads it."""
    named = f"“{title}”" if title else "一个岗位"
    if kind == "interested":
        return f"您对{named}感兴趣：差不多合适的岗位里，同类工种的先推荐给您。"
    why, which = {
        "pay": ("工资不合适", f"折合月工资不高于{number(float(value))}元的岗位" if kind == "pay" else ""),
        "distance": ("太远", f"在{full_name(value)}的岗位" if kind == "distance" else ""),
        "trade": ("工种不合适", "同类工种的岗位"),
        "hours": ("上班时间不合适", "用工形式、班次和工时都相同的岗位"),
    }[kind]
    return f"您说{named}{why}：{which}，排在其他推荐之后。"
