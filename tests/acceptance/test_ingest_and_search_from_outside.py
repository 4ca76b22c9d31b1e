"""``gongqiao ingest`` and ``gongqiao search`` as a market's clerk uses them: lists in, findings out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.batch_run import Done, changed, put, ran, rejected_beside

OFFER: dict[str, Any] = {
    "source": "enterprise", "source_id": "A-1", "title": "电焊工", "employer": {"employer_id": "e-1", "name": "太原某机械有限公司"},
    "region": "140105", "employment_form": "full_time", "pay": {"min": 5000, "max": 7000, "unit": "month"}, "headcount": 2,
    "contact": {"person": "王某某", "phone": "03517654321"},
}  # fmt: skip
LIST = [
    OFFER,
    changed(OFFER, source_id="A-2", title="会计", region="140213", pay={"min": 3000, "max": 4000, "unit": "month"}),
    {**OFFER, "source_id": "A-3", "title": "焊工学徒", "region": "140106", "pay": {"min": 150, "max": 180, "unit": "day"},
     "employment_form": "temporary"},
    {**changed(OFFER, source="gig_market", source_id="M-1", title="搬运工", market_id="m-1", type="gig", employment_form=None),
     "work": {"starts_at": "2026-12-20T08:00"}, "employer": None},
]  # fmt: skip


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exchange")
    rows = [*LIST[:2], "{", changed(OFFER, source="radio", source_id="A-9"), *LIST[2:], {"source": "enterprise", "title": "无主"}]
    done = ran(["ingest", "--as-of", "2026-11-20", "--data-dir", folder / "data", put(folder / "list.jsonl", rows)])
    assert done.code == 0, done.stderr
    assert "7 lines, 4 received" in done.stdout
    assert "3 rejected" in done.stdout
    assert "4 published" in done.stdout
    rejected = rejected_beside(folder / "list.jsonl")
    assert [line["line"] for line in rejected] == [3, 4, 7]
    assert all(set(line) == {"file", "line", "field", "reason"} for line in rejected)
    assert "labour_brand" in rejected[1]["reason"]
    return folder


def search(exchange: Path, *arguments: str) -> Done:
    return ran(["search", "--data-dir", exchange / "data", *arguments])


def titles(exchange: Path, *arguments: str) -> list[str]:
    done = search(exchange, "--json", *arguments)
    assert done.code == 0, done.stderr
    return [hit["title"] for hit in json.loads(done.stdout)["hits"]]


def test_the_same_list_again_changes_nothing(exchange: Path) -> None:
    put(exchange / "again.jsonl", LIST)
    done = ran(["ingest", "--as-of", "2026-11-20", "--data-dir", exchange / "data", exchange / "again.jsonl"])
    assert done.code == 0
    assert "0 received, 4 unchanged, 0 rejected" in done.stdout
    assert not (exchange / "again.jsonl.rejected.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["焊工"], {"电焊工", "焊工学徒"}),
        (["焊工 学徒"], {"焊工学徒"}),
        (["焊工", "--region", "140105"], {"电焊工"}),
        (["焊工", "--region", "140100"], {"电焊工", "焊工学徒"}),
        (["", "--region", "140200"], {"会计"}),
        (["", "--form", "temporary"], {"焊工学徒"}),
        (["", "--form", "gig"], {"搬运工"}),
        (["", "--pay-min", "4001"], {"电焊工", "搬运工"}),
        (["", "--pay-min", "7001"], set()),
        ([], {"电焊工", "会计", "焊工学徒", "搬运工"}),
        (["没有这样的岗位"], set()),
    ],
)
def test_what_is_asked_for_is_found_and_nothing_else(exchange: Path, arguments: list[str], expected: set[str]) -> None:
    assert set(titles(exchange, *arguments)) == expected


def test_a_listing_for_people_names_place_pay_and_employer_and_no_contact(exchange: Path) -> None:
    done = search(exchange, "电焊工")
    assert all(word in done.stdout for word in ("电焊工", "太原某机械有限公司", "小店区", "5000–7000元/月"))
    everything = done.stdout + search(exchange, "电焊工", "--json").stdout
    assert "03517654321" not in everything
    assert "王某某" not in everything
    assert not titles(exchange, "03517654321")


@pytest.mark.parametrize(
    "arguments", [["--region", "火星"], ["--form", "remote"], ["--pay-min", "many"], ["--pay-min", "-1"], ["--colour", "red"]]
)
def test_what_cannot_be_asked_is_a_usage_error_that_says_what_can(exchange: Path, arguments: list[str]) -> None:
    done = search(exchange, "焊工", *arguments)
    assert done.code == 2
    assert arguments[0] in done.stderr


@pytest.mark.parametrize("text", ['"', "((", "-", "* OR NOT", "🙂", "title:焊工", "\\", "焊工 AND", "' ; DROP TABLE"])
def test_no_text_breaks_the_search(exchange: Path, text: str) -> None:
    assert search(exchange, "--", text).code == 0


def test_no_exchange_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    done = ran(["search", "焊工", "--data-dir", tmp_path / "nothing"])
    assert done.code == 1
    assert "--data-dir" in done.stderr


def test_ingest_refuses_what_it_cannot_read_and_goes_on_with_the_rest(tmp_path: Path) -> None:
    good = put(tmp_path / "good.jsonl", [OFFER])
    done = ran(["ingest", "--data-dir", tmp_path / "data", tmp_path / "gone.csv", good])
    assert done.code == 1
    assert "gone.csv" in done.stderr
    assert "1 received" in done.stdout
    for wrong in (
        ["--kind", "dogs"],
        ["--source", "radio"],
        ["--as-of", "soon"],
        ["--mapping", "no-such-mapping"],
        ["--kind", "people", "--source", "enterprise"],
    ):
        assert ran(["ingest", "--data-dir", tmp_path / "data", *wrong, good]).code == 2, wrong
    assert ran(["ingest", "--data-dir", tmp_path / "data"]).code == 2


def test_an_empty_list_holds_nothing_and_is_no_error(tmp_path: Path) -> None:
    done = ran(["ingest", "--data-dir", tmp_path / "data", put(tmp_path / "empty.jsonl", [])])
    assert done.code == 0, done.stderr
    assert "0 lines" in done.stdout


def test_a_persons_private_side_never_comes_back_from_ingest(tmp_path: Path) -> None:
    secrets = {"name": "甲乙丙", "id_number": "140106199604120029", "phone": "13900001234"}
    rows = [{"person_id": "u-1", "kind": "jobseeker", "private": secrets}, {"person_id": "u-2", "kind": "nobody", "private": secrets}]
    target = put(tmp_path / "people.jsonl", rows)
    done = ran(["ingest", "--kind", "people", "--data-dir", tmp_path / "data", target])
    assert done.code == 0
    rejected = rejected_beside(target)
    assert [line["field"] for line in rejected] == ["kind"]
    everything = json.dumps(rejected, ensure_ascii=False) + done.stdout + done.stderr
    assert not [secret for secret in secrets.values() if secret in everything]
