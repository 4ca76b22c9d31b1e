"""Open postings in columns: one person against all of them, with blockers, exact scores and the best k.

The same judgement as for a posting against people (``columns_kernel.judge``), turned round: the person is the one record, and every posting
brings its own answers to what this person states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher import certificates as certificate_names
from matcher.blockers import Rules, fresh_on, limit_day, needed_certificates, posting_blockers
from matcher.columns_ask import distance_steps, posting_record
from matcher.columns_kernel import BIT_CODES, GROUP_SET, POSTING, REGION, Ask, People, details_of
from matcher.columns_people import PeopleColumns
from matcher.columns_scan import best_rows
from matcher.columns_storage import RaggedRows, RowNames
from matcher.columns_vocabulary import Certificates, Skills, region_worth
from matcher.compiled import compiled
from matcher.criteria import FRESHNESS_STEPS, NEUTRAL, STALE
from matcher.days import day_of
from matcher.experience import COUNTS, DOUBTFUL, NEAR, OTHER, UNKNOWN, minor_of, posting_trade, trade_of_title
from matcher.groups import groups_of, open_to_person
from matcher.match_order import is_in_market
from matcher.occupation_likeness import code_thousandths
from matcher.occupations import occupation
from matcher.pairs import Pair, silent_names
from matcher.posting_likeness import PostingTitles
from matcher.posting_words import Block, WordsReader
from matcher.priority import priority_in
from matcher.shapes import Employer, Person, Posting
from matcher.skills import posting_skills

Array = npt.NDArray[Any]

#: What a posting says beside its record; unknown is 0 for days, -1 for numbers of distinct values.
_BESIDE = np.dtype([
    ("seen", np.int32),  # the day on which it was published or confirmed
    ("limit", np.int32),  # its stated last open day
    ("opens", np.int32),  # the day on which it was published
    ("given", np.bool_),  # stored, not closed, held or filled, and on the market
    ("slot", np.int32),  # of its words
    ("code", np.int32),  # of its occupation
    ("trade", np.int32),
    ("region", np.int32),
    ("employer", np.int32),
])  # fmt: skip


@compiled
def _masks(pool: Array, starts: Array, lengths: Array, met: Array, rows: int) -> Array:  # pragma: no cover - compiled
    """Per row a bit for each number of its list that is met."""
    out = np.zeros(rows, np.int64)
    for row in range(rows):
        for place in range(lengths[row]):
            if met[pool[starts[row] + place]]:
                out[row] |= np.int64(1) << place
    return out


#: So many postings' words wait to be read at most; it takes some 10 ms then.
_UNREAD = 64


def _said(posting: Posting) -> tuple[int, ...]:
    return hash(posting.title), hash(posting.description), hash(posting.occupation_code)


class _Numbers(dict[Any, int]):
    """Distinct values and their numbers."""

    def number(self, value: Any) -> int:
        return self.setdefault(value, len(self))


class PostingColumns:
    """Postings to be matched with people, whatever their state: a closed one costs a little room until it is removed.

    One user at a time: ``match`` writes the day into the columns.
    """

    def __init__(self, postings: Iterable[Posting] = ()) -> None:
        self._names = RowNames()
        self._rows = np.zeros(16, POSTING)
        self._beside = np.zeros(16, _BESIDE)
        self._titles = PostingTitles()
        self._unread: list[tuple[str, str | None, str | None]] = []  # of the slots behind those of ``_titles``
        self._said: dict[int, tuple[int, ...]] = {}
        self._skills, self._skill_lists = Skills(), RaggedRows()
        self._certificates, self._certificate_lists = Certificates(), RaggedRows()
        self._codes, self._trades, self._regions, self._open_to, self._employers = (_Numbers() for _ in range(5))
        self._worth: dict[str, Array] = {}
        self._day: tuple[date, Rules] | None = None
        for posting in postings:
            self.upsert(posting)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, posting_id: str) -> bool:
        return self._names.row(posting_id) is not None

    @property
    def row_count(self) -> int:
        """Rows in use or freed."""
        return self._names.lengths.size

    # ---- one posting -------------------------------------------------------------------------------------------------------------------

    def upsert(self, posting: Posting) -> None:
        """Adds a posting or replaces what was known of it."""
        row = self._names.add(posting.posting_id)
        if row >= self._rows.size:
            spare = self._rows.size // 2
            self._rows = np.concatenate([self._rows, np.zeros(spare, POSTING)])
            self._beside = np.concatenate([self._beside, np.zeros(spare, _BESIDE)])
        self._rows[row], self._beside[row] = self._numbers_of(posting, self._slot(row, posting))
        skills, named = self._lists_of(posting)
        self._skill_lists.put(row, skills)
        self._certificate_lists.put(row, named)
        self._judge_day(slice(row, row + 1))
        self._tidy()

    def _numbers_of(self, posting: Posting, slot: int) -> tuple[tuple[object, ...], tuple[object, ...]]:
        """A posting as ``POSTING`` and as ``_BESIDE`` take it; its words are in ``slot``."""
        as_of, rules = self._day or (date(2000, 1, 1), Rules())
        region = -2 if posting.region is None else self._regions.number(posting.region)
        open_to = self._open_to.number(tuple(posting.open_to or ()))
        trade, seen, limit = posting_trade(posting), fresh_on(posting), limit_day(posting)
        opens = None if posting.published_at is None else day_of(posting.published_at)
        return posting_record(posting, as_of, region, rules, False, (max(0, region), open_to)), (
            0 if seen is None else seen.toordinal(),
            0 if limit is None else limit.toordinal(),
            0 if opens is None else opens.toordinal(),
            posting.status in (None, "open") and posting.openings_left > 0 and is_in_market(posting),
            slot,
            -1 if posting.occupation_code is None else self._codes.number(posting.occupation_code),
            -1 if trade is None else self._trades.number(trade),
            region,
            self._employers.number((posting.employer.employer_id, posting.employer.uscc)),
        )

    def _lists_of(self, posting: Posting) -> tuple[list[int], list[int]]:
        """(numbers of its skills, of its certificates)."""
        return (
            [self._skills.add(skill) for skill in posting_skills(posting)],
            [self._certificates.add(name) for name in needed_certificates(posting)],
        )

    def _slot(self, row: int, posting: Posting) -> int:
        # The words are most of the work, and most new versions do not change them.
        said = _said(posting)
        if self._said.get(row) == said:
            return int(self._beside[row]["slot"])
        self._said[row] = said
        if len(self._unread) == _UNREAD:
            self._read()
        self._unread.append((posting.title, posting.description, posting.occupation_code))
        return self._titles.size + len(self._unread) - 1

    def _read(self) -> None:
        if self._unread:
            self._titles.extend(WordsReader().read(self._unread))
            self._unread.clear()

    @property
    def _words(self) -> PostingTitles:
        """The words of all postings. They are read when somebody is to be matched with them, many at once: a third of the time."""
        self._read()
        return self._titles

    def extend(self, postings: list[Posting], words: Block) -> None:
        """Adds postings with new ids and their words (``posting_words``) behind the last; none was removed before."""
        first, count = self._names.lengths.size, len(postings)
        if first != self._words.size:
            raise ValueError("rows and words are only added together while they are numbered alike")
        numbers = [self._numbers_of(posting, row) for row, posting in enumerate(postings, start=first)]
        lists = [self._lists_of(posting) for posting in postings]
        self._names.extend([posting.posting_id for posting in postings])
        spare = first + count - self._rows.size
        if spare > 0:
            spare = max(spare, self._rows.size // 2)
            self._rows = np.concatenate([self._rows, np.zeros(spare, POSTING)])
            self._beside = np.concatenate([self._beside, np.zeros(spare, _BESIDE)])
        self._rows[first : first + count] = np.array([record for record, _ in numbers], POSTING)
        self._beside[first : first + count] = np.array([beside for _, beside in numbers], _BESIDE)
        for held, side in ((self._skill_lists, 0), (self._certificate_lists, 1)):
            held.extend([number for pair in lists for number in pair[side]], [len(pair[side]) for pair in lists])
        self._words.extend(words)
        self._said.update((row, _said(posting)) for row, posting in enumerate(postings, start=first))
        self._judge_day(slice(first, first + count))

    def remove(self, posting_id: str) -> bool:
        """Forgets a posting; whether there was one."""
        row = self._names.remove(posting_id)
        if row is None:
            return False
        self._said.pop(row, None)
        self._beside[row]["given"] = False
        self._rows[row]["in_market"] = False
        self._skill_lists.put(row, [])
        self._certificate_lists.put(row, [])
        self._tidy()
        return True

    def _tidy(self) -> None:
        size = self._titles.size + len(self._unread)
        if size > 1024 and size > 2 * len(self._said):
            rows = np.array(sorted(self._said, key=lambda row: int(self._beside[row]["slot"])), np.int64)
            self._titles = self._words.compacted(self._beside["slot"][rows].astype(np.int64))
            self._beside["slot"][rows] = np.arange(rows.size)
        for lists in (self._skill_lists, self._certificate_lists):
            if lists.wasteful:
                lists.compact()

    # ---- the day -----------------------------------------------------------------------------------------------------------------------

    def _judge_day(self, part: slice) -> None:
        """Which postings are open on the day, and how fresh they are (``blockers.posting_blockers``, ``criteria.freshness_tenths``)."""
        if self._day is None:
            return
        as_of, rules = self._day
        today, beside, rows = as_of.toordinal(), self._beside[part], self._rows[part]
        seen = beside["seen"]
        last = np.where(beside["limit"] > 0, beside["limit"], np.where(seen > 0, seen + rules.expire_after_days, today))
        rows["in_market"] = beside["given"] & (last >= today) & (beside["opens"] <= today)
        age = np.maximum(0, today - seen)
        fresh = np.full(age.size, STALE)
        for days, tenths in reversed(FRESHNESS_STEPS):
            fresh[age <= days] = tenths
        rows["fresh"] = np.where(seen > 0, fresh, NEUTRAL["freshness"])
        rows["month"] = as_of.year * 12 + as_of.month
        rows["silent_consent"] = rules.missing_consent_is_given

    # ---- one person --------------------------------------------------------------------------------------------------------------------

    def _ask(self, person: Person, as_of: date, rules: Rules) -> tuple[People, Ask]:
        if self._day != (as_of, rules):
            self._day = (as_of, rules)
            self._judge_day(slice(None))
        single = PeopleColumns((person,))
        count = self._names.lengths.size
        rows, beside = self._rows[:count], self._beside[:count]
        people = single.people()
        one = people.rows[0]
        # A posting's mask says which of its needs the person meets by any skill, so every skill of the person points at it.
        people.pool[one["record"] + one["skills"] : one["record"] + one["regions"]] = 0
        atoms, regions = single.atoms.list, single.regions.list
        scores, standings = self._evidence(atoms, beside)
        return people, Ask(
            rows, scores, standings,
            self._met_skills(single.skills, count), self._met_certificates(single.certificates.list, count),
            self._region_table(regions), self._group_table(person), distance_steps(), max(1, len(atoms)), max(1, len(regions)),
        )  # fmt: skip

    def _evidence(self, atoms: list[tuple[str | None, str | None]], beside: Array) -> tuple[Array, Array]:
        """(likeness of every posting to each piece of evidence, standing of each as a past job), posting by posting."""
        scores = np.full((beside.size, max(1, len(atoms))), -1, np.int16)
        standings = np.full(scores.shape, UNKNOWN, np.uint8)
        for place, (title, code) in enumerate(atoms):
            counts, other = np.zeros(beside.size, bool), np.zeros(beside.size, bool)
            if title is not None:
                likeness = self._words.scores(title)[beside["slot"]]
                scores[:, place] = likeness
                known, same = self._same_trade(trade_of_title(title), beside)
                counts |= (likeness >= NEAR) | same
                other |= known & ~same & (likeness < DOUBTFUL)
            if code is not None:
                known, same = self._same_trade(minor_of(code), beside)
                counts |= same
                other |= known & ~same
                named = occupation(code)
                if named is not None:
                    kin = np.array([code_thousandths(own, code) for own in self._codes] + [0], np.int16)
                    by_code = np.maximum(self._words.scores(named.name)[beside["slot"]], kin[beside["code"]])
                    scores[:, place] = np.maximum(scores[:, place], by_code)
            standings[:, place] = np.where(counts, COUNTS, np.where(other, OTHER, UNKNOWN))
        return scores.ravel(), standings.ravel()

    def _same_trade(self, trade: str | None, beside: Array) -> tuple[Array, Array]:
        """(both trades are known, and they are the same), per posting."""
        if trade is None:
            nobody = np.zeros(beside.size, bool)
            return nobody, nobody
        return beside["trade"] >= 0, beside["trade"] == self._trades.get(trade, -2)

    def _met_skills(self, own: Skills, count: int) -> Array:
        met = np.zeros(max(1, len(self._skills)), np.bool_)
        for tokens in own.list:
            met[self._skills.alike_to(tokens)] = True
        return _masks(*self._skill_lists.arrays, met, count)  # type: ignore[no-any-return]

    def _met_certificates(self, held: list[str], count: int) -> Array:
        met = np.zeros(max(1, len(self._certificates)), np.bool_)
        for number, needed in enumerate(self._certificates.list):
            met[number] = any(certificate_names.same(needed, own) for own in held)
        return _masks(*self._certificate_lists.arrays, met, count)  # type: ignore[no-any-return]

    def _region_table(self, regions: list[str]) -> Array:
        """What each of the person's regions is worth to each of the postings' regions, posting's region by posting's region."""
        out = np.zeros((max(1, len(self._regions)), max(1, len(regions))), REGION)
        for place, code in enumerate(regions):
            worth = self._worth.get(code)
            if worth is None or worth.size < len(self._regions):
                if len(self._worth) > 4096:
                    self._worth.clear()
                worth = self._worth[code] = np.array([region_worth(posting_region, code) for posting_region in self._regions], REGION)
            out[: worth.size, place] = worth
        return out.ravel()

    def _group_table(self, person: Person) -> Array:
        found = groups_of(person)
        registered, difficulty = "registered_unemployed" in found, "employment_difficulty" in found
        return np.array([(open_to_person(groups, person), registered, difficulty) for groups in self._open_to], GROUP_SET)

    def match(
        self, person: Person, as_of: date, top: int = 20, employers: Mapping[str, Employer] | None = None, rules: Rules = Rules()
    ) -> list[Pair]:
        """The best ``top`` open postings for a person: score downwards, then posting id. ``employers`` by id (or credit code) give the
        pair its priority, which does not reorder a person's list."""
        return self.match_counted(person, as_of, top, employers, rules)[0]

    def match_counted(
        self, person: Person, as_of: date, top: int = 20, employers: Mapping[str, Employer] | None = None, rules: Rules = Rules()
    ) -> tuple[list[Pair], int]:
        """As ``match``, and how many open postings there are for the person in all."""
        if not len(self):
            return [], 0
        people, ask = self._ask(person, as_of, rules)
        _, rows, count = best_rows(*people, *ask, True, *self._names.arrays, max(0, min(top, len(self))))
        return self._pairs(person, as_of, people, ask, rows, employers or {}), int(count)

    def _pairs(self, person: Person, as_of: date, people: People, ask: Ask, rows: Array, employers: Mapping[str, Employer]) -> list[Pair]:
        regions, named = list(self._regions), list(self._employers)
        pairs = []
        for place, (row, found) in enumerate(zip(rows.tolist(), details_of(people, ask, rows, True).tolist(), strict=True), start=1):
            beside = self._beside[row]
            employer_id, uscc = named[beside["employer"]]
            employer = employers.get(employer_id) or employers.get(uscc)
            points, reasons = priority_in(None if beside["region"] < 0 else regions[beside["region"]], person, employer, as_of)
            pairs.append(
                Pair(
                    person_id=person.person_id,
                    posting_id=self._names.name(row),
                    score_tenths=sum(found[:8]),
                    rank=place,
                    priority=points,
                    priority_reasons=reasons,
                    tenths=tuple(found[:8]),
                    not_stated=silent_names(found[8], beside["seen"] > 0),
                )
            )
        return pairs

    def pair(
        self, posting: Posting, person: Person, as_of: date, employers: Mapping[str, Employer] | None = None, rules: Rules = Rules()
    ) -> tuple[Pair, frozenset[str]] | None:
        """One pair, recommended or not, with the codes of all its blockers; None for a posting that is not held here."""
        row = self._names.row(posting.posting_id)
        if row is None:
            return None
        people, ask = self._ask(person, as_of, rules)
        rows = np.array([row], np.int64)
        bits = int(details_of(people, ask, rows, True)[0, 10])
        codes = {code for bit, code in BIT_CODES.items() if bits & bit}
        codes |= {found["code"] for found in posting_blockers(posting, as_of, rules)}
        return self._pairs(person, as_of, people, ask, rows, employers or {})[0], frozenset(codes)
