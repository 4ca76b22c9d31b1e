"""Accounts: made, signed in, signed out. Passwords by argon2id; tokens are kept hashed only."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal, get_args
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, select, update

from api.access import tables
from matcher.shapes import FieldError, ShapeError
from streams.runtime.messages import from_json, to_json
from streams.runtime.tables import upsert

Role = Literal["jobseeker", "employer", "commissioner", "operator", "partner", "administrator", "auditor"]
ROLES: tuple[str, ...] = get_args(Role)


@dataclass(frozen=True)
class Caller:
    """Who is asking. ``csrf`` is empty for callers without a session (keys and basic credentials)."""

    account_id: str
    login: str
    role: str
    display: str
    person_id: str | None = None
    employer_id: str | None = None
    region: str | None = None
    owner_ids: tuple[str, ...] = ()
    csrf: str = ""


# argon2 takes 64 MiB a time on purpose; wrong passwords sent in a flood must not take all memory and every core.
_hashing = threading.BoundedSemaphore(2)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    # Checked for unknown logins, so that known and unknown names cost the same.
    return _hasher().hash(secrets.token_hex(16))


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def create_account(
    connection: Connection,
    *,
    login: str,
    password: str,
    role: str,
    now: datetime,
    display: str = "",
    person_id: str | None = None,
    employer_id: str | None = None,
    region: str | None = None,
    owner_ids: tuple[str, ...] = (),
    account_id: str | None = None,
) -> str:
    """Make an account, or replace the one with this login. Raises ``ShapeError`` naming the field."""
    errors = []
    if role not in ROLES:
        errors.append(FieldError(field="role", message="one of the listed roles expected", allowed=list(ROLES)))
    if len(password) < 8:
        errors.append(FieldError(field="password", message="at least 8 characters expected"))
    if not login.strip() or len(login) > 100 or ":" in login:
        errors.append(FieldError(field="login", message="1 to 100 characters expected, no colon"))
    if region is not None and not re.fullmatch(r"[1-9]\d{5}", region):
        errors.append(FieldError(field="region", message="six digits expected, such as 140105"))
    for wanted, given, of in (
        ("person_id", person_id, "jobseeker"),
        ("employer_id", employer_id, "employer"),
        ("region", region, "commissioner"),
    ):
        if role == of and not given:
            errors.append(FieldError(field=wanted, message=f"required for the role {of}"))
    if errors:
        raise ShapeError(errors)
    known = connection.execute(select(tables.accounts.c.account_id).where(tables.accounts.c.login == login)).scalar()
    values = {
        "account_id": known or account_id or f"a-{uuid4().hex[:12]}",
        "login": login,
        "role": role,
        "password": _hash(password),
        "person_id": person_id,
        "employer_id": employer_id,
        "region": region,
        "owner_ids": to_json(list(owner_ids)).decode(),
        "display": display or login,
        "state": "active",
        "created_at": now.isoformat(),
    }
    upsert(connection, tables.accounts, values)
    # A new password or role ends what was signed in with the old one.
    connection.execute(delete(tables.sessions).where(tables.sessions.c.account_id == values["account_id"]))
    return str(values["account_id"])


def close_account(connection: Connection, login: str) -> str | None:
    """Close an account for good: its sessions and API keys end with it. Answers its id, None where there is none of that name."""
    account_id = connection.execute(select(tables.accounts.c.account_id).where(tables.accounts.c.login == login)).scalar()
    if account_id is None:
        return None
    connection.execute(update(tables.accounts).where(tables.accounts.c.account_id == account_id).values(state="closed"))
    for table in (tables.sessions, tables.api_keys):
        connection.execute(delete(table).where(table.c.account_id == account_id))
    return str(account_id)


def _hash(password: str) -> str:
    with _hashing:
        return _hasher().hash(password)


def check_password(connection: Connection, login: str, password: str) -> str | None:
    """The account's id if login and password fit, else None; takes as long for a name that does not exist."""
    row = connection.execute(select(tables.accounts).where(tables.accounts.c.login == login)).mappings().first()
    fits: bool
    try:
        with _hashing:
            fits = _hasher().verify(row["password"] if row is not None else _nobody(), password)
    except (VerificationError, InvalidHashError):
        fits = False
    return str(row["account_id"]) if fits and row is not None and row["state"] == "active" else None


def password_of(connection: Connection, account_id: str) -> str | None:
    """The kept hash of an account's password: another one means that the password was changed."""
    return connection.execute(select(tables.accounts.c.password).where(tables.accounts.c.account_id == account_id)).scalar()


def caller_of(connection: Connection, account_id: str, csrf: str = "") -> Caller | None:
    row = connection.execute(select(tables.accounts).where(tables.accounts.c.account_id == account_id)).mappings().first()
    if row is None or row["state"] != "active":
        return None
    return Caller(
        account_id=row["account_id"],
        login=row["login"],
        role=row["role"],
        display=row["display"],
        person_id=row["person_id"],
        employer_id=row["employer_id"],
        region=row["region"],
        owner_ids=tuple(from_json(row["owner_ids"])),
        csrf=csrf,
    )


def open_session(connection: Connection, account_id: str, *, now: datetime, hours: int) -> str:
    """Start a session; answers the token, which is kept nowhere."""
    token = secrets.token_urlsafe(32)
    connection.execute(delete(tables.sessions).where(tables.sessions.c.expires_at <= now.isoformat()))
    values = {"token_hash": token_hash(token), "account_id": account_id, "csrf": secrets.token_urlsafe(24)}
    upsert(connection, tables.sessions, {**values, "expires_at": (now + timedelta(hours=hours)).isoformat()})
    return token


def session_caller(connection: Connection, token: str, *, now: datetime) -> Caller | None:
    row = connection.execute(select(tables.sessions).where(tables.sessions.c.token_hash == token_hash(token))).mappings().first()
    if row is None or datetime.fromisoformat(row["expires_at"]) <= now:
        return None
    return caller_of(connection, row["account_id"], row["csrf"])


def close_session(connection: Connection, token: str) -> None:
    connection.execute(delete(tables.sessions).where(tables.sessions.c.token_hash == token_hash(token)))


def create_key(connection: Connection, account_id: str, *, now: datetime) -> str:
    """An API key for a program of this account; shown once, kept hashed."""
    key = "gq_" + secrets.token_urlsafe(32)
    upsert(connection, tables.api_keys, {"key_hash": token_hash(key), "account_id": account_id, "created_at": now.isoformat()})
    return key


def key_caller(connection: Connection, key: str) -> Caller | None:
    account_id = connection.execute(select(tables.api_keys.c.account_id).where(tables.api_keys.c.key_hash == token_hash(key))).scalar()
    return caller_of(connection, account_id) if account_id is not None else None


def forget_accounts(connection: Connection, person_id: str) -> int:
    """Remove the accounts of a person who is forgotten, with their sessions and keys; answers how many accounts there were."""
    ids = list(connection.execute(select(tables.accounts.c.account_id).where(tables.accounts.c.person_id == person_id)).scalars())
    for table in (tables.sessions, tables.api_keys, tables.accounts):
        connection.execute(delete(table).where(table.c.account_id.in_(ids)))
    return len(ids)
