"""The live market as the edge asks it: recommendations and candidates computed from the matcher's own arrays."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any, cast

from api.problems import BadRequest, Unavailable
from api.services import Services
from matcher.days import day_of
from matcher.explain import Explanation, explain
from matcher.policy import hints_for_pair, load_catalogue
from matcher.policy.stake import at_stake
from matcher.shapes import Employer, FieldError, Person, Posting
from streams.matching.memory import Market

MOST = 100
#: Who is paid where the money is the person's own.
PERSONS_OWN = ("jobseeker", "enterprise_founder")


def market_of(services: Services) -> Market:
    """The matcher's own arrays (docs/decisions/0003), or this process's copy of them; a problem while they are being loaded."""
    if services.market is not None:
        memory: object = services.market.market
    else:
        memory = services.exchange.runner.loops["matching"].memory
    if memory is None:
        raise Unavailable("匹配数据正在载入，请稍后再试", headers={"Retry-After": "2"})
    return cast(Market, memory)


def today(services: Services) -> date:
    """The day in Shanghai at which live answers are computed."""
    return day_of(services.exchange.now())


def page_bounds(cursor: str | None, limit: int) -> tuple[int, int]:
    """Where a page starts and ends; a cursor is opaque and has no depth limit."""
    if cursor is None:
        return 0, limit
    try:
        start = int(base64.urlsafe_b64decode(cursor.encode() + b"==").decode().removeprefix("at:"))
        if not 0 <= start <= 1_000_000_000:
            raise ValueError
    except ValueError:
        error = FieldError(field="cursor", message="one given by an earlier answer expected")
        raise BadRequest("cursor 不是由上一页给出的", errors=[error]) from None
    return start, start + limit


def next_cursor(end: int, total: int) -> str | None:
    return base64.urlsafe_b64encode(f"at:{end}".encode()).decode().rstrip("=") if end < total else None


def explained(posting: Posting, person: Person, as_of: date, employer: Employer | None, services: Services) -> Explanation:
    """One pair with its sentences, by the rules this exchange runs with."""
    return explain(posting, person, as_of, employer, market_of(services).rules)


def recommendation(
    found: Explanation, posting: Posting, person: Person, employer: Employer | None, rank: int | None = None
) -> dict[str, Any]:
    """The contract's Recommendation with texts, the hints of this pair (ELIGIBLE and NEEDS_CHECK) and the sum at stake in them."""
    catalogue = load_catalogue()
    whole = found.as_json()
    for name in ("blockers", "near_miss", "in_market", "recommended"):
        whole.pop(name)
    whole["rank"] = rank
    whole["hints"] = hints_for_pair(catalogue, posting, person, employer, found.as_of)
    whole["at_stake"] = at_stake(catalogue, whole["hints"])
    whole["catalogue_version"] = catalogue.version
    return whole


def hints_as_seen(role: str, hints: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An employer reads nothing of what is paid to the person: it would tell how they live (低保, 残疾). They agreed to show a trade."""
    return [hint for hint in hints if hint["payee"] not in PERSONS_OWN] if role == "employer" else hints


def stakes_as_seen(role: str, stakes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sums of ``at_stake`` that this role reads; an employer its own."""
    return [stake for stake in stakes if stake["side"] == "employer"] if role == "employer" else stakes
