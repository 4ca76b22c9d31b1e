"""Circles on the earth: a box that surely holds one (for engines that know ranges), and exact membership for many points at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matcher.places import EARTH_RADIUS_KM, kilometres

HALF_EARTH_KM = 20_100.0  # beyond every great-circle distance
# Array and scalar forms of the haversine differ in the last bits only, which near the antipodes is decimetres. Nearer than this to a limit
# the scalar form decides, so that every engine says the same.
_EDGE_KM, _FAR_KM, _FAR_EDGE_KM = 1e-6, 19_000.0, 1e-2


def box(latitude: float, longitude: float, radius_km: float) -> tuple[float, float, list[tuple[float, float]]]:
    """(south, north, [(west, east), …]) in degrees that hold every point of the circle; two longitude ranges across the 180th meridian."""
    angle = radius_km / EARTH_RADIUS_KM + 1e-9
    south, north = latitude - math.degrees(angle), latitude + math.degrees(angle)
    if south <= -90 or north >= 90 or angle >= math.pi / 2:
        return max(south, -90.0), min(north, 90.0), [(-180.0, 180.0)]
    half = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(latitude))))) + 1e-9
    west, east = longitude - half, longitude + half
    if west < -180:
        return south, north, [(west + 360, 180.0), (-180.0, east)]
    if east > 180:
        return south, north, [(west, 180.0), (-180.0, east - 360)]
    return south, north, [(west, east)]


def distances(
    latitude: float, longitude: float, latitudes: Sequence[float | None], longitudes: Sequence[float | None]
) -> NDArray[np.float64]:
    """Kilometres from the point to each; NaN where a location is missing. Equal to ``matcher.places.kilometres`` but for the last bits."""
    phi = np.radians(np.array(latitudes, dtype=np.float64))
    lam = np.radians(np.array(longitudes, dtype=np.float64))
    phi0, lam0 = math.radians(latitude), math.radians(longitude)
    half = np.sin((phi - phi0) / 2) ** 2 + math.cos(phi0) * np.cos(phi) * np.sin((lam - lam0) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1.0, half))))


def inside(
    latitude: float, longitude: float, radius_km: float, latitudes: Sequence[float | None], longitudes: Sequence[float | None]
) -> NDArray[np.bool_]:
    """Which points lie at most ``radius_km`` away, exactly as ``matcher.places.kilometres`` says; a missing location lies nowhere."""
    away = distances(latitude, longitude, latitudes, longitudes)
    found = np.asarray(away <= radius_km)
    for index in np.flatnonzero(np.abs(away - radius_km) < _edge(away)):
        found[index] = _exactly(latitude, longitude, latitudes[int(index)], longitudes[int(index)]) <= radius_km
    return found


def metres_to(
    latitude: float, longitude: float, latitudes: Sequence[float | None], longitudes: Sequence[float | None]
) -> NDArray[np.int64]:
    """``metres`` from the point to each, equal to the last metre; locations must be there."""
    away = distances(latitude, longitude, latitudes, longitudes)
    rounded = np.rint(away * 1000).astype(np.int64)
    for index in np.flatnonzero(np.abs(away * 1000 % 1 - 0.5) < _edge(away) * 1000):
        rounded[index] = round(_exactly(latitude, longitude, latitudes[int(index)], longitudes[int(index)]) * 1000)
    return rounded


def metres(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> int:
    """Whole metres between two points: what results are ordered by."""
    return round(kilometres(latitude, longitude, other_latitude, other_longitude) * 1000)


def _edge(away: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(away > _FAR_KM, _FAR_EDGE_KM, _EDGE_KM)


def _exactly(latitude: float, longitude: float, other_latitude: float | None, other_longitude: float | None) -> float:
    assert other_latitude is not None  # a missing one is NaN, which is near no limit
    assert other_longitude is not None
    return kilometres(latitude, longitude, other_latitude, other_longitude)
