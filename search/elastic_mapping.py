"""How documents and query trees look to Elasticsearch: the mapping, and the second compiler of the tree.

Engines get tokens: the text fields hold ``matcher.text.tokens`` joined by blanks and cut at blanks (``whitespace``). Nothing here needs a
script. ``_source`` keeps nothing of a posting: what is shown comes from columns, what is stored is what is searched.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from search.documents import IndexDocument, canonical_region, date_key_from, units_of
from search.tree import All, AnyOf, AtLeast, AtMostOrUnknown, Node, Not, OneOf, Phrase, Prefix, Term, Within, needles_of

Json = dict[str, Any]

_WORDS = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
_SHOWN = {"type": "keyword", "index": False}
_ASKED = {"type": "keyword", "doc_values": False}
_COUNTED = {"type": "keyword"}
# Only what differs from Elasticsearch's own defaults is written, so that what it answers can be compared with this (``drift``).
FIELDS: Mapping[str, Json] = {
    "id": {"type": "keyword"},
    "live": {"type": "boolean", "doc_values": False},
    "title": _SHOWN,
    "occupation_code": _SHOWN,
    "grams": _WORDS,
    "title_grams": _WORDS,
    "units": {"type": "text", "analyzer": "whitespace", "norms": False},
    **{name: _ASKED for name in ("covering", "open_to", "offers", "occupation", "employer_id", "brand_id", "market_id")},
    **{name: _COUNTED for name in ("region", "city", "form", "type", "source", "education", "zone")},
    "education_rank": {"type": "short"},
    "pay_top": {"type": "double"},
    "pay_key": {"type": "long"},
    "date_key": {"type": "long"},
    "location": {"type": "geo_point"},
    "latitude": {"type": "double", "index": False},
    "longitude": {"type": "double", "index": False},
    "refused": {"type": "keyword", "ignore_above": 1000},
    "offset": {"type": "long", "index": False, "doc_values": False},
}
# Raise it when what is written into the fields changes although the fields do not (another cut of tokens, another key).
_CONTENT = 3
_TITLE_BOOST = 3.0  # as in the embedded index: a word in the title weighs as much as this many in the text
# The whitespace tokenizer cuts longer words in two; one that long is never asked for, so it is left out.
_LONGEST_TOKEN = 255
_LONGEST_ID = 512  # bytes, Elasticsearch's own limit
FOLLOWER = "#follower"  # the document that holds the offset


def mapping_hash() -> str:
    """Eight hexadecimal digits that change with the mapping and the content's version."""
    return hashlib.blake2b(json.dumps([FIELDS, _CONTENT], sort_keys=True).encode(), digest_size=4).hexdigest()


def mappings() -> Json:
    """The mapping of a new index. A field that is not in it is refused, never guessed."""
    return {"dynamic": "strict", "_source": {"includes": ["offset"]}, "_meta": {"mapping": mapping_hash()}, "properties": dict(FIELDS)}


def settings(shards: int, replicas: int) -> Json:
    """Nothing is seen before our own refresh at a commit; each acknowledged write is on the disk."""
    return {
        "number_of_shards": shards,
        "number_of_replicas": replicas,
        "refresh_interval": "-1",
        "translog.durability": "request",
    }


def drift(actual: Mapping[str, Any]) -> list[str]:
    """How the mapping of a live index differs from ours, field by field; empty where it does not."""
    wanted = mappings()
    found = [
        f"{part}: {json.dumps(actual.get(part))} instead of {json.dumps(wanted[part])}"
        for part in ("dynamic", "_source")
        if actual.get(part) != wanted[part]
    ]
    fields: Mapping[str, Any] = actual.get("properties", {})
    for name in sorted(FIELDS.keys() | fields.keys()):
        if name not in fields:
            found.append(f"{name}: missing")
        elif name not in FIELDS:
            found.append(f"{name}: not ours")
        elif fields[name] != FIELDS[name]:
            found.append(f"{name}: {json.dumps(fields[name])} instead of {json.dumps(FIELDS[name])}")
    return found


def key_of(posting_id: str) -> str:
    """The ``_id`` of a posting's document: its own id, or a digest where that is too long or one of our own names."""
    written = posting_id.encode("utf-8", "surrogatepass")
    if len(written) <= _LONGEST_ID and not posting_id.startswith("#") and not _broken(posting_id):
        return posting_id
    return "#" + hashlib.blake2b(written, digest_size=20).hexdigest()


def _broken(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def to_elastic(document: IndexDocument) -> Json:
    """The document as Elasticsearch takes it; what is not stated is left out."""
    fields = [[token for token in field if len(token) <= _LONGEST_TOKEN] for field in document.fields]
    made: Json = {
        "id": document.posting_id,
        "live": True,
        "title": document.title,
        "occupation_code": document.occupation_code,
        "grams": " ".join(token for field in fields for token in field),
        "title_grams": " ".join(fields[0]),
        # Several values of a field lie 100 places apart: no phrase runs from one into the next.
        "units": [" ".join(units_of(tuple(field))) for field in fields],
        "covering": document.covering,
        "open_to": document.open_to,
        "offers": document.offers,
        "occupation": document.occupations,
        "employer_id": document.employer_id,
        "brand_id": document.brand_id,
        "market_id": document.market_id,
        "region": document.region,
        "city": document.city,
        "form": document.form,
        "type": document.type,
        "source": document.source,
        "education": document.education,
        "zone": document.zones,
        "education_rank": document.education_rank,
        "pay_top": document.pay_top,
        "pay_key": document.pay_key,
        "date_key": document.date_key,
    }
    if document.latitude is not None and document.longitude is not None:
        made |= {
            "location": [document.longitude, document.latitude],
            "latitude": document.latitude,
            "longitude": document.longitude,
        }
    return {name: value for name, value in made.items() if value is not None and value != () and value != ""}


def tombstone(posting_id: str) -> Json:
    """What remains of a deleted posting until the next reindex, so that an older version stays out (its own tombstones last a minute)."""
    return {"id": posting_id, "live": False}


def refusal(posting_id: str, reason: str) -> Json:
    """What stands for a document that Elasticsearch does not take: not found by any search, counted and named to whoever mends it."""
    return {"id": "?" if _broken(posting_id) else posting_id, "live": False, "refused": reason[:1000]}


def found(tree: All, more: Iterable[Json] = ()) -> Json:
    """The documents of the tree, scored alike; ``more`` must hold too."""
    return _every([tree], more)


def scored(tree: All, more: Iterable[Json] = ()) -> Json:
    """The same documents, scored by their words (BM25), words in the title counting more; filters do not count."""
    needles = needles_of(tree)
    return {
        "bool": {
            "filter": [found(tree, more)],
            # Should, though each must occur: found() sees to that, and of a trade's names any one is enough.
            "should": [
                *(_word("grams", needle) for needle in needles),
                *(_word("title_grams", needle, _TITLE_BOOST) for needle in needles),
            ],
        }
    }


def circle(latitude: float, longitude: float, metres: float) -> Json:
    """Located at most so many metres away, as Elasticsearch measures (up to a metre of ours within 19,000 km)."""
    return {"geo_distance": {"distance": f"{max(metres, 0.001):.3f}m", "location": [longitude, latitude]}}


def located() -> Json:
    return {"exists": {"field": "location"}}


def without(query: Json) -> Json:
    return {"bool": {"must_not": [query]}}


def ids(posting_ids: Iterable[str]) -> Json:
    return {"terms": {"id": list(posting_ids)}}


def between(field: str, low: int, high: int) -> Json:
    return {"range": {field: {"gte": low, "lte": high}}}


def _word(field: str, token: str, boost: float | None = None) -> Json:
    return {"term": {field: {"value": token} if boost is None else {"value": token, "boost": boost}}}


def _every(nodes: Iterable[Node], more: Iterable[Json] = ()) -> Json:
    """All nodes hold. ``live`` comes first: a tombstone is never found, and a query of exclusions has something to exclude from."""
    must: list[Json] = [{"term": {"live": True}}]
    never: list[Json] = []
    for node in nodes:
        for each in node.nodes if isinstance(node, All) else (node,):
            if isinstance(each, Not):
                never.append(_node(each.node))
            else:
                must.append(_node(each))
    return {"bool": {"filter": [*must, *more], "must_not": never}}


def _node(node: Node) -> Json:
    match node:
        case All() | Not():
            return _every([node])
        case Term(needles):
            return {"bool": {"filter": [_word("grams", needle) for needle in needles]}}
        case Phrase(units):
            return {"match_phrase": {"units": " ".join(units)}}
        case Prefix(start):
            return {"prefix": {"grams": {"value": start}}}
        case AnyOf(nodes):
            return {"bool": {"should": [_node(each) for each in nodes], "minimum_should_match": 1}}
        case OneOf("region", values):
            return {"terms": {"covering": [canonical_region(value) for value in values]}}
        case OneOf("posting_id", values):
            return ids(values)
        case OneOf(field, values):
            return {"terms": {field: list(values)}}
        case AtLeast("published", least):
            return {"range": {"date_key": {"gte": date_key_from(int(least))}}}
        case AtLeast(field, least):
            return {"range": {field: {"gte": least}}}
        case AtMostOrUnknown(field, most):
            return without({"range": {field: {"gt": most}}})
        case Within(latitude, longitude, radius):
            return circle(latitude, longitude, radius * 1000)
