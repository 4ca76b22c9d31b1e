"""A million people in columns: one posting against all of them, with blockers, exact scores and the best k.

Gives the numbers ``matcher.explain`` gives, to the last bit (a property test holds the two together). Every distinct title, skill,
certificate, region and set of groups is kept once and compared once with a posting; a person is a row of numbers into those answers.

One writer at a time, and no match while it writes: whoever shares the columns between threads holds a lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np

from matcher import education
from matcher.blockers import Rules, fresh_on, posting_blockers, sixteen_on
from matcher.columns_ask import FORM_BITS, ask_of
from matcher.columns_kernel import (
    ALIVE,
    BIT_CODES,
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
    Array,
    Ask,
    People,
    details_of,
    traits_of,
    wished_bits,
)  # fmt: skip
from matcher.columns_scan import best_rows
from matcher.columns_storage import RaggedRows, RowNames, in_lines
from matcher.columns_vocabulary import Atoms, Certificates, GroupSets, Limits, Regions, Skills
from matcher.distance import spot, squared_chord_of
from matcher.experience import year_thousandths
from matcher.fen import in_fen
from matcher.majors import title_of_major
from matcher.match_order import is_in_market
from matcher.pairs import Pair, reasons_of, silent_names
from matcher.shapes import Employer, Person, Posting
from matcher.skills import person_skills
from matcher.text import without_protected

MOST_ENTRIES = 65_535


class PeopleColumns:
    """People to be matched with postings.

    ``upsert`` and ``remove`` change one person; the next ``match`` sees it. Nothing of ``private`` is read or kept.
    """

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self._names = RowNames()
        self._records = RaggedRows()
        self._wished, self._floors, self._traits = np.zeros(16, np.uint64), np.zeros(16, np.int32), np.zeros(16, np.uint32)
        self._rows = in_lines(16, PERSON)
        self.atoms, self.skills, self.certificates = Atoms(), Skills(), Certificates()
        self.regions, self.groups, self.limits = Regions(), GroupSets(), Limits()
        for person in people:
            self.upsert(person)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, person_id: str) -> bool:
        return self._names.row(person_id) is not None

    def reserve(self, people: int) -> None:
        """Room for so many people without growing on the way."""
        self._names.reserve(people)
        self._records.reserve(people)
        self._room(people)

    def _room(self, rows: int) -> None:
        size = self._rows.size
        if rows > size:
            for name in ("_wished", "_floors", "_traits", "_rows"):
                held = getattr(self, name)
                larger = in_lines(rows, held.dtype)
                larger[:size] = held
                setattr(self, name, larger)

    def extend(self, names: list[str], wished: Array, rows: Array, records: list[int], lengths: list[int]) -> None:
        """Adds people with new ids, already as numbers (``columns_loading``): ``wished_bits``, ``PERSON``, their lists in one."""
        start, end = self.row_count, self.row_count + len(names)
        self._names.extend(names)
        self._records.extend(records, lengths)
        self._room(end if end <= self._rows.size else max(end, self._rows.size * 3 // 2))
        self._wished[start:end], self._floors[start:end], self._rows[start:end] = wished, rows["floor"], rows
        self._traits[start:end] = traits_of(*(rows[name].astype(np.uint32) for name in ("flags", "forms", "rank")))

    # ---- one person --------------------------------------------------------------------------------------------------------------------

    def upsert(self, person: Person) -> None:
        """Adds a person or replaces what was known of them."""
        row = self._names.add(person.person_id)
        if row >= self._rows.size:
            self._room(max(row + 1, self._rows.size * 3 // 2))
        record, (jobs, skills, named, regions, end), flags = self._record(person)
        desired, place = person.desired, (0, 0, 0)
        if person.location is not None:
            flags |= LOCATED
            place = spot(person.location)
        if person.region is not None:
            flags |= HAS_HOME
        consent = None if person.consent is None else person.consent.recommend
        flags |= ALIVE | (CONSENTS if consent else DECLINES if consent is False else 0)
        forms = 0
        for form in desired.employment_forms or ():
            forms |= FORM_BITS[form]
        legal = None if person.birth_year_month is None else sixteen_on(person.birth_year_month)
        rank = education.rank(education.code_of(person.education.level)) or 0
        floor = -1 if desired.pay_min is None else in_fen(desired.pay_min)
        start = self._records.put(row, record)
        self._wished[row], self._floors[row], self._traits[row] = wished_bits(record[regions:]), floor, traits_of(flags, forms, rank)
        self._rows[row] = (
            start, jobs, skills, named, regions, end,
            0 if legal is None else legal.year * 12 + legal.month,
            self.groups.add(person),
            -1 if desired.max_distance_km is None else self.limits.add(squared_chord_of(desired.max_distance_km)),
            *place,
            -1 if person.region is None else self.regions.add(person.region),
            -1 if person.registered_at is None else self.regions.add(person.registered_at),
            0 if desired.available_from is None else desired.available_from.toordinal(),
            floor, flags, forms, rank, 0,
        )  # fmt: skip
        if self._records.wasteful:
            self._rows["record"][: self._records.rows] = self._records.compact()

    def _record(self, person: Person) -> tuple[list[int], list[int], int]:
        """The lists of a person in one: wished evidence and major, past jobs with years, skills, certificates, wished regions."""
        desired, flags = person.desired, 0
        record = [self.atoms.add(title, None) for title in desired.titles or ()]
        record += [self.atoms.add(None, code) for code in desired.occupation_codes or ()]
        if person.education.major is not None and without_protected(person.education.major):
            flags |= HAS_MAJOR
            record.append(self.atoms.add(title_of_major(person.education.major), None))
        ends = [len(record)]
        if person.experience is not None:
            flags |= SAYS_EXPERIENCE
            for entry in person.experience:
                years = -1 if entry.years is None else year_thousandths(entry.years)
                record += (self.atoms.add(entry.title, entry.occupation_code), years)
        ends.append(len(record))
        own = person_skills(person)
        if own is not None:
            flags |= SAYS_SKILLS
            record += [self.skills.add(skill) for skill in own]
        ends.append(len(record))
        if person.certificates is not None:
            flags |= SAYS_CERTIFICATES
            record += [self.certificates.add(name) for name in person.certificates]
        ends.append(len(record))
        if desired.regions:
            flags |= WISHES_REGION
            record += [self.regions.add(code) for code in desired.regions]
        ends.append(len(record))
        if len(record) > MOST_ENTRIES:
            raise ValueError(f"a person with more than {MOST_ENTRIES} titles, skills, certificates and regions cannot be matched")
        return record, ends, flags

    def remove(self, person_id: str) -> bool:
        """Forgets a person; whether there was one."""
        row = self._names.remove(person_id)
        if row is None:
            return False
        self._rows[row]["flags"] = self._traits[row] = 0
        return True

    # ---- one posting -------------------------------------------------------------------------------------------------------------------

    def people(self) -> People:
        """The columns as compiled functions take them."""
        count = self._names.lengths.size
        columns = (self._wished[:count], self._floors[:count], self._traits[:count], self._rows[:count])
        return People(*columns, self._records.pool.array, self.limits.squares)

    @property
    def row_count(self) -> int:
        """Rows in use or freed: the length of what is kept by row beside the columns."""
        return self._names.lengths.size

    def row_of(self, person_id: str) -> int | None:
        """The row of a person; it stays the same until the person is removed."""
        return self._names.row(person_id)

    def ask(self, posting: Posting, as_of: date, employer: Employer | None, rules: Rules) -> tuple[People, Ask]:
        """The columns and the posting's answers, as compiled functions take them."""
        asked = ask_of(posting, as_of, employer, rules, self.atoms, self.skills, self.certificates, self.regions, self.groups)
        return self.people(), asked

    def match(self, posting: Posting, as_of: date, top: int = 100, employer: Employer | None = None, rules: Rules = Rules()) -> list[Pair]:
        """The best ``top`` people for a posting: band, priority, score downwards, then person id. Nobody while the posting is not open, and
        nobody for a public-welfare post, which is given out elsewhere."""
        return self.match_counted(posting, as_of, top, employer, rules)[0]

    def match_counted(
        self, posting: Posting, as_of: date, top: int = 100, employer: Employer | None = None, rules: Rules = Rules()
    ) -> tuple[list[Pair], int]:
        """As ``match``, and how many people there are for the posting in all."""
        if not len(self) or not is_in_market(posting) or posting_blockers(posting, as_of, rules):
            return [], 0
        people, ask = self.ask(posting, as_of, employer, rules)
        _, rows, count = best_rows(*people, *ask, False, *self._names.arrays, max(0, min(top, len(self))))
        return self._pairs(posting, people, ask, rows), int(count)

    def _pairs(self, posting: Posting, people: People, ask: Ask, rows: np.ndarray) -> list[Pair]:  # type: ignore[type-arg]
        stated = fresh_on(posting) is not None
        points = details_of(people, ask, rows).tolist()
        return [
            Pair(
                person_id=self._names.name(int(row)),
                posting_id=posting.posting_id,
                score_tenths=sum(found[:8]),
                rank=place,
                priority=found[9],
                priority_reasons=reasons_of(found[9]),
                tenths=tuple(found[:8]),
                not_stated=silent_names(found[8], stated),
            )
            for place, (row, found) in enumerate(zip(rows, points, strict=True), start=1)
        ]

    def pair(
        self, posting: Posting, person_id: str, as_of: date, employer: Employer | None = None, rules: Rules = Rules()
    ) -> tuple[Pair, frozenset[str]] | None:
        """One pair, recommended or not, with the codes of all its blockers; None for an unknown person."""
        row = self._names.row(person_id)
        if row is None:
            return None
        people, ask = self.ask(posting, as_of, employer, rules)
        rows = np.array([row], np.int32)
        bits = int(details_of(people, ask, rows)[0, 10])
        codes = {code for bit, code in BIT_CODES.items() if bits & bit}
        codes |= {found["code"] for found in posting_blockers(posting, as_of, rules)}
        return self._pairs(posting, people, ask, rows)[0], frozenset(codes)

    @property
    def nbytes(self) -> int:
        """Bytes in arrays, without the distinct texts."""
        columns = (self._wished, self._floors, self._traits, self._rows)
        return sum(column.nbytes for column in columns) + self._records.nbytes + self._names.nbytes
