"""A million people into empty columns at once: what ``PeopleColumns.upsert`` does one by one, in a third of the time.

Takes the JSON objects that the exchange itself wrote of validated people (``Person.model_dump``), decoded: nothing is checked again.
Every value that many share is looked up once, numbers go to lists of a block, and a block goes to the arrays in one piece. A property
test holds the result to ``upsert``, number by number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast

import numpy as np

from matcher import education
from matcher.blockers import sixteen_on
from matcher.columns_ask import FORM_BITS
from matcher.columns_kernel import (
    ALIVE,
    CONSENTS,
    DECLINES,
    HAS_HOME,
    HAS_MAJOR,
    LOCATED,
    PERSON,
    SAYS_CERTIFICATES,
    SAYS_EXPERIENCE,
    SAYS_SKILLS,
    WISHES_REGION,
    wished_bits,
)
from matcher.columns_people import MOST_ENTRIES, PeopleColumns
from matcher.distance import spot, squared_chord_of
from matcher.experience import year_thousandths
from matcher.fen import in_fen
from matcher.majors import title_of_major
from matcher.shapes import Location, Person
from matcher.skills import skill_tokens
from matcher.text import without_protected

BLOCK = 16_384
_NOTHING: Mapping[str, Any] = {}
K = TypeVar("K")
V = TypeVar("V")


class Found(dict[K, V], Generic[K, V]):
    """Answers of a function by its argument, each asked for once."""

    def __init__(self, ask: Callable[[K], V]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, key: K) -> V:
        found = self[key] = self._ask(key)
        return found


def fill_people(columns: PeopleColumns, documents: Iterable[Mapping[str, Any]]) -> None:
    """Adds people to columns that hold nobody yet; each id at most once. Raises ``ValueError`` where somebody is held already."""
    if columns.row_count:
        raise ValueError("only columns without people are filled at once")
    loader = _Loader(columns)
    for document in documents:
        loader.add(document)
        if len(loader.names) == BLOCK:
            loader.flush()
    loader.flush()


class _Loader:
    """One block of people on their way into the columns."""

    def __init__(self, columns: PeopleColumns) -> None:
        self.names: list[str] = []
        self._wished: list[int] = []
        self._rows: list[tuple[int, ...]] = []
        self._pool: list[int] = []
        self._lengths: list[int] = []
        self._columns = columns
        self._before = 0  # numbers in the pool from earlier blocks
        atoms, skills, certificates, regions = columns.atoms, columns.skills, columns.certificates, columns.regions
        self._title: Found[str, int] = Found(lambda title: atoms.add(title, None))
        self._code: Found[str, int] = Found(lambda code: atoms.add(None, code))
        self._job: Found[tuple[str | None, str | None], int] = Found(lambda job: atoms.add(*job))
        self._says: Found[str, bool] = Found(lambda text: bool(without_protected(text)))
        self._means: Found[str, bool] = Found(lambda skill: bool(skill_tokens(skill)))
        self._skill: Found[str, int] = Found(skills.add)
        self._certificate: Found[str, int] = Found(certificates.add)
        self._region: Found[str, int] = Found(regions.add)
        self._sixteen: Found[str, int] = Found(lambda month: sixteen_on(month).year * 12 + sixteen_on(month).month)
        self._rank: Found[str | None, int] = Found(lambda level: education.rank(education.code_of(level)) or 0)
        self._floor: Found[float, int] = Found(in_fen)
        self._limit: Found[float, int] = Found(lambda kilometres: columns.limits.add(squared_chord_of(kilometres)))
        self._day: Found[str, int] = Found(lambda day: date.fromisoformat(day).toordinal())
        self._groups: Found[tuple[str, tuple[str, ...] | None], int] = Found(self._group)

    def _group(self, key: tuple[str, tuple[str, ...] | None]) -> int:
        # Kind and categories are all that is read of the person.
        return self._columns.groups.add(cast(Person, SimpleNamespace(kind=key[0], categories=key[1])))

    def add(self, document: Mapping[str, Any]) -> None:
        """The same steps in the same order as ``PeopleColumns.upsert``: numbers of distinct values come out the same."""
        get = document.get
        desired = get("desired") or _NOTHING
        wish = desired.get
        flags, title, region = ALIVE, self._title, self._region
        record = [title[one] for one in wish("titles") or ()]
        codes = wish("occupation_codes")
        if codes:
            record += [self._code[code] for code in codes]
        schooling = get("education") or _NOTHING
        major = schooling.get("major")
        if major is not None and self._says[major]:
            flags |= HAS_MAJOR
            record.append(title[title_of_major(major)])
        jobs = len(record)
        experience = get("experience")
        if experience is not None:
            flags |= SAYS_EXPERIENCE
            for entry in experience:
                years = entry.get("years")
                record += (self._job[entry.get("title"), entry.get("occupation_code")], -1 if years is None else year_thousandths(years))
        skills = len(record)
        stated = get("skills")
        if stated is not None:
            own = [skill for skill in dict.fromkeys(stated) if self._means[skill]]
            if own or not stated:
                flags |= SAYS_SKILLS
                record += [self._skill[skill] for skill in own]
        certificates = len(record)
        stated = get("certificates")
        if stated is not None:
            flags |= SAYS_CERTIFICATES
            record += [self._certificate[name] for name in stated]
        regions = len(record)
        wished = wish("regions")
        if wished:
            flags |= WISHES_REGION
            record += [region[code] for code in wished]
        end = len(record)
        if end > MOST_ENTRIES:
            raise ValueError(f"a person with more than {MOST_ENTRIES} titles, skills, certificates and regions cannot be matched")
        place, location = (0, 0, 0), get("location")
        if location is not None:
            flags |= LOCATED
            place = spot(cast(Location, _Place(location["lat"], location["lon"])))
        home, registered, consent = get("region"), get("registered_at"), get("consent")
        if home is not None:
            flags |= HAS_HOME
        if consent is not None:
            recommend = consent.get("recommend")
            flags |= CONSENTS if recommend else DECLINES if recommend is False else 0
        forms = 0
        for form in wish("employment_forms") or ():
            forms |= FORM_BITS[form]
        born, floor, limit, free = get("birth_year_month"), wish("pay_min"), wish("max_distance_km"), wish("available_from")
        categories = get("categories")
        group = self._groups[document["kind"], None if categories is None else tuple(categories)]
        self.names.append(document["person_id"])
        self._lengths.append(end)
        self._wished.append(wished_bits(record[regions:]))
        self._rows.append((
            self._before + len(self._pool) if end else 0, jobs, skills, certificates, regions, end,
            0 if born is None else self._sixteen[born],
            group,
            -1 if limit is None else self._limit[limit],
            *place,
            -1 if home is None else region[home],
            -1 if registered is None else region[registered],
            0 if free is None else self._day[free],
            -1 if floor is None else self._floor[floor],
            flags,
            forms,
            self._rank[schooling.get("level")],
            0,
        ))  # fmt: skip
        self._pool += record

    def flush(self) -> None:
        """Put the block into the arrays."""
        if not self.names:
            return
        wished, rows = np.array(self._wished, np.uint64), np.array(self._rows, PERSON)
        self._columns.extend(self.names, wished, rows, self._pool, self._lengths)
        self._before += len(self._pool)
        self.names, self._wished, self._rows, self._pool, self._lengths = [], [], [], [], []


class _Place:
    """What ``spot`` reads of a location."""

    __slots__ = ("lat", "lon")

    def __init__(self, lat: float, lon: float) -> None:
        self.lat = lat
        self.lon = lon
