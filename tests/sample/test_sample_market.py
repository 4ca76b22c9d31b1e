"""The shipped sample as a whole: its sizes, its variety, its shapes, what intake has to notice in it."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from datetime import date, timedelta

import orjson
import pytest
from click.testing import CliRunner

from infra.sample import SAMPLE_DAY, generate, people
from infra.sample.__main__ import main
from infra.sample.oddities import HOLD_WORDS
from infra.sample.tables import brands, counties, destinations, families, market_counties, trades
from matcher.days import day_of
from matcher.pay import monthly
from matcher.shapes import read_employer, read_person, read_posting


@pytest.fixture(scope="module")
def sample():
    return generate()


@pytest.fixture(scope="module")
def postings(sample):
    return [read_posting(row) for row in sample.postings]


@pytest.fixture(scope="module")
def persons(sample):
    return [read_person(row) for row in sample.people]


@pytest.fixture(scope="module")
def employers(sample):
    return [read_employer(row) for row in sample.employers]


def test_the_same_seed_gives_the_same_market_and_another_seed_another():
    small = {"postings": 200, "employers": 40, "people": 60}
    assert generate(**small) == generate(**small)
    other = generate(seed=7, **small)
    first = generate(**small)
    assert other.postings != first.postings
    assert other.employers != first.employers
    assert other.people[1:] != first.people[1:]


def test_more_people_or_employers_do_not_disturb_those_before_them():
    assert list(people(50, seed=3)) == list(people(400, seed=3))[:50]
    few, many = generate(postings=60, employers=20, people=5), generate(postings=60, employers=20, people=50)
    assert few.postings == many.postings


def test_days_are_counted_from_the_given_day(sample):
    moved = generate(postings=90, employers=40, people=40, today=date(2027, 3, 5))
    assert moved.today == date(2027, 3, 5)
    for row in moved.postings:
        published = day_of(read_posting(row).published_at)
        assert timedelta(days=1) <= moved.today - published <= timedelta(days=50)
    graduated = [row["education"]["graduated_on"] for row in moved.people if row["kind"] == "graduate"]
    assert max(graduated) < "2027"


def test_sizes_are_as_asked_and_ids_are_given_once(sample):
    assert (len(sample.postings), len(sample.employers), len(sample.people)) == (3000, 400, 5000)
    for rows, name in ((sample.postings, "posting_id"), (sample.employers, "employer_id"), (sample.people, "person_id")):
        assert len({row[name] for row in rows}) == len(rows)


def test_about_a_third_of_the_postings_comes_from_each_source(sample):
    counted = Counter(row["source"] for row in sample.postings)
    assert set(counted) == {"enterprise", "gig_market", "labour_brand"}
    assert all(850 <= number <= 1150 for number in counted.values()), counted


def test_a_posting_is_identified_at_its_source(sample):
    def key(row):
        employer = row.get("employer", {})
        owner = {"gig_market": row.get("market_id"), "labour_brand": row.get("brand_id")}.get(row["source"])
        return row["source"], owner or employer.get("uscc") or employer.get("employer_id") or employer.get("name"), row["source_id"]

    assert len({key(row) for row in sample.postings}) == len(sample.postings)
    markets, known_brands = {m["market_id"] for m in sample.markets}, {b["brand_id"] for b in sample.brands}
    for row in sample.postings:
        if row["source"] == "gig_market":
            assert row["market_id"] in markets
            assert row["type"] == "gig"
        if row["source"] == "labour_brand":
            assert row["brand_id"] in known_brands


def test_titles_are_many_and_none_occurs_fifty_times(sample):
    titles = Counter(row["title"] for row in sample.postings)
    assert len(titles) >= 1200
    assert max(titles.values()) <= 49


def test_titles_stay_rare_in_a_larger_market():
    titles = Counter(row["title"] for row in generate(postings=9000, employers=300, people=1).postings)
    assert max(titles.values()) <= 49


def test_descriptions_are_varied(sample):
    texts = [row["description"] for row in sample.postings]
    assert all(texts)
    assert len(set(texts)) > 0.95 * len(texts)
    assert not any("{" in text or "}" in text for text in texts)
    lengths = sorted(map(len, texts))
    assert lengths[len(lengths) // 20] < 30 < lengths[len(lengths) // 2] < 150 < lengths[-1]


def test_every_family_of_trades_posts(sample):
    described = {row["title"] for row in sample.postings}
    for family in families():
        plain = {title for trade in trades() if trade.family == family for title in trade.titles}
        assert any(title in plain for title in described), family


def test_gigs_start_within_ten_days_and_pay_by_day_or_hour(sample, postings):
    gigs = [posting for posting in postings if posting.source == "gig_market"]
    assert {posting.pay.unit for posting in gigs if posting.pay.unit} >= {"day", "hour"}
    for posting in gigs:
        assert posting.form == "gig"
        assert timedelta(days=1) <= day_of(posting.work.starts_at) - sample.today <= timedelta(days=10)
    stated = [posting for posting in gigs if posting.posting_id not in sample.to_be_held and posting.pay.max]
    assert all(70 <= posting.pay.max <= 600 for posting in stated if posting.pay.unit == "day")
    assert all(12 <= posting.pay.max <= 100 for posting in stated if posting.pay.unit == "hour")


def test_postings_lie_where_their_county_is(postings):
    seats = {county.code: county.seat for county in counties()}
    cities = {county.city for county in counties()}
    elsewhere = {code for code, _ in destinations()}
    located = 0
    for posting in postings:
        assert posting.region in seats or posting.region in cities or posting.region in elsewhere
        if posting.location and posting.region in seats:
            located += 1
            lat, lon = seats[posting.region]
            assert abs(posting.location.lat - lat) < 0.25
            assert abs(posting.location.lon - lon) < 0.3
    assert located > 2000
    assert len({posting.region for posting in postings} & set(seats)) >= 100


def test_monthly_pay_is_that_of_a_labour_market(sample, postings):
    regular = [p for p in postings if p.source != "gig_market" and p.type == "regular" and p.posting_id not in sample.to_be_held]
    ranges = [found for found in (monthly(posting.pay) for posting in regular) if found and found[0] and found[1]]
    assert 3600 <= statistics.median(low for low, _ in ranges) <= 5200
    assert 5300 <= statistics.median(high for _, high in ranges) <= 7500
    assert all(low <= high for low, high in ranges)
    unstated = sum(1 for posting in regular if posting.pay.max is None and posting.pay.min is None)
    assert 0.03 < unstated / len(regular) < 0.15


def test_the_education_asked_for_is_spread_as_in_public_exchanges(postings):
    counted = Counter(posting.education_min for posting in postings)
    shares = {code: number / len(postings) for code, number in counted.items()}
    assert 0.3 < shares["90"] < 0.65
    assert 0.03 < shares[None] < 0.2
    assert 0.05 < shares["31"] < 0.25
    assert 0.02 < shares["21"] < 0.15


def test_some_openings_are_internships_and_public_welfare_posts(sample, postings):
    kinds = Counter(posting.type for posting in postings)
    assert kinds["internship"] >= 10
    assert kinds["public_welfare_post"] >= 5
    assert all(posting.open_to == ("graduate",) for posting in postings if posting.type == "internship")


def test_the_same_opening_comes_from_two_sources(sample):
    by_id = {row["posting_id"]: row for row in sample.postings}
    assert len(sample.near_duplicates) >= 60
    for first, second in sample.near_duplicates:
        one, two = by_id[first], by_id[second]
        assert (one["source"], one.get("market_id")) != (two["source"], two.get("market_id"))
        assert one["region"] == two["region"]
        assert one["published_at"] <= two["published_at"]


def test_postings_that_must_be_held_say_why(sample):
    by_id = {row["posting_id"]: row for row in sample.postings}
    assert set(sample.to_be_held.values()) == {*HOLD_WORDS, "pay"}
    assert 30 <= len(sample.to_be_held) <= 90
    for posting_id, kind in sample.to_be_held.items():
        row = by_id[posting_id]
        if kind != "pay":
            assert any(words in row["title"] + row["description"] for words in HOLD_WORDS[kind])


def test_no_other_posting_carries_words_that_must_be_held(sample):
    words = [word for group in HOLD_WORDS.values() for word in group]
    for row in sample.postings:
        if row["posting_id"] not in sample.to_be_held:
            assert not any(word in row["title"] + row["description"] for word in words), row


def test_contact_details_stand_in_some_descriptions(sample):
    by_id = {row["posting_id"]: row for row in sample.postings}
    assert len(sample.to_be_masked) >= 100
    for posting_id, secret in sample.to_be_masked.items():
        assert secret in by_id[posting_id]["description"]
    assert sum(1 for row in sample.postings if "contact" in row) > 1000


def test_employers_have_names_of_their_own(sample):
    names = [row["name"] for row in sample.employers]
    assert len(set(names)) == len(names)
    assert not any(re.search(r"公司\d|某|\d", name) for name in names)


def test_employers_are_of_many_kinds_and_some_attributes_are_missing(sample, employers):
    assert {employer.size for employer in employers} >= {"micro", "small", "medium", "large", "none"}
    assert {employer.kind for employer in employers} >= {"enterprise", "individual_business", "social_service_org", "street_community"}
    assert {employer.ownership for employer in employers} >= {"private", "state", "other"}
    assert any(employer.programme for employer in employers)
    assert any(employer.recognition for employer in employers)
    assert sum(1 for employer in employers if employer.uscc is None or employer.industry is None) >= 2


def test_key_employers_are_few_and_of_three_classes(sample, employers):
    keys = [employer for employer in employers if employer.is_key(sample.today)]
    assert 10 <= len(keys) <= 40
    assert {employer.key.class_ for employer in keys} == {"白名单", "重点外贸", "重点领域"}


def test_half_the_people_are_registered_unemployed_a_quarter_graduates(persons):
    kinds = Counter(person.kind for person in persons)
    assert 0.48 < kinds["registered_unemployed"] / len(persons) < 0.52
    assert 0.23 < kinds["graduate"] / len(persons) < 0.27
    assert 0.23 < kinds["jobseeker"] / len(persons) < 0.27


def test_consent_is_mostly_given_but_not_always(persons):
    given = sum(1 for person in persons if person.consent and person.consent.recommend)
    refused = sum(1 for person in persons if person.consent and person.consent.recommend is False)
    silent = sum(1 for person in persons if person.consent is None)
    assert given > 0.88 * len(persons)
    assert refused > 50
    assert silent > 50


def test_people_wish_mostly_for_their_home(persons):
    def home(person):
        wished = person.desired.regions
        return not wished or person.region in wished or person.region[:4] + "00" in wished or "140000" in wished

    assert sum(map(home, persons)) > 0.95 * len(persons)
    assert {person.intention for person in persons} == {"employment", "flexible", "startup", "unclear"}


def test_education_and_age_of_people_fit_their_kind(sample, persons):
    levels = Counter(person.education.level for person in persons if person.kind == "registered_unemployed")
    assert levels["71"] > levels["31"] > levels["21"] > 0
    for person in persons:
        age = sample.today.year - int(person.birth_year_month[:4])
        assert 16 <= age <= 60
        if person.kind == "graduate":
            assert person.education.level in ("31", "21", "14")
            assert person.education.graduated_on <= sample.today
        if person.kind == "registered_unemployed":
            assert person.registered_unemployed_on < sample.today
        assert sum(entry.years for entry in person.experience or ()) <= age - 12


def test_some_people_are_recognised_as_in_difficulty(persons):
    recognised = sum(1 for person in persons if "employment_difficulty" in person.all_categories)
    assert 0.05 < recognised / len(persons) < 0.35
    assert any(person.categories is None for person in persons)


def test_the_demo_accounts_stand_for_rows_of_the_sample(sample, postings):
    roles = {account["role"]: account for account in sample.accounts}
    assert roles["jobseeker"]["person_id"] in {row["person_id"] for row in sample.people}
    assert roles["commissioner"]["region"] == "140105"
    employer = next(row for row in sample.employers if row["employer_id"] == roles["employer"]["employer_id"])
    assert (employer["region"], employer["size"], employer["ownership"], employer["key"]["class"]) == (
        "140105",
        "small",
        "private",
        "白名单",
    )
    own = [posting for posting in postings if posting.employer.employer_id == "e-demo" and posting.posting_id.startswith("p-demo")]
    assert len(own) >= 4
    assert not {posting.posting_id for posting in postings if posting.posting_id.startswith("p-demo")} & set(sample.to_be_held)


def test_tables_agree_with_each_other():
    codes = {county.code for county in counties()}
    assert {brand.county for brand in brands()} <= codes
    assert {family for brand in brands() for family in brand.families} <= set(families())
    assert {trade.family for trade in trades()} == set(families())
    assert {market.code for market in market_counties()} <= codes
    for brand in brands():
        assert any(trade.brand and trade.family in brand.families for trade in trades()), brand


def test_too_small_a_market_is_refused():
    with pytest.raises(ValueError, match="at least 30 postings"):
        generate(postings=3)


def test_the_command_writes_json_lines(tmp_path):
    asked = ["--out", str(tmp_path), "--seed", "5", "--postings", "60", "--employers", "20", "--people", "30", "--today", "2026-11-20"]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 0, result.output
    expected = generate(seed=5, postings=60, employers=20, people=30, today=SAMPLE_DAY)
    for name, rows in (("postings", expected.postings), ("employers", expected.employers), ("people", expected.people)):
        lines = (tmp_path / f"{name}.jsonl").read_bytes().splitlines()
        assert [orjson.loads(line) for line in lines] == rows
