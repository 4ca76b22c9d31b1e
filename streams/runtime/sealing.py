"""Personal data: a key per person, wrapped by the master key that never enters the database.

What a message says of a person is sealed with that person's own data key (AES-256-GCM). Destroying the key turns every past message of
that person, in every log and backup, into a tombstone. ``private`` values live encrypted by field in ``private_values``, and nowhere else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from threading import Lock
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, delete, select

from streams.runtime.tables import Look, insert_new, meta, person_keys, private_values, upsert

_NONCE = 12
HASH_KEY = "lookup_key"  # in ``meta``: the key of the keyed hash, wrapped by the master key
MADE = "made keys"  # in ``connection.info``: people whose key was made since the last commit
_WRAPPED = Look(
    select(person_keys.c.person_id, person_keys.c.wrapped).where(person_keys.c.person_id.in_(bindparam("people", expanding=True))),
    among="people",
)


class KeyGone(LookupError):
    """The person's key was destroyed or never made; what it sealed cannot be read."""


class WrongMasterKey(RuntimeError):
    """The master key does not open what this database holds: the settings name another key than the one it was made with."""


class Vault:
    """Seals and opens. One per process; person keys are cached unwrapped, at most ``cached`` of them, and dropped when destroyed.

    ``master`` is 32 bytes from outside the database (a setting or a file with access for its owner only), and behind them 32 bytes for
    each other key that opens as well: while the master key is changed there are two (``rekeying``). The first one seals.
    """

    def __init__(self, master: bytes, *, cached: int = 200_000):
        if not master or len(master) % 32:
            raise ValueError("master key: 32 bytes expected, or several times 32")
        keys = [master[start : start + 32] for start in range(0, len(master), 32)]
        self._wraps = [AESGCM(hashlib.sha256(b"wrap" + key).digest()) for key in keys]
        self._fields = [AESGCM(hashlib.sha256(b"field" + key).digest()) for key in keys]
        self._hashes = [hashlib.sha256(b"lookup" + key).digest() for key in keys]
        self._hash = self._hashes[0]
        self._keys: dict[str, AESGCM] = {}
        self._forgotten: set[str] = set()
        self._cached = cached
        self._lock = Lock()

    # -- a person's key ------------------------------------------------------------------------------------------------

    def make_key(self, connection: Connection, person_id: str) -> None:
        """Make this person's key if there is none. Part of the caller's transaction: nothing is cached before it is committed.

        The table is asked and not the cache: another process may have destroyed the key, and what is sealed with it then is lost.
        """
        wrapped = _closed(self._wraps[0], AESGCM.generate_key(256), person_id.encode())
        connection.info.setdefault(MADE, set()).add(person_id)
        if insert_new(connection, person_keys, {"person_id": person_id, "wrapped": wrapped}) and person_id in self._keys:
            self.forget(person_id)

    def destroy_key(self, connection: Connection, person_id: str) -> None:
        """Destroy the key and the private values: their past messages become tombstones."""
        connection.execute(delete(person_keys).where(person_keys.c.person_id == person_id))
        connection.execute(delete(private_values).where(private_values.c.owner_kind == "person", private_values.c.owner_id == person_id))
        self.forget(person_id)

    def forget(self, person_id: str) -> None:
        """Drop the key from the cache, for good: a reader whose snapshot is older would put it back."""
        with self._lock:
            self._forgotten.add(person_id)
            self._keys.pop(person_id, None)

    def _unwrap(self, person_id: str, wrapped: bytes) -> AESGCM:
        found = _opened(self._wraps, wrapped, person_id.encode())
        if found is None:
            raise WrongMasterKey("the master key does not open this database's person keys; use the key it was made with")
        return AESGCM(found[0])

    def fits(self, person_id: str, wrapped: bytes) -> bool:
        """Whether the master key, or another one that opens, opens this wrapped person key."""
        return _opened(self._wraps, wrapped, person_id.encode()) is not None

    def warm(self, person_id: str, key: AESGCM) -> None:
        with self._lock:
            if person_id in self._forgotten:
                return
            if len(self._keys) >= self._cached:
                self._keys.pop(next(iter(self._keys)))
            self._keys[person_id] = key

    def keys(self, connection: Connection, people: Collection[str]) -> dict[str, AESGCM]:
        """The keys of these people in one look, for sealing and opening many messages; who has none is absent.

        Those found are cached, but for a key made in this very transaction: that might still be rolled back. PostgreSQL: the table is
        always asked, for another process may have destroyed a key or made a new one, and what is sealed with the old one is lost.
        """
        cached = self._keys if _alone(connection) else {}
        found = {person: key for person in dict.fromkeys(people) if (key := cached.get(person)) is not None}
        missing = sorted(set(people) - set(found))
        made: set[str] = connection.info.get(MADE, set())
        for start in range(0, len(missing), 500):
            for person, wrapped in _WRAPPED.rows(connection, people=missing[start : start + 500]):
                found[person] = self._unwrap(person, wrapped)
                if person not in made and _alone(connection):
                    self.warm(person, found[person])
        return found

    @staticmethod
    def seal(person_id: str, plain: bytes, keys: Mapping[str, AESGCM]) -> str:
        """Sealed with the person's own key out of ``keys``; raises ``KeyGone``."""
        nonce = os.urandom(_NONCE)
        return base64.b64encode(nonce + _own(keys, person_id).encrypt(nonce, plain, person_id.encode())).decode()

    @staticmethod
    def open(person_id: str, sealed: str, keys: Mapping[str, AESGCM]) -> bytes:
        """The plain bytes; raises ``KeyGone`` where the key was destroyed (or another one took its place)."""
        key, raw = _own(keys, person_id), base64.b64decode(sealed)
        try:
            return key.decrypt(raw[:_NONCE], raw[_NONCE:], person_id.encode())
        except InvalidTag:
            raise KeyGone(person_id) from None

    # -- private values ------------------------------------------------------------------------------------------------

    def keep(self, connection: Connection, owner_kind: str, owner_id: str, values: dict[str, str | None]) -> None:
        """Keep private values encrypted by field. ``None`` leaves what is kept as it is."""
        rows = []
        for field, value in values.items():
            if value is None:
                continue
            bound = _bound(owner_kind, owner_id, field)
            rows.append(
                {
                    "owner_kind": owner_kind,
                    "owner_id": owner_id,
                    "field": field,
                    "sealed": _closed(self._fields[0], value.encode(), bound),
                    "lookup": self.lookup(field, value),
                }
            )
        if rows:
            upsert(connection, private_values, rows)

    def drop(self, connection: Connection, owner_kind: str, owner_id: str, fields: Collection[str]) -> None:
        """Destroy these private values of one owner."""
        own = (private_values.c.owner_kind == owner_kind) & (private_values.c.owner_id == owner_id)
        connection.execute(delete(private_values).where(own, private_values.c.field.in_(sorted(fields))))

    def reveal(self, connection: Connection, owner_kind: str, owner_id: str) -> dict[str, str]:
        """All private values of one owner. The caller has checked who asks, and logs it."""
        found = connection.execute(
            select(private_values.c.field, private_values.c.sealed).where(
                private_values.c.owner_kind == owner_kind, private_values.c.owner_id == owner_id
            )
        )
        return {field: self._field(sealed, owner_kind, owner_id, field) for field, sealed in found}

    def reveal_all(self, connection: Connection, owner_kind: str, field: str) -> Iterator[tuple[str, str]]:
        """One field of all owners of a kind, in the order of their ids. The caller has checked who asks, and logs it."""
        mine = (private_values.c.owner_kind == owner_kind) & (private_values.c.field == field)
        query = select(private_values.c.owner_id, private_values.c.sealed).where(mine).order_by(private_values.c.owner_id)
        for owner_id, sealed in connection.execute(query.execution_options(yield_per=5000)):
            yield owner_id, self._field(sealed, owner_kind, owner_id, field)

    def _field(self, sealed: bytes, owner_kind: str, owner_id: str, field: str) -> str:
        opened = _opened(self._fields, sealed, _bound(owner_kind, owner_id, field))
        if opened is None:
            raise WrongMasterKey("the master key does not open this database's private values; use the key it was made with")
        return opened[0].decode()

    def lookup(self, field: str, value: str) -> str:
        """Keyed hash of a private value: finds without revealing."""
        return hmac.new(self._hash, f"{field}|{value.strip().upper()}".encode(), hashlib.sha256).hexdigest()

    # -- the key of the keyed hash, and another master key -------------------------------------------------------------

    def adopt(self, connection: Connection) -> None:
        """Take this database's own key for ``lookup``, which the first master key gave and later ones only wrap: what was hashed stays
        comparable when the master key changes. To be called once, when a process opens the database; raises ``WrongMasterKey``."""
        kept = _kept_hash(connection)
        if kept is None:
            one = connection.execute(select(person_keys.c.person_id, person_keys.c.wrapped).limit(1)).first()
            opened = _opened(self._wraps, one.wrapped, one.person_id.encode()) if one is not None else None
            key = self._hashes[opened[1] if opened is not None else 0]
            insert_new(connection, meta, {"name": HASH_KEY, "value": _text(self._wrapped_hash(key))})
            kept = _kept_hash(connection)
            assert kept is not None
        opened = _opened(self._wraps, base64.b64decode(kept), HASH_KEY.encode())
        if opened is None:
            raise WrongMasterKey("the master key is not the one of this database; use the key it was made with")
        self._hash = opened[0]

    def again(self, kind: Literal["key", "value", "hash"], sealed: bytes, *names: str) -> bytes | None:
        """The same under the first master key; None where it is already. ``names``: of the person, or owner's kind, id and field."""
        ciphers = self._fields if kind == "value" else self._wraps
        bound = _bound(*names) if kind == "value" else names[0].encode()
        opened = _opened(ciphers, sealed, bound)
        if opened is None:
            raise WrongMasterKey(f"no master key opens the {kind} of {'|'.join(names)}; name the key it was sealed with as well")
        if not opened[1]:
            return None
        return self._wrapped_hash(opened[0]) if kind == "hash" else _closed(ciphers[0], opened[0], bound)

    def _wrapped_hash(self, key: bytes) -> bytes:
        # Its nonce comes from what it wraps, which is always the same: two databases of one master key are the same in this row too.
        return _closed(self._wraps[0], key, HASH_KEY.encode(), nonce=hmac.new(key, HASH_KEY.encode(), hashlib.sha256).digest()[:_NONCE])


def _own(keys: Mapping[str, AESGCM], person_id: str) -> AESGCM:
    key = keys.get(person_id)
    if key is None:
        raise KeyGone(person_id)
    return key


def _closed(cipher: AESGCM, plain: bytes, bound: bytes, *, nonce: bytes | None = None) -> bytes:
    nonce = nonce or os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, plain, bound)


def _opened(ciphers: Sequence[AESGCM], sealed: bytes, bound: bytes) -> tuple[bytes, int] | None:
    """The plain bytes and the place of the key that opens; None where none does."""
    for place, cipher in enumerate(ciphers):
        try:
            return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound), place
        except InvalidTag:
            continue
    return None


def _bound(owner_kind: str, owner_id: str, field: str) -> bytes:
    return f"{owner_kind}|{owner_id}|{field}".encode()


def _text(sealed: bytes) -> str:
    return base64.b64encode(sealed).decode()


def _kept_hash(connection: Connection) -> str | None:
    return connection.execute(select(meta.c.value).where(meta.c.name == HASH_KEY)).scalar()


def _alone(connection: Connection) -> bool:
    """Whether this process is the only one that makes and destroys keys: then what it has in memory is what there is."""
    return connection.dialect.name == "sqlite"
