"""An offer as an evaluation wants it, before it is held against what was offered before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from matcher.match_order import name_id
from matcher.policy.format import Entry
from streams.runtime.messages import NAMESPACE

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Wanted:
    """An offer as the evaluation gives it. ``choice``: what it stands against, with both totals (``choices``)."""

    origin: str
    payee_kind: str
    employer_id: str | None
    person_id: str | None
    about: str
    entry: Entry
    benefit: str
    state: str
    status: str
    yuan: Decimal | None
    percent: Decimal | None
    basis: str
    missing: tuple[str, ...]
    failed: tuple[str, ...]
    earliest: date | None
    paid: Decimal | None = None
    choice: Mapping[str, str] = field(default_factory=dict)

    @property
    def offer_id(self) -> str:
        payee = self.employer_id if self.payee_kind == "employer" else self.person_id
        return offer_id(self.payee_kind, payee or "", self.benefit, self.about)


def offer_id(payee_kind: str, payee: str, benefit: str, about: str) -> str:
    return name_id(NAMESPACE, f"offer|{payee_kind}|{payee}|{benefit}|{about}")


def yuan_text(value: Decimal | None) -> str | None:
    """The exact sum without needless zeros."""
    if value is None:
        return None
    return format(value.quantize(CENT, ROUND_HALF_UP).normalize(), "f")
