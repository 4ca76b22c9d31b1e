"""What is kept of webhooks and their deliveries: made, listed, sent again, ended."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from api.access.tables import accounts
from api.webhooks.tables import deliveries, webhooks
from streams.runtime.sealing import Vault

OWNER = "webhook"  # whose the secret is in the vault
ROLES = ("operator", "partner")
KEPT = timedelta(days=30)  # what was delivered
#: Seconds before the second, third … attempt; after the last one it is dead.
BACKOFF_S = (10, 60, 300, 1800, 7200, 21_600, 43_200, 86_400)


@dataclass(frozen=True)
class Order:
    """A delivery that is to be tried now."""

    webhook_id: str
    number: int
    delivery_id: str
    url: str
    after: int
    until: int
    attempts: int


# -- webhooks ----------------------------------------------------------------------------------------------------------


def make(connection: Connection, vault: Vault, account_id: str, url: str, *, after: int, now: datetime) -> tuple[str, str]:
    """A new webhook that is sent what follows this place; its id and its secret, which is told this once."""
    webhook_id, secret = f"w-{uuid4().hex[:12]}", _secret()
    values = {"webhook_id": webhook_id, "account_id": account_id, "url": url, "created_at": now.isoformat()}
    connection.execute(insert(webhooks).values(**values, after_seq=after, made=0))
    vault.keep(connection, OWNER, webhook_id, {"secret": secret})
    return webhook_id, secret


def renew_secret(connection: Connection, vault: Vault, webhook_id: str) -> str:
    """Another secret in the place of the one before, from the next attempt on."""
    secret = _secret()
    vault.keep(connection, OWNER, webhook_id, {"secret": secret})
    return secret


def end(connection: Connection, vault: Vault, webhook_id: str) -> None:
    """End a webhook: nothing more is sent, and what is known of its deliveries goes with it."""
    for table in (deliveries, webhooks):
        connection.execute(delete(table).where(table.c.webhook_id == webhook_id))
    vault.drop(connection, OWNER, webhook_id, ["secret"])


def end_all(connection: Connection, vault: Vault, account_id: str) -> None:
    """End every webhook of an account that is closed: whoever has its name next begins anew."""
    for webhook_id in connection.execute(select(webhooks.c.webhook_id).where(webhooks.c.account_id == account_id)).scalars().all():
        end(connection, vault, webhook_id)


def is_of(connection: Connection, account_id: str, webhook_id: str) -> bool:
    """Whether the account has a webhook of this id."""
    mine = (webhooks.c.account_id == account_id) & (webhooks.c.webhook_id == webhook_id)
    return connection.execute(select(webhooks.c.webhook_id).where(mine)).first() is not None


def listed(connection: Connection, account_id: str) -> list[dict[str, Any]]:
    """The webhooks of an account, the oldest first: ``state`` is fine, again (an attempt failed) or dead (nothing is sent any more);
    ``cursor``: how far the target has taken the feed."""
    mine = select(webhooks).where(webhooks.c.account_id == account_id).order_by(webhooks.c.created_at, webhooks.c.webhook_id)
    rows = connection.execute(mine).all()
    waiting = _open(connection, [row.webhook_id for row in rows])
    found = []
    for row in rows:
        own = waiting[row.webhook_id]
        taken = min((one.after_seq for one in own), default=row.after_seq)
        told = {"webhook_id": row.webhook_id, "url": row.url, "created_at": row.created_at}
        found.append({**told, "state": _state(own), "cursor": str(taken)})
    return found


def states(connection: Connection) -> dict[str, int]:
    """How many webhooks of accounts in good standing there are of each state."""
    ids = [webhook_id for webhook_id, _ in _served(connection)]
    waiting = _open(connection, ids)
    found = {"fine": 0, "again": 0, "dead": 0}
    for webhook_id in ids:
        found[_state(waiting[webhook_id])] += 1
    return found


def _served(connection: Connection) -> list[tuple[str, int]]:
    """Id and place of the webhooks whose account is open and may have them."""
    standing = (accounts.c.account_id == webhooks.c.account_id) & (accounts.c.state == "active") & accounts.c.role.in_(ROLES)
    found = connection.execute(select(webhooks.c.webhook_id, webhooks.c.after_seq).join(accounts, standing))
    return [(webhook_id, after) for webhook_id, after in found]


def _open(connection: Connection, ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """The deliveries of these webhooks that were not taken, in their order."""
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    if not ids:
        return found
    left = (deliveries.c.state != "delivered") & deliveries.c.webhook_id.in_(ids)
    for row in connection.execute(select(deliveries).where(left).order_by(deliveries.c.webhook_id, deliveries.c.number)):
        found[row.webhook_id].append(row)
    return found


def _state(left: list[Row[Any]]) -> str:
    if any(one.state == "dead" for one in left):
        return "dead"
    return "again" if any(one.attempts for one in left) else "fine"


def _secret() -> str:
    return "whs_" + secrets.token_urlsafe(32)


# -- deliveries --------------------------------------------------------------------------------------------------------


def deliveries_of(connection: Connection, webhook_id: str, limit: int, before: int | None = None) -> list[dict[str, Any]]:
    """The deliveries of a webhook, the newest first; ``before``: with a smaller number."""
    query = select(deliveries).where(deliveries.c.webhook_id == webhook_id).order_by(deliveries.c.number.desc()).limit(limit)
    rows = connection.execute(query if before is None else query.where(deliveries.c.number < before))
    names = ("delivery_id", "number", "changes", "state", "attempts", "at", "next_at", "status", "reason")
    return [
        {**{name: getattr(row, name) for name in names}, "after": str(row.after_seq), "cursor": str(row.until_seq)} for row in rows.all()
    ]


def send_again(connection: Connection, webhook_id: str, delivery_id: str) -> bool:
    """Have a delivery sent now, as if for the first time, whatever became of it; whether there is one."""
    this = (deliveries.c.webhook_id == webhook_id) & (deliveries.c.delivery_id == delivery_id)
    values = {"state": "due", "attempts": 0, "next_at": None}
    return connection.execute(update(deliveries).where(this).values(**values)).rowcount == 1


def with_work(connection: Connection, now: datetime, last_change: int) -> list[str]:
    """Webhooks of accounts in good standing that have something to be sent now."""
    rows = _served(connection)
    waiting = _open(connection, [webhook_id for webhook_id, _ in rows])
    found = []
    for webhook_id, after in rows:
        left = waiting[webhook_id]
        first = _first_due(left)
        if first is not None:
            if first.next_at is None or datetime.fromisoformat(first.next_at) <= now:
                found.append(webhook_id)
        elif not left and after < last_change:
            found.append(webhook_id)
    return found


def _first_due(left: list[Row[Any]]) -> Row[Any] | None:
    return next((one for one in left if one.state == "due"), None)


def next_order(connection: Connection, webhook_id: str, now: datetime) -> Order | int | None:
    """The delivery whose turn it is; where none is left the place from which the next one is to be made; None where nothing is to be
    sent now, or never before somebody has looked (``dead``)."""
    webhook = connection.execute(select(webhooks).where(webhooks.c.webhook_id == webhook_id)).first()
    if webhook is None:
        return None
    left = _open(connection, [webhook_id])[webhook_id]
    first = _first_due(left)
    if first is None:
        return None if left else int(webhook.after_seq)
    if first.next_at is not None and datetime.fromisoformat(first.next_at) > now:
        return None
    return Order(webhook_id, first.number, first.delivery_id, webhook.url, first.after_seq, first.until_seq, first.attempts)


def add(connection: Connection, webhook_id: str, after: int, until: int, changes: int, now: datetime) -> None:
    """Make the next delivery of this stretch, unless another sender did; of one without a change only the place is kept."""
    place = (webhooks.c.webhook_id == webhook_id) & (webhooks.c.after_seq == after)
    values = {"after_seq": until, "made": webhooks.c.made + (1 if changes else 0)}
    if not connection.execute(update(webhooks).where(place).values(**values)).rowcount or not changes:
        return
    number = connection.execute(select(webhooks.c.made).where(webhooks.c.webhook_id == webhook_id)).scalar_one()
    row = {"webhook_id": webhook_id, "number": number, "delivery_id": str(uuid4()), "after_seq": after, "until_seq": until}
    more = {"changes": changes, "state": "due", "attempts": 0, "next_at": None, "at": now.isoformat()}
    connection.execute(insert(deliveries).values(**row, **more))
    old = (deliveries.c.state == "delivered") & (deliveries.c.at < (now - KEPT).isoformat())
    connection.execute(delete(deliveries).where(deliveries.c.webhook_id == webhook_id, old))


def note(connection: Connection, order: Order, now: datetime, *, status: int | None, wrong: str | None) -> str:
    """Keep what came of an attempt; answers the state that the delivery has now."""
    again = wrong is not None and order.attempts < len(BACKOFF_S)
    state = "delivered" if wrong is None else "due" if again else "dead"
    next_at = (now + timedelta(seconds=BACKOFF_S[order.attempts])).isoformat() if again else None
    # Not over what was asked for meanwhile (sent again), or noted by another sender.
    this = (deliveries.c.delivery_id == order.delivery_id) & (deliveries.c.attempts == order.attempts) & (deliveries.c.state == "due")
    values = {"state": state, "attempts": order.attempts + 1, "next_at": next_at, "at": now.isoformat(), "status": status, "reason": wrong}
    connection.execute(update(deliveries).where(this).values(**values))
    return state


def count(connection: Connection, account_id: str) -> int:
    """How many webhooks an account has."""
    return int(connection.execute(select(func.count()).where(webhooks.c.account_id == account_id)).scalar_one())
