"""Which account of staff an OpenID provider's claim opens: linked by an administrator, one to one, never made by signing in.

Kept is a keyed hash of issuer, claim and value: the value may be a number or a mail address of the person, and another issuer or claim is
somebody else.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Connection, delete, select

from api.access.accounts import Caller, caller_of
from api.access.provider import Registration
from api.access.second_factor import ROLES
from api.access.tables import provider_links
from streams.runtime.sealing import Vault
from streams.runtime.tables import upsert


def link(connection: Connection, vault: Vault, registration: Registration, account_id: str, subject: str, now: datetime) -> str | None:
    """Link an account in place of what it was linked with before; answers the id of another account where that one has this claim already.

    Raises ``ValueError`` where the account is closed or nobody's of staff.
    """
    who = caller_of(connection, account_id)
    if who is None or who.role not in ROLES:
        raise ValueError(f"an open account of {', '.join(ROLES)} is expected")
    hashed = _hash(vault, registration, subject)
    other = connection.execute(select(provider_links.c.account_id).where(provider_links.c.subject_hash == hashed)).scalar()
    if other is not None and other != account_id:
        return str(other)
    unlink(connection, account_id)
    upsert(connection, provider_links, {"subject_hash": hashed, "account_id": account_id, "since": now.isoformat()})
    return None


def unlink(connection: Connection, account_id: str) -> bool:
    """Take an account's link away; whether it had one."""
    return connection.execute(delete(provider_links).where(provider_links.c.account_id == account_id)).rowcount == 1


def behind(connection: Connection, vault: Vault, registration: Registration, subject: str) -> Caller | None:
    """The open account of staff linked with this claim; None where there is none."""
    hashed = _hash(vault, registration, subject)
    account_id = connection.execute(select(provider_links.c.account_id).where(provider_links.c.subject_hash == hashed)).scalar()
    who = caller_of(connection, account_id) if account_id is not None else None
    return who if who is not None and who.role in ROLES else None


def _hash(vault: Vault, registration: Registration, subject: str) -> str:
    # Hashed before it is looked up, because a lookup does not tell capitals and a claim does.
    whole = "\n".join((registration.issuer, registration.claim, subject))
    return vault.lookup("provider", hashlib.sha256(whole.encode()).hexdigest())
