"""One query: what is asked for, how it is ordered, where a walk goes on. ``read_query`` makes it from what people and programs send.

Text. Blanks split terms, all of which must match; ``-term`` must not; ``"quoted terms"`` must stand side by side. A term matches when
all its 2-grams occur (a single character: that character; a Latin word: that word; ``jav*``: a word that begins so). The text is cut by
``matcher.text.tokens``, as the postings are; punctuation without a character to search for is ignored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from matcher import education as levels
from matcher.days import midnight
from matcher.occupations import codes_for_title
from matcher.text import normalise, tokens
from search.circles import HALF_EARTH_KM
from search.documents import FACETS, FORMS, OFFERS, SOURCES, TYPES, ZONES, canonical_region, is_pair, seconds_of, units_of
from search.errors import QueryError
from search.tree import All, AnyOf, AtLeast, AtMostOrUnknown, Node, Not, OneOf, Phrase, Prefix, SetField, Term, Within

Sort = Literal["relevance", "date", "pay", "distance"]
SORTS: tuple[Sort, ...] = ("relevance", "date", "pay", "distance")
LONGEST_TEXT = 200
LONGEST_TRADE = 50
MOST_TRADES = 10
MOST_TERMS = 20
MOST_VALUES = 200
MOST_HITS = 100
LONGEST_CURSOR = 16_000

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "「": '"', "」": '"', "『": '"', "』": '"'})
_PART = re.compile(r'(-?)"([^"]*)"|(-?)([^\s"]+)')
_REGION = re.compile(r"[1-9]\d{5}")
_OCCUPATION = re.compile(r"\d(-\d{2}){0,3}")


@dataclass(frozen=True)
class Query:
    """A checked search. Empty filters ask for nothing; several values of one filter are alternatives, filters all hold together.

    ``regions`` cover: a city's code finds its counties. ``point`` is (latitude, longitude) in degrees. ``pay_min`` is yuan a month,
    compared with the posting's top; pay that cannot be compared does not reach any floor. ``education`` is the asker's own level: what
    asks for more is left out, what says nothing stays. ``zones``: ``graduate`` (kept for graduates), ``gig``. ``offers``: all of them
    must be said (包住 and 包吃). ``trades``: work by any of its names; found by these words or by the occupations they mean. Raises
    QueryError on anything it does not accept.
    """

    text: str = ""
    regions: tuple[str, ...] = ()
    point: tuple[float, float] | None = None
    radius_km: float | None = None
    forms: tuple[str, ...] = ()
    pay_min: float | None = None
    sources: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    education: str | None = None
    open_to: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    trades: tuple[str, ...] = ()
    occupations: tuple[str, ...] = ()
    employer_ids: tuple[str, ...] = ()
    brand_ids: tuple[str, ...] = ()
    market_ids: tuple[str, ...] = ()
    published_since: date | None = None
    sort: Sort = "relevance"
    facets: tuple[str, ...] = ()
    limit: int = 20
    cursor: str | None = None

    def __post_init__(self) -> None:
        _check(self)

    @property
    def order(self) -> Sort:
        """The sort that applies: without words to be relevant to, relevance is by date."""
        return "date" if self.sort == "relevance" and not self.wish else self.sort

    @property
    def wish(self) -> str:
        """The words that must match, without exclusions and quotes: what relevance compares a posting with."""
        typed = [words for minus, words, _ in _parts(self.text) if not minus and tokens(words)]
        return " ".join([*(normalise(trade) for trade in self.trades if tokens(trade)), *typed])

    def tree(self) -> All:
        """The meaning as a tree. A radius is its last node, so that an engine may give a box for it and check the circle itself."""
        nodes: list[Node] = []
        for minus, words, quoted in _parts(self.text):
            node = _phrase(words) if quoted else _term(words)
            if node is not None:
                nodes.append(Not(node) if minus else node)
        by_trade = tuple(node for node in map(_trade, self.trades) if node is not None)
        if by_trade:
            nodes.append(by_trade[0] if len(by_trade) == 1 else AnyOf(by_trade))
        nodes.extend(OneOf("offers", (each,)) for each in sorted(set(self.offers)))
        choices: tuple[tuple[SetField, tuple[str, ...]], ...] = (
            ("region", tuple(canonical_region(code) for code in self.regions)),
            ("form", self.forms),
            ("type", self.types),
            ("source", self.sources),
            ("open_to", self.open_to),
            ("zone", self.zones),
            ("occupation", self.occupations),
            ("employer_id", self.employer_ids),
            ("brand_id", self.brand_ids),
            ("market_id", self.market_ids),
        )
        nodes.extend(OneOf(field, tuple(sorted(set(values)))) for field, values in choices if values)
        if self.pay_min is not None:
            nodes.append(AtLeast("pay_top", self.pay_min))
        if self.education is not None:
            nodes.append(AtMostOrUnknown("education_rank", float(levels.rank(self.education) or 0)))
        if self.published_since is not None:
            nodes.append(AtLeast("published", float(seconds_of(midnight(self.published_since)))))
        if self.point is not None and self.radius_km is not None:
            nodes.append(Within(*self.point, self.radius_km))
        return All(tuple(nodes))

    @property
    def identity(self) -> str:
        """One text for the search a cursor belongs to: meaning and order, not page size, facets or place in the walk."""
        return repr((self.tree(), self.order, self.wish, self.point if self.order == "distance" else None))

    def after(self, cursor: str | None) -> Query:
        """The same search, gone on at this cursor."""
        return replace(self, cursor=cursor)


def _parts(text: str) -> Iterable[tuple[bool, str, bool]]:
    """(excluded, words, quoted) for each part of the text as typed."""
    plain = normalise(text).translate(_QUOTES)
    for found in _PART.finditer(plain):
        minus, phrase, bare_minus, word = found.groups()
        if phrase is not None:
            yield minus == "-", phrase, True
        else:
            yield bare_minus == "-", word, False


def _term(words: str) -> Node | None:
    cut = tokens(words)
    begun: Prefix | None = None
    if words.endswith("*") and cut and cut[-1].isascii() and words[:-1].endswith(cut[-1]):
        begun = Prefix(cut.pop())
    # A character inside a pair needs no looking up of its own: where the pair occurs, so does the character.
    paired = {character for token in cut if is_pair(token) for character in token}
    needles = dict.fromkeys(token for token in cut if token not in paired)
    if begun is None:
        return Term(tuple(needles)) if needles else None
    return All((Term(tuple(needles)), begun)) if needles else begun


# Surer than this, a name means the occupation and not only something like it.
_SURE = 0.65


def _trade(words: str) -> Node | None:
    """The words themselves, or the occupations that go by them: 「骑手」 finds 网约配送员."""
    term = _term(normalise(words))
    if term is None:
        return None
    codes = tuple(code for code, confidence in codes_for_title(words) if confidence >= _SURE)
    return AnyOf((term, OneOf("occupation", codes))) if codes else term


def _phrase(words: str) -> Term | Phrase | None:
    units = units_of(tuple(tokens(words)))
    if not units:
        return None
    return Term(units) if len(units) == 1 else Phrase(units)


def _check(query: Query) -> None:
    if len(query.text) > LONGEST_TEXT:
        raise QueryError("q", f"{len(query.text)} characters are too many", [f"at most {LONGEST_TEXT} characters"])
    if sum(1 for _ in _parts(query.text)) > MOST_TERMS:
        raise QueryError("q", "too many terms", [f"at most {MOST_TERMS} terms"])
    if len(query.trades) > MOST_TRADES or any(len(trade) > LONGEST_TRADE or not _writable(trade) for trade in query.trades):
        raise QueryError("trade", "too many or too long", [f"at most {MOST_TRADES} names of trades, {LONGEST_TRADE} characters each"])
    _among("sort", [query.sort], SORTS)
    _among("form", query.forms, FORMS)
    _among("type", query.types, TYPES)
    _among("source", query.sources, SOURCES)
    _among("zone", query.zones, ZONES)
    _among("offers", query.offers, OFFERS)
    _among("facets", query.facets, FACETS)
    for field, values in (
        ("region", query.regions), ("open_to", query.open_to), ("occupation", query.occupations),
        ("employer_id", query.employer_ids), ("brand_id", query.brand_ids), ("market_id", query.market_ids),
    ):  # fmt: skip
        if len(values) > MOST_VALUES:
            raise QueryError(field, "too many values", [f"at most {MOST_VALUES} values"])
        if any(not value or len(value) > 200 or not _writable(value) for value in values):
            raise QueryError(field, "an empty, overlong or unwritable value", ["1 to 200 characters each"])
    if not all(_REGION.fullmatch(code) for code in query.regions):
        raise QueryError("region", "not an administrative code", ["six digits, such as 140105, 140100 or 140000"])
    if not all(_OCCUPATION.fullmatch(code) for code in query.occupations):
        raise QueryError("occupation", "not a code of the 2022 classification", ["6-18-02-04 or a group of it, such as 6-18-02 or 6"])
    _check_place(query)
    if query.pay_min is not None and not (math.isfinite(query.pay_min) and 0 <= query.pay_min <= 1e9):
        raise QueryError("pay_min", "not an amount of yuan a month", ["0 to 1000000000"])
    if query.education is not None and levels.rank(query.education) is None:
        raise QueryError(
            "education", "not a level", ["a two-digit GB/T 4658 code such as 31", "初中", "高中", "中专", "大专", "本科", "硕士", "博士"]
        )
    if not 1 <= query.limit <= MOST_HITS:
        raise QueryError("limit", "not a size of a page", [f"1 to {MOST_HITS}"])
    if query.cursor is not None and len(query.cursor) > LONGEST_CURSOR:
        raise QueryError("cursor", "not a cursor of this exchange", ["the cursor of the page before, unchanged"])


def _check_place(query: Query) -> None:
    if query.point is not None:
        latitude, longitude = query.point
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise QueryError("near", "not a point on the earth", ["latitude,longitude in degrees, such as 37.87,112.55"])
    if query.radius_km is not None:
        if not 0 < query.radius_km <= HALF_EARTH_KM:
            raise QueryError("radius_km", "not a distance", [f"more than 0, at most {HALF_EARTH_KM:g} km"])
        if query.point is None:
            raise QueryError(
                "radius_km", "a radius needs the point it is drawn around", ["near=latitude,longitude together with radius_km"]
            )
    if query.sort == "distance" and query.point is None:
        raise QueryError("sort", "distance needs the point it is measured from", ["near=latitude,longitude together with sort=distance"])


def _writable(value: str) -> bool:
    # Half a character (a lone surrogate) gets through JSON, but no engine can be asked for it.
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _among(field: str, values: Iterable[str], allowed: tuple[str, ...]) -> None:
    if any(value not in allowed for value in values):
        raise QueryError(field, "not one of the values there are", allowed)


def _texts(field: str, value: Any) -> tuple[str, ...]:
    """A value, a comma-separated list or a list of values."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise QueryError(field, "text or a list of texts expected", ["one value or several, separated by commas"])
    return tuple(dict.fromkeys(piece.strip() for part in parts for piece in part.split(",") if piece.strip()))


def _number(field: str, value: Any) -> float:
    try:
        if isinstance(value, bool):
            raise ValueError
        number = float(value)
        if not math.isfinite(number):
            raise ValueError
        return number
    except (TypeError, ValueError):
        raise QueryError(field, "not a number", ["a number, such as 5000"]) from None


def _whole(field: str, value: Any) -> int:
    number = _number(field, value)
    if number != int(number):
        raise QueryError(field, "not a whole number", ["a whole number, such as 20"])
    return int(number)


def _point(field: str, value: Any) -> tuple[float, float]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or len(parts) != 2:
        raise QueryError(field, "not a point", ["latitude,longitude in degrees, such as 37.87,112.55"])
    return _number(field, parts[0]), _number(field, parts[1])


def _day(field: str, value: Any) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise QueryError(field, "not a day", ["YYYY-MM-DD, such as 2026-11-20"]) from None


def _level(field: str, value: Any) -> str:
    code = levels.code_of(value) if isinstance(value, str) else None
    return code or "?"  # refused by Query with what is allowed


def _one(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise QueryError(field, "text expected")
    return value


_READERS: dict[str, tuple[str, Callable[[str, Any], Any]]] = {
    "q": ("text", _one),
    "region": ("regions", _texts),
    "near": ("point", _point),
    "radius_km": ("radius_km", _number),
    "form": ("forms", _texts),
    "pay_min": ("pay_min", _number),
    "source": ("sources", _texts),
    "type": ("types", _texts),
    "education": ("education", _level),
    "open_to": ("open_to", _texts),
    "zone": ("zones", _texts),
    "offers": ("offers", _texts),
    "trade": ("trades", _texts),
    "occupation": ("occupations", _texts),
    "employer_id": ("employer_ids", _texts),
    "brand_id": ("brand_ids", _texts),
    "market_id": ("market_ids", _texts),
    "published_since": ("published_since", _day),
    "sort": ("sort", _one),
    "facets": ("facets", _texts),
    "limit": ("limit", _whole),
    "cursor": ("cursor", _one),
}
PARAMETERS: tuple[str, ...] = tuple(_READERS)


def read_query(parameters: Mapping[str, Any]) -> Query:
    """A Query from the parameters of a request or a command (``PARAMETERS``); lists may be given as lists or with commas.

    None and blank texts count as not given. Raises QueryError naming the parameter, also for one that does not exist.
    """
    given: dict[str, Any] = {}
    for name, value in parameters.items():
        if name not in _READERS:
            raise QueryError(name[:60], "no such parameter", PARAMETERS)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        attribute, read = _READERS[name]
        given[attribute] = read(name, value)
    return Query(**given)
