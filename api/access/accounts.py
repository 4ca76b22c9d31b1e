"""Accounts: made, signed in, signed out. Passwords by argon2id; tokens are kept hashed only."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Literal, get_args
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, RowMapping, delete, func, select, update

from api.access import offices, tables
from matcher.days import day_of
from matcher.shapes import FieldError, ShapeError
from streams.runtime.messages import from_json, to_json
from streams.runtime.tables import private_values, upsert

Role = Literal["jobseeker", "employer", "commissioner", "operator", "partner", "administrator", "auditor"]
ROLES: tuple[str, ...] = get_args(Role)
OWNER = "account"  # of private values
SHORTEST = 8  # characters of a password
CODE_FOR = timedelta(minutes=10)  # how long a right password waits for its code


@dataclass(frozen=True)
class Caller:
    """Who is asking. ``csrf`` is empty for callers without a session (keys and basic credentials). ``proof``: the hash of the session's
    token or of the key. ``confined``: nothing opens before a second factor is set up. ``vouched``: who signed them in has asked for one.
    ``acting_for``: the account they stand in for, whose region this is. ``actions``: what the key may, None where that is whatever the
    account may."""

    account_id: str
    login: str
    role: str
    display: str
    person_id: str | None = None
    employer_id: str | None = None
    region: str | None = None
    owner_ids: tuple[str, ...] = ()
    csrf: str = ""
    proof: str = ""
    confined: bool = False
    vouched: bool = False
    acting_for: str = ""
    actions: tuple[str, ...] | None = None


#: What opens an account, and ends with it.
_OPENING = (tables.sessions, tables.api_keys, tables.second_factors, tables.recovery_codes, tables.resets, tables.provider_links)
#: Stages of sessions that are signed in; the other one waits for a code.
_OPEN, _VOUCHED, _CODE = "open", "vouched", "code"

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
    office_id: str | None = None,
) -> str:
    """Make an account, or replace the one with this login. Raises ``ShapeError`` naming the field."""
    errors = []
    if role not in ROLES:
        errors.append(FieldError(field="role", message="one of the listed roles expected", allowed=list(ROLES)))
    if len(password) < SHORTEST:
        errors.append(FieldError(field="password", message=f"at least {SHORTEST} characters expected"))
    if not login.strip() or len(login) > 100 or ":" in login:
        errors.append(FieldError(field="login", message="1 to 100 characters expected, no colon"))
    place = offices.office(connection, office_id) if office_id is not None else None
    if office_id is not None and (role not in ("commissioner", "administrator", "auditor") or place is None):
        errors.append(FieldError(field="office_id", message="an office that was entered expected, and an account of staff"))
    if place is not None and region not in (None, place.region):
        errors.append(FieldError(field="region", message=f"the office's own expected, {place.region}, or none"))
    region = place.region if place is not None and role == "commissioner" else region
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
    known = account_of(connection, login)
    values = {
        "account_id": known or account_id or f"a-{uuid4().hex[:12]}",
        "login": login,
        "role": role,
        "password": hash_password(password),
        "person_id": person_id,
        "employer_id": employer_id,
        "region": region,
        "owner_ids": to_json(list(owner_ids)).decode(),
        "display": display or login,
        "state": "active",
        "created_at": now.isoformat(),
        "office_id": office_id,
    }
    upsert(connection, tables.accounts, values)
    # A new password or role ends what was signed in with the old one, and the provider's link: who has the name now may be somebody else.
    end_sessions(connection, str(values["account_id"]))
    connection.execute(delete(tables.provider_links).where(tables.provider_links.c.account_id == values["account_id"]))
    return str(values["account_id"])


def set_password(connection: Connection, account_id: str, hashed: str) -> None:
    """Another password (its hash, by ``hash_password``); every session of the account ends, and every link that sets a password."""
    connection.execute(update(tables.accounts).where(tables.accounts.c.account_id == account_id).values(password=hashed))
    connection.execute(delete(tables.resets).where(tables.resets.c.account_id == account_id))
    end_sessions(connection, account_id)


def close_account(connection: Connection, login: str) -> str | None:
    """Close an account for good: its sessions, keys and second factor end with it. Answers its id, None where there is none of that
    name."""
    account_id = account_of(connection, login)
    if account_id is not None:
        connection.execute(update(tables.accounts).where(tables.accounts.c.account_id == account_id).values(state="closed"))
        _drop_openings(connection, [account_id])
    return account_id


def account_of(connection: Connection, login: str) -> str | None:
    """The id of the account with this name; None where there is none."""
    return connection.execute(select(tables.accounts.c.account_id).where(tables.accounts.c.login == login)).scalar()


def wrong_password(new: str, again: str) -> dict[str, str]:
    """What is wrong with a new password that was typed twice, by field."""
    if len(new) < SHORTEST:
        return {"new": f"新密码至少{SHORTEST}个字符"}
    return {"again": "两次填写的新密码不一样"} if again != new else {}


def hash_password(password: str) -> str:
    """To be called outside a transaction: it takes a tenth of a second on purpose."""
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


def caller_of(connection: Connection, account_id: str, csrf: str = "", proof: str = "") -> Caller | None:
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
        proof=proof,
    )


def open_session(connection: Connection, account_id: str, *, now: datetime, hours: int, vouched: bool = False) -> str:
    """Start a session; answers the token, which is kept nowhere. ``vouched``: a second factor was asked for elsewhere."""
    return _session(connection, account_id, now, timedelta(hours=hours), _VOUCHED if vouched else _OPEN)


def await_code(connection: Connection, account_id: str, *, now: datetime) -> str:
    """The password was right and a code is wanted: a token that opens nothing but the way to give it (``awaiting_code``)."""
    return _session(connection, account_id, now, CODE_FOR, _CODE)


def _session(connection: Connection, account_id: str, now: datetime, length: timedelta, stage: str) -> str:
    token = secrets.token_urlsafe(32)
    connection.execute(delete(tables.sessions).where(tables.sessions.c.expires_at <= now.isoformat()))
    values = {"token_hash": token_hash(token), "account_id": account_id, "csrf": secrets.token_urlsafe(24), "stage": stage}
    upsert(connection, tables.sessions, {**values, "expires_at": (now + length).isoformat()})
    return token


def session_caller(connection: Connection, token: str, *, now: datetime) -> Caller | None:
    row = _session_row(connection, token_hash(token), now, _OPEN, _VOUCHED)
    return _caller_in(connection, row, now) if row is not None else None


def _caller_in(connection: Connection, row: RowMapping, now: datetime) -> Caller | None:
    """Whose session this is, and whom they stand in for today."""
    caller = caller_of(connection, row["account_id"], row["csrf"], row["token_hash"])
    if caller is None:
        return None
    caller = replace(caller, vouched=row["stage"] == _VOUCHED)
    if row["acting_for"] is None or caller.role != "commissioner":
        return caller
    found = offices.stood_in_for(connection, caller.account_id, day_of(now), row["acting_for"])
    if not found:
        return caller
    (other,) = found
    display = f"{caller.display}（代{other['display']}）"
    return replace(caller, region=other["region"], display=display, acting_for=other["account_id"])


def act_for(connection: Connection, caller: Caller, account_id: str | None) -> None:
    """In this session, stand in for another account from now on; for nobody with None."""
    mine = tables.sessions.c.token_hash == caller.proof
    connection.execute(update(tables.sessions).where(mine).values(acting_for=account_id))


def awaiting_code(connection: Connection, token: str, *, now: datetime) -> tuple[str, str] | None:
    """The account whose password was right under this token and whose code is awaited, and the token of its form."""
    row = _session_row(connection, token_hash(token), now, _CODE)
    return (row["account_id"], row["csrf"]) if row is not None and caller_of(connection, row["account_id"]) is not None else None


def _session_row(connection: Connection, hashed: str, now: datetime, *stages: str) -> RowMapping | None:
    mine = (tables.sessions.c.token_hash == hashed) & tables.sessions.c.stage.in_(stages)
    row = connection.execute(select(tables.sessions).where(mine)).mappings().first()
    return row if row is not None and datetime.fromisoformat(row["expires_at"]) > now else None


def close_session(connection: Connection, token: str) -> None:
    connection.execute(delete(tables.sessions).where(tables.sessions.c.token_hash == token_hash(token)))


def end_sessions(connection: Connection, account_id: str, *, keep: str = "") -> int:
    """End the sessions of an account, but for the one with this hash of its token; answers how many there were."""
    ended = delete(tables.sessions).where(tables.sessions.c.account_id == account_id, tables.sessions.c.token_hash != keep)
    return connection.execute(ended).rowcount


def sessions_of(connection: Connection, account_id: str, *, now: datetime) -> int:
    """How many sessions of an account are open."""
    mine = (tables.sessions.c.account_id == account_id) & tables.sessions.c.stage.in_((_OPEN, _VOUCHED))
    return int(connection.execute(select(func.count()).where(mine, tables.sessions.c.expires_at > now.isoformat())).scalar_one())


def still_in(connection: Connection, caller: Caller, *, now: datetime) -> bool:
    """Whether what this caller came with still opens the same account in the same role and place: for what outlives a request."""
    if caller.csrf:
        row = _session_row(connection, caller.proof, now, _OPEN, _VOUCHED)
        known = _caller_in(connection, row, now) if row is not None else None
    else:
        known = caller_of(connection, caller.account_id, caller.csrf, caller.proof)
    if known is None or replace(known, confined=caller.confined, actions=caller.actions) != caller:
        return False
    return bool(caller.csrf) or not caller.proof or _key_row(connection, caller.proof, now) is not None


def create_key(
    connection: Connection,
    account_id: str,
    *,
    now: datetime,
    name: str = "",
    actions: tuple[str, ...] | None = None,
    last_day: date | None = None,
    key_id: str | None = None,
) -> str:
    """An API key for a program of this account; shown once, kept hashed. Without ``actions`` it may whatever the account may, without
    ``last_day`` it has no end."""
    key = "gq_" + secrets.token_urlsafe(32)
    values = {"key_hash": token_hash(key), "account_id": account_id, "created_at": now.isoformat(), "name": name}
    values["key_id"] = key_id or f"k-{uuid4().hex[:12]}"
    said = {"actions": to_json(list(actions)).decode() if actions is not None else None, "last_day": last_day and last_day.isoformat()}
    upsert(connection, tables.api_keys, {**values, **said, "last_used_on": None})
    return key


def key_caller(connection: Connection, key: str, *, now: datetime) -> Caller | None:
    """Whose key this is, where it opens today."""
    row = _key_row(connection, token_hash(key), now)
    caller = caller_of(connection, row["account_id"], proof=row["key_hash"]) if row is not None else None
    if row is None or caller is None or row["actions"] is None:
        return caller
    return replace(caller, actions=tuple(from_json(row["actions"])))


def _key_row(connection: Connection, hashed: str, now: datetime) -> RowMapping | None:
    row = connection.execute(select(tables.api_keys).where(tables.api_keys.c.key_hash == hashed)).mappings().first()
    over = row is not None and row["last_day"] is not None and row["last_day"] < day_of(now).isoformat()
    return None if over else row


def forget_accounts(connection: Connection, person_id: str) -> int:
    """Remove the accounts of a person who is forgotten, with their sessions and keys; answers how many accounts there were."""
    ids = list(connection.execute(select(tables.accounts.c.account_id).where(tables.accounts.c.person_id == person_id)).scalars())
    _drop_openings(connection, ids)
    connection.execute(delete(tables.accounts).where(tables.accounts.c.account_id.in_(ids)))
    return len(ids)


def _drop_openings(connection: Connection, account_ids: list[str]) -> None:
    """Everything that opens these accounts, and their private values."""
    either = tables.deputies.c.deputy_id.in_(account_ids) | tables.deputies.c.account_id.in_(account_ids)
    connection.execute(delete(tables.deputies).where(either))
    for table in _OPENING:
        connection.execute(delete(table).where(table.c.account_id.in_(account_ids)))
    own = (private_values.c.owner_kind == OWNER) & private_values.c.owner_id.in_(account_ids)
    connection.execute(delete(private_values).where(own))
