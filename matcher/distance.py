"""Distance in whole numbers, so that the readable and the columnar matcher agree to the last bit.

A point on the earth is kept as three whole centimetres (x, y, z) on the mean sphere. The squared chord between two such points is an exact
integer, grows with the great-circle distance, and is compared with limits that were turned into squared chords beforehand: no trigonometry
per pair, no rounding that depends on who computes it.
"""

from __future__ import annotations

import math
from functools import lru_cache

from matcher.places import EARTH_RADIUS_KM
from matcher.shapes import Location

RADIUS_CM = round(EARTH_RADIUS_KM * 100_000)
# Rounding to centimetres moves a point by less than one; a limit is widened by a metre so that "exactly 30 km" stays within 30 km.
_TOLERANCE_KM = 0.001

Spot = tuple[int, int, int]


def spot(place: Location) -> Spot:
    """The point in whole centimetres (x, y, z) from the middle of the earth; each fits 32 bits."""
    lat, lon = math.radians(place.lat), math.radians(place.lon)
    return (
        round(RADIUS_CM * math.cos(lat) * math.cos(lon)),
        round(RADIUS_CM * math.cos(lat) * math.sin(lon)),
        round(RADIUS_CM * math.sin(lat)),
    )


def squared_chord(one: Spot, other: Spot) -> int:
    """Squared straight-line distance in square centimetres; below 2**61."""
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2


@lru_cache(maxsize=4096)
def squared_chord_of(kilometres: float) -> int:
    """The squared chord of a great-circle distance: a pair is within ``kilometres`` when its squared chord is not above this."""
    angle = min((kilometres + _TOLERANCE_KM) / EARTH_RADIUS_KM, math.pi)
    chord = 2 * RADIUS_CM * math.sin(angle / 2) + (2 if angle >= math.pi else 0)
    return math.floor(chord * chord)


def kilometres_of(square: int) -> float:
    """Great-circle distance in km of a squared chord."""
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(square) / (2 * RADIUS_CM)))
