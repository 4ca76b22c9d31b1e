"""The second factor of staff: an authenticator's code beside the password, and recovery codes for when the telephone is lost.

The secret is a private value of the account: sealed in the vault, sealed anew with the master key (``streams.runtime.rekeying``). Recovery
codes are kept hashed, and each opens once.
"""

from __future__ import annotations

import base64
import re
import secrets
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from api.access import totp
from api.access.accounts import OWNER, token_hash
from api.access.tables import recovery_codes, second_factors
from streams.runtime.sealing import Vault
from streams.runtime.tables import upsert

#: Whose accounts may have one, and must where the setting says so.
ROLES = ("commissioner", "administrator", "auditor")
CODES = 10
_BEGUN, _ON = "begun", "on"
_FIELD = "totp"


def is_on(connection: Connection, account_id: str) -> bool:
    """Whether this account signs in with a code beside its password."""
    return connection.execute(select(second_factors.c.state).where(second_factors.c.account_id == account_id)).scalar() == _ON


def codes_left(connection: Connection, account_id: str) -> int:
    """How many recovery codes were not used yet."""
    return int(connection.execute(select(func.count()).where(recovery_codes.c.account_id == account_id)).scalar_one())


def begin(connection: Connection, vault: Vault, account_id: str, now: datetime) -> str | None:
    """Make a secret, which is told this once; None where the factor is on already. It counts from the first right code on."""
    if is_on(connection, account_id):
        return None
    secret = totp.new_secret()
    vault.keep(connection, OWNER, account_id, {_FIELD: secret})
    upsert(connection, second_factors, {"account_id": account_id, "state": _BEGUN, "last_step": 0, "since": now.isoformat()})
    return secret


def confirm(connection: Connection, vault: Vault, account_id: str, code: str, now: datetime) -> list[str] | None:
    """Turn the factor on with the first code; answers the recovery codes, which are told this once, None where the code is wrong."""
    step = _step(connection, vault, account_id, _cleaned(code), now)
    if step is None or not _taken(connection, account_id, step, _BEGUN):
        return None
    connection.execute(update(second_factors).where(second_factors.c.account_id == account_id).values(since=now.isoformat()))
    return new_codes(connection, account_id)


def passes(connection: Connection, vault: Vault, account_id: str, code: str, now: datetime) -> bool:
    """Whether this code opens: an authenticator's, newer than the last one that did, or a recovery code. Either opens once."""
    given = _cleaned(code)
    step = _step(connection, vault, account_id, given, now)
    if step is not None:
        return _taken(connection, account_id, step, _ON)
    kept = (recovery_codes.c.account_id == account_id) & (recovery_codes.c.code_hash == _hash(account_id, given))
    return connection.execute(delete(recovery_codes).where(kept)).rowcount == 1


def new_codes(connection: Connection, account_id: str) -> list[str]:
    """Recovery codes in place of those there were."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account_id))
    made = [base64.b32encode(secrets.token_bytes(10)).decode() for _ in range(CODES)]
    connection.execute(insert(recovery_codes), [{"account_id": account_id, "code_hash": _hash(account_id, one)} for one in made])
    return ["-".join(re.findall("....", one)) for one in made]


def remove(connection: Connection, vault: Vault, account_id: str) -> bool:
    """Take the factor off the account; whether there was one."""
    vault.drop(connection, OWNER, account_id, [_FIELD])
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account_id))
    return connection.execute(delete(second_factors).where(second_factors.c.account_id == account_id)).rowcount == 1


def _cleaned(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper()


def _hash(account_id: str, code: str) -> str:
    return token_hash(f"{account_id}|{code}")


def _step(connection: Connection, vault: Vault, account_id: str, code: str, now: datetime) -> int | None:
    secret = vault.reveal(connection, OWNER, account_id).get(_FIELD)
    return totp.step_with(secret, code, now) if secret is not None else None


def _taken(connection: Connection, account_id: str, step: int, state: str) -> bool:
    # One statement: of two requests with the same code at the same moment one passes.
    fresh = (second_factors.c.account_id == account_id) & (second_factors.c.state == state) & (second_factors.c.last_step < step)
    return connection.execute(update(second_factors).where(fresh).values(state=_ON, last_step=step)).rowcount == 1
