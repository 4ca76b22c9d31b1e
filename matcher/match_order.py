"""Order and identity of matches: model version, bands, keys, ids."""

from __future__ import annotations

import hashlib
import uuid

from matcher.shapes import Posting

#: Same log, same model version, same pairs. Raised with every change of a rule, a weight or a shipped table.
MODEL_VERSION = "2"
BAND_TENTHS = 50
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "tag:gongqiao,2026:match")


def band_of(score_tenths: int) -> int:
    """floor(score / 5): people inside a band are ordered by priority first."""
    return score_tenths // BAND_TENTHS


def sort_key(score_tenths: int, priority: int) -> int:
    """Band, priority, score as one whole number, the larger the better: people for one posting."""
    return (band_of(score_tenths) * 8 + priority) * 1024 + score_tenths


def match_id(person_id: str, posting_id: str) -> str:
    """The one id of a pair, from whichever side it is found: uuid5(person_id, posting_id)."""
    return name_id(_NAMESPACE, f"{len(person_id)}:{person_id}/{posting_id}")


def name_id(namespace: uuid.UUID, name: str) -> str:
    """``str(uuid5(namespace, name))``, without the object: a posting needs a hundred of them, and 2 us instead of 6 are worth it."""
    digits = hashlib.sha1(namespace.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def is_in_market(posting: Posting) -> bool:
    """A public-welfare post never enters market ranking (contract.md; J-12)."""
    return posting.type != "public_welfare_post"
