"""Employers' names: one spelling for identity, and a shorter key for finding the same employer written differently."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from uuid import UUID, uuid5

from matcher.places import regions

_NAMES = UUID("5d0c8b52-2d0c-5a0e-9f6a-6b3c54d0f7a1")
_BRACKETS = str.maketrans({"（": "(", "）": ")", "【": "(", "】": ")", "[": "(", "]": ")", "〔": "(", "〕": ")"})
_KINDS = re.compile(
    r"(有限责任公司|股份有限公司|有限公司|总公司|分公司|子公司|公司|集团|\(普通合伙\)|\(有限合伙\)|\(个体工商户\)|企业|股份$|个体户|经营部|总店|门店|分店)"
)
_BRACKETED = re.compile(r"\(([^()]{2,6})\)")


@lru_cache(maxsize=1 << 16)
def normal_name(name: str) -> str:
    """One spelling of the same registered name: NFKC, no spaces, one kind of brackets, capital Latin letters."""
    plain = unicodedata.normalize("NFKC", name).translate(_BRACKETS).upper()
    return re.sub(r"[\s·.,。，、'\"“”‘’\-_]", "", plain)


def id_of_name(name: str) -> str:
    """A stable employer id for a file that gives names only. Two firms of one name are one here until a credit code tells them apart."""
    return f"n-{uuid5(_NAMES, normal_name(name)).hex[:20]}"


@cache
def _places() -> tuple[str, ...]:
    """Names of regions as they stand in firms' names, with and without 省, 市, 县; longest first."""
    names = {region.name for region in regions().values() if "直辖" not in region.name}
    names |= {name[:-1] for name in names if len(name) > 2 and name[-1] in "省市县区"}
    return tuple(sorted(names, key=lambda name: (-len(name), name)))


@cache
@lru_cache(maxsize=1 << 16)
def parts(name: str) -> tuple[str, str]:
    """(region, distinctive part) of a name: 「太原市红叶机械（集团）有限公司」 -> (「太原」, 「红叶机械」).

    The region is the smallest one named in front or in brackets, "" where none is; the distinctive part is the whole name where nothing
    else would be left.
    """
    plain = normal_name(name)
    short = _KINDS.sub("", plain)
    region = ""
    for inside in _BRACKETED.findall(short):
        region = inside.rstrip("省市县区") if inside in _places() else region
    short = _BRACKETED.sub("", short).replace("()", "")
    rest = short.removeprefix("中国")
    while (place := next((place for place in _places() if rest.startswith(place)), None)) and len(rest) - len(place) >= 2:
        rest, region = rest[len(place) :], place if len(place) == 2 else place.rstrip("省市县区")
    return region, rest if len(rest) >= 2 else short or plain


def employer_key(name: str) -> str:
    """The distinctive part of the name, by which the same employer is looked for."""
    return parts(name)[1]
