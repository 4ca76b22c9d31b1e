"""The compiled part of the columnar matcher: blockers, tenths and the best k, for one posting against every row of people.

``blocker_bits`` and ``tenths_of`` are the only places where the rules stand in compiled form; scanning and explaining both use them, and a
property test holds them to ``matcher.blockers`` and ``matcher.criteria``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.compiled import compiled, inlined
from matcher.criteria import DISTANCE_STEPS, NEUTRAL, OF, PAY_TOP_ONLY

Array = npt.NDArray[Any]

# Flags of a row of people.
ALIVE, CONSENTS, DECLINES, LOCATED, HAS_HOME, WISHES_REGION, SAYS_EXPERIENCE, SAYS_SKILLS, SAYS_CERTIFICATES, HAS_MAJOR = (
    1 << bit for bit in range(10)
)
# Bits of the blockers of a pair, in the order in which they are tried: cheap and frequent ones first.
GROUP, LEGAL_AGE, CONSENT, FORM, REGION, DISTANCE, PAY, EDUCATION, CERTIFICATE, EXPERIENCE, AVAILABILITY = (1 << bit for bit in range(11))
BIT_CODES = {
    GROUP: "group", LEGAL_AGE: "legal_age", CONSENT: "consent", FORM: "employment_form", REGION: "region", DISTANCE: "distance", PAY: "pay",
    EDUCATION: "education", CERTIFICATE: "certificate", EXPERIENCE: "experience", AVAILABILITY: "availability",
}  # fmt: skip

_OF_OCCUPATION, _OF_SKILLS, _OF_EDUCATION, _OF_EXPERIENCE = OF["occupation"], OF["skills"], OF["education"], OF["experience"]
_OF_PAY, _OF_HOURS = OF["pay"], OF["hours"]
_NO_OCCUPATION, _NO_SKILLS, _NO_EDUCATION, _NO_EXPERIENCE = (NEUTRAL[name] for name in ("occupation", "skills", "education", "experience"))
_NO_PLACE, _NO_PAY, _NO_HOURS = NEUTRAL["place"], NEUTRAL["pay"], NEUTRAL["hours"]
_PAY_TOP_ONLY = PAY_TOP_ONLY
_STEPS = len(DISTANCE_STEPS)
_COUNTS, _UNKNOWN = 1, 2


class People(NamedTuple):
    """Columns, one entry a row; see ``matcher.columns_people`` for the meaning of each."""

    rows: int
    flags: Array
    forms: Array
    rank: Array
    sixteen: Array
    floor: Array
    groups: Array
    limit: Array
    x: Array
    y: Array
    z: Array
    home: Array
    registered: Array
    free: Array
    record: Array
    ends: Array
    pool: Array
    names: Array
    name_starts: Array
    name_lengths: Array
    limits: Array


class Ask(NamedTuple):
    """One posting: scalars (unknown is -1 unless said otherwise) and its answers to every distinct value people hold."""

    scores: Array
    standings: Array
    skill_masks: Array
    certificate_masks: Array
    wish_tenths: Array
    home_tenths: Array
    own_city: Array
    group_open: Array
    group_flags: Array
    steps: Array
    step_tenths: Array
    silent_consent: bool
    month: int
    day: int
    form: int
    has_region: bool
    region: int
    located: bool
    x: int
    y: int
    z: int
    low: int
    top: int
    rank: int
    years: int
    skills: int
    certificates: int
    starts: int
    fresh: int
    key_employer: bool


@inlined
def _square(people: People, ask: Ask, row: int) -> int:
    dx = np.int64(people.x[row]) - ask.x
    dy = np.int64(people.y[row]) - ask.y
    dz = np.int64(people.z[row]) - ask.z
    return dx * dx + dy * dy + dz * dz


@inlined
def _years(people: People, ask: Ask, row: int) -> tuple[int, bool]:
    """(thousandths of a year that count, whether an entry could add to them)."""
    total = np.int64(0)
    unknown = False
    start = people.record[row]
    for place in range(start + people.ends[row, 0], start + people.ends[row, 1], 2):
        standing = ask.standings[people.pool[place]]
        years = people.pool[place + 1]
        if standing == _UNKNOWN or (standing == _COUNTS and years < 0):
            unknown = True
        elif standing == _COUNTS:
            total += years
    return total, unknown


@inlined
def _mask(people: People, masks: Array, row: int, part: int) -> int:
    found = np.int64(0)
    start = people.record[row]
    for place in range(start + people.ends[row, part - 1], start + people.ends[row, part]):
        found |= masks[people.pool[place]]
    return found


@inlined
def _wish(people: People, ask: Ask, row: int) -> int:
    best = -1
    start = people.record[row]
    for place in range(start + people.ends[row, 3], start + people.ends[row, 4]):
        best = max(best, ask.wish_tenths[people.pool[place]])
    return best


@inlined
def blocker_bits(people: People, ask: Ask, row: int, first_only: bool) -> int:
    """The blockers of a pair as bits; with ``first_only`` any of them suffices."""
    bits = 0
    flags = people.flags[row]
    if flags & DECLINES or (not ask.silent_consent and not flags & CONSENTS):
        bits |= CONSENT
    if people.sixteen[row] > ask.month:
        bits |= LEGAL_AGE
    if ask.form != 0 and people.forms[row] != 0 and not people.forms[row] & ask.form:
        bits |= FORM
    if ask.rank > 0 and 0 < people.rank[row] < ask.rank:
        bits |= EDUCATION
    if ask.top >= 0 and people.floor[row] > ask.top:
        bits |= PAY
    if not ask.group_open[people.groups[row]]:
        bits |= GROUP
    if ask.starts > 0 and people.free[row] > ask.starts:
        bits |= AVAILABILITY
    if first_only and bits:
        return bits
    if ask.has_region and flags & WISHES_REGION and _wish(people, ask, row) < 0:
        bits |= REGION
    if ask.located and flags & LOCATED and people.limit[row] >= 0:
        judged = not flags & WISHES_REGION
        if not judged and ask.has_region and flags & HAS_HOME:
            judged = ask.own_city[people.home[row]] != 0
        if judged and _square(people, ask, row) > people.limits[people.limit[row]]:
            bits |= DISTANCE
    if first_only and bits:
        return bits
    if ask.certificates != 0 and flags & SAYS_CERTIFICATES and _mask(people, ask.certificate_masks, row, 3) != ask.certificates:
        bits |= CERTIFICATE
    if ask.years > 0 and flags & SAYS_EXPERIENCE:
        total, unknown = _years(people, ask, row)
        if not unknown and total < ask.years:
            bits |= EXPERIENCE
    return bits


@inlined
def tenths_of(people: People, ask: Ask, row: int) -> tuple[int, int, int, int, int, int, int, int]:
    """Tenths of occupation, skills, education, experience, place, pay and hours, and a bit for each of them that is not stated."""
    flags = people.flags[row]
    silent = 0
    start = people.record[row]

    best = np.int64(-1)
    first_job = start + people.ends[row, 0]
    wishes = first_job - 1 if flags & HAS_MAJOR else first_job
    for place in range(start, wishes):
        best = max(best, np.int64(ask.scores[people.pool[place]]))
    if flags & HAS_MAJOR:
        score = np.int64(ask.scores[people.pool[wishes]])
        if score >= 0:
            best = max(best, score * 6 // 10)
    for place in range(first_job, start + people.ends[row, 1], 2):
        score = np.int64(ask.scores[people.pool[place]])
        if score >= 0:
            best = max(best, score * 8 // 10)
    occupation = _NO_OCCUPATION
    if best < 0:
        silent |= 1
    else:
        occupation = (_OF_OCCUPATION * best + 500) // 1000

    skills = _NO_SKILLS
    if ask.skills == 0 or not flags & SAYS_SKILLS:
        silent |= 2
    else:
        met = _mask(people, ask.skill_masks, row, 2)
        count = 0
        while met:
            met &= met - 1
            count += 1
        skills = _OF_SKILLS * count // ask.skills

    education = _NO_EDUCATION
    if ask.rank == 0:
        education = _OF_EDUCATION
    elif ask.rank < 0 or people.rank[row] == 0:
        silent |= 4
    else:
        education = _OF_EDUCATION if people.rank[row] >= ask.rank else 0

    experience = _NO_EXPERIENCE
    if ask.years == 0:
        experience = _OF_EXPERIENCE
    elif ask.years < 0 or not flags & SAYS_EXPERIENCE:
        silent |= 8
    else:
        total, unknown = _years(people, ask, row)
        if total >= ask.years:
            experience = _OF_EXPERIENCE
        elif unknown:
            silent |= 8
        else:
            experience = _OF_EXPERIENCE * total // ask.years

    place_tenths = -1
    if ask.located and flags & LOCATED:
        square = _square(people, ask, row)
        place_tenths = 0
        for step in range(_STEPS):
            if square <= ask.steps[step]:
                place_tenths = ask.step_tenths[step]
                break
    elif ask.has_region and flags & HAS_HOME:
        place_tenths = ask.home_tenths[people.home[row]]
    if ask.has_region and flags & WISHES_REGION:
        place_tenths = max(place_tenths, _wish(people, ask, row), 0)
    if place_tenths < 0:
        place_tenths = _NO_PLACE
        silent |= 16

    pay = _NO_PAY
    floor = np.int64(people.floor[row])
    if floor < 0 or (ask.low < 0 and ask.top < 0):
        silent |= 32
    elif ask.low >= 0 and ask.low >= floor:
        pay = _OF_PAY
    elif ask.top < 0:
        silent |= 32
    elif ask.top < floor:
        pay = 0
    elif ask.low < 0:
        pay = _PAY_TOP_ONLY
    else:
        half = _OF_PAY // 2
        pay = half + (half * (ask.top - floor) // (ask.top - ask.low) if ask.top > ask.low else half)

    hours = _NO_HOURS
    if ask.form == 0 or people.forms[row] == 0:
        silent |= 64
    else:
        hours = _OF_HOURS if people.forms[row] & ask.form else 0
    return occupation, skills, education, experience, place_tenths, pay, hours, silent


@inlined
def priority_of(people: People, ask: Ask, row: int) -> int:
    groups = ask.group_flags[people.groups[row]]
    points = 0
    if ask.key_employer and groups & 1:
        points = 4 if people.registered[row] == ask.region else 2
    return points + (1 if groups & 2 else 0)


@compiled
def _worse(
    names: Array, starts: Array, lengths: Array, key: int, row: int, other_key: int, other: int
) -> bool:  # pragma: no cover - compiled
    """Whether (key, row) comes after the other: a lower key, or the same key and a later id."""
    if key != other_key:
        return key < other_key
    start, begin = starts[row], starts[other]
    length, size = lengths[row], lengths[other]
    for place in range(min(length, size)):
        a, b = names[start + place], names[begin + place]
        if a != b:
            return a > b
    return length > size


@compiled
def _push(names: Array, starts: Array, lengths: Array, keys: Array, rows: Array, held: int, key: int, row: int) -> None:  # pragma: no cover
    """Adds (key, row) to a heap of ``held`` entries, the worst on top."""
    child = held
    while child > 0:
        parent = (child - 1) // 2
        if not _worse(names, starts, lengths, key, row, keys[parent], rows[parent]):
            break
        keys[child], rows[child] = keys[parent], rows[parent]
        child = parent
    keys[child], rows[child] = key, row


@compiled
def _sift(names: Array, starts: Array, lengths: Array, keys: Array, rows: Array, held: int, key: int, row: int) -> None:  # pragma: no cover
    """Puts (key, row) in the place of the top of the heap."""
    hole = 0
    while True:
        child = 2 * hole + 1
        if child >= held:
            break
        if child + 1 < held and _worse(names, starts, lengths, keys[child + 1], rows[child + 1], keys[child], rows[child]):
            child += 1
        if not _worse(names, starts, lengths, keys[child], rows[child], key, row):
            break
        keys[hole], rows[hole] = keys[child], rows[child]
        hole = child
    keys[hole], rows[hole] = key, row


@compiled
def best_rows(people: People, ask: Ask, top: int) -> tuple[Array, Array, int]:  # pragma: no cover - compiled
    """(keys, rows, how many rows are not blocked): the best ``top`` rows by key downwards, then id upwards."""
    names, starts, lengths = people.names, people.name_starts, people.name_lengths
    keys = np.empty(top, np.int32)
    rows = np.empty(top, np.int32)
    held = 0
    open_rows = 0
    for row in range(people.rows):
        if not people.flags[row] & ALIVE or blocker_bits(people, ask, row, True):
            continue
        open_rows += 1
        parts = tenths_of(people, ask, row)
        score = parts[0] + parts[1] + parts[2] + parts[3] + parts[4] + parts[5] + parts[6] + ask.fresh
        key = (score // 50 * 8 + priority_of(people, ask, row)) * 1024 + score
        if held < top:
            _push(names, starts, lengths, keys, rows, held, key, row)
            held += 1
        elif top > 0 and key >= keys[0] and _worse(names, starts, lengths, keys[0], rows[0], key, row):
            _sift(names, starts, lengths, keys, rows, held, key, row)
    for last in range(held - 1, 0, -1):
        key, row = keys[last], rows[last]
        keys[last], rows[last] = keys[0], rows[0]
        _sift(names, starts, lengths, keys, rows, last, key, row)
    return keys[:held], rows[:held], open_rows


@compiled
def points_of(people: People, ask: Ask, rows: Array) -> Array:  # pragma: no cover - compiled
    """Per row: tenths of the eight criteria, bits of what is not stated, priority, bits of the blockers; shape (rows, 11)."""
    out = np.empty((rows.size, 11), np.int32)
    for place in range(rows.size):
        row = rows[place]
        parts = tenths_of(people, ask, row)
        out[place, 0], out[place, 1], out[place, 2], out[place, 3] = parts[0], parts[1], parts[2], parts[3]
        out[place, 4], out[place, 5], out[place, 6], out[place, 7] = parts[4], parts[5], parts[6], ask.fresh
        out[place, 8] = parts[7]
        out[place, 9] = priority_of(people, ask, row)
        out[place, 10] = blocker_bits(people, ask, row, False)
    return out
