"""Policies: which benefit a hire would open, for whom, how much, under which clause, until when.

``load_catalogue`` reads the shipped catalogue; ``evaluate`` answers for facts and a day; ``emitted`` says what is told; ``pair_facts``
makes facts of a posting, a person and an employer; ``hints_for_pair`` and ``hints_for_posting`` answer for pairs, singly and in bulk.
"""

from matcher.policy.answer import answer_facts, emitted
from matcher.policy.bulk import PairStatuses, PersonView, hints_for_posting, pair_statuses, statuses_for_pair
from matcher.policy.evaluate import ELIGIBLE, NEEDS_CHECK, NOT_ELIGIBLE, OUT_OF_WINDOW, Result, evaluate
from matcher.policy.hint import Hint, hints_for_pair
from matcher.policy.loader import Catalogue, CatalogueError, load_catalogue
from matcher.policy.pairing import faulty_facts, pair_facts

__all__ = [
    "ELIGIBLE",
    "NEEDS_CHECK",
    "NOT_ELIGIBLE",
    "OUT_OF_WINDOW",
    "Catalogue",
    "CatalogueError",
    "Hint",
    "PairStatuses",
    "PersonView",
    "Result",
    "answer_facts",
    "emitted",
    "evaluate",
    "faulty_facts",
    "hints_for_pair",
    "hints_for_posting",
    "load_catalogue",
    "pair_facts",
    "pair_statuses",
    "statuses_for_pair",
]
