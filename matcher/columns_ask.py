"""A posting as the compiled matcher asks it: its scalars, and its answers to every distinct value that people hold."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt

from matcher import education
from matcher.blockers import Rules, fresh_on, needed_certificates
from matcher.columns_kernel import POSTING, Ask
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


def rank_asked(code: str | None) -> int:
    """0 for a stated "no requirement", -1 for nothing said, else the rank."""
    if code == education.NO_REQUIREMENT:
        return 0
    return education.rank(code) or -1


def freshness_of(posting: Posting, as_of: date) -> int:
    """Tenths of the criterion freshness; its neutral worth where no date is stated."""
    seen = fresh_on(posting)
    return NEUTRAL["freshness"] if seen is None else freshness_tenths(max(0, (as_of - seen).days))


def fen_of(posting: Posting) -> tuple[int, int]:
    """Comparable monthly (low, top) in fen, -1 where unknown."""
    low, top = monthly(posting.pay) or (None, None)
    return -1 if low is None else in_fen(low), -1 if top is None else in_fen(top)


def ask_of(
    posting: Posting, as_of: date, employer: Employer | None, rules: Rules,
    atoms: Atoms, skills: Skills, named: Certificates, regions: Regions, groups: GroupSets,
) -> Ask:  # fmt: skip
    """Everything the kernel needs to know of one posting on one day."""
    years = -1 if posting.experience_years_min is None else year_thousandths(posting.experience_years_min)
    scores, standings = atoms.scores(posting, with_standings=years > 0)
    needed = posting_skills(posting)
    certificates = needed_certificates(posting)
    x, y, z = (0, 0, 0) if posting.location is None else spot(posting.location)
    low, top = fen_of(posting)
    ask = np.zeros(1, POSTING)
    ask[0] = (
        x, y, z, low, top, (1 << len(certificates)) - 1, years, as_of.year * 12 + as_of.month,
        0 if posting.form is None else FORM_BITS[posting.form], regions.get(posting.region), rank_asked(posting.education_min),
        len(needed), 0 if posting.work.starts_at is None else day_of(posting.work.starts_at).toordinal(), freshness_of(posting, as_of),
        posting.region is not None, posting.location is not None, rules.missing_consent_is_given,
        employer is not None and employer.is_key(as_of),
    )  # fmt: skip
    return Ask(
        ask, scores, standings, skills.masks(needed), named.masks(certificates), regions.table(posting.region),
        groups.table(posting.open_to), distance_steps(),
    )  # fmt: skip
