"""What each benefit would pay whom: evaluated anew, held against what was offered before, and announced where it says something new.

An offer's id is made of payee, benefit and what it is about, so that running again finds the same row: nothing is offered twice, and a
higher rate gives a top-up beside what was already paid (E-08: 001 一、2(1)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import select

from matcher.match_order import name_id
from matcher.policy import ELIGIBLE, Catalogue
from matcher.policy.amounts import amount_in_force, figure, shown
from matcher.policy.conditions import Prepared, prepare
from matcher.policy.emission import Answered, Emission, emit
from matcher.policy.evaluate import evaluate_entry
from matcher.policy.format import Entry
from matcher.policy.loader import leaves
from matcher.policy.terms import RemainingMonthsOf
from matcher.policy.wording import step_words
from streams.policy import rules
from streams.policy.choices import choice_for, gave_way
from streams.policy.claim_book import accepted_of, is_claimed, raise_claim
from streams.policy.ended import for_months_worked, never_began
from streams.policy.known import EmployerFacts, catalogue_of, employer_facts, hire_facts
from streams.policy.messages import CheckScheduled, PersonPolicyNotice, PolicyNotice
from streams.policy.tables import claims, hires, notices, offers
from streams.policy.wanted import CENT, Wanted, yuan_text
from streams.runtime.messages import NAMESPACE, from_json, to_json
from streams.runtime.outcomes import Emit, Outcome
from streams.runtime.subjects import Work
from streams.runtime.tables import insert_new, upsert

HIRE, EMPLOYER = "hint_per_match", "enterprise_push"
# Benefits for which every employer in the insurance data is listed, also those that get nothing, with the reason (E-08).
LISTED_AMOUNT = "percent_of_base_by_size"
# Who of a hire's two sides is paid; training bodies, institutions and markets have claims of their own, not of a hire.
PAYEES = {"employer": "employer", "intern_unit": "employer", "jobseeker": "person"}


# -- a hire --------------------------------------------------------------------------------------------------------------


def evaluate_hire(work: Work, hire: Mapping[str, Any]) -> list[Outcome]:
    """The offers of one hire, to the employer and to the person; the version is that of the day of the hire (the event)."""
    facts = hire_facts(work.connection, hire, work.as_of, work.settings)
    if facts is None:
        return _schedule(work, hire, [])
    if never_began(hire):
        return [*reconcile(work, [], offers.c.about == hire["hire_id"]), *_schedule(work, hire, [])]
    catalogue = catalogue_of(work.settings)
    prepared = prepare(catalogue, facts, hire["hired_on"])
    emission = _told(catalogue, prepared, HIRE, _in_the_running(work, catalogue, prepared, hire))
    wanted = [
        replace(found, choice=choice_for(catalogue, emission, found.benefit))
        for result in emission.told
        if (found := _of_hire(catalogue, prepared, result, hire, work.as_of)) is not None
    ]
    outcomes = reconcile(work, wanted, offers.c.about == hire["hire_id"], gave_way(catalogue, emission))
    return [*outcomes, *_schedule(work, hire, wanted)]


def _in_the_running(work: Work, catalogue: Catalogue, prepared: Prepared, hire: Mapping[str, Any]) -> Callable[[Entry], bool]:
    """Which entries are chosen among today. What is over, or is not told of a hire that only insurance data show, keeps nothing else out;
    what was claimed (or paid) for this hire does whatever the day."""
    filed = select(claims.c.entry_id).where(claims.c.about == hire["hire_id"], claims.c.stage.notin_(("refused", "rejected")))
    claimed = set(work.connection.execute(filed).scalars())

    def counts(entry: Entry) -> bool:
        if entry.id in claimed:
            return True
        told = hire["origin"] != "insurance" or HIRE not in entry.usable_as or _names_the_person(catalogue, entry, prepared)
        return told and not entry.window.over(work.as_of)

    return counts


def _told(catalogue: Catalogue, prepared: Prepared, channel: str, counts: Callable[[Entry], bool] = lambda entry: True) -> Emission:
    results = [evaluate_entry(catalogue, entry, prepared) for entry in catalogue.entries if counts(entry)]
    return emit(catalogue, results, prepared, channel)


def _of_hire(catalogue: Catalogue, prepared: Prepared, result: Answered, hire: Mapping[str, Any], day: date) -> Wanted | None:
    entry = catalogue.by_id[result.entry_id]
    payee = PAYEES.get(entry.payee)
    # Outside its window nothing is offered any more, also for a hire that was inside it.
    if payee is None or not entry.window.holds(day) or hire[f"{payee}_id"] is None:
        return None
    if hire["origin"] == "insurance" and not _names_the_person(catalogue, entry, prepared):
        return None
    # What an internship leaves over is offered when one ends (internships.py), and of a hire only where it is known to come out of one.
    if isinstance(entry.amount, RemainingMonthsOf) and prepared.facts.get("person.in_internship") is not True:
        return None
    amount = for_months_worked(shown(catalogue, entry, prepared), amount_in_force(catalogue, entry, prepared.day), hire, day)
    return Wanted(
        # E-09 compares the unemployment register with insurance data; somebody else's insurance is a hire like any other.
        origin="comparison" if hire["origin"] == "insurance" and hire["was_unemployed"] else "hire",
        payee_kind=payee,
        employer_id=hire["employer_id"],
        person_id=hire["person_id"],
        about=hire["hire_id"],
        entry=entry,
        benefit=catalogue.benefit_of[entry.id],
        state="open",
        status=result.status,
        yuan=amount.yuan,
        percent=None,
        basis=amount.basis,
        missing=result.missing,
        failed=(),
        earliest=step_words(entry, hire["hired_on"])[1],
    )


def _names_the_person(catalogue: Catalogue, entry: Entry, prepared: Prepared) -> bool:
    """Whether the entry asks for a group that this person is known to belong to, or for any worker at all. Of a hire that only insurance
    data show nothing is known of the post, so that everything else would be open too."""
    category: Any = prepared.facts.get("person.category")
    holds: frozenset[str] = getattr(category, "holds", category) or frozenset()
    asked = {
        tag for leaf in leaves(entry.conditions) if leaf.field == "person.category" and leaf.op == "contains_any" for tag in leaf.value
    }
    return not asked.isdisjoint({*catalogue.shared.categories.always, *holds})


def _schedule(work: Work, hire: Mapping[str, Any], wanted: Iterable[Wanted]) -> list[Outcome]:
    """The next day on which a condition of these offers can first be true, or on which the hire is six months old and counts (E-24),
    whatever it is offered; said once for each day."""
    coming = [one for one in wanted if one.earliest is not None and one.earliest > work.as_of and hire["left_on"] is None]
    counts_on = _counts_on(hire)
    days = [one.earliest for one in coming if one.earliest is not None]
    due = min([*days, counts_on] if counts_on is not None and counts_on > work.as_of else days, default=None)
    if due != hire["check_on"]:
        work.connection.execute(hires.update().where(hires.c.hire_id == hire["hire_id"]).values(check_on=due))
        if due is not None and hire["employer_id"] is not None and hire["person_id"] is not None:
            entries = tuple(sorted(one.entry.id for one in coming if one.earliest == due))
            said = CheckScheduled(match_id=hire["hire_id"], employer_id=hire["employer_id"], due=due, entry_ids=entries)
            return [Emit(said, discriminator=due.isoformat())]
    return []


def _counts_on(hire: Mapping[str, Any]) -> date | None:
    """The day on which a hire has lasted six months; ``None`` where it ended before."""
    if hire["hired_on"] is None:
        return None
    day = rules.stable_until(hire["hired_on"])
    return day if hire["left_on"] is None or hire["left_on"] >= day else None


# -- an employer ---------------------------------------------------------------------------------------------------------


def evaluate_employer(work: Work, employer_id: str) -> list[Outcome]:
    """Offers that are about no single person, from data alone (E-08, E-12, E-23, J-22): who is eligible is told, who is not is listed."""
    connection, catalogue, day = work.connection, catalogue_of(work.settings), work.as_of
    known = employer_facts(connection, employer_id, day, work.settings)
    prepared = prepare(catalogue, known.facts, day)
    emission = _told(catalogue, prepared, EMPLOYER)
    told = {result.entry_id: result for result in emission.told}
    wanted = []
    for entry in catalogue.entries:
        if EMPLOYER not in entry.usable_as or entry.payee not in ("employer", "intern_unit") or not entry.window.holds(day):
            continue
        listed = entry.amount.type == LISTED_AMOUNT and known.year is not None
        result: Answered | None = told.get(entry.id)
        # Without data to go by a push would reach everybody and say nothing: the list of policies is for that.
        if result is not None and not (result.status == ELIGIBLE or (not result.missing and listed)):
            result = None
        if result is None and not listed:
            continue
        one = _of_employer(catalogue, prepared, entry, known, employer_id, told=result is not None)
        wanted.append(replace(one, choice=choice_for(catalogue, emission, one.benefit)))
    about_no_person = (offers.c.employer_id == employer_id) & offers.c.person_id.is_(None)
    return reconcile(work, wanted, about_no_person, gave_way(catalogue, emission))


def _of_employer(catalogue: Catalogue, prepared: Prepared, entry: Entry, known: EmployerFacts, employer_id: str, *, told: bool) -> Wanted:
    result = evaluate_entry(catalogue, entry, prepared)
    amount = shown(catalogue, entry, prepared)
    percent = figure(catalogue, entry, prepared).percent
    yuan = amount.yuan
    paid = None
    about = ""
    if entry.amount.type == LISTED_AMOUNT:
        about, yuan = str(known.year), None
        if known.contributions is not None and percent is not None:
            yuan = (known.contributions * percent / 100).quantize(CENT, ROUND_HALF_UP)
        paid = known.refunded
    elif entry.amount.type == "fixed_per_insured_employee" and amount.yuan is not None:
        about = str(known.year or prepared.day.year - 1)
        yuan = amount.yuan * known.insured if known.insured is not None else None
    state = "open" if told else "excluded"
    if told and paid and yuan is not None and yuan <= paid:
        state = "settled"
    origin = {"internship_retention_uplift": "internship", "poverty_base_ladder_reward": "counter"}
    return Wanted(
        origin=origin.get(catalogue.benefit_of[entry.id], "data"),
        payee_kind="employer",
        employer_id=employer_id,
        person_id=None,
        about=about,
        entry=entry,
        benefit=catalogue.benefit_of[entry.id],
        state=state,
        status=result.status,
        yuan=yuan,
        percent=percent,
        basis=amount.basis,
        missing=result.missing,
        failed=result.failed,
        earliest=None,
        paid=paid or None,
    )


# -- what changed --------------------------------------------------------------------------------------------------------


def reconcile(work: Work, wanted: Iterable[Wanted], among: Any, lost: Mapping[str, Mapping[str, str]] | None = None) -> list[Outcome]:
    """Write the offers as they are now; announce those that are new, became certain, changed their sum, or are gone.

    ``lost``: benefits that gave way to another one, with what both come to.
    """
    connection = work.connection
    before = {row["offer_id"]: dict(row) for row in connection.execute(select(offers).where(among)).mappings()}
    outcomes: list[Outcome] = []
    seen = set()
    for one in wanted:
        seen.add(one.offer_id)
        outcomes += _write(work, before.get(one.offer_id), one)
    for id_, row in sorted(before.items()):
        if id_ not in seen and row["state"] in ("open", "excluded", "settled"):
            beside = (lost or {}).get(row["benefit"])
            outcomes += close(work, row, "not_eligible" if beside is None else "excluded", beside)
    return outcomes


def _write(work: Work, old: dict[str, Any] | None, one: Wanted) -> list[Outcome]:
    before = _paid(old, one)
    raised = _to_raise(work, old, one, before)
    paid = one.yuan if raised is not None else before
    row: dict[str, Any] = {
        "offer_id": one.offer_id,
        "origin": one.origin,
        "payee_kind": one.payee_kind,
        "employer_id": one.employer_id,
        "person_id": one.person_id,
        "about": one.about,
        "benefit": one.benefit,
        "entry_id": one.entry.id,
        "state": _state(work, old, one, paid),
        "status": one.status,
        "yuan": yuan_text(one.yuan),
        "paid_yuan": yuan_text(paid),
        "percent": yuan_text(one.percent),
        "basis": one.basis,
        "missing": to_json(list(one.missing)),
        "failed": to_json(list(one.failed)),
        "earliest": one.earliest,
        "last_day": one.entry.window.to,
        "closed_because": None,
    }
    if old is not None and all(old[name] == value for name, value in row.items()):
        return []
    row["revision"] = (old["revision"] if old is not None else 0) + 1
    row["made_on"] = old["made_on"] if old is not None else work.as_of
    row["changed_on"] = work.as_of
    upsert(work.connection, offers, row)
    if raised is not None:
        return _raise(work, row, raised, Decimal(raised["yuan"] or 0) + (one.yuan or 0) - (before or 0))
    kind = _kind(old, row)
    return announce(work, row, kind, one.choice) if kind is not None else []


def _paid(old: Mapping[str, Any] | None, one: Wanted) -> Decimal | None:
    """What is paid or claimed already: as insurance data report it, and what was claimed since and is not in their report yet."""
    before = Decimal(old["paid_yuan"]) if old is not None and old["paid_yuan"] else None
    if one.paid is None or before is None:
        return one.paid if one.paid is not None else before
    return max(one.paid, before) if old is not None and old["state"] == "claimed" else one.paid


def _to_raise(work: Work, old: Mapping[str, Any] | None, one: Wanted, paid: Decimal | None) -> dict[str, Any] | None:
    """The claim that a higher sum raises: accepted, and not yet decided by anybody. What was approved or paid keeps its sum, and the rest
    is offered as a top-up."""
    if old is None or old["state"] != "claimed" or one.state != "open" or one.yuan is None:
        return None
    return accepted_of(work, one.offer_id) if paid is None or one.yuan > paid else None


def _raise(work: Work, row: Mapping[str, Any], claim: dict[str, Any], yuan: Decimal) -> list[Outcome]:
    """The claim at its new sum, and a notice that says so: nothing has to be claimed again."""
    before, now = claim["yuan"], yuan_text(yuan) or "0"
    id_ = name_id(NAMESPACE, f"notice|{row['offer_id']}|raised|{row['revision']}")
    audience = "person" if row["payee_kind"] == "person" else "employer"
    numbers = {"before": before} if before is not None else {}
    said = notify(work, id_, "raised", audience, row, offer=row["offer_id"], yuan=now, numbers=numbers)
    return [raise_claim(work, claim, now), *said]


def _state(work: Work, old: dict[str, Any] | None, one: Wanted, paid: Decimal | None) -> str:
    if one.state != "open" or old is None:
        return one.state
    # Claimed or paid already: more is due only where the sum has grown beyond it.
    more = one.yuan is not None and (paid is None or one.yuan > paid)
    if old["state"] == "claimed":
        return "open" if more and paid is not None else "claimed"
    if more or paid is None or one.yuan is None:
        return "open"
    return "claimed" if is_claimed(work, one.offer_id) else "settled"


def _kind(old: dict[str, Any] | None, row: dict[str, Any]) -> str | None:
    """What there is to say of a changed offer; of what is only listed nothing but that it had been told and holds no longer."""
    if row["state"] == "excluded" and old is not None and old["state"] == "open" and worth_a_notice(old):
        return "closed"
    if row["state"] != "open":
        return None
    owed = row["paid_yuan"] is not None and row["yuan"] is not None and Decimal(row["yuan"]) > Decimal(row["paid_yuan"])
    if not worth_a_notice(row):
        return None
    if old is None or old["state"] != "open" or not worth_a_notice(old):
        return "top_up" if owed else "comparison" if row["origin"] == "comparison" else "offer"
    if row["status"] == ELIGIBLE and old["status"] != ELIGIBLE:
        return "ready"
    if row["yuan"] != old["yuan"]:
        return "top_up" if owed else "changed"
    return None


def worth_a_notice(row: Mapping[str, Any]) -> bool:
    """Whether an offer is worth a notice: certain, with a sum, or with nothing left to find out. The others stand in the list."""
    return row["status"] == ELIGIBLE or row["yuan"] is not None or row["missing"] == b"[]"


def close(work: Work, row: dict[str, Any], because: str, numbers: Mapping[str, str] | None = None) -> list[Outcome]:
    """An offer that does not hold any more (``window``, ``not_eligible``, ``excluded``); told where it had been told."""
    told = row["state"] == "open" and worth_a_notice(row)
    changed = {**row, "state": "closed", "closed_because": because, "revision": row["revision"] + 1, "changed_on": work.as_of}
    upsert(work.connection, offers, changed)
    return announce(work, changed, "closed", numbers) if told else []


def owed_yuan(row: Mapping[str, Any]) -> str | None:
    """What is still to be paid: the sum without what was paid; nothing of what does not hold (its sum says what was computed)."""
    if row["yuan"] is None or row["state"] == "excluded":
        return None
    return yuan_text(max(Decimal(row["yuan"]) - Decimal(row["paid_yuan"] or 0), Decimal(0)))


def announce(work: Work, row: Mapping[str, Any], kind: str, numbers: Mapping[str, str] | None = None, mark: str = "") -> list[Outcome]:
    """One notice of an offer, once per offer, kind and revision (``mark`` instead of the revision where it is given)."""
    said = dict(numbers or {})
    if kind == "top_up":
        said = {"total": row["yuan"] or "", "paid": row["paid_yuan"] or "", **said}
    if kind == "closed" and row["state"] == "excluded" and (failed := from_json(row["failed"])):
        said["failed"] = ",".join(failed)  # why it holds no longer
    if kind == "comparison" and (missing := from_json(row["missing"])):
        said["missing"] = ",".join(missing)  # names of facts, told by their labels (E-09: with the amount and what is missing)
    return notify(
        work,
        name_id(NAMESPACE, f"notice|{row['offer_id']}|{kind}|{mark or row['revision']}"),
        kind,
        "person" if row["payee_kind"] == "person" else "employer",
        row,
        offer=row["offer_id"],
        yuan=owed_yuan(row),
        numbers=said,
    )


def notify(
    work: Work,
    notice_id: str,
    kind: str,
    audience: str,
    about: Mapping[str, Any],
    *,
    offer: str | None = None,
    yuan: str | None = None,
    numbers: Mapping[str, str] | None = None,
) -> list[Outcome]:
    """Keep a notice and announce it; one of the same id is said once. ``about``: whom and what it is about, as an offer's row."""
    row = {
        "notice_id": notice_id,
        "kind": kind,
        "audience": audience,
        "employer_id": about["employer_id"],
        "person_id": about["person_id"],
        "offer_id": offer,
        "benefit": about["benefit"],
        "entry_id": about["entry_id"],
        "about": about["about"],
        "status": about.get("status"),
        "yuan": yuan,
        "day": work.as_of,
        "last_day": about.get("last_day"),
        "numbers": to_json(dict(numbers or {})),
        "seen_on": None,
    }
    if not insert_new(work.connection, notices, row):
        return []
    fields = {name: row[name] for name in PolicyNotice.model_fields if name in row and name != "numbers"}
    if row["person_id"] is None:
        return [Emit(PolicyNotice(**fields, numbers=dict(numbers or {})), discriminator=notice_id)]
    said = PersonPolicyNotice(**fields, person_id=row["person_id"], audience=audience, numbers=dict(numbers or {}))  # type: ignore[arg-type]
    return [Emit(said, discriminator=notice_id)]
