"""What the index knows of a posting: tokens, codes and numbers. Never a contact, never an address, never a telephone number.

A document is made from the contract's posting and a version. Every order (date, pay) is one whole number computed here, so that each
engine sorts by the same one: newest or best paid has the highest key, equal ones are told apart by a hash of the id. A hash favours no
source; ids in their own order would put one source first in every tie.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import get_args

from matcher import education, pay, places
from matcher.shapes import EmploymentForm, Posting, PostingType, Source, Terms
from matcher.text import tokens

FORMS: tuple[str, ...] = get_args(EmploymentForm)
TYPES: tuple[str, ...] = get_args(PostingType)
SOURCES: tuple[str, ...] = get_args(Source)
ZONES = ("graduate", "gig")
OFFERS = ("lodging", "board", "insured", "fund", "weekends", "no_overtime", "day_shift", "night_shift", "eight_hours", "uninsured")
MOST_HOURS = 8.0  # a day, where short days are asked for
FACETS = ("city", "region", "form", "type", "source", "education", "zone")

# A run of seven digits or more is a telephone, account or identity number. Intake masks them; one that got through is not searchable.
_LONG_NUMBER = re.compile(r"\d{7}")
_GRADUATE_GROUPS = frozenset({"graduate", "college_graduate"})
_SECONDS = (1 << 32) - 1
_YUAN = (1 << 24) - 2
_DAYS = (1 << 16) - 1


def is_pair(token: str) -> bool:
    """Whether a token of ``matcher.text.tokens`` is a pair of Chinese characters (not a Latin word of two letters)."""
    return len(token) == 2 and token[0] > "\u3006"


def units_of(text_tokens: tuple[str, ...]) -> tuple[str, ...]:
    """The tokens that follow one another without overlap: single characters and Latin words."""
    return tuple(token for token in text_tokens if not is_pair(token))


def tie_of(posting_id: str) -> int:
    """64 bits that tell equally ranked postings apart, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(posting_id.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


@dataclass(frozen=True)
class IndexDocument:
    """One posting as the index holds it.

    ``fields`` are the tokens of title, employer's name and description, each apart (a phrase never runs from one into the next). Pay is
    yuan a month by ``matcher.pay``; ``published`` seconds since 1970, 0 where not stated; ``education_rank`` 0 for "no requirement
    stated as such".
    """

    posting_id: str
    version: int
    title: str
    fields: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    source: str
    region: str | None = None
    form: str | None = None
    type: str | None = None
    occupation_code: str | None = None
    pay_min: float | None = None
    pay_max: float | None = None
    published: int = 0
    latitude: float | None = None
    longitude: float | None = None
    education: str | None = None
    education_rank: int | None = None
    open_to: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    employer_id: str | None = None
    brand_id: str | None = None
    market_id: str | None = None

    @property
    def title_tokens(self) -> tuple[str, ...]:
        return self.fields[0]

    @cached_property
    def grams(self) -> frozenset[str]:
        """Every token of every field. Kept: one posting is asked by many saved searches."""
        return frozenset(token for field in self.fields for token in field)

    @property
    def covering(self) -> tuple[str, ...]:
        """Region codes that cover the posting's place, its own first: 140105, 140100, 140000."""
        return () if self.region is None else covering(self.region)

    @property
    def city(self) -> str | None:
        """The city's code; the province's in a municipality; None where the place is no nearer than a province."""
        if self.region is None:
            return None
        city = canonical_region(places.city_of(self.region))
        return None if city.endswith("0000") and not _is_municipality(city) else city

    @property
    def occupations(self) -> tuple[str, ...]:
        """The occupation's code and its groups: 6-18-02-04, 6-18-02, 6-18, 6."""
        if self.occupation_code is None:
            return ()
        parts = self.occupation_code.split("-")
        return tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))

    @property
    def zones(self) -> tuple[str, ...]:
        """``graduate``: kept for graduates (``open_to``); ``gig``: a gig by its form, or from a gig market."""
        graduate = not _GRADUATE_GROUPS.isdisjoint(self.open_to)
        gig = self.form == "gig" or self.source == "gig_market"
        return tuple(zone for zone, holds in zip(ZONES, (graduate, gig), strict=True) if holds)

    @property
    def pay_top(self) -> float | None:
        """What a floor is compared with: the posting's top (contract.md)."""
        return self.pay_max if self.pay_max is not None else self.pay_min

    @property
    def date_key(self) -> int:
        """Newest first, downwards: 32 bits of seconds, 31 bits of tie."""
        return date_key_from(self.published) | tie_of(self.posting_id) >> 33

    @property
    def pay_key(self) -> int:
        """Best paid first, downwards: the lower bound in whole yuan (what is promised to everyone; the top where only it is stated),
        then the newest day, then the tie. Pay that cannot be compared comes last."""
        bound = self.pay_min if self.pay_min is not None else self.pay_max
        yuan = 0 if bound is None else 1 + min(int(bound), _YUAN)
        return yuan << 39 | min(self.published // 86_400, _DAYS) << 23 | tie_of(self.posting_id) >> 41

    def facet(self, name: str) -> tuple[str, ...]:
        """The values under which the posting is counted in this facet; none where it is not stated."""
        if name == "zone":
            return self.zones
        value = {
            "city": self.city,
            "region": self.region,
            "form": self.form,
            "type": self.type,
            "source": self.source,
            "education": self.education,
        }[name]
        return () if value is None else (value,)


def canonical_region(code: str) -> str:
    """The code under which a place is indexed: a municipality's bracket (110100) is the municipality itself."""
    province = places.province_of(code)
    return province if places.covers(code, province) else code


def _is_municipality(province: str) -> bool:
    return places.covers(province[:2] + "0100", province)


def covering(region: str) -> tuple[str, ...]:
    """Codes of the places that cover this one, nearest first (``matcher.places.covers``)."""
    codes = dict.fromkeys(canonical_region(code) for code in (region, places.city_of(region), places.province_of(region)))
    return tuple(code for code in codes if places.covers(code, region))


def date_key_from(seconds: int) -> int:
    """The lowest date key of a posting published at this second."""
    return max(0, min(seconds, _SECONDS)) << 31


def _searchable(text: str | None) -> tuple[str, ...]:
    return tuple(token for token in tokens(text or "") if not _LONG_NUMBER.search(token))


def document_of(posting: Posting, version: int) -> IndexDocument:
    """The index's document for a posting. Contact, address and free facts are not looked at."""
    comparable = pay.monthly(posting.pay) or (None, None)
    rank = 0 if posting.education_min == education.NO_REQUIREMENT else education.rank(posting.education_min)
    where = position_of(posting)
    return IndexDocument(
        posting_id=posting.posting_id,
        version=version,
        title=posting.title,
        fields=(_searchable(posting.title), _searchable(posting.employer.name), _searchable(posting.description)),
        source=posting.source,
        region=posting.region,
        form=posting.form,
        type=posting.type,
        occupation_code=posting.occupation_code,
        pay_min=comparable[0],
        pay_max=comparable[1],
        published=seconds_of(posting.published_at),
        latitude=where[0] if where is not None else None,
        longitude=where[1] if where is not None else None,
        education=posting.education_min if rank is not None else None,
        education_rank=rank,
        open_to=tuple(posting.open_to or ()),
        offers=offers_of(posting.terms, posting.work.hours_per_day),
        employer_id=posting.employer.employer_id,
        brand_id=posting.brand_id,
        market_id=posting.market_id,
    )


def position_of(posting: Posting) -> tuple[float, float] | None:
    """(lat, lon) of the work; the county's seat where no more than the county is said, as the matcher measures. A city is too wide."""
    if posting.location is not None:
        return posting.location.lat, posting.location.lon
    if posting.region is None or places.level_of(posting.region) != "county":
        return None
    return places.seat_of(canonical_region(posting.region))


def offers_of(terms: Terms | None, hours_per_day: float | None = None) -> tuple[str, ...]:
    """What the posting says of its terms, of ``OFFERS``: 包住, 包吃, 社会保险, 住房公积金, 双休, 不加班, 白班, 夜班, 每天不超过8小时,
    and that no 社会保险 is paid, where that is said. Silence is none of them. ``hours_per_day``: as its own field states them, which goes
    before what the terms say."""
    terms = terms or Terms()
    insurance = terms.insurance or ()
    hours = hours_per_day if hours_per_day is not None else terms.hours_per_day
    said = (
        terms.lodging is True,
        terms.board is True,
        "social" in insurance,
        "housing_fund" in insurance,
        terms.rest_days is not None and terms.rest_days >= 8,
        terms.overtime is False,
        terms.shifts == "day",
        terms.shifts == "night",
        hours is not None and hours <= MOST_HOURS,
        terms.insurance == (),  # "none" is said; a list without 社会保险 may only be short
    )
    return tuple(name for name, holds in zip(OFFERS, said, strict=True) if holds)


def seconds_of(instant: datetime | None) -> int:
    """Whole seconds since 1970, 0 for none or earlier."""
    return 0 if instant is None else max(0, min(_SECONDS, int(instant.astimezone(UTC).timestamp())))
