"""The catalogue's own cases (vectors.yaml): a lawyer can read them, the evaluator must agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from matcher.policy import answer_facts, load_catalogue

CASES = yaml.safe_load((Path(__file__).parent / "vectors.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_case_of_the_catalogue_comes_out_as_written(case: dict[str, Any]) -> None:
    answer = answer_facts(load_catalogue(), case["facts"], case["date"])
    results = {result["entry_id"]: result for result in answer["results"]}

    assert {entry: results[entry]["status"] for entry in case["expect"]} == case["expect"]
    assert {entry: results[entry].get("yuan") for entry in case.get("expect_yuan", {})} == case.get("expect_yuan", {})
    assert {entry: results[entry].get("percent") for entry in case.get("expect_percent", {})} == case.get("expect_percent", {})
    for names in [case["emitted_one_of"]] if "emitted_one_of" in case else []:
        assert len(set(names) & set(answer["emitted"])) == 1
    assert set(case.get("emitted", [])) <= set(answer["emitted"])
    assert not set(case.get("not_emitted", [])) & set(answer["emitted"])
    for entry, missing in case.get("missing", {}).items():
        assert results[entry]["missing"] == missing
    for entry, failed in case.get("failed", {}).items():
        assert results[entry]["failed"] == failed
