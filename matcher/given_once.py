"""JSON in which a key given twice is an error: of two values of one key the last would win silently."""

from __future__ import annotations

import json
from typing import Any

import orjson

from matcher.shapes import FieldError, ShapeError


def decode_once(text: bytes | str) -> Any:
    """JSON in which no key is given twice; the last of two would win silently. Raises ``ShapeError`` naming the key."""

    def once(pairs: list[tuple[str, Any]]) -> None:
        if len(dict(pairs)) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise ShapeError([FieldError(field=twice, message="given twice; give it once")])

    value = orjson.loads(text)  # the stricter reader: no NaN, no broken UTF-8; the other one only looks at the names
    try:
        json.loads(text, object_pairs_hook=once, parse_int=len, parse_float=len)
    except RecursionError:
        raise ShapeError([FieldError(field="(line)", message="nested too deep; one flat object a line expected")]) from None
    return value
