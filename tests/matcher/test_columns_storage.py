"""Storage of the columnar matcher, held to a dict."""

from __future__ import annotations

import random
from typing import Any

import numba
import pytest

from matcher import compiled as compiled_module
from matcher.columns_storage import RaggedRows, RowNames


def test_names_of_rows_behave_like_a_dict_through_growth_removal_and_compaction() -> None:
    draw = random.Random(1)
    names, model = RowNames(), {}
    for number in range(6000):
        name = draw.choice(("u-", "人", "e\u0301", "x" * 40)) + str(draw.randint(0, 900))
        if draw.random() < 0.4:
            assert names.remove(name) == model.pop(name, None)
        else:
            row = names.add(name)
            assert model.setdefault(name, row) == row
        if number % 500 == 0:
            assert len(set(model.values())) == len(model) == len(names)
    for name, row in model.items():
        assert names.row(name) == row
        assert names.name(row) == name
    assert names.row("nobody") is None
    assert names.nbytes < 400_000


def test_lists_of_rows_survive_growing_shrinking_and_compaction() -> None:
    draw = random.Random(2)
    lists, model, starts = RaggedRows(), {}, {}
    for _ in range(20_000):
        row, values = draw.randint(0, 50), [draw.randint(0, 9) for _ in range(draw.randint(0, 30))]
        model[row], starts[row] = values, lists.put(row, values)
        if lists.wasteful:
            fresh = lists.compact()
            starts = {row: int(fresh[row]) for row in model}
    assert {row: lists.pool.array[starts[row] : starts[row] + len(model[row])].tolist() for row in model} == model
    assert lists.nbytes < 1_000_000


def test_compiled_functions_work_where_nothing_can_be_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = numba.njit

    def without_a_place(*arguments: Any, **options: Any) -> Any:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*arguments, **options)

    monkeypatch.setattr(compiled_module.numba, "njit", without_a_place)

    def doubled(value: int) -> int:
        return 2 * value

    assert compiled_module.compiled(doubled)(21) == 42
