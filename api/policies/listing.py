"""The public list of benefits: every entry in readers' words, and which of them a search finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from matcher.policy.amounts import shown
from matcher.policy.conditions import Prepared, prepare
from matcher.policy.coverage import is_shown_only
from matcher.policy.described import WindowState, asked_for, employers_of, groups_of, groups_with, window_state
from matcher.policy.format import Document, Entry
from matcher.policy.loader import Catalogue
from matcher.policy.package import documents
from matcher.policy.wording import how_words
from matcher.text import normalise

PAYEES = {
    "employer": "发给用人单位", "jobseeker": "发给求职者和劳动者", "intern_unit": "发给见习单位", "enterprise_founder": "发给创业者",
    "training_org": "发给培训机构", "institution": "发给机构和项目", "market": "发给零工市场",
}  # fmt: skip
STATES: dict[WindowState, str] = {"open": "今天在期限内", "coming": "还没有开始", "over": "已经结束"}
NO_SUM = ("non_monetary", "modifier", "timing_change", "post", "in_kind")


@dataclass(frozen=True)
class Line:
    """One entry for readers."""

    entry: Entry
    benefit: str
    document: Document
    amount: str
    state: WindowState
    days_left: int | None
    groups: tuple[str, ...]
    group_names: tuple[str, ...]
    conditions: tuple[str, ...]
    how: str
    papers: str
    shown_only: bool
    searched: str


@dataclass(frozen=True)
class Benefit:
    """A benefit with the entries that were found, those of today first."""

    id: str
    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Asked:
    """What the reader looks for; empty texts are no limit. ``state`` ``all`` is every window."""

    q: str = ""
    payee: str = ""
    group: str = ""
    kind: str = ""
    state: str = "open"


@lru_cache(maxsize=2)
def lines(catalogue: Catalogue, day: date) -> tuple[Line, ...]:
    """Every entry on that day, in the catalogue's order."""
    prepared = prepare(catalogue, {}, day)
    names = catalogue.shared.vocabulary["person.category"]
    found = []
    for entry in catalogue.entries:
        document = catalogue.documents[entry.document]
        groups = groups_of(catalogue, entry)
        amount = "" if entry.amount.type in NO_SUM else shown(catalogue, entry, prepared).basis
        conditions = asked_for(catalogue, entry)
        state = window_state(entry, day)
        name = catalogue.benefit_names[catalogue.benefit_of[entry.id]]
        texts = [name, entry.name, entry.quote, entry.clause, document.title, document.doc_number or "", amount, PAYEES[entry.payee]]
        found.append(
            Line(
                entry=entry,
                benefit=catalogue.benefit_of[entry.id],
                document=document,
                amount=amount,
                state=state,
                days_left=(entry.window.to - day).days if state == "open" and entry.window.to is not None else None,
                groups=tuple(groups),
                group_names=tuple(names[code] for code in groups),
                conditions=tuple(conditions),
                how=how_words(entry),
                papers=_papers(catalogue, prepared, catalogue.benefit_of[entry.id]),
                shown_only=is_shown_only(entry),
                searched=normalise(" ".join([*texts, *conditions, entry.hint or "", *entry.not_modelled])),
            )
        )
    return tuple(found)


def _papers(catalogue: Catalogue, prepared: Prepared, benefit: str) -> str:
    """What a document says of papers; "" where none says anything."""
    found = documents(catalogue, prepared, [benefit])
    parts = [f"就业证明，有一种就可以：{'、'.join(found.any_of)}"] if found.any_of else []
    return "；".join([*parts, *(f"不用提交{words}" for words in found.not_asked)])


def groups(catalogue: Catalogue, day: date) -> dict[str, str]:
    """The groups of people that any entry names: code to name."""
    named = {code for line in lines(catalogue, day) for code in line.groups}
    return {code: name for code, name in catalogue.shared.vocabulary["person.category"].items() if code in named}


def found(catalogue: Catalogue, day: date, asked: Asked) -> list[Line]:
    """The entries that have every word of the search and pass the limits."""
    terms = normalise(asked.q).split()
    return [
        line
        for line in lines(catalogue, day)
        if (not asked.payee or line.entry.payee == asked.payee)
        and (not asked.group or not groups_with(catalogue, asked.group).isdisjoint(line.groups))
        and (not asked.kind or line.entry.id in employers_of(catalogue, day).get(asked.kind, frozenset()))
        and (asked.state == "all" or line.state == asked.state)
        and all(term in line.searched for term in terms)
    ]


def by_payee(catalogue: Catalogue, chosen: Iterable[Line]) -> list[tuple[str, list[Benefit]]]:
    """Benefits under who is paid: one that pays two appears under both."""
    sorted_in: dict[str, dict[str, list[Line]]] = {payee: {} for payee in PAYEES}
    for line in chosen:
        sorted_in[line.entry.payee].setdefault(line.benefit, []).append(line)
    return [
        (
            PAYEES[payee],
            [
                Benefit(benefit, catalogue.benefit_names[benefit], tuple(sorted(of_it, key=lambda line: line.state != "open")))
                for benefit, of_it in benefits.items()
            ],
        )
        for payee, benefits in sorted_in.items()
        if benefits
    ]
