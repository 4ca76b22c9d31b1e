"""A posting as the compiled matcher asks it: its scalars, and its answers to every distinct value that people hold."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt

from matcher import education
from matcher.blockers import Rules, fresh_on, needed_certificates
from matcher.columns_kernel import EVERY_REGION, POSTING, Ask
from matcher.columns_vocabulary import Atoms, Certificates, GroupSets, Regions, Skills
from matcher.criteria import DISTANCE_STEPS, NEUTRAL, freshness_tenths
from matcher.days import day_of
from matcher.distance import spot, squared_chord_of
from matcher.experience import year_thousandths
from matcher.fen import in_fen
from matcher.pay import monthly
from matcher.shapes import Employer, Posting
from matcher.skills import posting_skills
from matcher.wording import FORMS

FORM_BITS = {form: 1 << bit for bit, form in enumerate(FORMS)}


@cache
def distance_steps() -> npt.NDArray[np.int64]:
    """Squared chords of ``DISTANCE_STEPS`` and what they are worth, shape (2, steps)."""
    return np.array(
        [[squared_chord_of(kilometres) for kilometres, _ in DISTANCE_STEPS], [tenths for _, tenths in DISTANCE_STEPS]], np.int64
    )


def rank_asked(stated: str | None) -> int:
    """0 for a stated "no requirement", -1 for nothing said, else the rank."""
    code = education.code_of(stated)
    return 0 if code == education.NO_REQUIREMENT else education.rank(code) or -1


def freshness_of(posting: Posting, as_of: date) -> int:
    """Tenths of the criterion freshness; its neutral worth where no date is stated."""
    seen = fresh_on(posting)
    return NEUTRAL["freshness"] if seen is None else freshness_tenths(max(0, (as_of - seen).days))


def fen_of(posting: Posting) -> tuple[int, int]:
    """Comparable monthly (low, top) in fen, -1 where unknown."""
    low, top = monthly(posting.pay) or (None, None)
    return -1 if low is None else in_fen(low), -1 if top is None else in_fen(top)


def posting_record(
    posting: Posting, as_of: date, region: int, rules: Rules, key_employer: bool, rows: tuple[int, int] = (0, 0), wished: int = EVERY_REGION
) -> tuple[object, ...]:
    """A posting as ``POSTING`` takes it; ``region`` is the number of its region, ``rows`` where its answers stand among many postings,
    ``wished`` the bits of the regions that meet a wish for its own."""
    x, y, z = (0, 0, 0) if posting.location is None else spot(posting.location)
    return (
        x, y, z, *fen_of(posting),
        (1 << len(needed_certificates(posting))) - 1,
        -1 if posting.experience_years_min is None else year_thousandths(posting.experience_years_min),
        as_of.year * 12 + as_of.month,
        0 if posting.form is None else FORM_BITS[posting.form],
        region,
        rank_asked(posting.education_min),
        len(posting_skills(posting)),
        0 if posting.work.starts_at is None else day_of(posting.work.starts_at).toordinal(),
        freshness_of(posting, as_of),
        wished,
        *rows, True,
        posting.region is not None,
        posting.location is not None,
        rules.missing_consent_is_given,
        key_employer,
    )  # fmt: skip


def ask_of(
    posting: Posting, as_of: date, employer: Employer | None, rules: Rules,
    atoms: Atoms, skills: Skills, named: Certificates, regions: Regions, groups: GroupSets,
) -> Ask:  # fmt: skip
    """One posting on one day and its answers to everything that people hold."""
    record = np.zeros(1, POSTING)
    key_employer = employer is not None and employer.is_key(as_of)
    record[0] = posting_record(posting, as_of, regions.get(posting.region), rules, key_employer, wished=regions.wished(posting.region))
    scores, standings = atoms.scores(posting, with_standings=bool(record[0]["years"] > 0))
    return Ask(
        record, scores, standings, skills.masks(posting_skills(posting)), named.masks(needed_certificates(posting)),
        regions.table(posting.region), groups.table(posting.open_to), distance_steps(),
    )  # fmt: skip
