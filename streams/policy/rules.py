"""Pure decisions of policy: layoff rates with their headroom, counts and the next threshold, retention, the stages of a claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from statistics import median
from typing import Any

from matcher.policy.calendar import add_months
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue, leaves
from matcher.policy.terms import AllOf, AnyOf, Condition, LadderPerPerson, LadderTotal, Leaf

# -- layoff rate (E-12) --------------------------------------------------------------------------------------------------

LAYOFF = "employer.layoff_rate_prev_year_percent"
INSURED = "employer.insured_employees"
LEAVING_REASONS = {
    "dismissed": "单位解除合同", "laid_off": "经济性裁员", "not_renewed_by_employer": "合同到期单位不续签", "resigned": "本人辞职",
    "retired": "退休", "transferred": "调出", "died": "死亡", "other": "其他",
}  # fmt: skip
# No document says how the rate is computed: which leavings count and of what is a parameter.
LAYOFFS = frozenset({"dismissed", "laid_off", "not_renewed_by_employer"})
FORMULAS = {
    "dismissals_over_average": "裁员率＝上年度由单位原因减少的参保人数÷上年度月平均参保人数",
    "net_decrease": "裁员率＝（上年度最多月参保人数－年末参保人数）÷上年度最多月参保人数",
}


@dataclass(frozen=True)
class Layoffs:
    """``percent`` with four decimals, rounded up so that what is above a bound stays above it; ``base``: what it is a share of;
    ``laid_off``: leavings that count; ``insured``: people insured at the end of the year."""

    percent: Decimal
    base: Decimal
    laid_off: int
    insured: int


def layoffs(
    insured_by_month: Sequence[int], leavings: Iterable[tuple[str, int]], formula: str = "dismissals_over_average"
) -> Layoffs | None:
    """The layoff rate of a year; ``None`` where nobody was insured or no month is known. Raises ``ValueError`` for an unknown formula."""
    if formula not in FORMULAS:
        raise ValueError(f"layoff_formula {formula!r}: one of {', '.join(FORMULAS)} expected")
    months = [number for number in insured_by_month if number >= 0]
    if not months or not any(months):
        return None
    base = Decimal(sum(months)) / len(months)
    laid_off = sum(number for reason, number in leavings if reason in LAYOFFS)
    if formula == "net_decrease":
        laid_off, base = max(0, max(months) - months[-1]), Decimal(max(months))
    percent = (Decimal(laid_off) * 100 / base).quantize(Decimal("0.0001"), ROUND_CEILING)
    return Layoffs(percent, base, laid_off, months[-1])


@dataclass(frozen=True)
class Headroom:
    """How many more layoffs keep the rate within ``bound`` percent; negative: so many too many already."""

    bound: Decimal
    more: int


def layoff_bound(catalogue: Catalogue, entry: Entry, insured: int) -> Decimal | None:
    """The highest rate the entry allows an employer of this many insured people, read from its conditions; ``None``: it names none."""
    found = [bound for condition in entry.conditions for bound in _bounds(condition, insured)]
    return max(found) if found else None


def _bounds(condition: Condition, insured: int) -> list[Decimal]:
    if isinstance(condition, Leaf):
        stated = condition.field == LAYOFF and condition.op == "lte" and not isinstance(condition.value, str)
        return [Decimal(str(condition.value))] if stated else []
    if isinstance(condition, AnyOf):
        return [bound for part in condition.any_of for bound in _bounds(part, insured)]
    assert isinstance(condition, AllOf)
    for part in condition.all_of:
        if isinstance(part, Leaf) and part.field == INSURED and part.op == "lte" and insured > Decimal(str(part.value)):
            return []
    return [bound for part in condition.all_of for bound in _bounds(part, insured)]


def headroom(found: Layoffs, bound: Decimal) -> Headroom:
    """Whole people beside those already counted."""
    return Headroom(bound, int((bound * found.base / 100).quantize(Decimal(1), ROUND_FLOOR)) - found.laid_off)


def headroom_level(found: Layoffs, more: int) -> str | None:
    """What is worth a warning: ``near`` (at most ``WITHIN_REACH`` more), ``last`` (the next one is too many), ``over``; ``None`` where
    there is room, and where nobody was laid off (a small employer's years would all begin with a warning)."""
    if found.laid_off == 0 or more > WITHIN_REACH:
        return None
    return "over" if more < 0 else "last" if more == 0 else "near"


def percent_text(value: Decimal) -> str:
    """The exact figure without needless zeros."""
    return format(value.normalize(), "f")


# -- counts and thresholds (E-23, E-24) ----------------------------------------------------------------------------------

WITHIN_REACH = 5
STABLE_MONTHS = 6
PERIODS = ("year", "all")


def share_percent(part: int, whole: Decimal | int | None) -> Decimal | None:
    """A share in percent with one decimal, rounded down: 29.96 % has not reached 30."""
    if not whole or Decimal(whole) <= 0:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.1"), ROUND_DOWN)


def thresholds(entry: Entry, field: str) -> list[Decimal]:
    """The numbers of people from which the entry pays at all or pays more, lowest first."""
    found = {
        Decimal(str(leaf.value))
        for leaf in leaves(entry.conditions)
        if leaf.field == field and leaf.op == "gte" and not isinstance(leaf.value, str)
    }
    if isinstance(entry.amount, LadderTotal | LadderPerPerson) and entry.amount.basis == field:
        found |= {step.min for step in entry.amount.steps if step.min > 1}
    return sorted(found)


def next_threshold(steps: Sequence[Decimal], count: int, within: int = WITHIN_REACH) -> tuple[Decimal, int] | None:
    """The next number and how many are missing, where that is at most ``within``."""
    ahead = [step for step in steps if step > count]
    if not ahead or ahead[0] - count > within:
        return None
    return ahead[0], int(ahead[0] - count)


def share_asked(entry: Entry, field: str) -> Decimal | None:
    """The least share in percent that an entry asks for; ``None`` where it asks for none."""
    return next((step for step in thresholds(entry, field)), None)


def missing_for_share(part: int, whole: Decimal, bound: Decimal) -> int:
    """How many more people make ``part`` of ``whole`` reach ``bound`` percent; whoever is hired counts in both."""
    short = bound * whole - 100 * part
    return 0 if short <= 0 else int((short / (100 - bound)).quantize(Decimal(1), ROUND_CEILING))


def stable_until(hired_on: date) -> date:
    """The day on which a hire has lasted its six months."""
    return add_months(hired_on, STABLE_MONTHS)


def stable_by_year(hires: Iterable[tuple[str, date, date | None]], day: date) -> dict[int, set[str]]:
    """Who (person, first day, last day) has stayed six months by ``day``, by the year of the hire: who was hired in autumn is counted in
    spring, but for the year of the hire. A person counts once, however often they were hired."""
    found: dict[int, set[str]] = {}
    for who, hired_on, left_on in hires:
        if hired_on <= day and stable_until(hired_on) <= min(left_on or day, day):
            found.setdefault(hired_on.year, set()).add(who)
    return found


def absorbed_in(by_year: Mapping[int, Set[str]], year: int, period: str) -> int:
    """The count that holds for a hire of this year: of its calendar year, or of all. The documents name no period, so it is a setting."""
    return len(set().union(*by_year.values())) if period == "all" else len(by_year.get(year, ()))


# -- internships (J-22) --------------------------------------------------------------------------------------------------


# No document says whose contracts count and of what period: both are parameters.
RETENTIONS = {
    "with_contracts_before_end": "留用率＝期满和提前签订劳动合同的见习人员中，签订劳动合同的比例",
    "completed_only": "留用率＝见习期满的人员中，签订劳动合同的比例",
}
RETENTION_MONTHS = 12


def retention_percent(outcomes: Iterable[tuple[str, bool]], formula: str = "with_contracts_before_end") -> Decimal | None:
    """留用率: of those whose internship is over (completed, or ended by a contract), the share with a contract, rounded down to a tenth.

    ``outcomes``: outcome and whether a contract was signed. Internships that were broken off do not count. ``None``: none is over. Raises
    ``ValueError`` for an unknown formula.
    """
    if formula not in RETENTIONS:
        raise ValueError(f"retention_formula {formula!r}: one of {', '.join(RETENTIONS)} expected")
    counted = ("completed",) if formula == "completed_only" else ("completed", "contract_before_end")
    over = [outcome == "contract_before_end" or signed for outcome, signed in outcomes if outcome in counted]
    return share_percent(sum(over), len(over)) if over else None


def recruited_posts(state: str, posts: int, taken: int) -> int:
    """How many posts of an internship posting count as recruited: all of one that is public, filled or past its day; of one that was taken
    back or is held only those that somebody took; none of one that is counted with another (merged)."""
    if state == "merged":
        return 0
    return posts if state in ("published", "filled", "expired") else min(posts, taken)


# 000 第(十二)条: 「推荐动员参加见习的企事业单位参与创建」. No document adds a number (a rate, a count) to it.
MODEL_UNIT_KINDS = frozenset({"enterprise", "public_institution", "public_institution_in_enterprise_pension"})


def may_be_model_unit(kind: str | None) -> bool | None:
    """Whether a unit that takes part in internships may take part in becoming a 就业见习示范单位: an enterprise or a public institution;
    ``None``: nobody said of what kind it is."""
    return None if kind is None else kind in MODEL_UNIT_KINDS


# -- 渐退期 (J-16) ---------------------------------------------------------------------------------------------------------


def gradual_exit(months: Iterable[tuple[date, bool]], length: int) -> tuple[date, date] | None:
    """First and last day of the 渐退期: it begins with the first month above the standard of the last unbroken run of such months.

    ``months``: first day of a month, and whether the income was above; ``length`` in months, from the entry. A month that nobody reported
    breaks no run. ``None``: the last month reported is not above.
    """
    start: date | None = None
    for month, above in sorted(months):
        start = (start or month) if above else None
    return (start, add_months(start, length) - timedelta(days=1)) if start is not None else None


# -- claims (E-10) -------------------------------------------------------------------------------------------------------

STAGES = {"refused": "不予受理", "accepted": "已受理", "approved": "审核通过", "rejected": "审核不通过", "paid": "已发放"}
OVER = ("refused", "rejected", "paid")
# E-10 (000 第(八)条 优化流程、精减环节): 受理, 审核, 发放 are three steps; being held once and released again are two more. A setting.
MOST_STEPS = 5
COUNTED = ("accepted", "held", "released", "approved", "rejected", "paid")
DECISIONS = {"approve": "审核通过", "reject": "审核不通过", "pay": "确认发放", "hold": "暂缓", "release": "解除暂缓"}


def steps_taken(steps: Iterable[str]) -> int:
    """How many steps of the office a claim has gone through; that it came in, was objected to or raised is none."""
    return sum(step in COUNTED for step in steps)


def may_decide(stage: str, held: bool, decision: str, reason: str | None = None, *, taken: int = 1, most: int = MOST_STEPS) -> str | None:
    """Why a decision cannot be taken now, in plain Chinese; ``None`` if it can. ``taken``: steps so far, of at most ``most``: whoever
    would hold a claim beyond that has to decide it instead."""
    if decision not in DECISIONS:
        return "没有这种办理"
    if stage in OVER:
        # A refusal is an automated decision: somebody may overturn it.
        return None if stage in ("refused", "rejected") and decision == "release" else f"这件申请{STAGES[stage]}，不能再办理"
    if decision == "release":
        return None if held else "这件申请没有暂缓"
    if held and decision in ("approve", "pay"):
        return "这件申请暂缓办理，先解除暂缓"
    if decision == "approve":
        return None if stage == "accepted" else "这件申请已经审核"
    if decision == "pay":
        return None if stage == "approved" else "先审核通过，再发放"
    if decision in ("reject", "hold") and not (reason or "").strip():
        return "请写明理由"
    # To be held and released, and what is left until the sum is paid.
    if decision == "hold" and taken + 2 + {"accepted": 2, "approved": 1}[stage] > most:
        return f"这件申请已经办了{taken}步，一件申请最多{most}步，不能再暂缓：请审核通过或者不通过"
    return None


def after_decision(stage: str, held: bool, decision: str) -> tuple[str, bool]:
    """Stage and hold once a decision that ``may_decide`` allows is taken."""
    if decision == "release":
        return ("accepted" if stage in ("refused", "rejected") else stage), False
    if decision == "hold":
        return stage, True
    return {"approve": "approved", "reject": "rejected", "pay": "paid"}[decision], False


def medians(steps: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Median hours from acceptance to review and from review to payment: ``{"review_hours", "payment_hours"}`` where any are known.

    ``steps``: claim_id, step, at (datetime), in any order.
    """
    by_claim: dict[str, dict[str, Any]] = {}
    for step in sorted(steps, key=lambda one: one["at"]):
        by_claim.setdefault(step["claim_id"], {})[step["step"]] = step["at"]
    found: dict[str, float] = {}
    for name, first, then in (("review_hours", "accepted", ("approved", "rejected")), ("payment_hours", "approved", ("paid",))):
        hours = [
            (max(at[one] for one in then if one in at) - at[first]).total_seconds() / 3600
            for at in by_claim.values()
            if first in at and any(one in at for one in then)
        ]
        if hours:
            found[name] = round(median(hours), 1)
    return found
