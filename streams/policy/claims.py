"""Claims (E-10): taken on any day inside the window, accepted at once, held only with an explanation, with a way to object."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select

from matcher.policy import Catalogue
from matcher.policy.amounts import shown
from matcher.policy.conditions import prepare
from matcher.policy.emission import emit
from matcher.policy.evaluate import Result, evaluate_entry
from matcher.policy.facts import Facts, read_facts
from matcher.policy.format import Entry
from matcher.policy.loader import leaves
from matcher.policy.wording import day_words, window_words
from matcher.shapes import ShapeError
from streams.policy import rules
from streams.policy.claim_book import SYSTEM, change, note, row_of, said, steps_taken
from streams.policy.claimed import (
    OVERTURNED,
    about_fault,
    claimed_before,
    hire_of,
    mark_offer,
    mark_offer_again,
    on_its_day,
    release_fault,
    unmark_offer,
)
from streams.policy.founders import merging
from streams.policy.known import catalogue_of, employer_facts, employer_of, hire_facts, person_facts, person_of, post_facts
from streams.policy.messages import ClaimDecided, ClaimMade, ClaimObjected, PersonClaimMade
from streams.policy.offers import close, evaluate_employer, evaluate_hire
from streams.policy.supervision import TOGETHER, Employed, Filed, Hold, holds
from streams.policy.tables import claims, hires, offers
from streams.policy.wanted import offer_id, yuan_text
from streams.runtime.messages import from_json, to_json
from streams.runtime.outcomes import Drop, Outcome, Outcomes
from streams.runtime.subjects import Work
from streams.runtime.tables import upsert


def take_claim(message: ClaimMade | PersonClaimMade, work: Work) -> Outcomes:
    """Accepted in the same instant, unless the window is over or the same thing was claimed before: then refused with the reason."""
    if work.connection.execute(select(claims.c.claim_id).where(claims.c.claim_id == message.claim_id)).first() is not None:
        return [Drop("said before")]
    person_id = message.person_id if isinstance(message, PersonClaimMade) else None
    hire = hire_of(work.connection, message.about, message.employer_id, person_id)
    message = on_its_day(message, hire, work.as_of)
    ended = _end_what_is_over(work, message, person_id, hire)
    row = _new_row(message, person_id, work)
    catalogue = catalogue_of(work.settings)
    entry, result, yuan = evaluated(catalogue, work, message, person_id)
    if entry is not None and result is not None:
        row.update(
            entry_id=entry.id,
            status=result.status,
            missing=to_json(list(result.missing)),
            failed=to_json(list(result.failed)),
            yuan=yuan_text(yuan),
        )
    refused = _refusals(catalogue, work, row, entry, hire)
    steps: list[tuple[str, str, str | None]] = [("received", message.by, None)]
    if refused:
        row.update(stage="refused", reasons=_reasons(refused))
        steps.append(("refused", SYSTEM, refused[0].text))
    else:
        steps.append(("accepted", SYSTEM, None))
        found = found_holds(catalogue, work, row, entry)
        if found:
            row.update(held=True, reasons=_reasons(found))
            steps.append(("held", SYSTEM, "；".join(one.text for one in found)))
        mark_offer(work, row)
    upsert(work.connection, claims, row)
    for step, by, reason in steps:
        note(work, row["claim_id"], step, by, reason)
    return [*ended, said(row), *_hold_the_others(catalogue, work, row)]


def _end_what_is_over(
    work: Work, message: ClaimMade | PersonClaimMade, person_id: str | None, hire: Mapping[str, Any] | None
) -> list[Outcome]:
    """What the first tick of the day would do, for a claim that comes before it: an offer of a variant that is over goes, and what is open
    today comes in its place. The tick then finds it done."""
    mine = (offers.c.offer_id == _offer_of(message, person_id)) & offers.c.state.in_(("open", "excluded", "settled"))
    found = work.connection.execute(select(offers).where(mine)).mappings().first()
    entry = catalogue_of(work.settings).by_id.get(found["entry_id"]) if found is not None else None
    if found is None or entry is None or not entry.window.over(work.as_of):
        return []
    outcomes = close(work, dict(found), "window")
    if hire is not None:
        return [*outcomes, *evaluate_hire(work, hire)]
    return [*outcomes, *evaluate_employer(work, found["employer_id"])] if found["person_id"] is None else outcomes


def _new_row(message: ClaimMade | PersonClaimMade, person_id: str | None, work: Work) -> dict[str, Any]:
    at = work.envelope.recorded_at.isoformat()
    employer = employer_of(work.connection, message.employer_id)
    person = person_of(work.connection, person_id) if employer is None else None
    payee_kind, payee = ("employer", message.employer_id) if message.employer_id is not None else ("person", person_id or "")
    return {
        "claim_id": message.claim_id,
        "revision": 1,
        "benefit": message.benefit,
        "entry_id": None,
        "offer_id": offer_id(payee_kind, payee or "", message.benefit, message.about),
        "employer_id": message.employer_id,
        "person_id": person_id,
        "about": message.about,
        "on": message.on,
        "received_at": at,
        "changed_at": at,
        "stage": "accepted",
        "held": False,
        "reasons": to_json([]),
        "cleared": to_json([]),
        "status": None,
        "missing": to_json([]),
        "failed": to_json([]),
        "yuan": None,
        "marked_yuan": None,
        "declared": to_json(message.declared),
        "evidence": to_json(list(message.evidence)),
        "account": message.account,
        "relative": message.relative if isinstance(message, PersonClaimMade) else None,
        "package": message.package,
        "region": employer.region if employer is not None else person.region if person is not None else None,
        "objected": False,
        "note": message.note,
    }


# -- what the rules say of it --------------------------------------------------------------------------------------------


def claim_facts(work: Work, message: ClaimMade | PersonClaimMade, person_id: str | None) -> Facts:
    """Facts of the hire or of the employer as policy knows them; what the claimant declares fills what nobody else has said."""
    connection, settings = work.connection, work.settings
    catalogue = catalogue_of(settings)
    known: Facts = {}
    hire = connection.execute(select(hires).where(hires.c.hire_id == message.about)).mappings().first() if message.about else None
    if hire is not None and hire["person_id"] == person_id:
        # Of a hire of somebody unknown the post, the employer and the contract are known all the same.
        found = hire_facts(connection, dict(hire), work.as_of, settings)
        known = found if found is not None else post_facts(connection, dict(hire), work.as_of, settings)
    elif message.employer_id is not None:
        known = employer_facts(connection, message.employer_id, work.as_of, settings).facts
    if not known and person_id is not None:
        person = person_of(connection, person_id)
        if person is not None:
            known = person_facts(connection, catalogue, person, message.on)
    declared: Facts = {}
    for name, value in message.declared.items():
        try:
            declared.update(read_facts(catalogue, {name: value})[0])
        except ShapeError:
            continue  # the edge has said so already; a claim is not lost over one faulty fact
    # What the exchange knows for itself is not overwritten by what the claimant says.
    return {**declared, **{name: value for name, value in known.items() if value is not None}, "claim.date": work.as_of}


def evaluated(
    catalogue: Catalogue, work: Work, message: ClaimMade | PersonClaimMade, person_id: str | None
) -> tuple[Entry | None, Result | None, Decimal | None]:
    """The entry of this benefit that is told on the day of the event, else the nearest one, with what it says and its sum."""
    entries = catalogue.by_benefit.get(message.benefit, ())
    if not entries:
        return None, None, None
    prepared = prepare(catalogue, claim_facts(work, message, person_id), message.on)
    results = {entry.id: evaluate_entry(catalogue, entry, prepared) for entry in entries}
    # What is over today gives way to a variant that can still be claimed (X4), and is named only where there is none.
    open_ = [results[entry.id] for entry in entries if not entry.window.over(work.as_of)]
    told = [result.entry_id for result in emit(catalogue, open_, prepared, None).told]
    live = {result.entry_id for result in open_ if result.live}
    order = {"ELIGIBLE": 0, "NEEDS_CHECK": 1, "NOT_ELIGIBLE": 2, "OUT_OF_WINDOW": 3}
    payees = ("employer", "intern_unit") if message.employer_id is not None else ("jobseeker", "enterprise_founder")
    chosen = min(
        entries,
        key=lambda entry: (entry.payee not in payees, entry.id not in live, order[results[entry.id].status], entry.id not in told),
    )
    offer = (
        work.connection.execute(
            select(offers).where(offers.c.offer_id == _offer_of(message, person_id), offers.c.state.in_(("open", "claimed")))
        )
        .mappings()
        .first()
    )
    if offer is not None and offer["entry_id"] in results:
        chosen = catalogue.by_id[offer["entry_id"]]
    yuan = shown(catalogue, chosen, prepared).yuan
    if offer is not None and offer["yuan"] is not None:
        yuan = Decimal(offer["yuan"]) - Decimal(offer["paid_yuan"] or 0)
    return chosen, results[chosen.id], yuan


def _offer_of(message: ClaimMade | PersonClaimMade, person_id: str | None) -> str:
    kind, payee = ("employer", message.employer_id) if message.employer_id is not None else ("person", person_id)
    return offer_id(kind, payee or "", message.benefit, message.about)


def window_fault(catalogue: Catalogue, benefit: str, entry: Entry | None, on: date, day: date) -> str | None:
    """Why a benefit cannot be claimed on ``day`` for something of day ``on``: it is unknown, or its time is over."""
    if entry is None:
        return f"没有“{catalogue.benefit_names.get(benefit, benefit)}”这项政策"
    if on > day:
        return f"事项日期{day_words(on)}还没有到"
    for which in dict.fromkeys((on, day)):
        if not entry.window.holds(which):
            words = "事项日期" if which == on and on != day else "今天"
            return f"政策期限是{window_words(entry)}，{words}{day_words(which)}不在期限内"
    return None


def _refusals(catalogue: Catalogue, work: Work, row: dict[str, Any], entry: Entry | None, hire: Mapping[str, Any] | None) -> list[Hold]:
    fault = window_fault(catalogue, row["benefit"], entry, row["on"], work.as_of)
    if fault is not None:
        return [Hold("window", fault)]
    unknown = about_fault(work.connection, catalogue, row, hire)
    if unknown is not None:
        return [Hold("about", unknown)]
    merged = _merged(catalogue, work, row)
    if merged is not None:
        return [merged]
    if claimed_before(work.connection, catalogue, row):
        return [Hold("claimed_before", "这件事已经申请过，不用重复申请，可以在“我的申请”里查看进度")]
    return []


def _merged(catalogue: Catalogue, work: Work, row: dict[str, Any]) -> Hold | None:
    """A part of a bundle that this person has claimed already (J-37: 001 五、21): the parts are closed for them."""
    rule = merging(catalogue)
    if row["benefit"] not in rule.between[1:] or row["person_id"] is None:
        return None
    bundle = select(claims.c.claim_id).where(
        claims.c.person_id == row["person_id"], claims.c.benefit == rule.between[0], claims.c.stage.notin_(OVERTURNED)
    )
    if work.connection.execute(bundle).first() is None:
        return None
    name = catalogue.benefit_names[rule.between[0]]
    return Hold("merged", f"您已经申请“{name}”，这项补贴已经归并在里面：“{rule.sources[0].quote}”（{rule.sources[0].source}）")


def _linked(work: Work, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Claims of the same person, employer or account, this one among them."""
    same = [claims.c[name] == row[name] for name in ("person_id", "employer_id", "account") if row[name] is not None]
    if not same:
        return []
    return [dict(other) for other in work.connection.execute(select(claims).where(or_(*same)).order_by(claims.c.claim_id)).mappings()]


def found_holds(catalogue: Catalogue, work: Work, row: dict[str, Any], entry: Entry | None) -> list[Hold]:
    connection = work.connection
    others = [_filed(other) for other in _linked(work, row)]
    jobs: list[Employed] = []
    if row["person_id"] is not None:
        query = select(hires).where(hires.c.person_id == row["person_id"]).order_by(hires.c.hire_id)
        jobs = [
            Employed(*(hire[name] for name in ("hire_id", "employer_id", "hired_on", "left_on", "insured_on", "insurance_ended_on")))
            for hire in connection.execute(query).mappings()
        ]
    cleared = set(from_json(row["cleared"]))
    found = holds(
        catalogue,
        _filed(row),
        others,
        jobs,
        stable_months=_months_asked(entry),
        income=entry is not None and entry.kind == "income_support",
    )
    return [one for one in found if one.rule not in cleared]


def hold_anew(catalogue: Catalogue, work: Work, row: dict[str, Any], among: Container[str] | None = None) -> list[Outcome]:
    """Hold a claim that is under way for reasons that there were not before; ``among`` limits which rules are asked."""
    had = {one["rule"] for one in from_json(row["reasons"])}
    found = found_holds(catalogue, work, row, catalogue.by_id.get(row["entry_id"] or ""))
    new = [one for one in found if one.rule not in had and (among is None or one.rule in among)]
    if not new:
        return []
    row["reasons"] = to_json([*from_json(row["reasons"]), *({"rule": one.rule, "text": one.text} for one in new)])
    row["held"] = True
    change(work, row)
    note(work, row["claim_id"], "held", SYSTEM, "；".join(one.text for one in new))
    return [said(row)]


def _hold_the_others(catalogue: Catalogue, work: Work, row: Mapping[str, Any]) -> list[Outcome]:
    """Where only several claims together are doubtful (``TOGETHER``), the earlier ones are as doubtful as the last: what is not paid yet
    waits too."""
    among = TOGETHER & {one["rule"] for one in from_json(row["reasons"])} if row["held"] else frozenset()
    if not among:
        return []
    others = (other for other in _linked(work, row) if other["claim_id"] != row["claim_id"] and other["stage"] in ("accepted", "approved"))
    return [outcome for other in others for outcome in hold_anew(catalogue, work, other, among)]


def _filed(row: Mapping[str, Any]) -> Filed:
    return Filed(
        row["claim_id"], row["benefit"], row["employer_id"], row["person_id"], row["about"], row["on"], row["stage"], row["account"],
        row["relative"],
    )  # fmt: skip


def _months_asked(entry: Entry | None) -> int | None:
    """The months of stable employment that the entry asks for."""
    asked = [leaf.value for leaf in leaves(entry.conditions) if leaf.field == "employment.stable_months"] if entry is not None else []
    return int(max(asked)) if asked else None


def _reasons(found: list[Hold]) -> bytes:
    return to_json([{"rule": one.rule, "text": one.text} for one in found])


# -- what happens to it --------------------------------------------------------------------------------------------------


def decide_claim(message: ClaimDecided, work: Work) -> Outcomes:
    """审核 and 发放 by staff; a hold is put on with a reason and taken off for good: the same finding does not hold it again."""
    row = row_of(work, message.claim_id)
    if row is None:
        return [Drop("no such claim")]
    most, taken = int(work.settings.get("claim_most_steps", rules.MOST_STEPS)), steps_taken(work, row["claim_id"])
    if rules.may_decide(row["stage"], row["held"], message.decision, message.reason, taken=taken, most=most) is not None:
        return [Drop("not now")]
    catalogue = catalogue_of(work.settings)
    if message.decision == "release" and release_fault(work.connection, catalogue, row["claim_id"]) is not None:
        return [Drop("claimed again since")]
    was = row["stage"]
    stage, held = rules.after_decision(was, row["held"], message.decision)
    if message.decision == "release":
        row["cleared"] = to_json(sorted({*from_json(row["cleared"]), *(one["rule"] for one in from_json(row["reasons"]))}))
        row["reasons"] = to_json([])
    if message.decision in ("hold", "reject") and message.reason is not None:
        row["reasons"] = to_json([*from_json(row["reasons"]), {"rule": "staff", "text": message.reason}])
    if message.yuan is not None and message.decision in ("approve", "pay"):
        row["yuan"] = yuan_text(Decimal(message.yuan))
    row.update(stage=stage, held=held)
    found: list[Hold] = []
    if message.decision == "reject":
        unmark_offer(work, row)
    elif stage != was and message.decision == "release":
        mark_offer_again(work, row)
        found = found_holds(catalogue, work, row, catalogue.by_id.get(row["entry_id"] or ""))
    if found:
        row.update(held=True, reasons=_reasons(found))
    change(work, row)
    note(work, row["claim_id"], _STEP[message.decision], message.by, message.reason)
    if found:
        note(work, row["claim_id"], "held", SYSTEM, "；".join(one.text for one in found))
    return [said(row), *(_hold_the_others(catalogue, work, row) if found else [])]


_STEP = {"approve": "approved", "reject": "rejected", "pay": "paid", "hold": "held", "release": "released"}


def object_to_claim(message: ClaimObjected, work: Work) -> Outcomes:
    """The claimant objects: it stands at the top of the staff's list until somebody has decided."""
    row = row_of(work, message.claim_id)
    if row is None or not (row["held"] or row["stage"] in ("refused", "rejected")):
        return [Drop("nothing to object to")]
    row["objected"] = True
    change(work, row)
    note(work, row["claim_id"], "objected", message.by, message.reason)
    return [said(row)]
