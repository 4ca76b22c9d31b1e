"""``gongqiao search`` on a data directory with an index and the rows that allow its hits."""

import json
import sqlite3

import orjson
import pytest
from click.testing import CliRunner

from infra.commands.search import command, pay_in_words
from matcher.shapes import read_posting
from search.documents import document_of
from search.index import open_index, tantivy_url

POSTINGS = [
    {
        "posting_id": "p-1", "source": "enterprise", "title": "焊工", "employer": {"name": "太原晨光机械有限公司"}, "region": "140105",
        "employment_form": "full_time", "pay": {"min": 5000, "max": 7000, "unit": "month"}, "published_at": "2026-11-01T09:00:00+08:00",
        "location": {"lat": 37.73, "lon": 112.56}, "terms": {"lodging": True, "hours_per_day": 8},
    },
    {
        "posting_id": "p-2", "source": "gig_market", "title": "焊工日结", "type": "gig", "region": "140202",
        "pay": {"min": 300, "unit": "day"},
    },
    {"posting_id": "p-3", "source": "enterprise", "title": "焊工（暂缓）", "region": "140105"},
]  # fmt: skip


@pytest.fixture
def data_dir(tmp_path):
    index = open_index(tantivy_url(tmp_path / "index"))
    index.upsert(document_of(read_posting(each), 1) for each in POSTINGS)
    index.commit(3)
    index.close()
    with sqlite3.connect(tmp_path / "gongqiao.sqlite") as connection:
        connection.execute("CREATE TABLE intake_postings (posting_id TEXT PRIMARY KEY, doc BLOB, state TEXT)")
        for each in POSTINGS:
            state = "held" if each["posting_id"] == "p-3" else "published"
            connection.execute("INSERT INTO intake_postings VALUES (?, ?, ?)", (each["posting_id"], orjson.dumps(each), state))
    connection.close()
    return tmp_path


def run(data_dir, *arguments):
    return CliRunner().invoke(command, [*arguments, "--data-dir", str(data_dir)])


def test_the_listing_is_plain_chinese_and_leaves_out_what_its_row_no_longer_allows(data_dir):
    result = run(data_dir, "焊工")
    assert result.exit_code == 0
    assert "焊工　太原晨光机械有限公司　山西省太原市小店区　5000–7000元/月　全职　2026-11-01发布　编号 p-1" in result.output
    assert "300元/天起" in result.output
    assert "p-3" not in result.output


def test_json_is_one_object_on_one_line(data_dir):
    result = run(data_dir, "焊工", "--region", "小店区", "--form", "全职", "--pay-min", "6000", "--json")
    found = json.loads(result.output)
    assert [hit["posting_id"] for hit in found["hits"]] == ["p-1"]
    assert found["hits"][0]["employer"] == {"name": "太原晨光机械有限公司"}
    assert (found["cursor"], found["facets"]["form"]) == (None, {"full_time": 1})


def test_terms_trade_and_age_are_asked_for(data_dir):
    def ids(*arguments):
        return [hit["posting_id"] for hit in json.loads(run(data_dir, *arguments, "--json").output)["hits"]]

    assert ids("--offers", "lodging", "--offers", "eight_hours") == ["p-1"]
    assert ids("--offers", "night_shift") == []
    assert ids("--trade", "焊工", "--published-since", "2026-11-01") == ["p-1"]


def test_distance_and_the_next_page(data_dir):
    first = json.loads(run(data_dir, "--near", "37.73,112.57", "--sort", "distance", "--limit", "1", "--json").output)
    assert first["hits"][0]["posting_id"] == "p-1"
    assert 0.8 < first["hits"][0]["kilometres"] < 1.0
    again = run(data_dir, "--near", "37.73,112.57", "--sort", "distance", "--limit", "1", "--json", "--cursor", first["cursor"])
    assert [hit["posting_id"] for hit in json.loads(again.output)["hits"]] == ["p-2"]


def test_nothing_found_is_said(data_dir):
    result = run(data_dir, "宇航员")
    assert (result.exit_code, "没有找到岗位" in result.output) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["焊" * 10_000], "TEXT"),
        (["--form", "随便"], "--form"),
        (["--offers", "随便"], "--offers"),
        (["--region", "火星"], "--region"),
        (["--radius-km", "5"], "--radius-km"),
        (["--sort", "newest"], "--sort"),
        (["--cursor", "abc"], "--cursor"),
        (["--pay-min", "many"], "--pay-min"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(data_dir, arguments, named):
    result = run(data_dir, *arguments)
    assert result.exit_code == 2
    assert f"{named}: " in result.output
    assert "Allowed: " in result.output


def test_a_folder_without_an_index_says_what_to_do_and_stays_empty(tmp_path):
    result = run(tmp_path, "焊工")
    assert result.exit_code == 1
    assert "gongqiao run" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("pay", "words"),
    [
        ({}, "工资面议"),
        ({"min": 5000, "max": 5000, "unit": "month", "months": 13}, "5000元/月·13薪"),
        ({"max": 20, "unit": "hour"}, "最高20元/小时"),
    ],
)
def test_pay_is_written_as_people_say_it(pay, words):
    assert pay_in_words(pay) == words
