"""归集简办 (J-37: 001 五、21): what data say of a founder, one check of it, and which subsidies are merged into one application."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from matcher.policy.facts import Facts
from matcher.policy.format import ExclusionRule
from matcher.policy.loader import Catalogue
from matcher.shapes import Person
from streams.policy.tables import founders
from streams.runtime.messages import from_json

#: The four facts that are checked with data: registration, tax, insurance, somebody employed (000 第(十三)条).
CHECKED = (
    "founder.registered_with_market_regulator", "founder.has_tax_activity", "founder.has_social_insurance_payment", "founder.jobs_created",
)  # fmt: skip


def merging(catalogue: Catalogue) -> ExclusionRule:
    """The rule that merges: the one application first in ``between``, then what it merges."""
    return next(rule for rule in catalogue.shared.exclusion_rules if rule.rule == "bundle_first")


def report(connection: Connection, person_id: str) -> dict[str, Any]:
    """What was reported of a founder, by the names of the facts; ``registered_on`` beside them. Empty where nothing was."""
    document = connection.execute(select(founders.c.document).where(founders.c.person_id == person_id)).scalar()
    return dict(from_json(document)) if document is not None else {}


def founder_facts(connection: Connection, person: Person) -> Facts:
    """The same as facts, with what follows from it."""
    told = report(connection, person.person_id)
    facts: Facts = {name: Decimal(value) if type(value) is int else value for name, value in told.items() if name in CHECKED}
    if told.get("founder.registered_with_market_regulator"):
        facts["person.starting_business"] = True
    registered_on, graduated_on = told.get("registered_on"), person.education.graduated_on
    if registered_on is not None and graduated_on is not None:
        facts["founder.started_after_graduation"] = registered_on >= graduated_on.isoformat()
    return facts
