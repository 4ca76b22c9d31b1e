"""Postings filled into columns at once are the postings put in one by one, to the last number; and they go on from there."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import postings_loading
from matcher.columns_postings import PostingColumns
from matcher.likeness import _text_tokens
from matcher.meaning import meaning_of_text, meanings_of_texts
from matcher.posting_words import cut
from matcher.postings_loading import fill_postings
from matcher.shapes import Posting, read_person, read_posting
from matcher.text import tokens_of_normalised, without_protected
from tests.matcher.made_up_pairs import made_up_person, made_up_posting

DAY = date(2026, 11, 20)
PIECES = (
    "负责车间", "焊接", "C++ 与 node.js..x", "3.5年以上", "月薪6000-8000元", "\n", "。", "　", "（女，35岁以下）", "()", "電工", "ＣＡＤ",
    "𠮷野家", "c#", "a.b.", ".9", "e\u0301", "〇", "宝妈优先", "五险一金", "-", "熟练使用Excel", "\u200b", "#+",
)  # fmt: skip
WRITTEN = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def written(posting: Posting) -> Any:
    """As the exchange keeps a posting, decoded."""
    return orjson.loads(orjson.dumps(posting.model_dump(mode="json", exclude_none=True, by_alias=True, exclude={"contact"})))


def one_by_one(postings: list[Posting]) -> PostingColumns:
    return PostingColumns(postings)


def at_once(postings: list[Posting]) -> PostingColumns:
    columns = PostingColumns()
    fill_postings(columns, (written(posting) for posting in postings))
    return columns


def slots(held: dict[str, Any]) -> dict[str, list[int]]:
    return {token: found.array[: found.size].tolist() for token, found in held.items()}


def numbers(columns: PostingColumns) -> dict[str, Any]:
    words, size = columns._words, columns.row_count
    lists = {}
    for name, held in (("skill", columns._skill_lists), ("certificate", columns._certificate_lists)):
        pool, starts, lengths = held.arrays
        lists[name] = (pool[: held.pool.size].tolist(), starts[:size].tolist(), lengths[:size].tolist())
    return lists | {
        "rows": columns._rows[:size].tolist(),
        "beside": columns._beside[:size].tolist(),
        "names": [columns._names.name(row) for row in range(size)],
        "found": [columns._names.row(columns._names.name(row)) for row in range(size)],
        "said": columns._said,
        "skills": columns._skills.list,
        "certificates": columns._certificates.list,
        "numbers": [list(held) for held in (columns._codes, columns._trades, columns._regions, columns._open_to, columns._employers)],
        "size": words.size,
        "own": words._own.array[: words._own.size].tolist(),
        "meant": words._meant[: words.size].tolist(),
        "sure": words._sure[: words.size].tolist(),
        "vectors": None if words._vectors is None else words._vectors[: words.size].tolist(),
        "by title": slots(words._by_title),
        "by text": slots(words._by_text),
    }


def postings_of(seed: int, count: int) -> list[Posting]:
    draw = random.Random(seed)
    made = [made_up_posting(draw, number) for number in range(count)]
    for posting in made:
        if draw.random() < 0.6:
            posting["description"] = "".join(draw.choice(PIECES) for _ in range(draw.randint(0, 40)))
    return [read_posting(posting) for posting in made]


@given(st.integers(0, 10_000), st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_filled_at_once_or_one_by_one_the_numbers_are_the_same(seed: int, count: int) -> None:
    postings = postings_of(seed, count)
    assert numbers(at_once(postings)) == numbers(one_by_one(postings))


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    postings = postings_of(7, 300)
    whole = numbers(at_once(postings))
    monkeypatch.setattr(postings_loading, "BLOCK", 7)
    assert numbers(at_once(postings)) == whole == numbers(one_by_one(postings))


def test_postings_come_change_and_go_afterwards_and_match_alike() -> None:
    postings = postings_of(11, 200)
    filled, put = at_once(postings), one_by_one(postings)
    draw = random.Random(13)
    people = [read_person(made_up_person(draw, number)) for number in range(30)]
    for person in people[:10]:
        assert filled.match_counted(person, DAY, 50) == put.match_counted(person, DAY, 50)
    changes = postings_of(12, 260)
    for columns in (filled, put):
        for posting in postings[::3]:
            columns.remove(posting.posting_id)
        for posting in changes:
            columns.upsert(posting)
    for person in people:
        assert filled.match_counted(person, DAY, 50) == put.match_counted(person, DAY, 50)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"description": "女"},
        {"description": "焊"},
        {"title": "女"},
        {"skills": [], "certificates": [], "open_to": []},
        {"pay": {"unit": "month"}, "work": {"pay_on": "15"}, "employer": {"name": "某厂"}},
        {"published_at": "2026-11-20T23:59:59.5Z", "confirmed_at": "2026-11-20", "apply_by": "20261130"},
        {"work": {"starts_at": "2026-11-20T16:00:00Z"}, "type": "gig"},
        {"terms": {"board": True, "insurance": ["social"]}, "contract_months": 12, "facts": {"posting.in_province": False}},
        {"status": "closed", "headcount": 2, "filled": 2, "contact": {"person": "某"}},
    ],
)
def test_whatever_a_posting_states_is_read_as_one_by_one(given: dict[str, Any]) -> None:
    posting = read_posting({"posting_id": "p-1", "source": "enterprise", "title": "焊工", **given})
    assert numbers(at_once([posting])) == numbers(one_by_one([posting]))


def test_columns_that_hold_or_held_a_posting_are_not_filled() -> None:
    columns = one_by_one(postings_of(1, 1))
    with pytest.raises(ValueError, match="without postings"):
        fill_postings(columns, [])
    columns.remove("p-0")
    with pytest.raises(ValueError, match="without postings"):
        fill_postings(columns, [])


@given(st.lists(st.one_of(WRITTEN, st.text(max_size=40)), max_size=12))
@settings(deadline=None)
def test_many_texts_are_cut_as_each_alone(texts: list[str]) -> None:
    cleaned = [without_protected(text) for text in texts]
    names, starts, found, counts = cut(cleaned)
    assert len(set(names)) == len(names)
    for place, text in enumerate(texts):
        own = range(starts[place], starts[place + 1])
        assert {names[found[at]]: counts[at] for at in own} == _text_tokens(text)


@given(st.lists(WRITTEN, min_size=1, max_size=6))
@settings(deadline=None)
def test_meanings_of_many_texts_are_the_meaning_of_each(texts: list[str]) -> None:
    found = meanings_of_texts(*cut([without_protected(text) for text in texts]))
    assert np.array_equal(found, [meaning_of_text(_text_tokens(text)) for text in texts])


def test_many_more_tokens_than_there_was_room_for_are_told_apart() -> None:
    texts = ["".join(chr(0x4E00 + (number * 37 + place * place) % 20_000) for place in range(60)) for number in range(700)]
    names, starts, found, counts = cut(texts)
    assert len(names) > 30_000
    assert len(set(names)) == len(names)
    for place in (0, 350, 699):
        own = range(starts[place], starts[place + 1])
        assert {names[found[at]]: counts[at] for at in own} == Counter(tokens_of_normalised(texts[place]))
