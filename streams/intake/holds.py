"""Why a posting is held: asks the rules (``rules.py``) with what intake knows of the sender and the employer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from matcher import credit_code
from matcher.shapes import Employer
from streams.intake.messages import PostingReceived
from streams.intake.rules import advice, holds

UNVERIFIED = "employer_unverified"  # the one reason that goes away when somebody else (the employer) says something


def vouched_for(employer: Employer, verified: bool) -> bool:
    """Whether an employer that is registered may be believed to exist: its account was confirmed, or its credit code is sound."""
    return verified or credit_code.is_valid(employer.uscc)


def reasons_to_hold(message: PostingReceived, *, as_of: date, known_employer: bool) -> list[dict[str, str]]:
    """``{rule, evidence, change}`` for each rule that the posting meets, in plain Chinese; none where it may be published."""
    found = holds(message.posting, as_of=as_of, known_employer=known_employer, verified_sender=message.verified)
    return [{"rule": hold.rule, "evidence": hold.evidence, "change": _change(hold.change, hold.law)} for hold in found]


def advised(message: PostingReceived) -> list[str]:
    """What to tell the employer of a posting that is published all the same."""
    return [f"“{hint.evidence}”：{hint.change}" for hint in advice(message.posting)]


def _change(change: str, law: str) -> str:
    return f"{change}（{law}）" if law and law not in change else change


def still_waiting(reasons: list[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """The reasons that stay when the employer turns out to be known."""
    return [reason for reason in reasons if reason["rule"] != UNVERIFIED]
