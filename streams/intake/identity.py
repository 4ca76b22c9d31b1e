"""Which posting this is at its source, whose it is, and whether it says anything new. Pure."""

from __future__ import annotations

import hashlib
import unicodedata
from uuid import uuid5

import orjson

from matcher.shapes import Posting
from streams.intake.messages import posting_document
from streams.runtime.messages import NAMESPACE

# What does not make a posting another one: its id, when it was sent or confirmed, and how many openings are taken.
_NOT_CONTENT = ("posting_id", "confirmed_at")


def owners_of(posting: Posting) -> tuple[str, ...]:
    """Whose posting it is at its source (contract.md), by every name it goes by, the first one first: the market, the brand, the
    employer's credit code, the employer's id.

    A list without codes names its employers only: then the employer's name stands for it, as ``name:…``. Empty: nobody is named.
    """
    if posting.source == "gig_market" and posting.market_id:
        return (posting.market_id,)
    if posting.source == "labour_brand" and posting.brand_id:
        return (posting.brand_id,)
    employer = posting.employer
    named = tuple(name for name in (employer.uscc, employer.employer_id) if name)
    if named or not employer.name:
        return named
    return ("name:" + "".join(unicodedata.normalize("NFKC", employer.name).lower().split()),)


def posting_id_of(source: str, owner: str, source_id: str) -> str:
    """The exchange's id of a posting that its source calls ``source_id``: the same again is a new version of the same posting."""
    return str(uuid5(NAMESPACE, "\x1f".join(("posting", source, owner, source_id))))


def source_name(source: str, owner: str, source_id: str | None, posting_id: str) -> str:
    """How an opening names one of the sources that offer it."""
    return f"{source}:{owner}:{source_id or posting_id}"


def content_hash(posting: Posting) -> str:
    """Equal for two versions that say the same; the id and the moment of sending aside."""
    document = {name: value for name, value in posting_document(posting).items() if name not in _NOT_CONTENT}
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
