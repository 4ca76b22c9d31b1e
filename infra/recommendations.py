"""Recommendations of a batch: pairs from the columnar matcher, with reasons and hints, as the lines of contract.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from infra.batch_files import progress
from matcher.blockers import BATCH_RULES, Rules
from matcher.columns_batch import BestPostings
from matcher.columns_people import PeopleColumns
from matcher.criteria import criteria
from matcher.match_order import MODEL_VERSION, band_of, match_id
from matcher.occupation_likeness import Reader
from matcher.policy import Catalogue, PairStatuses, hints_for_pair, load_catalogue
from matcher.priority import priority
from matcher.shapes import Employer, Person, Posting
from matcher.sides import sides


class EmployerIndex:
    """Employers by id and by credit code, as postings name them."""

    def __init__(self, employers: Iterable[Employer]) -> None:
        self._by_id: dict[str, Employer] = {}
        self._by_code: dict[str, Employer] = {}
        for employer in employers:
            self._by_id[employer.employer_id] = employer
            if employer.uscc is not None:
                self._by_code[employer.uscc] = employer

    def of(self, posting: Posting) -> Employer | None:
        """The employer a posting names, by id, else by credit code."""
        named = posting.employer
        found = self._by_id.get(named.employer_id) if named.employer_id is not None else None
        if found is None and named.uscc is not None:
            found = self._by_code.get(named.uscc)
        return found


class HintTexts:
    """Hints of pairs as JSON, each distinct answer worded once: people whom no condition tells apart get the same hints."""

    def __init__(self, catalogue: Catalogue, as_of: date) -> None:
        self._catalogue, self._as_of = catalogue, as_of
        self._bulk = PairStatuses(catalogue, as_of)
        # By the identity of the shared list of statuses, which is kept beside its text so that the identity stays its own.
        self._worded: dict[int, tuple[Any, bytes]] = {}

    def of(self, posting: Posting, person: Person, employer: Employer | None) -> orjson.Fragment:
        statuses = self._bulk.for_posting(posting, employer, (person,))[0]
        held = self._worded.get(id(statuses))
        if held is None:
            if len(self._worded) > 200_000:
                self._worded.clear()
            hints = hints_for_pair(self._catalogue, posting, person, employer, self._as_of) if statuses else []
            held = self._worded[id(statuses)] = (statuses, orjson.dumps(hints))
        return orjson.Fragment(held[1])


class Readers:
    """Likenesses of the postings that are being written, each worked out once for all titles while there is room for it."""

    MOST_NUMBERS = 20_000_000

    def __init__(self, columns: PeopleColumns) -> None:
        self._columns = columns
        self._held: dict[str, Reader] = {}

    def of(self, posting: Posting) -> Reader:
        held = self._held.get(posting.posting_id)
        if held is None:
            if len(self._held) * max(1, len(self._columns.atoms.titles)) > self.MOST_NUMBERS:
                self._held.clear()
            held = self._held[posting.posting_id] = self._columns.atoms.reader(posting)
        return held


@dataclass
class Market:
    """What a batch matches, and on which day."""

    postings: list[Posting]
    people: list[Person]
    employers: EmployerIndex
    as_of: date
    rules: Rules = BATCH_RULES

    def ranked(self, by: str, top: int) -> Iterator[tuple[Posting, Person, int, Reader]]:
        """(posting, person, rank, likeness of the posting): grouped by person or posting in order of their ids, best first."""
        columns = PeopleColumns()
        columns.reserve(len(self.people))
        for person in progress(self.people, total=len(self.people), label="people", unit=" people"):
            columns.upsert(person)
        people = {person.person_id: person for person in self.people}
        readers = Readers(columns)
        if by == "posting":
            postings = sorted(self.postings, key=lambda posting: posting.posting_id)
            for posting in progress(postings, total=len(postings), label="match", unit=" postings"):
                for pair in columns.match(posting, self.as_of, top, self.employers.of(posting), self.rules):
                    yield posting, people[pair.person_id], pair.rank, readers.of(posting)
            return
        best = BestPostings(columns, self.postings, top)
        for number in progress(range(len(best.postings)), total=len(best.postings), label="match", unit=" postings"):
            best.offer(number, self.as_of, self.employers.of(best.postings[number]), self.rules)
        for person_id in progress(sorted(people), total=len(people), label="write", unit=" people"):
            for rank, (posting, _) in enumerate(best.of(person_id), start=1):
                yield posting, people[person_id], rank, readers.of(posting)


def recommendation_lines(market: Market, by: str, top: int, with_hints: bool) -> Iterator[bytes]:
    """One line of JSON for each recommendation."""
    catalogue = load_catalogue()
    hints = HintTexts(catalogue, market.as_of) if with_hints else None
    for posting, person, rank, reader in market.ranked(by, top):
        employer = market.employers.of(posting)
        line = recommendation(posting, person, employer, market.as_of, rank, reader)
        line["hints"] = [] if hints is None else hints.of(posting, person, employer)
        line["catalogue_version"] = catalogue.version
        yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def recommendation(
    posting: Posting, person: Person, employer: Employer | None, as_of: date, rank: int, reader: Reader | None = None
) -> dict[str, Any]:
    """The contract's Recommendation without its hints."""
    found = criteria(posting, person, as_of, reader)
    score = sum(criterion.tenths for criterion in found)
    points, reasons = priority(posting, person, employer, as_of)
    return {
        "match_id": match_id(person.person_id, posting.posting_id),
        "person_id": person.person_id,
        "posting_id": posting.posting_id,
        "as_of": as_of.isoformat(),
        "score": score / 10,
        **sides({criterion.name: criterion.tenths for criterion in found}),
        "band": band_of(score),
        "rank": rank,
        "priority": points,
        "priority_reasons": list(reasons),
        "criteria": [criterion.as_json() for criterion in found],
        "not_stated": [criterion.name for criterion in found if not criterion.stated],
        "model_version": MODEL_VERSION,
    }
