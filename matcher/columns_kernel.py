"""The compiled part of the columnar matcher: blockers, tenths and key of rows of people for one posting.

``judge`` is the only place where the rules stand in compiled form: scanning and explaining both use it, and a property test holds it to
``matcher.blockers`` and ``matcher.criteria``.

A person is a gate of 16 bytes, a record of 64, and a list of numbers in the pool. Everything is laid out in one
function over a block of rows, because an array handed to a function inside the loop costs a reference count each time (numba 0.68:
75 ns a person instead of 25; taken out of a tuple there, 340).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.compiled import compiled
from matcher.criteria import DISTANCE_STEPS, NEUTRAL, OF, PAY_TOP_ONLY
from matcher.occupation_likeness import WEIGHT

Array = npt.NDArray[Any]

#: A person: one line of the cache. Unknown is -1 for numbers of distinct values and ``floor``, 0 for ``rank``, ``forms``, ``sixteen`` and
#: ``free``.
PERSON = np.dtype([
    ("record", np.int64),  # where the person's list starts in the pool: wished evidence and major, then from each of the next offsets on
    ("jobs", np.uint16),  # past jobs, each (evidence, thousandths of a year or -1)
    ("skills", np.uint16),
    ("certificates", np.uint16),
    ("regions", np.uint16),  # wished regions
    ("end", np.uint16),
    ("sixteen", np.int16),  # the month in which sixteen is reached, year * 12 + month
    ("groups", np.int32),  # number of the set of groups
    ("limit", np.int32),  # number of the distance limit
    ("x", np.int32),  # where the person lives, centimetres from the middle of the earth
    ("y", np.int32),
    ("z", np.int32),
    ("home", np.int32),  # number of the region
    ("registered", np.int32),  # number of the region of registration
    ("free", np.int32),  # ordinal of the first free day
    ("floor", np.int32),  # least monthly pay in fen
    ("flags", np.uint16),
    ("forms", np.uint8),  # bits of the wished forms
    ("rank", np.uint8),  # of the level of education
    ("spare", np.int32),
])  # fmt: skip
assert PERSON.itemsize == 64
#: One posting. Unknown is -1, for ``form``, ``starts`` 0, for ``region`` -2.
POSTING = np.dtype([
    ("x", np.int64),
    ("y", np.int64),
    ("z", np.int64),
    ("low", np.int64),  # comparable monthly pay in fen
    ("top", np.int64),
    ("certificates", np.int64),  # a bit for each that is needed
    ("years", np.int64),  # thousandths; 0: none needed
    ("month", np.int64),  # of the day: year * 12 + month
    ("form", np.int64),
    ("region", np.int64),
    ("rank", np.int64),  # 0: no level needed
    ("skills", np.int64),  # how many are needed
    ("starts", np.int64),
    ("fresh", np.int64),  # tenths of freshness
    ("wished", np.uint64),  # bits of the regions that meet a wish for this posting's; every bit where nobody looked
    ("region_row", np.int64),  # where its answers stand in the tables of ``Ask``, among many postings
    ("group_row", np.int64),
    ("in_market", np.bool_),  # open on the day, and not given out elsewhere
    ("has_region", np.bool_),
    ("located", np.bool_),
    ("silent_consent", np.bool_),
    ("key_employer", np.bool_),
], align=True)  # fmt: skip
#: What a region is worth to the posting: as a wish (-1: not met), as a home, whether in the same city.
REGION = np.dtype([("wish", np.int16), ("home", np.int16), ("own_city", np.bool_)])
#: What a set of groups is to the posting: open to it, registered unemployed, in recognised difficulty.
GROUP_SET = np.dtype([("open", np.bool_), ("registered", np.bool_), ("difficulty", np.bool_)])

ALIVE, CONSENTS, DECLINES, LOCATED, HAS_HOME, WISHES_REGION, SAYS_EXPERIENCE, SAYS_SKILLS, SAYS_CERTIFICATES, HAS_MAJOR = (
    1 << bit for bit in range(10)
)
GROUP, LEGAL_AGE, CONSENT, FORM, REGION_BIT, DISTANCE, PAY, EDUCATION, CERTIFICATE, EXPERIENCE, AVAILABILITY = (
    1 << bit for bit in range(11)
)
BIT_CODES = {
    GROUP: "group", LEGAL_AGE: "legal_age", CONSENT: "consent", FORM: "employment_form", REGION_BIT: "region", DISTANCE: "distance",
    PAY: "pay", EDUCATION: "education", CERTIFICATE: "certificate", EXPERIENCE: "experience", AVAILABILITY: "availability",
}  # fmt: skip

_OF_OCCUPATION, _OF_SKILLS, _OF_EDUCATION, _OF_EXPERIENCE = OF["occupation"], OF["skills"], OF["education"], OF["experience"]
_OF_PAY, _OF_HOURS = OF["pay"], OF["hours"]
_NO_OCCUPATION, _NO_SKILLS, _NO_EDUCATION, _NO_EXPERIENCE = (NEUTRAL[name] for name in ("occupation", "skills", "education", "experience"))
_NO_PLACE, _NO_PAY, _NO_HOURS = NEUTRAL["place"], NEUTRAL["pay"], NEUTRAL["hours"]
_PAY_TOP_ONLY, _HALF_PAY = PAY_TOP_ONLY, OF["pay"] // 2
_JOB_WEIGHT, _MAJOR_WEIGHT = WEIGHT["job"], WEIGHT["major"]
_STEPS = len(DISTANCE_STEPS)
_COUNTS, _UNKNOWN = 1, 2


class People(NamedTuple):
    """The arrays of all people, in the order in which compiled functions take them."""

    wished: Array  # the gate, by which ``sieve`` looks at everybody: ``wished_bits``, least pay, ``traits_of``
    floors: Array
    traits: Array
    rows: Array  # PERSON
    pool: Array
    limits: Array  # squared chords


class Ask(NamedTuple):
    """Postings and their answers to every distinct value people hold, in the order in which compiled functions take them."""

    posting: Array  # POSTING, one entry for all people, or many for one person
    scores: Array  # per piece of evidence, thousandths or -1
    standings: Array  # per piece of evidence as a past job
    skill_masks: Array
    certificate_masks: Array
    regions: Array  # REGION
    groups: Array  # GROUP_SET
    steps: Array  # (squared chord, tenths) of the distance steps, shape (2, steps)
    evidence_each: Any = 0  # among many postings: pieces of evidence, and regions, for which each of them has an answer
    regions_each: Any = 0


class Names(NamedTuple):
    """Ids of the rows, as compiled functions take them."""

    pool: Array
    starts: Array
    lengths: Array


EVERY_REGION = (1 << 64) - 1
_FORMS_AT, _RANK_AT, _ANY = 16, 24, 255


def region_bit(number: int) -> int:
    """The bit of ``People.wished`` for the region of this number. Regions share bits, so bits can only say that none is met."""
    return 1 << (number & 63)


def wished_bits(numbers: Iterable[int]) -> int:
    """``People.wished`` of a person who wishes for the regions of these numbers; every bit where none is wished for."""
    bits = 0
    for number in numbers:
        bits |= region_bit(number)
    return bits or EVERY_REGION


def traits_of(flags: Any, forms: Any, rank: Any) -> Any:
    """``People.traits``: flags, forms and rank in one number, or in one array; a form and a level nobody knows are every form and the
    highest level, since neither blocks."""
    return (flags & (ALIVE | CONSENTS | DECLINES)) | (forms + _ANY * (forms == 0)) << _FORMS_AT | (rank + _ANY * (rank == 0)) << _RANK_AT


@compiled
def _gate_bits(
    flags: Any, forms: Any, rank: Any, floor: Any, silent_consent: Any, form: Any, asked_rank: Any, top: Any
) -> Any:  # pragma: no cover - compiled
    """Blockers that ``sieve`` looks for too. Without branches: what a million people answer cannot be foretold."""
    bits = CONSENT * ((flags & DECLINES != 0) | (not silent_consent) & (flags & CONSENTS == 0))
    bits |= FORM * ((form != 0) & (forms != 0) & (forms & form == 0))
    bits |= EDUCATION * ((asked_rank > 0) & (rank > 0) & (rank < asked_rank))
    bits |= PAY * ((top >= 0) & (floor > top))
    return bits


@compiled
def sieve(
    wished: Array, floors: Array, traits: Array, posting: Array, first: int, size: int, marks: Array, passed: Array
) -> int:  # pragma: no cover - compiled
    """Rows among ``size`` from ``first`` on whom the gate does not block, into ``passed``; answers how many. For one posting.

    The first loop has one form for everybody and columns of their own, so that it is done for eight people and more at a time.
    """
    ask = posting[0]
    if not ask.in_market:
        return 0
    # Never no bit at all: who wishes for no region has every bit and passes. Others may pass by it too, and are judged.
    regions = (ask.wished | np.uint64(1)) if ask.has_region else np.uint64(EVERY_REGION)
    most = np.int32(min(ask.top, 2**31 - 1)) if ask.top >= 0 else np.int32(2**31 - 1)
    consents = ALIVE if ask.silent_consent else ALIVE | CONSENTS
    looked, found = np.uint32(consents | DECLINES), np.uint32(consents)
    forms = np.uint32((ask.form if ask.form != 0 else _ANY) << _FORMS_AT)
    least = np.uint32(max(ask.rank, 0))
    near, pay, other, mark = wished[first : first + size], floors[first : first + size], traits[first : first + size], marks[:size]
    for index in range(size):
        trait = other[index]
        mark[index] = (
            (near[index] & regions != 0) & (pay[index] <= most) & (trait & looked == found) & (trait & forms != 0)
            & (trait >> np.uint32(_RANK_AT) >= least)
        )  # fmt: skip
    count = 0
    for index in range(size):
        passed[count] = first + index
        count += mark[index]
    return count


@compiled
def fetch(people: Array, pool: Array, rows: Array) -> int:  # pragma: no cover - compiled
    """Reads something of each of these rows and of their lists, so that they stand in a near cache when they are judged.

    Judging waits for memory at every row; here nothing waits for anything, so the processor asks for many rows at once. The answer says
    nothing, but has to be used, or the compiler leaves all of it out.
    """
    said = np.int64(0)
    for index in range(rows.size):
        said += people[rows[index]].record
    for index in range(rows.size):
        one = people[rows[index]]
        if one.end > 0:
            said += pool[one.record] + pool[one.record + one.end - 1]
    return said  # type: ignore[return-value]


@compiled
def judge(
    people: Array, pool: Array, limits: Array, posting: Array, scores: Array, standings: Array, skill_masks: Array,
    certificate_masks: Array, regions: Array, groups: Array, steps: Array,
    evidence_each: Any, regions_each: Any, by_posting: bool, first: int, picked: Array, keys: Array, details: Array,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Judges ``keys.size`` rows from ``first`` on, or those of ``picked`` where it holds any, and counts those without a blocker.

    Rows are people for the one posting; with ``by_posting`` they are postings for the one person.

    ``keys`` takes band, priority and score of a row as one number (``match_order.sort_key``), -1 where a blocker stands. ``details``, where
    it has rows, takes the tenths of the eight criteria, the bits of what is not stated, the priority and the bits of all blockers;
    without it a row is left at its first blocker.
    """
    full = details.shape[0] > 0
    unblocked = 0
    for index in range(keys.size):
        row = picked[index] if picked.size > 0 else first + index
        one = people[0 if by_posting else row]
        ask = posting[row if by_posting else 0]
        flags = np.int64(one.flags)
        keys[index] = -1
        if not flags & ALIVE or not (ask.in_market or full):
            continue
        # Blockers that look at the record alone.
        bits = _gate_bits(
            flags, np.int64(one.forms), np.int64(one.rank), np.int64(one.floor), ask.silent_consent, ask.form, ask.rank, ask.top
        )
        if bits != 0 and not full:
            continue
        if one.sixteen > ask.month:
            bits |= LEGAL_AGE
        group = groups[ask.group_row + one.groups]
        if not group.open:
            bits |= GROUP
        if ask.starts > 0 and one.free > ask.starts:
            bits |= AVAILABILITY
        if bits != 0 and not full:
            continue

        start = one.record
        own = row if by_posting else 0
        score_at, region_at = own * evidence_each, ask.region_row * regions_each

        # Place: the best wish met (-1: none), the squared chord.
        wishes_region = ask.has_region and flags & WISHES_REGION != 0
        wish = np.int64(-1)
        if wishes_region:
            for place in range(start + one.regions, start + one.end):
                wish = max(wish, np.int64(regions[region_at + pool[place]].wish))
            if wish < 0:
                bits |= REGION_BIT
                if not full:
                    continue
        square = np.int64(-1)
        if ask.located and flags & LOCATED:
            dx, dy, dz = np.int64(one.x) - ask.x, np.int64(one.y) - ask.y, np.int64(one.z) - ask.z
            square = dx * dx + dy * dy + dz * dz
            if one.limit >= 0:
                judged = flags & WISHES_REGION == 0
                if not judged and ask.has_region and flags & HAS_HOME:
                    judged = regions[region_at + one.home].own_city
                if judged and square > limits[one.limit]:
                    bits |= DISTANCE
                    if not full:
                        continue

        if ask.certificates != 0 and flags & SAYS_CERTIFICATES:
            held = np.int64(0)
            for place in range(start + one.certificates, start + one.regions):
                held |= certificate_masks[own + pool[place]]
            if held != ask.certificates:
                bits |= CERTIFICATE
                if not full:
                    continue

        # Experience: thousandths of a year that count, and whether an entry could add to them.
        silent = 0
        experience = np.int64(_NO_EXPERIENCE)
        if ask.years == 0:
            experience = np.int64(_OF_EXPERIENCE)
        elif ask.years < 0 or not flags & SAYS_EXPERIENCE:
            silent |= 8
        else:
            total = np.int64(0)
            unknown = False
            for place in range(start + one.jobs, start + one.skills, 2):
                standing = standings[score_at + pool[place]]
                years = pool[place + 1]
                if standing == _UNKNOWN or (standing == _COUNTS and years < 0):
                    unknown = True
                elif standing == _COUNTS:
                    total += years
            if total >= ask.years:
                experience = np.int64(_OF_EXPERIENCE)
            elif unknown:
                silent |= 8
            else:
                experience = _OF_EXPERIENCE * total // ask.years
                bits |= EXPERIENCE
                if not full:
                    continue

        # Nothing blocks (or everything is asked for): the other criteria.
        best = np.int64(-1)
        first_job = start + one.jobs
        wishes = first_job - 1 if flags & HAS_MAJOR else first_job
        for place in range(start, wishes):
            best = max(best, np.int64(scores[score_at + pool[place]]))
        if flags & HAS_MAJOR:
            score = np.int64(scores[score_at + pool[wishes]])
            if score >= 0:
                best = max(best, score * _MAJOR_WEIGHT // 10)
        for place in range(first_job, start + one.skills, 2):
            score = np.int64(scores[score_at + pool[place]])
            if score >= 0:
                best = max(best, score * _JOB_WEIGHT // 10)
        occupation = np.int64(_NO_OCCUPATION)
        if best < 0:
            silent |= 1
        else:
            occupation = (_OF_OCCUPATION * best + 500) // 1000

        skills = np.int64(_NO_SKILLS)
        if ask.skills == 0 or not flags & SAYS_SKILLS:
            silent |= 2
        else:
            met = np.int64(0)
            for place in range(start + one.skills, start + one.certificates):
                met |= skill_masks[own + pool[place]]
            count = 0
            while met:
                met &= met - 1
                count += 1
            skills = _OF_SKILLS * count // ask.skills

        education = np.int64(_NO_EDUCATION)
        if ask.rank == 0:
            education = np.int64(_OF_EDUCATION)
        elif ask.rank < 0 or one.rank == 0:
            silent |= 4
        else:
            education = np.int64(_OF_EDUCATION if one.rank >= ask.rank else 0)

        nearness = np.int64(-1)
        if square >= 0:
            nearness = np.int64(0)
            for step in range(_STEPS):
                if square <= steps[0, step]:
                    nearness = steps[1, step]
                    break
        elif ask.has_region and flags & HAS_HOME:
            nearness = np.int64(regions[region_at + one.home].home)
        if wishes_region:
            nearness = max(nearness, wish, np.int64(0))
        if nearness < 0:
            nearness = np.int64(_NO_PLACE)
            silent |= 16

        pay = np.int64(_NO_PAY)
        floor = np.int64(one.floor)
        if floor < 0 or (ask.low < 0 and ask.top < 0):
            silent |= 32
        elif ask.low >= 0 and ask.low >= floor:
            pay = np.int64(_OF_PAY)
        elif ask.top < 0:
            silent |= 32
        elif ask.top < floor:
            pay = np.int64(0)
        elif ask.low < 0:
            pay = np.int64(_PAY_TOP_ONLY)
        elif ask.top > ask.low:
            pay = _HALF_PAY + _HALF_PAY * (ask.top - floor) // (ask.top - ask.low)
        else:
            pay = np.int64(2 * _HALF_PAY)

        hours = np.int64(_NO_HOURS)
        if ask.form == 0 or one.forms == 0:
            silent |= 64
        else:
            hours = np.int64(_OF_HOURS if one.forms & ask.form else 0)

        priority = 0
        if ask.key_employer and group.registered:
            priority = 4 if one.registered == ask.region else 2
        if group.difficulty:
            priority += 1
        total_tenths = occupation + skills + education + experience + nearness + pay + hours + ask.fresh
        if bits == 0:
            unblocked += 1
            keys[index] = (total_tenths // 50 * 8 + priority) * 1024 + total_tenths
        if full:
            out = details[index]
            out[0], out[1], out[2], out[3] = occupation, skills, education, experience
            out[4], out[5], out[6], out[7] = nearness, pay, hours, ask.fresh
            out[8], out[9], out[10] = silent, priority, bits
    return unblocked


def details_of(people: People, ask: Ask, rows: Array, by_posting: bool = False) -> Array:
    """Per row: tenths of the eight criteria, bits of what is not stated, priority, bits of the blockers; shape (rows, 11)."""
    out = np.zeros((rows.size, 11), np.int32)
    if rows.size:
        judge(people.rows, people.pool, people.limits, *ask, by_posting, 0, rows.astype(np.int64), np.empty(rows.size, np.int32), out)
    return out
