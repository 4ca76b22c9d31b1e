"""The API keys of an account: listed, followed by another one, ended. Made and looked up in ``accounts``."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from api.access.accounts import create_key
from api.access.tables import api_keys
from matcher.days import day_of
from streams.runtime.messages import from_json

_TOLD = ("key_id", "name", "created_at", "last_day", "last_used_on")


def used_on(connection: Connection, key_hash: str, now: datetime) -> bool:
    """Whether it is noted already that this key was used today."""
    found = connection.execute(select(api_keys.c.last_used_on).where(api_keys.c.key_hash == key_hash)).scalar()
    return bool(found == day_of(now).isoformat())


def note_use(connection: Connection, key_hash: str, now: datetime) -> None:
    connection.execute(update(api_keys).where(api_keys.c.key_hash == key_hash).values(last_used_on=day_of(now).isoformat()))


def listed(connection: Connection, account_id: str, now: datetime) -> list[dict[str, Any]]:
    """The keys of an account, the newest first; never a key itself, nor its hash."""
    query = select(api_keys).where(api_keys.c.account_id == account_id).order_by(api_keys.c.created_at.desc(), api_keys.c.key_id)
    today = day_of(now).isoformat()
    found = []
    for row in connection.execute(query).mappings():
        one = {name: row[name] for name in _TOLD if row[name]}
        one["actions"] = from_json(row["actions"]) if row["actions"] is not None else None
        found.append({**one, "open": row["last_day"] is None or row["last_day"] >= today})
    return found


def rotate(
    connection: Connection, account_id: str, key_id: str, *, now: datetime, new_id: str, overlap_days: int, days: int, only: str = ""
) -> tuple[str, date] | None:
    """A key that follows this one with its name and actions; the old one opens until the end of the day this many days from now, unless it
    ends before. Answers the new key and the old one's last day; None where the account has no such key that opens (``only``: with this
    hash)."""
    row = _open(connection, account_id, key_id, now)
    if row is None or (only and row["key_hash"] != only):
        return None
    until = day_of(now) + timedelta(days=overlap_days)
    if row["last_day"] is not None:
        until = min(until, date.fromisoformat(row["last_day"]))
    connection.execute(update(api_keys).where(api_keys.c.key_id == key_id).values(last_day=until.isoformat()))
    actions = tuple(from_json(row["actions"])) if row["actions"] is not None else None
    last_day = day_of(now) + timedelta(days=days)
    made = create_key(connection, account_id, now=now, name=row["name"], actions=actions, last_day=last_day, key_id=new_id)
    return made, until


def end(connection: Connection, account_id: str, key_id: str) -> bool:
    """End a key at once; whether there was one."""
    own = (api_keys.c.account_id == account_id) & (api_keys.c.key_id == key_id)
    return connection.execute(delete(api_keys).where(own)).rowcount == 1


def _open(connection: Connection, account_id: str, key_id: str, now: datetime) -> Any:
    own = (api_keys.c.account_id == account_id) & (api_keys.c.key_id == key_id)
    row = connection.execute(select(api_keys).where(own)).mappings().first()
    over = row is not None and row["last_day"] is not None and row["last_day"] < day_of(now).isoformat()
    return None if over else row
