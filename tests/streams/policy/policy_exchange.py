"""An exchange with policy alone, and made-up messages of the others."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from matcher.days import SHANGHAI, midnight
from matcher.match_order import match_id
from matcher.shapes import read_employer, read_person, read_posting
from streams.hiring.messages import Contract, StepTaken
from streams.intake.messages import EmployerRegistered, PersonChanged, PersonRegistered, PostingPublished
from streams.policy import handlers
from streams.policy import tables as policy
from streams.policy.messages import (
    ClaimDecided,
    ClaimMade,
    InsuranceRecorded,
    InsuranceYearRecorded,
    InternshipEnded,
    Leaving,
    PersonClaimMade,
)
from streams.runtime.clock import ClockTick
from streams.runtime.messages import from_json
from tests.one_subject import OneSubject


class PolicyExchange(OneSubject):
    """Lets days pass as well; what a table keeps as JSON is shown decoded."""

    subject = handlers.SUBJECT
    remembers = (
        policy.people, policy.postings, policy.employers, policy.hires, policy.years, policy.internships,
        policy.internship_posts, policy.incomes, policy.founders, policy.referrals, policy.offers, policy.notices,
        policy.claims, policy.claim_steps, policy.windows, policy.progress,
    )  # fmt: skip
    begins = datetime(2023, 9, 1, 10, 0, tzinfo=SHANGHAI)

    def __init__(self, path: Path, **settings: Any):
        super().__init__(path, settings)

    def on(self, day: str) -> PolicyExchange:
        """Go to ten o'clock of a day, without a tick."""
        self.at = datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=SHANGHAI)
        return self

    def tick(self, day: str | None = None) -> PolicyExchange:
        """One tick at ten o'clock of a day, today where none is given."""
        if day is not None:
            self.on(day)
        self.at += timedelta(seconds=1)
        self.say(ClockTick(instant=self.at))
        return self

    def pass_days(self, until: str) -> None:
        """A tick at each midnight up to and with that day."""
        last = date.fromisoformat(until)
        while self.today < last:
            self.at = midnight(self.today + timedelta(days=1))
            self.say(ClockTick(instant=self.at))

    def rows(self, table: Any, **where: Any) -> list[dict[str, Any]]:
        found = super().rows(table)
        for row in found:
            row.update({name: from_json(value) for name, value in row.items() if isinstance(value, bytes)})
        return [row for row in found if all(row[name] == value for name, value in where.items())]

    def offers(self, **where: Any) -> dict[str, dict[str, Any]]:
        return {row["entry_id"]: row for row in self.rows(policy.offers, **where)}

    def notices(self, **where: Any) -> list[dict[str, Any]]:
        return self.rows(policy.notices, **where)

    def claim(self, claim_id: str) -> dict[str, Any]:
        return self.rows(policy.claims, claim_id=claim_id)[0]


def employer(id_: str = "e-1", revision: int = 1, **changes: Any) -> EmployerRegistered:
    document = {
        "employer_id": id_, "name": f"太原样板机械有限公司{id_}", "region": "140105", "size": "medium", "ownership": "private",
        "kind": "enterprise", "industry": [], "programme": [], "recognition": [], **changes,
    }  # fmt: skip
    return EmployerRegistered(employer_id=id_, revision=revision, employer=read_employer(document))


def person(id_: str = "u-1", revision: int = 1, *, changed: bool = False, **changes: Any) -> PersonRegistered:
    document = {
        "person_id": id_, "kind": "registered_unemployed", "region": "140105", "birth_year_month": "1990-04",
        "registered_unemployed_on": "2023-01-01", "categories": ["registered_unemployed"], "consent": {"recommend": True}, **changes,
    }  # fmt: skip
    made = PersonChanged if changed else PersonRegistered
    return made(person_id=id_, revision=revision, person=read_person(document))


def posting(id_: str = "p-1", revision: int = 1, *, employer_id: str = "e-1", **changes: Any) -> PostingPublished:
    document = {
        "posting_id": id_, "source": "enterprise", "title": "焊工", "type": "regular", "employment_form": "full_time", "region": "140105",
        "headcount": 5, "employer": {"employer_id": employer_id}, **changes,
    }  # fmt: skip
    return PostingPublished(posting_id=id_, revision=revision, posting=read_posting(document))


def step(
    step_: str = "hired", on: str = "2023-09-01", *, person_id: str = "u-1", posting_id: str = "p-1", before: str | None = None,
    employer_id: str = "e-1", months: float | None = 12, signed: bool | None = True, insured_on: str | None = None,
) -> StepTaken:  # fmt: skip
    contract = Contract(signed=signed, months=months, insured_on=date.fromisoformat(insured_on) if insured_on else None)
    return StepTaken(
        person_id=person_id,
        posting_id=posting_id,
        match_id=match_id(person_id, posting_id),
        step=step_,
        before=before or ("hired" if step_ == "left" else None),
        on=date.fromisoformat(on),
        contract=contract if step_ == "hired" else None,
        employer_id=employer_id,
    )


def insured(
    person_id: str = "u-1", employer_id: str = "e-1", on: str = "2023-09-01", ended: str | None = None, **more: Any
) -> InsuranceRecorded:
    ended_on = date.fromisoformat(ended) if ended else None
    return InsuranceRecorded(person_id=person_id, employer_id=employer_id, insured_on=date.fromisoformat(on), ended_on=ended_on, **more)


def year(
    employer_id: str = "e-1", year_: int = 2022, *, insured: int = 100, leavings: dict[str, int] | None = None,
    contributions: str | None = "100000", refunded: str | None = None,
) -> InsuranceYearRecorded:  # fmt: skip
    return InsuranceYearRecorded(
        employer_id=employer_id,
        year=year_,
        insured_by_month=(insured,) * 12,
        leavings=tuple(Leaving(reason=reason, number=number) for reason, number in (leavings or {}).items()),
        contributions_yuan=contributions,
        refunded_yuan=refunded,
    )


def internship(person_id: str, outcome: str = "completed", *, signed: bool = False, employer_id: str = "e-1") -> InternshipEnded:
    return InternshipEnded(
        person_id=person_id,
        employer_id=employer_id,
        started_on=date(2023, 3, 1),
        ended_on=date(2023, 8, 31),
        outcome=outcome,
        contract_signed=signed,
    )


def claim(
    claim_id: str = "c-1", benefit: str = "hiring_one_off", *, person_id: str | None = "u-1", employer_id: str | None = "e-1",
    about: str | None = None, on: str = "2023-09-01", **more: Any,
) -> ClaimMade | PersonClaimMade:  # fmt: skip
    fields: dict[str, Any] = {"claim_id": claim_id, "benefit": benefit, "on": date.fromisoformat(on), "by": "account:e-1", **more}
    if person_id is None:
        return ClaimMade(employer_id=employer_id or "", about=about or "", **fields)
    made_about = about if about is not None else match_id(person_id, "p-1") if employer_id is not None else ""
    return PersonClaimMade(person_id=person_id, employer_id=employer_id, about=made_about, **fields)


def decided(decision: str, claim_id: str = "c-1", *, reason: str | None = None, yuan: str | None = None) -> ClaimDecided:
    return ClaimDecided(claim_id=claim_id, decision=decision, by="account:k-1", reason=reason, yuan=yuan)
