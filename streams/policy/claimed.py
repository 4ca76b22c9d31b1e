"""What is claimed once: which hire or offer a claim is about, what was claimed before, and what a claim takes up of its offer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from matcher.match_order import match_id
from matcher.policy import Catalogue
from streams.policy.ended import never_began
from streams.policy.messages import ClaimMade, PersonClaimMade
from streams.policy.offers import HIRE, owed_yuan
from streams.policy.supervision import limited_by_year
from streams.policy.tables import claims, hires, offers
from streams.policy.wanted import yuan_text
from streams.runtime.subjects import Work

OVERTURNED = ("refused", "rejected")


# -- what it is about ----------------------------------------------------------------------------------------------------


def hire_of(connection: Connection, about: str, employer_id: str | None, person_id: str | None) -> dict[str, Any] | None:
    """The hire that a claim is about, where it is this claimant's. A match whose step joined a hire known before is that hire."""
    own = select(hires).where(hires.c.person_id == person_id).order_by(hires.c.hired_on.desc(), hires.c.hire_id)
    jobs = connection.execute(own).mappings().all() if about and person_id is not None else []
    found = next((one for one in jobs if one["hire_id"] == about), None)
    if found is None and person_id is not None:
        found = next((one for one in jobs if one["posting_id"] and match_id(person_id, one["posting_id"]) == about), None)
    if found is None or found["person_id"] != person_id or employer_id not in (None, found["employer_id"]):
        return None
    return dict(found)


def on_its_day(message: ClaimMade | PersonClaimMade, hire: Mapping[str, Any] | None, today: date) -> ClaimMade | PersonClaimMade:
    """A hire has one id and one day, whatever the claimant writes; a day that has not come stays as it was written, and is refused."""
    if hire is None:
        return message
    on = message.on if hire["hired_on"] is None or message.on > today else hire["hired_on"]
    return message.model_copy(update={"about": hire["hire_id"], "on": on})


def about_fault(connection: Connection, catalogue: Catalogue, row: Mapping[str, Any], hire: Mapping[str, Any] | None) -> str | None:
    """Why a claim is about nothing that is known of its claimant: of a hire, a year or what else was offered."""
    name = catalogue.benefit_names.get(row["benefit"], row["benefit"])
    if hire is not None and never_began(hire):
        return "这次招用已经撤销，或者当天就离职了，不能按它申请"
    if row["benefit"] in limited_by_year(catalogue):
        return None  # one of several certificates: the claimant names it
    told = [HIRE in entry.usable_as for entry in catalogue.by_benefit[row["benefit"]] if entry.payee in ("employer", "intern_unit")]
    if hire is not None:
        by_employer = row["employer_id"] is not None
        return f"“{name}”不是按一次招用申请的，不用写是哪一次招用" if by_employer and told and not any(told) else None
    payee = "employer" if row["employer_id"] is not None else "person"
    if payee == "employer" and not told:
        return None  # a training body or another institution, of whom nothing is offered: it names the course or the placements itself
    own = select(offers.c.about, offers.c.person_id).where(
        offers.c.payee_kind == payee, offers.c[f"{payee}_id"] == row[f"{payee}_id"], offers.c.benefit == row["benefit"]
    )
    known = connection.execute(own).all()
    # What an internship left over is offered of a person that the claim need not name.
    if any(one.about == row["about"] and (row["person_id"] is None or one.person_id in (None, row["person_id"])) for one in known):
        return None
    if row["about"]:
        return f"申请里写的事项不是申请人的招用记录，也不在“{name}”可以申请的事项里，请在补贴页面里选择要申请的一项"
    if payee == "employer" and told and all(told):
        return f"“{name}”按每一次招用申请，请写明是哪一次招用，可以在补贴页面里选择"
    years = sorted(one.about for one in known if one.about and one.person_id is None)
    return f"“{name}”按年度申请，请写明是哪一年度：{'、'.join(years)}" if years else None


# -- what was claimed before ---------------------------------------------------------------------------------------------


def claimed_before(connection: Connection, catalogue: Catalogue, row: Mapping[str, Any]) -> bool:
    """Whether the same thing has another claim that is open or paid, and no higher rate has added to it since (E-24). The day that was
    written makes it no other thing, but for what may be claimed every year."""
    same = select(claims.c.on, claims.c.marked_yuan).where(
        claims.c.offer_id == row["offer_id"], claims.c.claim_id != row["claim_id"], claims.c.stage.notin_(OVERTURNED)
    )
    before = connection.execute(same).all()
    if row["benefit"] in limited_by_year(catalogue):
        before = [one for one in before if one.on.year == row["on"].year]
    if not before:
        return False
    # What was claimed before its offer was open is not in what the offer counts as paid: the offer's rest is no top-up then.
    return any(one.marked_yuan is None for one in before) or not _has_top_up(connection, row)


def _has_top_up(connection: Connection, row: Mapping[str, Any]) -> bool:
    found = _offer(connection, row)
    if found is None or found["state"] != "open" or found["paid_yuan"] is None or found["yuan"] is None:
        return False
    return Decimal(found["yuan"]) > Decimal(found["paid_yuan"])


def release_fault(connection: Connection, catalogue: Catalogue, claim_id: str) -> str | None:
    """Why a refused or rejected claim cannot be taken up again: the same thing was claimed anew, or is paid."""
    row = connection.execute(select(claims).where(claims.c.claim_id == claim_id)).mappings().first()
    if row is None or row["stage"] not in OVERTURNED or not claimed_before(connection, catalogue, dict(row)):
        return None
    return "同一件事另有一件申请正在办理或者已经发放，不能再恢复这一件；另一件审核不通过以后才能恢复"


# -- what it takes up of its offer ---------------------------------------------------------------------------------------


def _offer(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any] | None:
    found = connection.execute(select(offers).where(offers.c.offer_id == row["offer_id"])).mappings().first()
    return dict(found) if found is not None else None


def mark_offer(work: Work, row: dict[str, Any]) -> None:
    """The offer is claimed: it is offered again only with a higher sum. The claim keeps how much of it that is, whatever staff grant."""
    found = _offer(work.connection, row)
    if found is not None and found["state"] == "open":
        paid = Decimal(found["paid_yuan"] or 0) + Decimal(row["yuan"] or 0)
        _change(work, found, state="claimed", paid_yuan=yuan_text(paid) if row["yuan"] is not None else None)
        row["marked_yuan"] = row["yuan"]


def mark_offer_again(work: Work, row: dict[str, Any]) -> None:
    """A claim that is taken up again comes to what its offer still owes."""
    found = _offer(work.connection, row)
    if found is not None and found["state"] == "open" and found["yuan"] is not None:
        row["yuan"] = owed_yuan(found)
    mark_offer(work, row)


def unmark_offer(work: Work, row: dict[str, Any]) -> None:
    """The offer is open again for what this claim took up of it, and the claim reads what was asked."""
    marked, row["marked_yuan"] = row["marked_yuan"], None
    if marked is not None:
        row["yuan"] = marked
    found = _offer(work.connection, row)
    if found is None or found["state"] != "claimed" or (marked is None and found["paid_yuan"] is not None):
        return
    paid = Decimal(found["paid_yuan"] or 0) - Decimal(marked or 0)
    _change(work, found, state="open", paid_yuan=yuan_text(paid) if paid > 0 else None)


def _change(work: Work, offer: Mapping[str, Any], **values: Any) -> None:
    mine = offers.c.offer_id == offer["offer_id"]
    work.connection.execute(offers.update().where(mine).values(**values, revision=offer["revision"] + 1, changed_on=work.as_of))
