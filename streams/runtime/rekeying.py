"""A new master key: everything the old one sealed is sealed anew, a page a transaction, while the exchange runs.

Every process opens with both keys meanwhile (``Vault``). What a page changes is only what it read: a value that somebody changed, or a key
that was destroyed in between, is left as it is. Broken off, it goes on where it was: what the new key opens is passed by.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, tuple_, update

from streams.runtime.exchange import Exchange
from streams.runtime.sealing import HASH_KEY
from streams.runtime.tables import meta, person_keys, private_values

PAGE = 500


@dataclass
class Rekeyed:
    """How many were looked at, and how many were sealed anew."""

    looked_at: int = 0
    sealed_anew: int = 0


def rekey(exchange: Exchange, say: Callable[[Rekeyed], object] = lambda _: None) -> Rekeyed:
    """Seal person keys, private values and the key of the keyed hash under the first master key. Raises ``WrongMasterKey`` where one of
    them opens with none of the keys named; what was done until then stays."""
    found = Rekeyed()
    for page in (_keys, _values):
        after: Any = None
        while True:
            rows, changed, after = exchange.write(lambda connection, page=page, after=after: page(exchange, connection, after))  # type: ignore[misc]
            found.looked_at += rows
            found.sealed_anew += changed
            say(found)
            if rows < PAGE:
                break
    found.looked_at += 1
    found.sealed_anew += exchange.write(lambda connection: _hash(exchange, connection))
    say(found)
    return found


def _keys(exchange: Exchange, connection: Connection, after: str | None) -> tuple[int, int, str | None]:
    """(rows of the page, rows changed, the last one's id)."""
    table = person_keys
    query = select(table).order_by(table.c.person_id).limit(PAGE)
    rows = connection.execute(query if after is None else query.where(table.c.person_id > after)).all()
    changed = 0
    for person_id, wrapped in rows:
        anew = exchange.vault.again("key", wrapped, person_id)
        if anew is not None:
            of_this = (table.c.person_id == person_id) & (table.c.wrapped == wrapped)
            changed += connection.execute(update(table).where(of_this).values(wrapped=anew)).rowcount
    return len(rows), changed, rows[-1].person_id if rows else after


def _values(exchange: Exchange, connection: Connection, after: tuple[str, str, str] | None) -> tuple[int, int, tuple[str, str, str] | None]:
    table = private_values
    key = (table.c.owner_kind, table.c.owner_id, table.c.field)
    query = select(*key, table.c.sealed).order_by(*key).limit(PAGE)
    rows = connection.execute(query if after is None else query.where(tuple_(*key) > tuple_(*after))).all()
    changed = 0
    for kind, owner, field, sealed in rows:
        anew = exchange.vault.again("value", sealed, kind, owner, field)
        if anew is not None:
            of_this = (key[0] == kind) & (key[1] == owner) & (key[2] == field) & (table.c.sealed == sealed)
            changed += connection.execute(update(table).where(of_this).values(sealed=anew)).rowcount
    return len(rows), changed, tuple(rows[-1][:3]) if rows else after


def _hash(exchange: Exchange, connection: Connection) -> int:
    kept = connection.execute(select(meta.c.value).where(meta.c.name == HASH_KEY)).scalar_one()
    anew = exchange.vault.again("hash", base64.b64decode(kept), HASH_KEY)
    if anew is None:
        return 0
    values = {"value": base64.b64encode(anew).decode()}
    return connection.execute(update(meta).where(meta.c.name == HASH_KEY, meta.c.value == kept).values(values)).rowcount
