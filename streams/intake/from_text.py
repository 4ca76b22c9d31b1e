"""What the exchange adds to a posting from its own words, where no field states it. Pure.

What a source states in a field always goes first. What was read stands by name in ``terms.read``, so that whoever shows it can say that
it comes from the text; the note tells the employer, who can put it right by stating it.
"""

from __future__ import annotations

from typing import Any

from matcher.shapes import Posting, Terms
from matcher.work_terms import read_text

_FIELDS = ("education_min", "experience_years_min", "contract_months", "headcount", "certificates", "skills")
_NAMES = {
    "education_min": "学历", "experience_years_min": "经验", "contract_months": "合同期限", "headcount": "招聘人数", "certificates": "证书",
    "skills": "技能",
}  # fmt: skip


def completed(posting: Posting) -> Posting:
    """The posting with what its title and description say of terms and demands that no field states."""
    stated = frozenset(name for name in _FIELDS if getattr(posting, name) is not None)
    found = read_text(posting.description or "", fields=stated, title=posting.title)
    changes: dict[str, Any] = {name: value for name in _FIELDS if name not in stated and (value := getattr(found, name)) is not None}
    own = posting.terms
    terms = found.terms.__dict__ if own is None else {**found.terms.__dict__, **{k: v for k, v in own.__dict__.items() if v is not None}}
    read = (*changes, *(name for name in found.terms.read or () if own is None or getattr(own, name) is None))
    if not read:
        return posting
    changes["terms"] = Terms.model_construct(**{**terms, "read": tuple(sorted(read))})
    return posting.model_copy(update=changes)


def note(posting: Posting) -> str | None:
    """What to tell the sender of the demands that were read from the text, in plain Chinese; None where there were none."""
    names = [_NAMES[name] for name in (posting.terms.read if posting.terms else None) or () if name in _NAMES]
    return f"{'、'.join(names)}按岗位描述判断，不准确请在相应栏目填写" if names else None
