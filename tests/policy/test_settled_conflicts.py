"""Where the documents disagree: each conflict is settled by data, and the entries keep to it."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

import pytest

from matcher.policy import CatalogueError, answer_facts, load_catalogue
from matcher.policy.format import Entry, Gap, SettledCase, Target
from matcher.policy.loader import build, leaves
from tests.policy.test_catalogue_files import FILES, _letters
from tests.reference_data import reference_data

CATALOGUE = load_catalogue()
LAST_DAY_OF_2023 = date(2023, 12, 31)
CONFLICTS = {conflict.id: conflict for conflict in CATALOGUE.shared.conflicts}
CASES = [(conflict.id, case) for conflict in CONFLICTS.values() for case in conflict.cases]
TARGETS = [(conflict.id, target) for conflict in CONFLICTS.values() for target in conflict.targets]


def test_all_eighteen_are_settled_with_a_reason_and_by_data() -> None:
    assert list(CONFLICTS) == [f"C{number}" for number in range(1, 19)]
    assert all(conflict.texts and conflict.resolution and (conflict.cases or conflict.targets) for conflict in CONFLICTS.values())


@pytest.mark.parametrize(("conflict", "case"), CASES, ids=[f"{name}-{number}-{case.entry}" for number, (name, case) in enumerate(CASES)])
def test_an_entry_says_what_the_settlement_says(conflict: str, case: SettledCase) -> None:
    answer = answer_facts(CATALOGUE, case.facts, case.date)
    result = next(result for result in answer["results"] if result["entry_id"] == case.entry)
    assert result["status"] == case.status
    assert result.get("yuan") == (float(case.yuan) if case.yuan is not None else None) or case.yuan is None
    assert result.get("percent") == (float(case.percent) if case.percent is not None else None) or case.percent is None


@pytest.mark.parametrize(("conflict", "target"), TARGETS, ids=[f"{name}-{number}" for number, (name, _) in enumerate(TARGETS)])
def test_a_target_stands_in_its_document_and_no_condition_depends_on_it(conflict: str, target: Target) -> None:
    numbers = {format(target.value.normalize(), "f"), format((target.value / 10_000).normalize(), "f") + "万"}
    words = unicodedata.normalize("NFKC", target.quote)
    assert any(number in words for number in numbers) or "全部" in words or "一个" in words
    if target.value > 100:
        assert all(str(target.value) != str(leaf.value) for entry in CATALOGUE.entries for leaf in leaves(entry.conditions))
    document = next(reference_data("seeds").glob(f"{target.source[:3]}_*.txt")).read_text(encoding="utf-8")
    assert _letters(target.quote) in _letters(document)


def test_the_two_thirties_of_labour_brands_stay_apart() -> None:
    thirties = [target for target in CONFLICTS["C17"].targets if target.value == 30]
    assert len({(target.what, target.source) for target in thirties}) == 2


def test_a_later_version_that_lowers_a_rate_counts_from_its_first_day() -> None:
    def percent(day: str) -> float | None:
        facts = {
            "employer.kind": "enterprise",
            "employer.ui_insured": True,
            "employer.size": "small",
            "employer.layoff_rate_prev_year_percent": 0,
        }
        live = [one for one in answer_facts(CATALOGUE, facts, day)["results"] if one["entry_id"].startswith("job_retention_refund")]
        return next((one["percent"] for one in live if one["status"] in ("ELIGIBLE", "NEEDS_CHECK")), None)

    assert [percent(day) for day in ("2021-12-31", "2022-01-01", "2022-06-13", "2022-06-14", "2023-07-19", "2023-07-20", "2024-01-01")] == [
        60, None, None, 90, 90, 60, None,
    ]  # fmt: skip


def _without_text(gap: Gap) -> list[Entry]:
    """The entries that a gap speaks of: of a benefit, of the two variants its note names, or all of a window."""
    if gap.benefit.startswith("all with policy_period"):
        return [one for one in CATALOGUE.entries if one.window.kind == "policy_period" and one.window.to == LAST_DAY_OF_2023]
    entries = [one for one in CATALOGUE.by_benefit[gap.benefit] if one.document != "003"]
    if "variants" not in gap.note:
        return entries
    asked = {one.id: {(leaf.field, str(leaf.value)) for leaf in leaves(one.conditions)} for one in entries}
    six_months = [one for one in entries if ("person.registered_unemployed_months", "6") in asked[one.id]]
    larger = [
        one
        for one in entries
        if any(leaf.field == "employer.size" and {"medium", "large"} & set(leaf.value) for leaf in leaves(one.conditions))
    ]
    assert six_months
    assert larger
    return [*six_months, *larger]


@pytest.mark.parametrize("gap", CATALOGUE.shared.gaps, ids=lambda gap: f"{gap.benefit} {gap.from_}")
def test_gaps_in_time_have_no_text(gap: Gap) -> None:
    """``gaps``: between two versions nothing holds, and nothing is told, whatever is known."""
    entries = _without_text(gap)
    assert entries
    first = date.fromisoformat(gap.from_)
    last = date.fromisoformat(gap.to) if gap.to is not None else date(2028, 7, 19)
    for day in (first, first + (last - first) / 2, last):
        answer = answer_facts(CATALOGUE, {}, day)
        status = {one["entry_id"]: one["status"] for one in answer["results"]}
        for entry in entries:
            assert status[entry.id] == "OUT_OF_WINDOW", (entry.id, day)
            assert entry.id not in answer["emitted"]
    before = {one["entry_id"]: one["status"] for one in answer_facts(CATALOGUE, {}, first - timedelta(days=1))["results"]}
    assert any(before[entry.id] != "OUT_OF_WINDOW" for entry in entries), "a gap begins where something ended"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("- {entry: unemployment_aid__001, date: 2022-12-31", "- {entry: unemployment_aid__009, date: 2022-12-31", "there is no entry"),
        (re.compile(r"    cases:\n      - \{entry: unemployment_aid.*\n.*\n"), "", "settled by data"),
    ],
)
def test_an_unsettled_conflict_is_refused(old: str | re.Pattern[str], new: str, fault: str) -> None:
    text = FILES["_catalogue.yaml"]
    broken = old.sub(new, text) if isinstance(old, re.Pattern) else text.replace(old, new)
    assert broken != text
    with pytest.raises(CatalogueError, match=fault):
        build({**FILES, "_catalogue.yaml": broken})
