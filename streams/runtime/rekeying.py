"""A new master key: everything the old one sealed is sealed anew, a page a transaction, while the exchange runs.

Every process opens with both keys meanwhile (``Vault``). What a page changes is only what it read: a value that somebody changed, or a key
that was destroyed in between, is left as it is. Broken off, it goes on where it was: what the new key opens is passed by.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from sqlalchemy import Column, Connection, and_, select, tuple_, update

from streams.runtime.exchange import Exchange
from streams.runtime.sealing import HASH_KEY
from streams.runtime.tables import meta, person_keys, private_values

PAGE = 500
_SEALED: tuple[tuple[Literal["key", "value"], Column[Any]], ...] = (("key", person_keys.c.wrapped), ("value", private_values.c.sealed))


@dataclass
class Rekeyed:
    """How many were looked at, and how many were sealed anew."""

    looked_at: int = 0
    sealed_anew: int = 0


def rekey(exchange: Exchange, say: Callable[[Rekeyed], object] = lambda _: None) -> Rekeyed:
    """Seal person keys, private values and the key of the keyed hash under the first master key. Raises ``WrongMasterKey`` where one of
    them opens with none of the keys named; what was done until then stays."""
    found = Rekeyed()
    for kind, sealed in _SEALED:
        after: tuple[str, ...] | None = None
        while True:
            rows, changed, after = exchange.write(partial(_page, exchange, kind, sealed, after))
            found.looked_at += rows
            found.sealed_anew += changed
            say(found)
            if rows < PAGE:
                break
    found.looked_at += 1
    found.sealed_anew += exchange.write(lambda connection: _hash(exchange, connection))
    say(found)
    return found


def _page(
    exchange: Exchange, kind: Literal["key", "value"], sealed: Column[Any], after: tuple[str, ...] | None, connection: Connection
) -> tuple[int, int, tuple[str, ...] | None]:
    """(rows of the page behind ``after``, rows changed, the last row's key)."""
    key = tuple(sealed.table.primary_key.columns)
    query = select(*key, sealed).order_by(*key).limit(PAGE)
    rows = connection.execute(query if after is None else query.where(tuple_(*key) > tuple_(*after))).all()
    changed = 0
    for *names, held in rows:
        anew = exchange.vault.again(kind, held, *names)
        if anew is not None:
            same = and_(sealed == held, *(column == name for column, name in zip(key, names, strict=True)))
            changed += connection.execute(update(sealed.table).where(same).values({sealed: anew})).rowcount
    return len(rows), changed, tuple(rows[-1][:-1]) if rows else after


def _hash(exchange: Exchange, connection: Connection) -> int:
    kept = connection.execute(select(meta.c.value).where(meta.c.name == HASH_KEY)).scalar_one()
    anew = exchange.vault.again("hash", base64.b64decode(kept), HASH_KEY)
    if anew is None:
        return 0
    values = {"value": base64.b64encode(anew).decode()}
    return connection.execute(update(meta).where(meta.c.name == HASH_KEY, meta.c.value == kept).values(values)).rowcount
