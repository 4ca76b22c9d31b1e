"""Personal data: a key per person, wrapped by the master key that never enters the database.

What a message says of a person is sealed with that person's own data key (AES-256-GCM). Destroying the key turns every past message of
that person, in every log and backup, into a tombstone. ``private`` values live encrypted by field in ``private_values``, and nowhere else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Collection, Mapping
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, delete, select

from streams.runtime.tables import Look, insert_new, person_keys, private_values, upsert

_NONCE = 12
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

    ``master`` is 32 bytes from outside the database (a setting or a file with access for its owner only).
    """

    def __init__(self, master: bytes, *, cached: int = 200_000):
        if len(master) != 32:
            raise ValueError("master key: 32 bytes expected")
        self._wrap = AESGCM(hashlib.sha256(b"wrap" + master).digest())
        self._field = AESGCM(hashlib.sha256(b"field" + master).digest())
        self._hash = hashlib.sha256(b"lookup" + master).digest()
        self._keys: dict[str, AESGCM] = {}
        self._forgotten: set[str] = set()
        self._cached = cached
        self._lock = Lock()

    # -- a person's key ------------------------------------------------------------------------------------------------

    def make_key(self, connection: Connection, person_id: str) -> None:
        """Make this person's key if there is none. Part of the caller's transaction: nothing is cached before it is committed.

        The table is asked and not the cache: another process may have destroyed the key, and what is sealed with it then is lost.
        """
        nonce = os.urandom(_NONCE)
        wrapped = nonce + self._wrap.encrypt(nonce, AESGCM.generate_key(256), person_id.encode())
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

    def _key(self, connection: Connection, person_id: str) -> AESGCM:
        found = self._keys.get(person_id)
        if found is not None and _alone(connection):
            return found
        wrapped = connection.execute(select(person_keys.c.wrapped).where(person_keys.c.person_id == person_id)).scalar()
        if wrapped is None:
            raise KeyGone(person_id)
        return self._unwrap(person_id, wrapped)

    def _unwrap(self, person_id: str, wrapped: bytes) -> AESGCM:
        try:
            return AESGCM(self._wrap.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], person_id.encode()))
        except InvalidTag:
            raise WrongMasterKey("the master key does not open this database's person keys; use the key it was made with") from None

    def fits(self, person_id: str, wrapped: bytes) -> bool:
        """Whether the master key opens this wrapped person key."""
        try:
            self._wrap.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], person_id.encode())
        except InvalidTag:
            return False
        return True

    def warm(self, person_id: str, key: AESGCM) -> None:
        with self._lock:
            if person_id in self._forgotten:
                return
            if len(self._keys) >= self._cached:
                self._keys.pop(next(iter(self._keys)))
            self._keys[person_id] = key

    def keys(self, connection: Connection, people: Collection[str]) -> dict[str, AESGCM]:
        """The keys of these people in one look, for sealing many messages; who has none is absent.

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

    def seal(self, connection: Connection, person_id: str, plain: bytes, keys: Mapping[str, AESGCM] | None = None) -> str:
        """Sealed with the person's own key, out of ``keys`` where those were fetched before; raises ``KeyGone``."""
        key = keys.get(person_id) if keys is not None else self._key(connection, person_id)
        if key is None:
            raise KeyGone(person_id)
        nonce = os.urandom(_NONCE)
        return base64.b64encode(nonce + key.encrypt(nonce, plain, person_id.encode())).decode()

    def open(self, connection: Connection, person_id: str, sealed: str) -> bytes:
        """The plain bytes; raises ``KeyGone`` where the key was destroyed (or another one took its place)."""
        key = self._key(connection, person_id)
        raw = base64.b64decode(sealed)
        try:
            plain = key.decrypt(raw[:_NONCE], raw[_NONCE:], person_id.encode())
        except InvalidTag:
            raise KeyGone(person_id) from None
        if _alone(connection):
            self.warm(person_id, key)
        return plain

    # -- private values ------------------------------------------------------------------------------------------------

    def keep(self, connection: Connection, owner_kind: str, owner_id: str, values: dict[str, str | None]) -> None:
        """Keep private values encrypted by field. ``None`` leaves what is kept as it is."""
        rows = []
        for field, value in values.items():
            if value is None:
                continue
            nonce = os.urandom(_NONCE)
            bound = f"{owner_kind}|{owner_id}|{field}".encode()
            rows.append(
                {
                    "owner_kind": owner_kind,
                    "owner_id": owner_id,
                    "field": field,
                    "sealed": nonce + self._field.encrypt(nonce, value.encode(), bound),
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
        values = {}
        for field, sealed in found:
            bound = f"{owner_kind}|{owner_id}|{field}".encode()
            try:
                values[field] = self._field.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound).decode()
            except InvalidTag:
                raise WrongMasterKey("the master key does not open this database's private values; use the key it was made with") from None
        return values

    def lookup(self, field: str, value: str) -> str:
        """Keyed hash of a private value: finds without revealing."""
        return hmac.new(self._hash, f"{field}|{value.strip().upper()}".encode(), hashlib.sha256).hexdigest()


def _alone(connection: Connection) -> bool:
    """Whether this process is the only one that makes and destroys keys: then what it has in memory is what there is."""
    return connection.dialect.name == "sqlite"
