"""Places: administrative codes, what covers what, names, coordinates, and how far it is.

Six-digit codes (GB/T 2260): 140000 province, 140100 city, 140105 county. Every province and city of the country is in the table, counties
and townships for Shanxi only; a county elsewhere is still placed under its city by its digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache

from matcher import tables

EARTH_RADIUS_KM = 6371.0088
_MUNICIPALITIES = frozenset({"11", "12", "31", "50"})


@dataclass(frozen=True)
class Region:
    """One row of the table of regions; coordinates are (lat, lon)."""

    code: str
    name: str
    level: str
    seat: tuple[float, float] | None
    inner: tuple[float, float] | None
    adjacent: tuple[str, ...]


def _point(lat: str, lon: str) -> tuple[float, float] | None:
    return (float(lat), float(lon)) if lat and lon else None


@cache
def regions() -> dict[str, Region]:
    """All regions of the shipped table by code."""
    return {
        row["code"]: Region(
            row["code"],
            row["name"],
            row["level"],
            _point(row["seat_lat"], row["seat_lon"]),
            _point(row["inner_lat"], row["inner_lon"]),
            tuple(part for part in row["adjacent"].split("|") if part),
        )
        for row in tables.rows("regions")
    }


@lru_cache(maxsize=1 << 12)
def level_of(code: str) -> str:
    """``province``, ``city`` or ``county``; a municipality's 市辖区 (110100) is a city, a county run by its province (429004) a county."""
    if code.endswith("0000"):
        return "province"
    return "city" if code.endswith("00") else "county"


@lru_cache(maxsize=1 << 12)
def province_of(code: str) -> str:
    """The province's code: 140105 -> 140000."""
    return code[:2] + "0000"


@lru_cache(maxsize=1 << 12)
def city_of(code: str) -> str:
    """The city's code: 140105 -> 140100; a province stays what it is."""
    return code if code.endswith("0000") else code[:4] + "00"


def _unit(code: str) -> str:
    # 110100 is only the statistical bracket around Beijing's districts: as a place it is Beijing. So is 500200 「县」 for Chongqing.
    return code[:2] + "0000" if code[:2] in _MUNICIPALITIES and code.endswith("00") else code


@lru_cache(maxsize=1 << 18)
def covers(outer: str, inner: str) -> bool:
    """Whether ``inner`` lies in ``outer``: a province covers its cities and counties, a city its counties, everything itself."""
    outer, inner = _unit(outer), _unit(inner)
    if outer.endswith("0000"):
        return outer[:2] == inner[:2]
    if outer.endswith("00"):
        return outer[:4] == inner[:4] and not inner.endswith("0000")
    return outer == inner


@lru_cache(maxsize=1 << 12)
def name_of(code: str) -> str:
    """The region's own name (小店区); a county outside the table has its city's name, an unknown code itself."""
    for candidate in (code, city_of(code), province_of(code)):
        if candidate in regions():
            return regions()[candidate].name
    return code


@lru_cache(maxsize=1 << 12)
def full_name(code: str) -> str:
    """Province, city and county in one: 山西省太原市小店区; repeated names (Beijing) once."""
    parts: list[str] = []
    for part in (province_of(code), city_of(code), code):
        if part in regions() and regions()[part].name not in parts and "直辖县级" not in regions()[part].name:
            parts.append(regions()[part].name)
    return "".join(parts) or code


@lru_cache(maxsize=1 << 12)
def seat_of(code: str) -> tuple[float, float] | None:
    """(lat, lon) of the seat of government, else of a point inside the region; None where the table has neither."""
    region = regions().get(code)
    return None if region is None else region.seat or region.inner


@lru_cache(maxsize=1 << 12)
def inner_of(code: str) -> tuple[float, float] | None:
    """(lat, lon) of a point well inside the region; None where the table has none."""
    region = regions().get(code)
    return None if region is None else region.inner


@lru_cache(maxsize=1 << 12)
def adjacent(code: str) -> tuple[str, ...]:
    """Codes of the Shanxi regions of the same level that border on this one."""
    region = regions().get(code)
    return () if region is None else region.adjacent


@lru_cache(maxsize=1 << 12)
def counties_of(city: str) -> tuple[str, ...]:
    """Codes of the counties in a Shanxi city (or in all Shanxi for 140000)."""
    return tuple(code for code, region in regions().items() if region.level == "county" and covers(city, code))


def kilometres(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance in km on a sphere of the mean earth radius (haversine)."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((phi2 - phi1) / 2) ** 2
    half += math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))
