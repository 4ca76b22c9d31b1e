"""Reads places as people write them: 「太原·小店区」, 「山西省太原市小店区坞城街道…」, 「广东省广州市荔湾区」.

Province and city come first, from the table of the whole country; counties and townships are looked for only inside a known Shanxi city
(or where the sender is known to be there, ``within``). So a Guangdong address that happens to contain a Shanxi county's name stays in
Guangdong, and 「城区」 without a city is answered with candidates rather than a guess.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz

from matcher import tables
from matcher.places import city_of, counties_of, covers, full_name, level_of, province_of, regions

SHANXI = "140000"

_SEPARATORS = " ·・,，/\\-—_|>、:：;；()（）[]【】\t\n"
_PEOPLES = (
    "朝鲜族|土家族|苗族|藏族|羌族|彝族|布依族|侗族|哈尼族|壮族|傣族|白族|景颇族|傈僳族|回族|蒙古族|蒙古|柯尔克孜|哈萨克|维吾尔|壮族|回族"
)
# A short name that goes on like this is a street, a district or a village, not the city: 太原路, 朝阳区, 大同镇.
_NOT_THE_CITY = re.compile(r"^(东|西|南|北|中)?(路|街|大道|大街|巷|镇|乡|村|区(?!域)|县|新区|新城|社区|庄|桥|广场|大厦|苑|花园|店|楼|门)")
# Abolished names that addresses still carry.
_OLD_COUNTIES = {
    "大同县": "140215", "太谷县": "140703", "长治县": "140404", "屯留县": "140405", "潞城市": "140406", "怀仁县": "140681",
    "综改区": "140171", "综改示范区": "140171", "转型综改示范区": "140171",
}  # fmt: skip


@dataclass(frozen=True)
class PlaceReading:
    """What a text says about the place of work.

    ``code`` is the finest region that is certain, None where none is; ``candidates`` are the readings between which the text leaves the
    choice; ``confidence`` 0..1; ``question`` what to ask the sender, in plain Chinese.
    """

    code: str | None = None
    confidence: float = 0.0
    candidates: tuple[str, ...] = ()
    question: str | None = None

    @property
    def level(self) -> str | None:
        return None if self.code is None else level_of(self.code)


def _short_province(name: str) -> str:
    return "内蒙古" if name.startswith("内蒙古") else re.sub(rf"(省|市|特别行政区|({_PEOPLES})*自治区)$", "", name)


def _short_city(name: str) -> str:
    return re.sub(rf"(市|地区|盟|({_PEOPLES})*自治州)$", "", name)


@cache
def _provinces() -> dict[str, str]:
    names: dict[str, str] = {}
    for code, region in regions().items():
        if region.level == "province":
            names[region.name] = names[_short_province(region.name)] = code
    return names


@cache
def _cities() -> dict[str, str]:
    names: dict[str, str] = {}
    for code, region in regions().items():
        if region.level == "city" and "直辖县级" not in region.name and region.name not in _provinces():
            names[region.name] = code
            names.setdefault(_short_city(region.name), code)
    return names


@cache
def _county_cities() -> dict[str, str]:
    """Cities without a code of their own in the table (县级市: 昆山, 义乌) by both names, and the city or province they lie in.

    None of them shares its name with a city of the table or a county of Shanxi.
    """
    codes = {region.name: code for code, region in regions().items() if region.level != "county"}
    names: dict[str, str] = {}
    for row in tables.rows("county_cities"):
        for name in row["cities"].split():
            names[name] = names[f"{name}市"] = codes[row["within"]]
    return names


def _county_city(text: str, inside: str | None = None) -> tuple[str, str] | None:
    """(code of the city or province around it, rest) where the text begins with such a city: in full, or as a part of its own."""
    for length in range(min(len(text), 7), 1, -1):
        code = _county_cities().get(text[:length])
        if code is None or (inside is not None and not covers(inside, code)):
            continue
        if text[length - 1] == "市" or text[length : length + 1] in ("", "·"):
            return code, text[length:].lstrip("·")
    return None


@cache
def _counties(within: str) -> tuple[tuple[str, str, bool], ...]:
    """(name as written, code, full form) of the counties inside a Shanxi city or all Shanxi, longest name first."""
    names: list[tuple[str, str, bool]] = []
    for code in counties_of(within):
        name = regions()[code].name
        names.append((name, code, True))
        if len(name) > 2:
            names.append((name[:-1], code, False))
    names += [(name, code, True) for name, code in _OLD_COUNTIES.items() if covers(within, code)]
    return tuple(sorted(names, key=lambda item: (-len(item[0]), item[1])))


@cache
def _townships(within: str) -> tuple[tuple[str, str], ...]:
    return tuple((row["name"], row["county"]) for row in tables.rows("townships") if covers(within, row["county"]))


def _plain(text: str | None) -> str:
    plain = unicodedata.normalize("NFKC", text or "").replace("中华人民共和国", "")
    return re.sub(rf"[{re.escape(_SEPARATORS)}]+", "·", plain).strip("·")


def _take(text: str, names: dict[str, str], inside: str | None = None) -> tuple[str, str] | None:
    """(code, rest) where the text begins with one of the names, the longest that fits; short names must not go on as a street."""
    for length in range(min(len(text), 14), 1, -1):
        code = names.get(text[:length])
        if code is None or (inside is not None and not covers(inside, code)):
            continue
        rest = text[length:]
        if text[:length] != regions()[code].name and _NOT_THE_CITY.match(rest):
            continue
        return code, rest.lstrip("·")
    return None


def _first_full_name(text: str) -> tuple[str, str] | None:
    """(code, rest) of the first province or city that is named in full (with 省, 市 …) anywhere in the text."""
    best: tuple[int, int, str] | None = None
    for names in (_provinces(), _cities()):
        for name, code in names.items():
            if name != regions()[code].name:
                continue
            at = text.find(name)
            if at >= 0 and not _NOT_THE_CITY.match(text[at + len(name) :]) and (best is None or (at, -len(name)) < best[:2]):
                best = (at, -len(name), code)
    if best is None:
        return None
    return best[2], text[best[0] - best[1] :].lstrip("·")


def _province_and_city(text: str) -> tuple[str | None, str]:
    """The province or city with which the text begins (or the first that it names in full), and what follows."""
    province, city_here = _take(text, _provinces()), _take(text, _cities())
    # 「吉林市」 and 「海南藏族自治州」 are cities, though 「吉林」 and 「海南」 are provinces: the longer name wins.
    if province is not None and (city_here is None or len(city_here[1]) >= len(province[1])):
        code, rest = province
        city = _take(rest, _cities(), inside=code) or _county_city(rest, inside=code)
        return city if city is not None else (code, rest)
    if city_here is not None:
        return city_here
    smaller = _county_city(text)
    if smaller is not None:
        return smaller
    named = _first_full_name(text)
    if named is None:
        return None, text
    code, rest = named
    if level_of(code) == "province":
        city = _take(rest, _cities(), inside=code)
        if city is not None:
            return city
    return code, rest


def _other_places(text: str, first: str) -> list[str]:
    """Further cities or provinces that stand as a part of their own: 「太原/大同」."""
    found = []
    for part in text.split("·")[:1]:
        code = _cities().get(part) or _provinces().get(part)
        if code is not None and not covers(first, code) and not covers(code, first):
            found.append(code)
    return found


def _county(text: str, within: str) -> tuple[str | None, float, tuple[str, ...]]:
    """(code, confidence, candidates) of the county that the text names inside a Shanxi city or all Shanxi."""
    at_start: set[str] = set()
    best: tuple[int, int] | None = None
    anywhere: dict[str, tuple[int, int]] = {}
    for name, code, full in _counties(within):
        at = text.find(name)
        # 「城区」 inside 「中心城区」 or 「新绛县城区」 is a word, not the district; two-letter names count only as a part of their own.
        if at < 0 or (len(name) == 2 and full and name in ("城区", "郊区", "矿区") and at > 0 and text[at - 1] != "·"):
            continue
        if not full and _NOT_THE_CITY.match(text[at + len(name) :]) and not text[at + len(name) :].startswith(("区", "县")):
            continue
        if at == 0 and (best is None or len(name) >= best[1]):
            if best is None or len(name) > best[1]:
                at_start = set()
            best = (0, len(name))
            at_start.add(code)
        if full and code not in anywhere:
            anywhere[code] = (at, -len(name))
    if at_start:
        return (at_start.pop(), 1.0, ()) if len(at_start) == 1 else (None, 0.0, tuple(sorted(at_start)))
    if anywhere:
        first = min(anywhere.values())
        codes = sorted(code for code, place in anywhere.items() if place == first)
        return (codes[0], 0.9, ()) if len(codes) == 1 else (None, 0.0, tuple(codes))
    towns = {county for name, county in _townships(within) if len(name) > 2 and name in text}
    if len(towns) == 1:
        return towns.pop(), 0.85, ()
    if towns:
        return None, 0.0, tuple(sorted(towns))
    return _misspelt_county(text, within)


def _misspelt_county(text: str, within: str) -> tuple[str | None, float, tuple[str, ...]]:
    match = re.match(r"^([一-鿿]{2,5}[区县市])", text)
    if match is None or within == SHANXI:
        return None, 0.0, ()
    scored = sorted(((fuzz.ratio(match[1], name), code) for name, code, full in _counties(within) if full and len(name) > 2), reverse=True)
    if scored and scored[0][0] >= 74 and (len(scored) == 1 or scored[1][0] < scored[0][0]):
        return scored[0][1], 0.7, ()
    return None, 0.0, ()


def read_place(text: str | None, region_text: str | None = None, within: str | None = None) -> PlaceReading:
    """Where a posting says it is. ``region_text`` is the source's region column, read first; ``text`` the address, which only refines it.

    ``within`` is a region the sender is known to belong to (a county's gig market): only then are bare county names read without a city.
    A six-digit code is taken as it is, if the table knows its province.
    """
    parts = [part for part in (_plain(region_text), _plain(text)) if part]
    for part in parts:
        if re.fullmatch(r"[1-9]\d{5}", part) and province_of(part) in regions():
            return PlaceReading(part, 1.0)
    if not parts:
        return PlaceReading()
    code: str | None = None
    rests: list[str] = []
    conflict = False
    for part in parts:
        found, rest = _province_and_city(part)
        if found is None:
            rests.append(part)
        elif code is None or covers(code, found):
            if code is None:
                others = _other_places(rest, found)
                if others:
                    return _several((found, *others))
            code = found
            rests.append(rest)
        elif covers(found, code):
            rests.append(rest)
        else:
            conflict = conflict or _is_plainly(part, rest, found)
    if code is None:
        return _bare_county(parts, within)
    if province_of(code) != SHANXI:
        return PlaceReading(code, 0.7 if conflict else 1.0, (), _conflict_question(code) if conflict else None)
    return _inside_shanxi(code, rests, conflict)


def _is_plainly(part: str, rest: str, code: str) -> bool:
    """Whether an address names this place beyond doubt: in full, alone, or after its province. 「朝阳门北大街」 does not mean 朝阳市."""
    province = regions()[province_of(code)].name
    short_then_city = level_of(code) == "city" and part.startswith(_short_province(province))
    return not rest or short_then_city or part.startswith((regions()[code].name, province))


def _inside_shanxi(code: str, rests: list[str], conflict: bool) -> PlaceReading:
    candidates: tuple[str, ...] = ()
    for rest in rests:
        county, confidence, found = _county(rest, code) if rest else (None, 0.0, ())
        if county is not None:
            return PlaceReading(
                county, min(confidence, 0.7) if conflict else confidence, (), _conflict_question(county) if conflict else None
            )
        candidates = candidates or found
    question = None
    if candidates:
        question = f"地点在{'、'.join(full_name(item) for item in candidates)}中的哪一个？"
    elif conflict:
        question = _conflict_question(code)
    return PlaceReading(code, 0.7 if conflict else 1.0, candidates, question)


def _bare_county(parts: list[str], within: str | None) -> PlaceReading:
    """A county's name without its city: read only where the sender is known to be in that city or province."""
    scope = None if within is None else within if level_of(within) != "county" else city_of(within)
    for part in parts:
        county, confidence, candidates = _county(part, scope or SHANXI)
        if county is None and not candidates:
            continue
        if scope is not None and county is not None:
            return PlaceReading(county, confidence)
        names = candidates or ((county,) if county is not None else ())
        return PlaceReading(None, 0.0, names, f"只写了“{part[:20]}”，请补充所在的省、市（是{'、'.join(map(full_name, names))}吗？）")
    if scope is not None:
        return PlaceReading(scope, 0.5)
    return PlaceReading(None, 0.0, (), f"看不出“{parts[0][:20]}”在哪个省、市，请写明")


def _several(codes: tuple[str, ...]) -> PlaceReading:
    provinces = {province_of(code) for code in codes}
    names = "、".join(full_name(code) for code in codes)
    return PlaceReading(provinces.pop() if len(provinces) == 1 else None, 0.5, codes, f"写了几个地点（{names}），请分别发布或写明主要地点")


def _conflict_question(code: str) -> str:
    return f"地区写的是{full_name(code)}，地址却在别处，请确认工作地点"
