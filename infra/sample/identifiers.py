"""Numbers with right check digits that belong to nobody: credit codes, identity numbers, telephones, coordinates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from math import cos, radians
from random import Random

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I, O, S, V, Z
_CREDIT_VALUE = {character: value for value, character in enumerate(CREDIT_ALPHABET)}
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714-1997
_IDENTITY_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))  # GB 11643-1999, ISO 7064 MOD 11-2

# The registering department and kind of body, the first two characters of GB 32100-2015.
CREDIT_KINDS = {
    "enterprise": "91", "individual_business": "92", "unit_insured_individual_business": "92", "cooperative": "93",
    "public_institution": "12", "street_community": "55", "social_service_org": "52", "law_firm": "31", "accounting_firm": "91",
}  # fmt: skip

# 154 is allotted to no operator and 140000 (the province itself) stands in nobody's identity number.
_TELEPHONE_PREFIX = "154"
_IDENTITY_REGION = "140000"


def organisation_check(body: str) -> str:
    total = sum(weight * int(character, 36) for weight, character in zip(_ORGANISATION_WEIGHTS, body, strict=True))
    return "0X987654321"[total % 11]


def credit_check(first_seventeen: str) -> str:
    total = sum(weight * _CREDIT_VALUE[character] for weight, character in zip(_CREDIT_WEIGHTS, first_seventeen, strict=True))
    return CREDIT_ALPHABET[-total % 31]


def identity_check(first_seventeen: str) -> str:
    total = sum(weight * int(digit) for weight, digit in zip(_IDENTITY_WEIGHTS, first_seventeen, strict=True))
    return "10X98765432"[total % 11]


def credit_code(rng: Random, kind: str | None, county: str) -> str:
    """An eighteen-character 统一社会信用代码; organisation numbers that begin with MAY have not been given out."""
    body = "MAY" + "".join(CREDIT_ALPHABET[int(rng.random() * 31)] for _ in range(5))
    code = CREDIT_KINDS.get(kind or "", "91") + county + body + organisation_check(body)
    return code + credit_check(code)


def telephone(rng: Random) -> str:
    return f"{_TELEPHONE_PREFIX}{int(rng.random() * 100_000_000):08d}"


def identity_numbers(first: int = 0) -> Callable[[date, bool], str]:
    """A giver of identity numbers (birth date, man) that never gives one twice before a birth date has 500 of one sex.

    ``first`` is where each day's serial numbers begin, for rows that are made apart from the others.
    """
    given: dict[tuple[int, bool], int] = {}

    def give(born: date, man: bool) -> str:
        key = (born.toordinal(), man)
        count = given.get(key, first)
        given[key] = count + 1
        serial = (2 * count + man) % 1000
        start = f"{_IDENTITY_REGION}{born.year}{born.month:02d}{born.day:02d}{serial:03d}"
        return start + identity_check(start)

    return give


def scatter(rng: Random, seat: tuple[float, float], spread_km: float) -> dict[str, float]:
    """A place around a county's seat, most of them within ``spread_km``."""
    lat = seat[0] + rng.gauss(0, spread_km * 0.6) / 111.2
    lon = seat[1] + rng.gauss(0, spread_km * 0.6) / (111.2 * cos(radians(seat[0])))
    return {"lat": round(lat, 5), "lon": round(lon, 5)}
