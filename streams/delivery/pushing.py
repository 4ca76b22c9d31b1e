"""One unit of work of delivery: decides each pair that was loaded (``known_pairs``), and writes everything at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date
from typing import Any

from sqlalchemy import update

from matcher.match_order import match_id
from streams.delivery import rules
from streams.delivery.known_pairs import KnownPairs, Row
from streams.delivery.leanings import BACK
from streams.delivery.messages import InterestShown, RecommendationEnded, RecommendationIssued
from streams.delivery.tables import add_counts, budgets, outgoing, pairs, suppressed
from streams.matching.messages import Pair, hints_as_texts
from streams.runtime.messages import from_json, to_json
from streams.runtime.outcomes import Emit
from streams.runtime.subjects import Work
from streams.runtime.tables import insert_new, upsert


class Desk(KnownPairs):
    """What one message does to pairs. ``load`` first, then ``offer``, ``end``, ``answer``…, and ``close`` gives the outcomes.

    Nothing is written before ``close``, so that a message of a hundred pairs is a handful of statements.
    """

    def __init__(self, work: Work):
        super().__init__(work)
        self._work = work
        self._today = work.as_of
        self._instant = work.envelope.recorded_at.astimezone(UTC)
        self._now = rules.as_text(self._instant)
        settings = work.settings
        self._person_limit = int(settings.get("person_pushes_a_day", 10))
        self._posting_limit = int(settings.get("posting_pushes_a_day", 50))
        self._quiet = (int(settings.get("quiet_from", 22)), int(settings.get("quiet_to", 7)))
        self._channels: Sequence[str] = settings.get("outside_channels", ())
        self._touched: dict[str, None] = {}
        self._offered: dict[str, Pair] = {}  # what is in ``document``, without reading it again
        self._spent: dict[tuple[str, str], int] = {}
        self._out: list[Emit] = []
        self._counts: Counter[str] = Counter()
        self._suppressed: list[tuple[str, str]] = []
        self._to_send: list[Row] = []
        self._cancelled: list[str] = []

    # -- what happens to a pair ----------------------------------------------------------------------------------------

    def offer(self, pair: Pair, side: str, model_version: str, catalogue_version: str) -> None:
        """The matcher's newest version of a pair: keep it, and push it unless something holds it back."""
        id_ = self._ids.get((pair.person_id, pair.posting_id)) or match_id(pair.person_id, pair.posting_id)
        row = self.rows.get(id_)
        if row is None:
            row = self.rows[id_] = _new_row(id_, pair.person_id, pair.posting_id, self._now)
            state = None
        else:
            state = row["state"]
        document: dict[str, Any] = {
            "priority_reasons": pair.priority_reasons,
            "points": pair.points,
            "not_stated": pair.not_stated,
            "hints": pair.hints,
        }
        if state == "issued" and b'"turn"' in row["document"]:
            document["turn"] = from_json(row["document"]).get("turn", [])  # it belongs to what was pushed
        self._offered[id_] = pair
        row.update(
            score=pair.score,
            band=pair.band,
            rank=pair.rank,
            priority=pair.priority,
            document=to_json(document),
            model_version=model_version,
            catalogue_version=catalogue_version,
            best=rules.best_first(pair.band, pair.priority, pair.score, pair.person_id, pair.posting_id),
        )
        row[f"by_{side}"] = True
        self._touched[id_] = None
        away = self._away.get(("posting", pair.posting_id)) or self._away.get(("person", pair.person_id))
        if away is not None:
            # In a cluster the two topics may overtake each other: who left the market is not brought back by an older message.
            self.end(row, away)
            return
        if state in (None, "ended", "waiting"):
            row["ended_reason"] = None
        if state == "waiting":
            row["state"] = "candidate"
            self._apply_what_waited(row)
            return
        self.push_or_hold(row, state)

    def push_or_hold(self, row: Row, state: str | None, *, last: bool = False) -> None:
        """Push the row's version, or note why not. ``state``: the state before this version came. ``last``: everything else of the day has
        gone out, so what the person's own answers moved back may go."""
        now = self._said(row)
        twin = self._twins.get((row["person_id"], row["posting_id"]))
        moved_back = self._own.stand(row["person_id"], row["posting_id"]) == BACK
        if moved_back and last:
            self._turn[row["match_id"]] = rules.MOVED_BACK
        reason = rules.hold_back(
            rules.Situation(
                state=state,
                answer=row["answer"],
                answered_on=date.fromisoformat(row["answered_on"]) if row["answered_on"] else None,
                said_before=row["said"],
                said_now=now,
                step=row["step"],
                twin=twin,
                person_pushes=self._used[("person", row["person_id"])],
                posting_pushes=self._used[("posting", row["posting_id"])],
                moved_back=moved_back and not last,
            ),
            self._today,
            self._person_limit,
            self._posting_limit,
        )
        self._touched[row["match_id"]] = None
        told = row["match_id"] in self._told and row["pushed_on"] is None
        if reason is None or (told and reason in rules.WAITS):
            replaces = twin is not None and state != "issued"
            # Whoever was told of the posting by their own search finds the reasons beside it, and is not told a second time.
            self._issue(row, now, silent=replaces or told)
            if replaces:
                self._note(row, rules.NEAR_DUPLICATE)
                if twin in ("interested", "seen") and row["answer"] is None:
                    self._set_answer(row, twin, None)
            return
        if reason == rules.REFUSED and state != "issued":
            held = rules.REFUSED if row["answer"] == "refused" else rules.NEAR_DUPLICATE  # said no to the same opening under another id
            self._close(row, held)
            self._note(row, held)
            return
        if state != "issued":
            row["state"] = "candidate"
        row["held_back"] = reason
        if reason == rules.MOVED_BACK:
            row["held_on"] = row["held_on"] or self._day  # what waited already goes out today, after everything else
        else:
            row["held_on"] = self._day if reason in rules.BUDGETS else None
        if reason != rules.NOTHING_NEW:
            self._note(row, reason)

    def withdraw_offer(self, row: Row, side: str) -> None:
        """The pair is no longer among the best of this side; a candidate that neither side offers any more is none."""
        row[f"by_{side}"] = False
        self._touched[row["match_id"]] = None
        if row["state"] == "candidate" and not row["by_posting"] and not row["by_person"]:
            self._close(row, "not_among_best")

    def end(self, row: Row, reason: str) -> None:
        """The pair is over; what was in the inbox leaves it, and that is said."""
        was_issued = row["state"] == "issued"
        had_answered = row["answer"] == "interested"
        if row["state"] == "waiting":
            return
        self._touched[row["match_id"]] = None
        self._close(row, reason)
        self._cancelled.append(row["match_id"])
        if not was_issued:
            return
        row["revision"] += 1
        row["changed_at"] = self._now
        ended = RecommendationEnded(
            person_id=row["person_id"],
            posting_id=row["posting_id"],
            match_id=row["match_id"],
            revision=row["revision"],
            reason=reason,
            had_answered=had_answered,
        )
        self._out.append(Emit(ended, discriminator=row["match_id"]))
        self._counts["ended"] += 1
        if had_answered and row["step"] != "hired" and reason not in ("consent", "removed", "merged"):
            self._send_outside(row, "ended", reason)

    def answer(self, row: Row, answer: str, reason: str | None) -> None:
        """What the person says of a pair delivery knows."""
        if answer == row["answer"] and reason == row["answer_reason"]:
            return
        if answer != row["answer"] and not rules.stronger(row["answer"], answer):
            return
        before = row["answer"]
        self._counts[f"answered_{answer}"] += 1
        if row["state"] == "waiting":
            # Found by search: the matcher may never offer this pair, and the employer is to know all the same.
            self._write_answer(row, answer, reason)
            if answer == "interested" or before == "interested":
                self._say_interest(row, withdrawn=answer != "interested")
            return
        if answer == "refused":
            self._write_answer(row, answer, reason)
            if row["state"] in ("candidate", "issued"):
                self._close(row, "refused")
                self._cancelled.append(row["match_id"])
            if before == "interested":
                self._say_interest(row, withdrawn=True)
            return
        if row["state"] == "ended" and row["ended_reason"] == "refused":
            row["state"] = "candidate"  # changed their mind; the opening is still there
            row["ended_reason"] = None
        if row["state"] == "candidate":
            self._write_answer(row, answer, reason)
            self._issue(row, self._said(row))
        self._set_answer(row, answer, reason)

    def step(self, row: Row, step: str) -> None:
        """How person and employer stand. Whoever is invited finds the posting in the inbox, whatever held it back."""
        if row["step"] == step:
            return
        row["step"] = step
        self._touched[row["match_id"]] = None
        if row["state"] == "candidate" and step in rules.IN_HIRING:
            self._issue(row, self._said(row))

    def await_pair(self, person_id: str, posting_id: str) -> Row:
        """A row for a pair that has not come yet: an answer or a step waits for it."""
        id_ = match_id(person_id, posting_id)
        row = self.rows[id_] = _new_row(id_, person_id, posting_id, self._now)
        row["state"] = "waiting"
        row["best"] = rules.best_first(0, 0, 0.0, person_id, posting_id)
        return row

    # -- steps of these ------------------------------------------------------------------------------------------------

    def _apply_what_waited(self, row: Row) -> None:
        answer = row["answer"]
        if answer == "refused":
            self._close(row, "refused")
            return
        if answer is None and row["step"] not in rules.IN_HIRING:
            self.push_or_hold(row, None)
            return
        self._issue(row, self._said(row))
        if answer is None:
            return
        self._cancelled.append(row["match_id"])  # whoever answered needs no mail about it; interest was said when it was shown

    def _said(self, row: Row) -> str:
        offered = self._offered.get(row["match_id"])
        hints = offered.hints if offered is not None else tuple(_document(row)["hints"])
        return rules.said(row["band"], rules.said_of_hints(hints))

    def _issue(self, row: Row, said: str, *, silent: bool = False) -> None:
        again = row["pushed_on"] is not None
        row.update(state="issued", said=said, pushed_on=self._day, held_back=None, held_on=None, ended_reason=None, changed_at=self._now)
        row["revision"] += 1
        if again and row["answer"] in ("seen", "refused"):
            # A new version (or one after the refusal has run out) is unread again.
            row.update(answer=None, answer_reason=None, answered_on=None)
        offered = self._offered.get(row["match_id"])
        if offered is not None:
            reasons, points, hints = offered.priority_reasons, offered.points, offered.hints
        else:
            document = _document(row)
            reasons, points, hints = tuple(document["priority_reasons"]), document["points"], tuple(document["hints"])
        why = self._turn.get(row["match_id"])
        turn = (why,) if why is not None else ()
        if turn or b'"turn"' in row["document"]:
            row["document"] = to_json({**from_json(row["document"]), "turn": turn})
        if not again and row["match_id"] not in self._told:
            self._reach.add(row["posting_id"])
        issued = RecommendationIssued(
            person_id=row["person_id"],
            posting_id=row["posting_id"],
            match_id=row["match_id"],
            revision=row["revision"],
            score=row["score"],
            band=row["band"],
            rank=row["rank"],
            priority=row["priority"],
            priority_reasons=reasons,
            points=points,
            hints=hints,
            model_version=row["model_version"],
            catalogue_version=row["catalogue_version"],
            turn=turn,
        )
        self._touched[row["match_id"]] = None
        self._out.append(Emit(issued, discriminator=row["match_id"]))
        self._counts["issued_again" if again else "issued"] += 1
        if silent:
            return
        self._spend(row["person_id"], row["posting_id"])
        if row["answer"] is None or again:
            self._send_outside(row, "issued", None)

    def _spend(self, person_id: str, posting_id: str) -> None:
        for key in (("person", person_id), ("posting", posting_id)):
            self._used[key] += 1
            self._spent[key] = self._used[key]

    # -- what saved searches found -------------------------------------------------------------------------------------

    def is_full(self, kind: str, id_: str) -> bool:
        """Whether the day's budget of this person or posting is used up."""
        return self._used[(kind, id_)] >= (self._person_limit if kind == "person" else self._posting_limit)

    def twin_answer(self, person_id: str, posting_id: str) -> str | None:
        """What the person said ("": nothing) of the same opening under another id that was pushed; None where none was."""
        return self._twins.get((person_id, posting_id))

    def tell(self, find: Row, said: Emit) -> None:
        """A posting that a saved search found is pushed: it counts in both budgets and goes outside as a recommendation does."""
        self._out.append(said)
        self._counts["found"] += 1
        self._reach.add(find["posting_id"])
        self._spend(find["person_id"], find["posting_id"])
        self._send_outside({**find, "revision": 0}, "found", None)

    def note_find(self, find: Row, reason: str) -> None:
        self._suppressed.append((find["match_id"], reason))

    def _close(self, row: Row, reason: str) -> None:
        row.update(state="ended", ended_reason=reason, held_back=None, held_on=None, by_posting=False, by_person=False)
        self._touched[row["match_id"]] = None

    def _set_answer(self, row: Row, answer: str, reason: str | None) -> None:
        before = row["answer"]
        self._write_answer(row, answer, reason)
        self._cancelled.append(row["match_id"])  # whoever answered needs no mail about it
        if answer == "interested" and row["state"] == "issued":
            self._say_interest(row, withdrawn=False)
        elif before == "interested":
            self._say_interest(row, withdrawn=True)

    def _write_answer(self, row: Row, answer: str, reason: str | None) -> None:
        row.update(answer=answer, answer_reason=reason, answered_on=self._day)
        self._touched[row["match_id"]] = None

    def _say_interest(self, row: Row, *, withdrawn: bool) -> None:
        shown = InterestShown(person_id=row["person_id"], posting_id=row["posting_id"], match_id=row["match_id"], withdrawn=withdrawn)
        self._out.append(Emit(shown, discriminator=row["match_id"]))

    def _note(self, row: Row, reason: str) -> None:
        self._suppressed.append((row["match_id"], reason))

    def _send_outside(self, row: Row, kind: str, reason: str | None) -> None:
        if not self._channels:
            return
        when = rules.next_waking(self._instant, *self._quiet)
        for channel in self._channels:
            self._to_send.append(
                {
                    "outgoing_id": f"{row['match_id']}:{row['revision']}:{channel}",
                    "match_id": row["match_id"],
                    "person_id": row["person_id"],
                    "posting_id": row["posting_id"],
                    "revision": row["revision"],
                    "channel": channel,
                    "kind": kind,
                    "reason": reason,
                    "state": "due" if when == self._instant else "waiting",
                    "not_before": rules.as_text(when),
                }
            )

    # -- the end -------------------------------------------------------------------------------------------------------

    def close(self) -> list[Emit]:
        """Write what changed; answers what is to be emitted."""
        connection = self._connection
        upsert(connection, pairs, [self.rows[id_] for id_ in self._touched])
        upsert(
            connection, budgets, [{"kind": kind, "id": id_, "day": self._day, "used": used} for (kind, id_), used in self._spent.items()]
        )
        self._reach.save()
        noted = [{"match_id": id_, "day": self._day, "reason": reason} for id_, reason in dict.fromkeys(self._suppressed)]
        insert_new(connection, suppressed, noted)
        for _, reason in dict.fromkeys(self._suppressed):
            self._counts[f"held_back_{reason}"] += 1
        if self._cancelled:
            connection.execute(
                update(outgoing)
                .where(
                    outgoing.c.match_id.in_(self._cancelled),
                    outgoing.c.kind.in_(("issued", "found")),
                    outgoing.c.state.in_(("waiting", "due")),
                )
                .values(state="cancelled")
            )
        insert_new(connection, outgoing, self._to_send)
        add_counts(connection, self._day, self._counts)
        return self._out


def _new_row(id_: str, person_id: str, posting_id: str, now: str) -> Row:
    # All columns in the order of the table; ``best`` comes with the first version that is offered.
    return {
        "match_id": id_, "person_id": person_id, "posting_id": posting_id, "state": "candidate", "revision": 0,
        "score": 0.0, "band": 0, "rank": 0, "priority": 0, "document": b"{}", "model_version": "", "catalogue_version": "", "best": "",
        "by_posting": False, "by_person": False,
        "said": None, "pushed_on": None, "held_back": None, "held_on": None, "changed_at": now,
        "answer": None, "answer_reason": None, "answered_on": None, "step": None, "ended_reason": None,
    }  # fmt: skip


def _document(row: Row) -> dict[str, Any]:
    """What a row says of its pair; rows of the first version hold hints as objects."""
    return hints_as_texts(from_json(row["document"]))
