"""Internships (J-22): a contract before the end opens the subsidy for the months that are left; how many stay is the unit's rate."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from matcher.policy.amounts import shown
from matcher.policy.conditions import prepare
from matcher.policy.evaluate import evaluate_entry
from matcher.policy.facts import Facts
from matcher.policy.pairing import person_side
from matcher.policy.terms import RemainingMonthsOf
from streams.policy.known import catalogue_of, employer_facts, person_of
from streams.policy.offers import reconcile
from streams.policy.tables import offers
from streams.policy.wanted import Wanted
from streams.runtime.outcomes import Outcome
from streams.runtime.subjects import Work


def offer_remaining_months(work: Work, row: Mapping[str, Any]) -> list[Outcome]:
    """The offer of 剩余期限见习补贴 to the unit, for as many months as the entry allows; none where the internship ran its course.

    The day of the contract is the day the internship ended; the version is that of this day.
    """
    if row["outcome"] != "contract_before_end" or not row["months_left"]:
        return reconcile(work, [], offers.c.about == row["internship_id"])
    catalogue, day = catalogue_of(work.settings), work.as_of
    facts: Facts = dict(employer_facts(work.connection, row["employer_id"], day, work.settings).facts)
    person = person_of(work.connection, row["person_id"])
    if person is not None:
        side = person_side(catalogue, person, row["ended_on"])
        facts |= {**side.derived, **{name: stated.value for name, stated in side.explicit.items()}}
    facts |= {
        "person.in_internship": True,
        "internship.months_left": Decimal(row["months_left"]),
        "contract.signed": True,
        "contract.with_internship_unit": True,
    }
    prepared = prepare(catalogue, facts, row["ended_on"])
    wanted = []
    for entry in catalogue.entries:
        if not isinstance(entry.amount, RemainingMonthsOf) or not entry.window.holds(day):
            continue
        result = evaluate_entry(catalogue, entry, prepared)
        if not result.live:
            continue
        most = entry.amount.max_months
        months = min(row["months_left"], most) if most is not None else row["months_left"]
        wanted.append(
            Wanted(
                origin="internship",
                payee_kind="employer",
                employer_id=row["employer_id"],
                person_id=row["person_id"],
                about=row["internship_id"],
                entry=entry,
                benefit=catalogue.benefit_of[entry.id],
                state="open",
                status=result.status,
                yuan=None,
                percent=None,
                basis=f"{months}个月的见习补贴（{shown(catalogue, entry, prepared).basis}）",
                missing=result.missing,
                failed=(),
                earliest=None,
            )
        )
    return reconcile(work, wanted, offers.c.about == row["internship_id"])
