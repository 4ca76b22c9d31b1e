"""How documents and query trees look to tantivy: the schema, and the two compilers. Everything but the circle is exact here.

Engines get tokens: the text fields hold ``matcher.text.tokens`` joined by blanks and cut at blanks. Values that are counted as facets are
small whole numbers, because tantivy-py reads whole numbers back for many hits at once (a circle is cut out of its box in Python).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

import tantivy
from tantivy import FieldType, Occur

from search.circles import box
from search.documents import FORMS, SOURCES, TYPES, ZONES, IndexDocument, canonical_region, date_key_from, units_of
from search.tree import All, AnyOf, AtLeast, AtMostOrUnknown, Node, Not, OneOf, Phrase, Prefix, Term, Within, needles_of

# Between two fields in ``units``: no token is spelt like it, so no phrase runs across.
_BREAK = "\u2016"
_NUMBERS = "unsigned"
_FIELDS: tuple[tuple[str, str, Mapping[str, object]], ...] = (
    ("id", "text", {"stored": True, "tokenizer_name": "raw", "index_option": "basic"}),
    ("title", "text", {"stored": True, "tokenizer_name": "raw", "index_option": "basic"}),
    ("occupation_code", "text", {"stored": True, "tokenizer_name": "raw", "index_option": "basic"}),
    ("version", _NUMBERS, {"fast": True}),
    ("live", _NUMBERS, {"indexed": True}),
    ("grams", "text", {"tokenizer_name": "whitespace", "index_option": "freq"}),
    ("title_grams", "text", {"tokenizer_name": "whitespace", "index_option": "freq"}),
    ("units", "text", {"tokenizer_name": "whitespace", "index_option": "position"}),
    *((name, "text", {"tokenizer_name": "raw", "index_option": "basic"})
      for name in ("open_to", "offers", "occupation", "employer_id", "brand_id", "market_id")),
    ("covering", _NUMBERS, {"indexed": True}),
    *((name, _NUMBERS, {"indexed": True, "fast": True}) for name in ("region", "city", "form", "type", "source", "education")),
    *((f"zone_{zone}", _NUMBERS, {"indexed": True, "fast": True}) for zone in ZONES),
    ("education_rank", _NUMBERS, {"fast": True}),
    ("pay_top", "float", {"fast": True}),
    ("pay_key", _NUMBERS, {"fast": True}),
    ("date_key", _NUMBERS, {"fast": True}),
    ("located", _NUMBERS, {"indexed": True}),
    ("latitude", "float", {"fast": True}),
    ("longitude", "float", {"fast": True}),
)  # fmt: skip
_LISTS = {"form": FORMS, "type": TYPES, "source": SOURCES}
# Raise it when what is written into the fields changes although the fields do not (another cut of tokens, another key).
_CONTENT = 3

# A word in the title weighs as much as this many in the text when the engine picks its best; the order comes from the re-ranking.
_TITLE_BOOST = 3.0


def _index_format() -> str:
    # "tantivy v0.27.0, index_format v7": the library's own version may change while its files stay readable.
    return str(getattr(tantivy, "__version__", "")).rsplit("index_format", 1)[-1].strip()


def mapping_hash() -> str:
    """Eight hexadecimal digits that change with the schema, the lists that numbers stand for, and the content's version."""
    text = json.dumps([_FIELDS, _LISTS, ZONES, _CONTENT, _index_format()], default=str)
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def schema() -> tantivy.Schema:
    """The schema of ``_FIELDS``."""
    builder = tantivy.SchemaBuilder()
    for name, kind, options in _FIELDS:
        getattr(builder, f"add_{kind}_field")(name, **options)
    return builder.build()


def _number(field: str, value: str) -> int:
    """The whole number that stands for a facet's value; 0 stands for none."""
    return 1 + _LISTS[field].index(value) if field in _LISTS else int(value)


def facet_value(field: str, number: int) -> str:
    """The value a whole number stands for."""
    if field in _LISTS:
        return _LISTS[field][number - 1]
    return f"{number:02d}" if field == "education" else str(number)


def to_tantivy(document: IndexDocument) -> tantivy.Document:
    """The document as tantivy takes it."""
    made = tantivy.Document()
    made.add_text("id", document.posting_id)
    made.add_text("title", document.title)
    made.add_unsigned("version", document.version)
    made.add_unsigned("live", 1)
    made.add_text("grams", " ".join(token for field in document.fields for token in field))
    made.add_text("title_grams", " ".join(document.title_tokens))
    made.add_text("units", f" {_BREAK} ".join(" ".join(units_of(field)) for field in document.fields))
    for name, values in (
        ("open_to", document.open_to),
        ("offers", document.offers),
        ("occupation", document.occupations),
        ("employer_id", (document.employer_id,)),
        ("brand_id", (document.brand_id,)),
        ("market_id", (document.market_id,)),
        ("occupation_code", (document.occupation_code,)),
    ):
        for value in values:
            if value is not None:
                made.add_text(name, value)
    for code in document.covering:
        made.add_unsigned("covering", int(code))
    for name in ("region", "city", "form", "type", "source", "education"):
        made.add_unsigned(name, next((_number(name, value) for value in document.facet(name)), 0))
    for zone in ZONES:
        made.add_unsigned(f"zone_{zone}", int(zone in document.zones))
    if document.education_rank is not None:
        made.add_unsigned("education_rank", document.education_rank)
    if document.pay_top is not None:
        made.add_float("pay_top", document.pay_top)
    made.add_unsigned("pay_key", document.pay_key)
    made.add_unsigned("date_key", document.date_key)
    located = document.latitude is not None and document.longitude is not None
    made.add_unsigned("located", int(located))
    if document.latitude is not None and document.longitude is not None:
        made.add_float("latitude", document.latitude)
        made.add_float("longitude", document.longitude)
    return made


def tombstone(posting_id: str, version: int) -> tantivy.Document:
    """What remains of a deleted posting until the next reindex: its id and version, so that an older upsert stays out."""
    made = tantivy.Document()
    made.add_text("id", posting_id)
    made.add_unsigned("version", version)
    made.add_unsigned("live", 0)
    return made


class Compiler:
    """Compiles query trees for one schema."""

    def __init__(self, of: tantivy.Schema):
        self._schema = of

    def found(self, tree: All) -> tantivy.Query:
        """The documents of the tree, a circle widened to its box; scores nothing."""
        return tantivy.Query.const_score_query(self._every([tree]), 0.0)

    def scored(self, tree: All) -> tantivy.Query:
        """The same documents, scored by their words (BM25), words in the title counting more; filters do not count."""
        # Should, though each must occur: found() sees to that, and of a trade's names any one is enough.
        words = [(Occur.Should, self._word("grams", needle)) for needle in needles_of(tree)]
        titles = [(Occur.Should, tantivy.Query.boost_query(self._word("title_grams", needle), _TITLE_BOOST)) for needle in needles_of(tree)]
        return tantivy.Query.boolean_query([(Occur.Must, self.found(tree)), *words, *titles])

    def between(self, base: tantivy.Query, key: str, low: int | None, below: int) -> tantivy.Query:
        """The base where low <= key < below."""
        span = tantivy.Query.range_query(self._schema, key, FieldType.Unsigned, low, below, True, False)
        return tantivy.Query.boolean_query([(Occur.Must, base), (Occur.Must, span)])

    def ids(self, posting_ids: Iterable[str]) -> tantivy.Query:
        return tantivy.Query.term_set_query(self._schema, "id", list(posting_ids))

    def both(self, one: tantivy.Query, other: tantivy.Query) -> tantivy.Query:
        return tantivy.Query.boolean_query([(Occur.Must, one), (Occur.Must, other)])

    def unsigned(self, field: str, number: int) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, number, "basic")

    def box(self, south: float, north: float, spans: list[tuple[float, float]]) -> tantivy.Query:
        """Located between these degrees, in any of the longitude spans."""
        sides = [(Occur.Should, self._floats("longitude", west, east)) for west, east in spans]
        return self.both(self._floats("latitude", south, north), tantivy.Query.boolean_query(sides))

    def _floats(self, field: str, low: float | None, high: float | None) -> tantivy.Query:
        return tantivy.Query.range_query(self._schema, field, FieldType.Float, low, high)

    def _word(self, field: str, token: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, token, "freq")

    def _every(self, nodes: Iterable[Node]) -> tantivy.Query:
        """All nodes hold. ``live`` comes first: a tombstone is never found, and a query of exclusions has something to exclude from."""
        parts: list[tuple[Occur, tantivy.Query]] = [(Occur.Must, self.unsigned("live", 1))]
        for node in nodes:
            if isinstance(node, Not):
                parts.append((Occur.MustNot, self._node(node.node)))
            elif isinstance(node, All):
                parts.extend(
                    (Occur.MustNot, self._node(each.node)) if isinstance(each, Not) else (Occur.Must, self._node(each))
                    for each in node.nodes
                )
            else:
                parts.append((Occur.Must, self._node(node)))
        return tantivy.Query.boolean_query(parts)

    def _node(self, node: Node) -> tantivy.Query:
        match node:
            case All() | Not():
                return self._every([node])
            case Term(needles):
                return tantivy.Query.boolean_query([(Occur.Must, self._word("grams", needle)) for needle in needles])
            case Phrase(units):
                return tantivy.Query.phrase_query(self._schema, "units", list(units))
            case Prefix(start):
                return tantivy.Query.regex_query(self._schema, "grams", re.escape(start).replace("\\#", "#") + ".*")
            case AnyOf(nodes):
                return tantivy.Query.boolean_query([(Occur.Should, self._node(each)) for each in nodes])
            case OneOf(field, values):
                return self._one_of(field, values)
            case AtLeast("published", least):
                return tantivy.Query.range_query(self._schema, "date_key", FieldType.Unsigned, date_key_from(int(least)), None)
            case AtLeast(field, least):
                return self._floats(field, least, None)
            case AtMostOrUnknown(field, most):
                above = tantivy.Query.range_query(self._schema, field, FieldType.Unsigned, int(most) + 1, None)
                return tantivy.Query.boolean_query([(Occur.Must, self.unsigned("live", 1)), (Occur.MustNot, above)])
            case Within(latitude, longitude, radius):
                return self.box(*box(latitude, longitude, radius))

    def _one_of(self, field: str, values: tuple[str, ...]) -> tantivy.Query:
        if field == "zone":
            return tantivy.Query.boolean_query([(Occur.Should, self.unsigned(f"zone_{value}", 1)) for value in values])
        if field == "region":
            return tantivy.Query.term_set_query(self._schema, "covering", [int(canonical_region(value)) for value in values])
        if field in _LISTS:
            return tantivy.Query.term_set_query(self._schema, field, [_number(field, value) for value in values])
        return tantivy.Query.term_set_query(self._schema, "id" if field == "posting_id" else field, list(values))
