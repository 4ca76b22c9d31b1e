"""What somebody means who types place, trade, pay and lodging in one line; and names of trades found by what was typed of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import places
from matcher.occupations import codes_for_title, occupation
from matcher.shapes import read_posting
from matcher.text import normalise
from search.documents import IndexDocument, document_of
from search.index import PostingIndex, open_index, tantivy_url
from search.query import LONGEST_TEXT, read_query
from search.reference import matches
from search.spelling import near_names, other_texts
from search.understanding import Understood, understand
from search.vocabulary import completions, corrected, is_name
from tests.search.elastic import elastic_place


@dataclass(frozen=True)
class Typed:
    """A line of typed_queries.tsv."""

    text: str
    trade: str
    region: str
    pay_min: str
    offers: str
    form: str
    offered: str = ""

    @property
    def searched(self) -> str:
        """The text that finds what was meant: as typed, or with the name that is offered for a word that finds nothing."""
        return dict(other_texts(self.text))[self.offered] if self.offered else self.text

    @property
    def meant(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, value in (("trade", self.trade), ("region", self.region), ("offers", self.offers), ("form", self.form)):
            if value:
                found[name] = value.split(",")
        return found | ({"pay_min": float(self.pay_min)} if self.pay_min else {})


def typed() -> list[Typed]:
    lines = Path(__file__).with_name("typed_queries.tsv").read_text(encoding="utf-8").splitlines()
    return [Typed(*line.split("\t")) for line in lines if not line.startswith("#")]


TYPED = typed()


def test_there_are_two_hundred_searches_and_twenty_mistyped_all_different() -> None:
    assert len({each.text for each in TYPED}) == len(TYPED) == 220
    assert sum(bool(each.offered) for each in TYPED) == 20


@pytest.mark.parametrize("case", TYPED, ids=lambda case: case.text)
def test_a_typed_search_is_understood(case: Typed) -> None:
    assert understand(case.searched).parameters() == case.meant


# -- what it says, and what it leaves alone


def test_what_was_understood_is_said() -> None:
    assert understand("太原 叉车 6000 包住").sentence() == "理解为：地点 太原市，工种 叉车，月薪 6000 元起，包住"
    assert understand("电汗工").sentence() == "理解为：工种 电焊工（按“电汗工”更正）"
    assert understand("榆次富士康普工").sentence() == "理解为：地点 榆次区，工种 普工，并含有“富士康”"
    assert understand("晨光机械").sentence() == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("不包住", "不包住"),
        ("13800138000", "13800138000"),
        ("2024届", "2024届"),
        ("1688", "1688"),
        ("城区", "城区"),  # of several cities
        ("晨光机械", "晨光机械"),
        ('"高级焊工"', '"高级焊工"'),
        ("-夜班", "-夜班"),
        ("「包住 焊工」", "「包住 焊工」"),
        ("", ""),
        ("工作", ""),
    ],
)
def test_what_is_none_of_these_stays_as_it_was_typed(text: str, words: str) -> None:
    assert understand(text) == Understood(words)


def test_an_exclusion_stays_beside_what_is_understood() -> None:
    assert understand("太原 保安 -夜班").parameters() == {"q": "-夜班", "region": ["140100"], "trade": ["保安"]}


def test_two_trades_are_alternatives_and_the_nearer_of_two_places_counts() -> None:
    assert understand("焊工 电工").parameters() == {"trade": ["焊工", "电工"]}
    assert understand("太原市 小店区").parameters() == {"region": ["140105"]}


def test_hours_and_shifts_are_understood_and_other_numbers_are_not() -> None:
    assert understand("夜班保安").parameters() == {"trade": ["保安"], "offers": ["night_shift"]}
    assert understand("每天8小时 普工").parameters() == {"trade": ["普工"], "offers": ["eight_hours"]}
    assert understand("八小时工作制").parameters() == {"offers": ["eight_hours"]}
    assert "offers" not in understand("18小时").parameters()
    assert understand("小时工").parameters() == {"trade": ["小时工"]}


def test_a_trade_is_no_term_of_work() -> None:
    """社保专员 deals with insurance, and 社保 alone asks for it."""
    assert understand("社保专员").parameters() == {"trade": ["社保专员"]}
    assert understand("社保").parameters() == {"offers": ["insured"]}


@given(st.text(max_size=LONGEST_TEXT))
def test_whatever_is_typed_gives_a_search(text: str) -> None:
    found = understand(text)
    assert found == understand(text)
    parameters = found.parameters()
    parameters["q"] = str(parameters.get("q", ""))[:LONGEST_TEXT]
    assert isinstance(found.sentence(), str)


# -- names


def test_initials_and_pinyin_complete_to_names_the_most_usual_first() -> None:
    assert completions("hg")[0] == "焊工"
    assert completions("hangong")[0] == "焊工"
    assert completions("yuesao") == ["月嫂"]
    assert "叉车" in completions("cc")
    assert completions("焊")[0] == "焊工"
    assert all(name.startswith("叉车") for name in completions("叉车", 3))
    assert completions("java")[0] == "java"
    assert completions("") == completions("，") == completions("vvvv") == []


def test_every_name_completes_from_its_own_letters() -> None:
    from matcher import pinyin

    for name in ("焊工", "叉车", "收银员", "网约配送员", "挖掘机司机"):
        for letters in pinyin.spelt(name) | pinyin.initials(name):
            assert name in completions(letters, 200)


def test_a_misspelt_name_is_the_one_that_sounds_alike_or_has_two_characters_changed_round() -> None:
    assert [corrected(word) for word in ("电汗工", "保按", "hangong", "工焊", "司几")] == ["电焊工", "保安", "焊工", "焊工", "司机"]
    assert [corrected(word) for word in ("焊工", "晨光", "太原", "双休", "x", "", "1688", "zhx")] == [None] * 8
    assert is_name("骑手")
    assert not is_name("骑首")


# -- one character wrong, missing or too many: offered where nothing is found


def test_names_one_character_away_are_offered_what_looks_alike_first() -> None:
    assert near_names("保沽员")[:2] == ("保洁员", "保育员")
    assert near_names("收很员")[0] == near_names("收员")[0] == "收银员"
    assert near_names("钳土") == ("钳工",)
    assert near_names("焊焊工")[0] == "焊工"
    assert "叉车司机" in near_names("叉车司")


@pytest.mark.parametrize("word", ["保洁员", "晨光机械", "富士康", "华为", "双休", "保女", "java", "hgx", "1688", "x", "", "员" * 300])
def test_a_name_and_what_is_far_from_every_name_are_left_alone(word: str) -> None:
    assert near_names(word) == ()


def test_what_is_offered_keeps_the_rest_of_the_text() -> None:
    assert other_texts("太原 保沽员 6000 包住 -夜班")[0] == ("保洁员", "太原 保洁员 6000 包住 -夜班")
    assert other_texts('"保沽员"') == other_texts("-保沽员") == other_texts("太原 6000") == []


@given(st.text(max_size=LONGEST_TEXT))
def test_whatever_is_typed_what_is_offered_can_be_searched(text: str) -> None:
    for name, other in other_texts(text):
        assert is_name(name)
        read_query({"q": other})


@pytest.mark.parametrize("case", [case for case in TYPED if case.offered], ids=lambda case: case.text)
def test_a_mistyped_name_finds_nothing_and_the_right_one_is_offered_first(case: Typed, tantivy: PostingIndex) -> None:
    def total(text: str) -> int:
        return tantivy.search(read_query({**understand(text).parameters(), "limit": 1})).total

    assert total(case.text) == 0
    assert next(name for name, text in other_texts(case.text) if total(text)) == case.offered


# -- the first ten, on real indexes


def made_up() -> list[dict[str, object]]:
    """Postings of the trades that are searched for and of others, everywhere, with every pay and terms."""
    draw = random.Random(5)
    meant = sorted({each.trade for each in TYPED})
    others = ["统计员", "锅炉工", "园林绿化工", "牙医", "船员", "殡仪服务员", "养路工", "播音员"]
    counties = [*places.counties_of("140000"), *(each.region for each in TYPED if each.region and not each.region.endswith("00"))]
    rows: list[dict[str, object]] = []
    for number in range(6000):
        trade = draw.choice(meant) if draw.random() < 0.9 else draw.choice(others)
        code = next((code for code, confidence in codes_for_title(trade, 1) if confidence >= 0.65), None)
        known = occupation(code)
        title = draw.choice((trade, *(known.spoken[:4] if known else ()))) if draw.random() < 0.5 else trade
        low = draw.randrange(3000, 12_000, 500)
        rows.append(
            {
                "posting_id": f"p-{number}", "source": "enterprise", "title": title, "occupation_code": code,
                "description": f"本单位食堂统计在岗人数，与{draw.choice(meant)}同楼办公。" if draw.random() < 0.3 else None,
                "region": draw.choice(counties), "employment_form": draw.choice(("full_time", "full_time", "part_time", "temporary")),
                "pay": {"min": low, "max": low + 1500, "unit": "month"}, "published_at": f"2026-11-{draw.randrange(1, 20):02}",
                "terms": {
                    "lodging": draw.random() < 0.5, "board": draw.random() < 0.6, "overtime": draw.random() < 0.5,
                    "rest_days": draw.choice((4, 8)), "shifts": draw.choice(("day", "two_shift")),
                    "insurance": draw.choice(([], ["social"], ["social", "housing_fund"])),
                },
            }
        )  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def documents() -> dict[str, IndexDocument]:
    return {document.posting_id: document for document in (document_of(read_posting(row), 1) for row in made_up())}


@pytest.fixture(scope="module")
def tantivy(documents: dict[str, IndexDocument], tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostingIndex]:
    yield from filled(tantivy_url(tmp_path_factory.mktemp("typed") / "index"), documents)


@pytest.fixture(scope="module")
def elastic(documents: dict[str, IndexDocument]) -> Iterator[PostingIndex]:
    with elastic_place() as url:
        yield from filled(url, documents)


def filled(url: str, documents: dict[str, IndexDocument]) -> Iterator[PostingIndex]:
    index = open_index(url)
    index.upsert(documents.values())
    index.commit(1)
    yield index
    index.close()


def expect_the_first_ten(case: Typed, index: PostingIndex, documents: dict[str, IndexDocument]) -> None:
    """All are of the place, the pay, the form and the terms; all name the work or are of its occupation; the first are the likest."""
    query = read_query({**understand(case.searched).parameters(), "limit": 10})
    page = index.search(query)
    every = [document for document in documents.values() if matches(document, query.tree())]
    assert page.total == len(every)
    first = [documents[hit.posting_id] for hit in page.hits]
    assert len(first) == min(10, len(every))
    codes = {code for code, confidence in codes_for_title(case.trade) if confidence >= 0.65}
    for document in first:
        assert not case.region or case.region in document.covering
        assert not case.pay_min or (document.pay_top or 0) >= float(case.pay_min)
        assert set(case.offers.split(",")) - {""} <= set(document.offers)
        assert not case.form or document.form == case.form
        named = normalise(case.trade) in normalise(document.title)
        assert named or document.occupation_code in codes or set(normalise(case.trade)) <= set("".join(sum(document.fields, ())))
    if any(document.title == case.trade for document in every):
        assert sum(document.title == case.trade or document.occupation_code in codes for document in first[:5]) >= min(5, len(every)) - 1


def test_most_searches_find_something(tantivy: PostingIndex) -> None:
    empty = [case.text for case in TYPED if not tantivy.search(read_query({**understand(case.searched).parameters(), "limit": 1})).total]
    assert len(empty) <= 20, empty


@pytest.mark.parametrize("case", TYPED, ids=lambda case: case.text)
def test_the_first_ten_are_what_was_meant(case: Typed, tantivy: PostingIndex, documents: dict[str, IndexDocument]) -> None:
    expect_the_first_ten(case, tantivy, documents)


@pytest.mark.engine
def test_the_first_ten_are_what_was_meant_in_elasticsearch_too(elastic: PostingIndex, documents: dict[str, IndexDocument]) -> None:
    for case in TYPED:
        expect_the_first_ten(case, elastic, documents)
