"""Check digits, counted here in another way than the generator does, and numbers that belong to nobody."""

from __future__ import annotations

import csv
from datetime import date
from random import Random

import pytest

from infra.sample import generate
from infra.sample.identifiers import credit_check, identity_check, identity_numbers, organisation_check
from infra.sample.tables import counties, destinations, trades
from tests.reference_data import reference_data

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.fixture(scope="module")
def sample():
    return generate(postings=600, employers=300, people=3000)


def credit_code_holds(code: str) -> bool:
    # GB 32100-2015: the weighted sum of all eighteen characters, the last with weight 1 for its own place, is a multiple of 31.
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(code[:17], weights, strict=True))
    return len(code) == 18 and (total + ALPHABET.index(code[17])) % 31 == 0


def identity_holds(number: str) -> bool:
    # ISO 7064 MOD 11-2, read from the left: P = (P + digit) * 2 mod 11 for each, and P + check = 1 mod 11.
    running = 0
    for digit in number[:17]:
        running = (running + int(digit)) * 2 % 11
    check = 10 if number[17] == "X" else int(number[17])
    return len(number) == 18 and (running + check) % 11 == 1


def test_known_numbers_check():
    # The example of GB 11643-1999, annex A, and one of GB 11714-1997.
    assert identity_check("11010519491231002") == "X"
    assert organisation_check("D2143569") == "X"
    assert credit_code_holds("91110000600037341L") == (credit_check("91110000600037341") == "L")


def test_every_credit_code_has_the_right_check_digits(sample):
    codes = [row["uscc"] for row in sample.employers if "uscc" in row]
    assert len(set(codes)) == len(codes) > 250
    for code in codes:
        assert credit_code_holds(code), code
        assert organisation_check(code[8:16]) == code[16]
        assert code[2:8] in {county.code for county in counties()}
    changed = codes[0][:-1] + ALPHABET[(ALPHABET.index(codes[0][-1]) + 1) % 31]
    assert not credit_code_holds(changed)


def test_every_identity_number_is_valid_made_up_and_given_once(sample):
    numbers = [row["private"]["id_number"] for row in sample.people]
    assert len(set(numbers)) == len(numbers)
    for row, number in zip(sample.people, numbers, strict=True):
        assert identity_holds(number), number
        assert number.startswith("140000")  # the province itself: in nobody's number
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        assert row["birth_year_month"] == f"{born.year}-{born.month:02d}"


def test_identity_numbers_of_one_birthday_differ():
    give = identity_numbers()
    rng = Random(1)
    numbers = [give(date(2001, 2, 3), rng.random() < 0.5) for _ in range(400)]
    assert len(set(numbers)) == 400
    assert all(map(identity_holds, numbers))


def test_telephones_are_in_a_range_that_no_operator_has(sample):
    phones = [row["private"]["phone"] for row in sample.people] + [row["contact"]["phone"] for row in sample.postings if "contact" in row]
    assert all(len(phone) == 11 and phone.startswith("154") for phone in phones)


def reference_rows(name: str) -> list[dict[str, str]]:
    with reference_data("data", name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_counties_are_those_of_the_reference_table():
    reference = {row["code"]: row for row in reference_rows("reference/shanxi_counties.csv")}
    assert {county.code for county in counties()} == set(reference)
    for county in counties():
        row = reference[county.code]
        assert (county.name, county.city, county.city_name) == (row["name"], row["city_code"], row["city_name"])
        if county.seat:
            assert county.seat == pytest.approx((float(row["seat_lat"]), float(row["seat_lon"])), abs=1e-4)


def test_destinations_are_those_of_the_reference_table():
    reference = {(row["code"], row["name"]) for row in reference_rows("reference/china_cities.csv")}
    assert set(destinations()) <= reference


def test_occupation_codes_are_those_of_the_2022_classification():
    reference = {row["code"] for row in reference_rows("dev/occupations_2022.csv")}
    assert {trade.code for trade in trades()} <= reference
