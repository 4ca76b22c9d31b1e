"""C-16: which claims are held before anybody pays, each with the words that explain it. Pure.

A hold is no refusal: staff look at it, and the claimant may object. What is compared is named; nobody is called a cheat.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from matcher.policy.calendar import add_months
from matcher.policy.loader import Catalogue

SOON_DAYS = 30  # a contract that ends this soon after the condition was met
SAME_ACCOUNT = 3  # claimants paid to one account
RELATIVES_CLAIMS = 5
RELATIVES_PERCENT = 30
# What only several claims together make doubtful: which of them is the wrong one their order does not say.
TOGETHER = frozenset({"same_person_several_employers", "one_account", "many_relatives"})


@dataclass(frozen=True)
class Filed:
    """A claim as the checks see it, itself or another one."""

    claim_id: str
    benefit: str
    employer_id: str | None
    person_id: str | None
    about: str
    on: date
    stage: str
    account: str | None = None
    relative: bool | None = None

    @property
    def counts(self) -> bool:
        return self.stage not in ("refused", "rejected")

    @property
    def claimant(self) -> str:
        return self.employer_id or self.person_id or ""


@dataclass(frozen=True)
class Employed:
    """A hire of the claim's person: where, since when, until when, and where insured."""

    hire_id: str
    employer_id: str | None
    hired_on: date | None
    left_on: date | None
    insured_on: date | None
    insurance_ended_on: date | None


@dataclass(frozen=True)
class Hold:
    rule: str
    text: str


def holds(
    catalogue: Catalogue, claim: Filed, others: Iterable[Filed], hires: Sequence[Employed], *, stable_months: int | None, income: bool
) -> list[Hold]:
    """Why this claim is to be looked at by a person. ``others``: claims of the same person, employer or account; ``stable_months``: what
    the entry's condition asks for; ``income``: a benefit for people without work."""
    rivals = [other for other in others if other.claim_id != claim.claim_id and other.counts]
    found = [
        *_several_employers(claim, rivals, {hire.hire_id: hire for hire in hires}),
        *_same_again(catalogue, claim, rivals),
        *_excluded_together(catalogue, claim, rivals),
        *_one_account(claim, rivals),
        *_relatives(claim, rivals),
        *_too_often(catalogue, claim, rivals),
        *_left_just_after(claim, hires, stable_months),
        *_insured_elsewhere(claim, hires, income),
    ]
    return list(dict.fromkeys(found))


def limited_by_year(catalogue: Catalogue) -> frozenset[str]:
    """Benefits that a person may claim several times, so many times a year."""
    return frozenset(benefit for rule in catalogue.shared.exclusion_rules if rule.rule == "per_year" for benefit in rule.between)


def _several_employers(claim: Filed, rivals: Iterable[Filed], hires: Mapping[str, Employed]) -> Iterable[Hold]:
    if claim.person_id is None or claim.employer_id is None:
        return
    for other in rivals:
        same = other.person_id == claim.person_id and other.benefit == claim.benefit
        if same and other.employer_id not in (None, claim.employer_id) and _at_once(hires.get(claim.about), hires.get(other.about)):
            yield Hold("same_person_several_employers", "同一名人员已由另一家单位申请同一项补贴，要核实此人在哪家单位就业。")
            return


def _at_once(one: Employed | None, other: Employed | None) -> bool:
    """Whether two jobs overlap, as far as is known: somebody who left the one before the other began had them one after the other."""
    if one is None or other is None or one.hired_on is None or other.hired_on is None:
        return True
    first, second = sorted((one, other), key=lambda hire: hire.hired_on or date.max)
    return first.left_on is None or second.hired_on is None or first.left_on > second.hired_on


def _same_again(catalogue: Catalogue, claim: Filed, rivals: Iterable[Filed]) -> Iterable[Hold]:
    """The same benefit for the same person and employer over another hire. What a higher rate adds is about the same hire."""
    if claim.benefit in limited_by_year(catalogue):
        return
    for other in rivals:
        same = (other.benefit, other.employer_id, other.person_id) == (claim.benefit, claim.employer_id, claim.person_id)
        if not same or other.about == claim.about:
            continue
        if claim.person_id is None and claim.about and other.about:
            continue  # two years of one employer
        who = "您" if claim.employer_id is None else "本单位" if claim.person_id is None else "本单位为同一名人员"
        yield Hold("same_again", f"{who}已经申请过同一项补贴，要核实是不是同一件事。")
        return


def _excluded_together(catalogue: Catalogue, claim: Filed, rivals: Iterable[Filed]) -> Iterable[Hold]:
    for other in rivals:
        if claim.person_id is not None and other.person_id is not None and other.person_id != claim.person_id:
            continue
        if other.claimant != claim.claimant:
            continue
        name = catalogue.benefit_names.get(other.benefit, other.benefit)
        for rule in catalogue.shared.exclusion_rules:
            apart = claim.benefit != other.benefit and claim.benefit in rule.between and other.benefit in rule.between
            # What a higher rate adds to the same hire (E-24) is the same benefit paid in two parts, not a second one.
            again = claim.benefit == other.benefit and not (claim.about and claim.about == other.about)
            one_only = rule.rule == "one_variant" and again and claim.benefit in rule.between
            if rule.rule == "bundle_first" and rule.between[0] not in (claim.benefit, other.benefit):
                continue
            if (apart and rule.rule in ("one_of", "higher_total", "bundle_first")) or (one_only and claim.person_id == other.person_id):
                quote = f"“{rule.sources[0].quote}”（{rule.sources[0].source}）" if rule.sources else "同一项补贴只享受一次"
                yield Hold(f"excluded_together:{rule.id}", f"已经申请“{name}”，两项不能同时享受：{quote}。请选择其中一项。")


def _one_account(claim: Filed, rivals: Iterable[Filed]) -> Iterable[Hold]:
    if claim.account is None:
        return
    claimants = {other.claimant for other in rivals if other.account == claim.account} | {claim.claimant}
    if len(claimants) >= SAME_ACCOUNT:
        yield Hold("one_account", f"{len(claimants)}个申请人填写了同一个收款账户，要核实账户是谁的。")


def _relatives(claim: Filed, rivals: Iterable[Filed]) -> Iterable[Hold]:
    if not claim.relative or claim.employer_id is None:
        return
    recent = [o for o in rivals if o.employer_id == claim.employer_id and o.person_id and abs((claim.on - o.on).days) <= 180]
    number = len(recent) + 1
    related = sum(bool(other.relative) for other in recent) + 1
    if number >= RELATIVES_CLAIMS and related * 100 > RELATIVES_PERCENT * number:
        yield Hold("many_relatives", f"半年内申请的{number}人中有{related}人填写为单位负责人的亲属，要核实用工是否真实。")


def _too_often(catalogue: Catalogue, claim: Filed, rivals: Iterable[Filed]) -> Iterable[Hold]:
    """More often in a year than the entry of that day allows (X7: 000 第(五)条); an entry that names no number allows any."""
    if claim.benefit not in limited_by_year(catalogue) or claim.person_id is None:
        return
    same = [o for o in rivals if o.person_id == claim.person_id and o.benefit == claim.benefit and o.on.year == claim.on.year]
    for entry in catalogue.by_benefit[claim.benefit]:
        most = getattr(entry.amount, "max_times_per_year", None)
        if most is not None and entry.window.holds(claim.on) and len(same) >= most:
            where = f"（{entry.document} {entry.clause}）"
            yield Hold("too_often", f"今年已经申请{len(same)}次，文件规定每人每年享受补贴次数最多不超过{most}次{where}。")


def _left_just_after(claim: Filed, hires: Iterable[Employed], stable_months: int | None) -> Iterable[Hold]:
    for hire in hires:
        if hire.hire_id != claim.about or hire.left_on is None or hire.hired_on is None:
            continue
        met_on = add_months(hire.hired_on, stable_months) if stable_months else hire.hired_on
        if met_on <= hire.left_on <= met_on + timedelta(days=SOON_DAYS):
            yield Hold("left_just_after", f"此人在刚满足条件后{(hire.left_on - met_on).days}天就离开了单位，要核实离职原因。")


def _insured_elsewhere(claim: Filed, hires: Iterable[Employed], income: bool) -> Iterable[Hold]:
    for hire in hires:
        insured = hire.insured_on is not None and hire.insured_on <= claim.on
        ended = hire.insurance_ended_on or hire.left_on
        if not insured or (ended is not None and ended <= claim.on):
            continue
        if claim.employer_id is not None and hire.employer_id != claim.employer_id:
            yield Hold("insured_elsewhere", "参保记录显示此人目前由另一家单位参保，要核实劳动关系。")
            return
        if claim.employer_id is None and income:
            yield Hold("insured_while_receiving", "参保记录显示您目前由用人单位参保，这项待遇发给没有就业的人员，请说明情况。")
            return
