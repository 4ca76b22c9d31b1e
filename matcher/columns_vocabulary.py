"""What people write, each distinct value once.

The columnar matcher compares a posting with every distinct title, skill, certificate, region and set of groups; people are rows of
numbers into these answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from matcher import certificates, places
from matcher.columns_kernel import EVERY_REGION, GROUP_SET, REGION, region_bit
from matcher.columns_storage import Grown
from matcher.compiled import compiled
from matcher.criteria import home_tenths, wish_tenths
from matcher.experience import COUNTS, DOUBTFUL, NEAR, OTHER, UNKNOWN, minor_of, posting_trade, trade_of_title
from matcher.groups import groups_of, open_to_person
from matcher.likeness import TitleIndex
from matcher.occupation_likeness import Reader, code_thousandths, reader_of
from matcher.occupations import occupation
from matcher.shapes import Person, Posting
from matcher.skills import alike, skill_tokens
from matcher.text import without_protected

I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
Table = npt.NDArray[np.void]


@compiled
def _atom_scores(titles: I16, title_rows: I32, name_rows: I32, code_rows: I32, kin: I16, count: int) -> I16:  # pragma: no cover - compiled
    out = np.full(count, -1, np.int16)
    for atom in range(count):
        if title_rows[atom] >= 0:
            out[atom] = titles[title_rows[atom]]
        if code_rows[atom] >= 0:
            out[atom] = max(out[atom], titles[name_rows[atom]], kin[code_rows[atom]])
    return out


@compiled
def _atom_standings(
    titles: I16, title_rows: I32, title_trades: I32, code_trades: I32, trade: int, near: int, doubtful: int, count: int
) -> U8:  # pragma: no cover - compiled
    out = np.empty(count, np.uint8)
    for atom in range(count):
        counts, other = False, False
        if title_rows[atom] >= 0:
            if titles[title_rows[atom]] >= near:
                counts = True
            elif trade >= 0 and title_trades[atom] >= 0:
                counts = counts or title_trades[atom] == trade
                other = other or (title_trades[atom] != trade and titles[title_rows[atom]] < doubtful)
        if trade >= 0 and code_trades[atom] >= 0:
            counts = counts or code_trades[atom] == trade
            other = other or code_trades[atom] != trade
        out[atom] = 1 if counts else 0 if other else 2
    return out


assert (OTHER, COUNTS, UNKNOWN) == (0, 1, 2)


class Atoms:
    """Pieces of evidence for an occupation, each (title or none, code or none) once; ``scores`` compares all with one posting.

    ``list`` gives them in order of their numbers.
    """

    def __init__(self) -> None:
        self.titles = TitleIndex()
        self._title_numbers: dict[str, int] = {}
        self._atoms: dict[tuple[str | None, str | None], int] = {}
        self._trades: dict[str, int] = {}
        self._codes: dict[str, int] = {}
        self._title_rows, self._title_trades = Grown(np.int32), Grown(np.int32)
        self._name_rows, self._code_rows, self._code_trades = Grown(np.int32), Grown(np.int32), Grown(np.int32)
        self._kin: dict[str, I16] = {}

    def __len__(self) -> int:
        return len(self._atoms)

    @property
    def list(self) -> list[tuple[str | None, str | None]]:
        return list(self._atoms)

    def _trade(self, trade: str | None) -> int:
        return -1 if trade is None else self._trades.setdefault(trade, len(self._trades))

    def add(self, title: str | None, code: str | None) -> int:
        """The number of this evidence. A title of nothing but protected words and a code unknown to the classification are no evidence."""
        if title is not None and not without_protected(title):
            title = None
        known = self._atoms.get((title, code))
        if known is not None:
            return known
        named = occupation(code)
        self._title_rows.append(-1 if title is None else self._title(title))
        self._title_trades.append(-1 if title is None else self._trade(trade_of_title(title)))
        self._name_rows.append(-1 if named is None else self._title(named.name))
        self._code_rows.append(-1 if named is None or code is None else self._codes.setdefault(code, len(self._codes)))
        self._code_trades.append(-1 if code is None else self._trade(minor_of(code)))
        self._atoms[title, code] = len(self._atoms)
        return len(self._atoms) - 1

    def _title(self, title: str) -> int:
        number = self._title_numbers[title] = self.titles.add(title)
        return number

    def _kinship(self, posting_code: str | None) -> I16:
        if posting_code is None:
            return np.zeros(len(self._codes), np.int16)
        held = self._kin.get(posting_code)
        if held is None or held.size < len(self._codes):
            if len(self._kin) > 512:
                self._kin.clear()
            held = np.array([code_thousandths(posting_code, code) for code in self._codes], np.int16)
            self._kin[posting_code] = held
        return held

    def reader(self, posting: Posting) -> Reader:
        """Likeness of one posting to the titles held here, worked out for all at once."""
        found = self.titles.scores(posting.title, posting.description, posting.occupation_code).tolist()
        directly = reader_of(posting)

        def look_up(title: str) -> int:
            number = self._title_numbers.get(title)
            return directly(title) if number is None or number >= len(found) else found[number]

        return look_up

    def scores(self, posting: Posting, with_standings: bool) -> tuple[I16, U8]:
        """(likeness of every atom in thousandths or -1 where it is no evidence, standing of every atom as a past job)."""
        titles = self.titles.scores(posting.title, posting.description, posting.occupation_code)
        count = len(self._atoms)
        found = _atom_scores(
            titles, self._title_rows.array, self._name_rows.array, self._code_rows.array, self._kinship(posting.occupation_code), count
        )
        if not with_standings:
            return found, np.zeros(1, np.uint8)
        trade = posting_trade(posting)
        standings = _atom_standings(
            titles, self._title_rows.array, self._title_trades.array, self._code_trades.array,
            -1 if trade is None else self._trades.get(trade, len(self._trades)), NEAR, DOUBTFUL, count
        )  # fmt: skip
        return found, standings


class Skills:
    """Distinct skills; ``masks`` says for each which of a posting's skills it is alike to."""

    def __init__(self) -> None:
        self._tokens: list[frozenset[str]] = []
        self._numbers: dict[frozenset[str], int] = {}
        self._holders: dict[str, list[int]] = {}
        self._alike: dict[frozenset[str], tuple[int, list[int]]] = {}

    def __len__(self) -> int:
        return len(self._tokens)

    def add(self, skill: str) -> int:
        found = skill_tokens(skill)
        known = self._numbers.get(found)
        if known is not None:
            return known
        number = len(self._tokens)
        self._tokens.append(found)
        self._numbers[found] = number
        for token in found:
            if len(token) > 1:
                self._holders.setdefault(token, []).append(number)
        return number

    @property
    def list(self) -> list[frozenset[str]]:
        """The tokens of every skill in order of their numbers."""
        return self._tokens

    def alike_to(self, needed: frozenset[str]) -> Sequence[int]:
        # Two different skills are only ever alike by a token of two characters or more that both hold, so those lists are complete.
        upto, found = self._alike.get(needed, (0, []))
        if upto < len(self._tokens):
            if len(self._alike) > 4096:
                self._alike.clear()
            tried = {number for token in needed for number in self._holders.get(token, ()) if number >= upto}
            same = self._numbers.get(needed)
            if same is not None and same >= upto:
                tried.add(same)
            found = found + sorted(number for number in tried if alike(needed, self._tokens[number]))
            self._alike[needed] = (len(self._tokens), found)
        return found

    def masks(self, needed: tuple[str, ...]) -> I64:
        """Per distinct skill a bit for each of ``needed`` that it is alike to."""
        if not needed:
            return np.zeros(1, np.int64)
        out = np.zeros(len(self._tokens), np.int64)
        for bit, skill in enumerate(needed):
            out[self.alike_to(skill_tokens(skill))] |= 1 << bit
        return out


class Certificates:
    """Distinct names of certificates; ``masks`` says for each which of a posting's it answers."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._answering: dict[str, tuple[int, list[int]]] = {}

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str) -> int:
        known = self._numbers.get(name)
        if known is None:
            known = self._numbers[name] = len(self._names)
            self._names.append(name)
        return known

    @property
    def list(self) -> list[str]:
        """The names in order of their numbers."""
        return self._names

    def _that_answer(self, needed: str) -> Sequence[int]:
        upto, found = self._answering.get(needed, (0, []))
        if upto < len(self._names):
            if len(self._answering) > 4096:
                self._answering.clear()
            found = found + [number for number in range(upto, len(self._names)) if certificates.same(needed, self._names[number])]
            self._answering[needed] = (len(self._names), found)
        return found

    def masks(self, needed: tuple[str, ...]) -> I64:
        """Per distinct certificate a bit for each of ``needed`` that it answers."""
        if not needed:
            return np.zeros(1, np.int64)
        out = np.zeros(len(self._names), np.int64)
        for bit, name in enumerate(needed):
            out[self._that_answer(name)] |= 1 << bit
        return out


class Regions:
    """Distinct region codes; ``tables`` says what each is worth to a posting in one region."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._tables: dict[str, Table] = {}
        self._wished: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, code: str) -> int:
        return self._numbers.setdefault(code, len(self._numbers))

    @property
    def list(self) -> list[str]:
        """The codes in order of their numbers."""
        return list(self._numbers)

    def get(self, code: str | None) -> int:
        """The region's number; -2, which no row holds, where nobody named it."""
        return -2 if code is None else self._numbers.get(code, -2)

    def table(self, posting_region: str | None) -> Table:
        """What each region is worth to a posting in this one (``REGION``)."""
        if posting_region is None:
            return np.zeros(1, REGION)
        held = self._tables.get(posting_region)
        if held is None or held.size < len(self._numbers):
            if len(self._tables) > 512:
                self._tables.clear()
            held = self._tables[posting_region] = _region_table(posting_region, tuple(self._numbers))
        return held

    def wished(self, posting_region: str | None) -> int:
        """The bits (``region_bit``) of the regions that meet a wish for this one; every bit where nobody named it."""
        if posting_region is None:
            return EVERY_REGION
        table = self.table(posting_region)
        size, bits = self._wished.get(posting_region, (0, 0))
        if size < table.size:
            if len(self._wished) > 512:
                self._wished.clear()
            bits = 0
            for number in np.flatnonzero(table["wish"] >= 0).tolist():
                bits |= region_bit(number)
            self._wished[posting_region] = (table.size, bits)
        return bits


def _region_table(posting_region: str, codes: tuple[str, ...]) -> Table:
    return np.array([region_worth(posting_region, code) for code in codes], REGION)


@lru_cache(maxsize=1 << 16)
def region_worth(posting_region: str, code: str) -> tuple[int, int, bool]:
    """What a person's region is worth to a posting's, as ``REGION`` takes it."""
    wish = wish_tenths(posting_region, code)
    own = places.level_of(posting_region) != "province" and places.city_of(posting_region) == places.city_of(code)
    return -1 if wish is None else wish, home_tenths(posting_region, code), own


class GroupSets:
    """Distinct (kind, categories); who a posting is open to and who comes first depends on nothing else."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, tuple[str, ...] | None], int] = {}
        self._people: list[Person] = []
        self._table: Table = np.zeros(0, GROUP_SET)
        self._limited: dict[tuple[str, ...], Table] = {}  # by what postings are limited to; few, and of one size

    def add(self, person: Person) -> int:
        categories = None if person.categories is None else tuple(sorted(set(person.categories)))
        key = (person.kind, categories)
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers[key] = len(self._people)
            self._people.append(Person(person_id="-", kind=person.kind, categories=categories))
        return known

    def table(self, open_to: tuple[str, ...] | None) -> Table:
        """What each set is to a posting limited to ``open_to`` (``GROUP_SET``)."""
        if self._table.size < len(self._people):
            groups = [groups_of(person) for person in self._people]
            self._table = np.array(
                [(True, "registered_unemployed" in found, "employment_difficulty" in found) for found in groups], GROUP_SET
            )
        if not open_to:
            return self._table
        held = self._limited.get(open_to)
        if held is None or held.size < len(self._people):
            if len(self._limited) > 512:
                self._limited.clear()
            held = self._table.copy()
            held["open"] = [open_to_person(open_to, person) for person in self._people]
            self._limited[open_to] = held
        return held


class Limits:
    """Distinct distance limits as squared chords."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._squares = Grown(np.int64)

    def add(self, square: int) -> int:
        known = self._numbers.get(square)
        if known is None:
            known = self._numbers[square] = self._squares.append(square)
        return known

    @property
    def squares(self) -> I64:
        return self._squares.array  # type: ignore[return-value]
