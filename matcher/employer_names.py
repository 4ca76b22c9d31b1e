"""Employers' names: one spelling for identity, and a shorter key for finding the same employer written differently."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from uuid import UUID, uuid5

_NAMES = UUID("5d0c8b52-2d0c-5a0e-9f6a-6b3c54d0f7a1")
_BRACKETS = str.maketrans({"（": "(", "）": ")", "【": "(", "】": ")", "[": "(", "]": ")", "〔": "(", "〕": ")"})
_KINDS = re.compile(
    r"(有限责任公司|股份有限公司|有限公司|总公司|分公司|子公司|公司|集团|\(普通合伙\)|\(有限合伙\)|\(个体工商户\)|企业|个体户|经营部|总店|门店|分店)"
)
_REGION = re.compile(r"^(中国)?([一-鿿]{2,3}省)?([一-鿿]{2,4}市)?([一-鿿]{1,3}[区县])?")


@cache
def normal_name(name: str) -> str:
    """One spelling of the same registered name: NFKC, no spaces, one kind of brackets, capital Latin letters."""
    plain = unicodedata.normalize("NFKC", name).translate(_BRACKETS).upper()
    return re.sub(r"[\s·.,。，、'\"“”‘’\-_]", "", plain)


def id_of_name(name: str) -> str:
    """A stable employer id for a file that gives names only. Two firms of one name are one here until a credit code tells them apart."""
    return f"n-{uuid5(_NAMES, normal_name(name)).hex[:20]}"


@cache
def employer_key(name: str) -> str:
    """The distinctive part of the name: without legal form and without the region in front; the whole name where nothing else is left."""
    plain = normal_name(name)
    short = _KINDS.sub("", plain)
    short = re.sub(r"\([^()]{2,4}\)", "", short)
    bare = _REGION.sub("", short)
    return bare if len(bare) >= 2 else short or plain
