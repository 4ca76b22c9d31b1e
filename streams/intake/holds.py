"""Why a posting is held: asks the rules (``rules.py``) with what intake knows of the sender and the employer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from matcher.shapes import Posting
from streams.intake.rules import advice, holds

# The reasons that go away when somebody else (the employer, the licence register) says something.
UNVERIFIED = "employer_unverified"
UNLICENSED = "agency_licence"
# What staff found of an agency's promise (commitments.py).
BROKEN_PROMISE = "agency_commitment"
# The reasons that come from reports of users (reports.py), not from the posting's own words.
REPORTED = "reported"
MARKED = "employer_reported"


def reasons_to_hold(
    posting: Posting,
    *,
    verified_sender: bool,
    as_of: date,
    known_employer: bool,
    licensed_agency: bool | None = None,
    registered_code: str | None = None,
) -> list[dict[str, str]]:
    """``{rule, evidence, change}`` for each rule that the posting meets, in plain Chinese; none where it may be published."""
    known = {"known_employer": known_employer, "licensed_agency": licensed_agency, "registered_code": registered_code}
    found = holds(posting, as_of=as_of, verified_sender=verified_sender, **known)  # type: ignore[arg-type]
    return [{"rule": hold.rule, "evidence": hold.evidence, "change": _change(hold.change, hold.law)} for hold in found]


def advised(posting: Posting) -> list[str]:
    """What to tell the employer of a posting that is published all the same."""
    return [f"“{hint.evidence}”：{hint.change}" for hint in advice(posting)]


def _change(change: str, law: str) -> str:
    return f"{change}（{law}）" if law and law not in change else change


def still_waiting(
    reasons: list[Mapping[str, str]], *, confirmed: bool, licensed: bool | None = None, kept: bool = False
) -> list[Mapping[str, str]]:
    """The reasons that stay when the employer turns out to be (``confirmed``) confirmed by staff, (``licensed``) to be an agency with a
    licence or filing, or (``kept``) to have no broken promise any more."""
    gone = {*((UNVERIFIED,) if confirmed else ()), *((UNLICENSED,) if licensed else ()), *((BROKEN_PROMISE,) if kept else ())}
    return [reason for reason in reasons if reason["rule"] not in gone]
