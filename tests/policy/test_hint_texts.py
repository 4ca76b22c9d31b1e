"""What hints say: every number of a text is one of the entry's own, sums as people write them, and nothing in machine words."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from matcher.policy import hints_for_pair, load_catalogue
from matcher.policy.amounts import shown, yuan_words
from matcher.policy.conditions import prepare
from matcher.policy.format import Entry
from matcher.policy.hint import hints_of
from matcher.policy.loader import leaves
from matcher.policy.wording import window_words
from matcher.shapes import read_employer, read_person, read_posting
from tests.policy.policy_cases import day_inside

CATALOGUE = load_catalogue()
NUMBER = re.compile(r"\d+(?:\.\d+)?%?万?")


def own_numbers(entry: Entry) -> set[str]:
    """Numbers of the quotation, the name, the window, the conditions and the amount, as they may be written."""
    words = [entry.quote, entry.name, window_words(entry), shown(CATALOGUE, entry, prepare(CATALOGUE, {}, day_inside(entry))).basis]
    values = [str(leaf.value) for leaf in leaves(entry.conditions)]
    found = set(NUMBER.findall(" ".join(words + values).replace("个月", "")))
    for number in list(found):
        if number.isdigit() and int(number) % 12 == 0:
            found.add(str(int(number) // 12))  # 36 months are three years
        if number.endswith("万"):
            found.add(str(int(Decimal(number[:-1]) * 10_000)))
        if number.isdigit() and int(number) >= 10_000:
            found.add(f"{Decimal(number) / 10_000:g}万")
    return found


@pytest.mark.parametrize("entry", [entry for entry in CATALOGUE.entries if entry.hint], ids=lambda entry: entry.id)
def test_a_hint_names_no_number_that_is_not_its_entrys(entry: Entry) -> None:
    assert set(NUMBER.findall(entry.hint or "")) <= own_numbers(entry)


@pytest.mark.parametrize("entry", CATALOGUE.entries, ids=lambda entry: entry.id)
def test_the_whole_text_is_plain_chinese(entry: Entry) -> None:
    day = day_inside(entry)
    hints = hints_of(CATALOGUE, prepare(CATALOGUE, {}, day), None, all_statuses=True)
    text = next(hint["text"] for hint in hints if hint["entry_id"] == entry.id)
    assert text.endswith("。")
    assert "。。" not in text
    assert "：：" not in text
    assert not re.search(r"[a-z_]{3,}|\d{4}-\d\d-\d\d|\d0000元|None|并非“", text.replace(entry.quote, "")), text
    for field in {leaf.field for leaf in leaves(entry.conditions)}:
        assert field not in text


@pytest.mark.parametrize(
    ("value", "words"),
    [(300, "300元"), (5000, "5000元"), (10_800, "10800元"), (15_000, "1.5万元"), (20_000, "2万元"), (30_000_000, "3000万元")],
)
def test_sums_are_written_as_people_write_them(value: int, words: str) -> None:
    assert yuan_words(value) == words


def told(status: str, **changes: Any) -> list[str]:
    posting = {"posting_id": "p", "source": "enterprise", "title": "焊工", "type": "regular", "region": "140105", **changes}
    person = {"person_id": "u", "kind": "registered_unemployed", "categories": []}
    employer = {"employer_id": "e", "kind": "enterprise", "size": "small", "ownership": "private"}
    hints = hints_for_pair(
        CATALOGUE, read_posting(posting), read_person(person), read_employer(employer), date(2026, 11, 20), all_statuses=True
    )
    return [hint["text"] for hint in hints if hint["status"] == status]


def test_what_fails_says_what_is_asked_and_what_is() -> None:
    texts = told("NOT_ELIGIBLE", contract_months=6)
    assert any("须劳动合同期限不少于12个月（现为6个月）" in text for text in texts)
    assert not any("（现为是）" in text or "（现为否）" in text for text in texts)


def test_what_is_over_says_the_window_in_words() -> None:
    assert any("至2023年12月31日，2026年11月20日不在期限内。" in text for text in told("OUT_OF_WINDOW"))


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2023, 11, 30), None), (date(2023, 12, 1), "还有30天到期（2023年12月31日）。"),
        (date(2023, 12, 24), "还有7天到期（2023年12月31日）。"),
        (date(2023, 12, 31), "今天是政策期限的最后一天（2023年12月31日）。"), (date(2024, 1, 1), None),
    ],
)  # fmt: skip
def test_in_its_last_thirty_days_a_hint_says_how_long_it_still_holds(day: date, said: str | None) -> None:
    hints = hints_of(CATALOGUE, prepare(CATALOGUE, {}, day), None, all_statuses=True)
    text = next(hint["text"] for hint in hints if hint["entry_id"] == "hiring_one_off__000_registered_unemployed")
    assert (said in text) if said else ("到期" not in text and "最后一天" not in text)
