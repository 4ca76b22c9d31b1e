"""The demonstration: the shipped sample streams into an empty exchange, and three accounts whose passwords everybody knows."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from api.access.accounts import account_of, check_password, create_account
from api.access.tables import accounts as accounts_table
from api.services import Services
from infra.sample import generate
from infra.sample.demo import accounts
from matcher.days import day_of
from streams.intake.gateway import receive_employers, receive_people, receive_postings
from streams.runtime.database import EngineFault
from streams.runtime.exchange import Exchange
from streams.runtime.tables import meta, upsert

PASSWORD = "gongqiao-demo"
ROLES = {"jobseeker": "求职者", "employer": "用人单位", "commissioner": "人社服务专员", "administrator": "管理员"}
PAGE = 200
_MARK = "sample"
ADMINISTRATOR: dict[str, Any] = {"account_id": "a-demo", "role": "administrator", "name": "演示管理员", "region": "140000"}


def describe_accounts() -> list[str]:
    """The demo accounts as lines to print."""
    lines = ["演示账号（密码都是 " + PASSWORD + "）："]
    lines += [f"  {row['account_id']:<8}{ROLES[row['role']]}　{row['name']}" for row in (*accounts(), ADMINISTRATOR)]
    return lines


def open_to_everybody(exchange: Exchange) -> list[str]:
    """Logins of the demonstration that still open with its well-known password."""
    logins = [row["account_id"] for row in (*accounts(), ADMINISTRATOR)]
    with exchange.reading() as connection:
        return [login for login in logins if account_of(connection, login) is not None and check_password(connection, login, PASSWORD)]


def make_accounts(services: Services) -> bool:
    """Make the demo accounts; False where they are there already, which means that the sample was loaded or begun before."""
    exchange = services.exchange
    with exchange.reading() as connection:
        known = set(connection.execute(select(accounts_table.c.login)).scalars())
    missing = [row for row in (*accounts(), ADMINISTRATOR) if row["account_id"] not in known]
    for row in missing:
        exchange.write(partial(_make_account, row=row, now=exchange.now()))
    return bool(missing)


def _make_account(connection: Connection, row: dict[str, Any], now: datetime) -> None:
    create_account(
        connection,
        login=row["account_id"],
        account_id=row["account_id"],
        password=PASSWORD,
        role=row["role"],
        display=row["name"],
        person_id=row.get("person_id"),
        employer_id=row.get("employer_id"),
        region=row["region"],
        now=now,
    )


def load(services: Services, *, say: Callable[[str], Any] = lambda line: None, sizes: dict[str, int] | None = None) -> None:
    """Stream the sample in, as its sources would send it: employers, people, then postings. What is there already changes nothing."""
    try:
        make_accounts(services)
        if _loaded(services):
            return
        began = time.monotonic()
        exchange = services.exchange
        sample = generate(today=day_of(exchange.now()), **(sizes or {}))
        receive_employers(exchange, sample.employers, sender="sample", verified=True)
        # Most postings are there before the people, as in a market that has been running: each person is offered the best of them first.
        known = len(sample.postings) * 4 // 5
        _send_postings(services, sample.postings[:known])
        for start in range(0, len(sample.people), PAGE):
            receive_people(exchange, sample.people[start : start + PAGE], sender="sample")
        _send_postings(services, sample.postings[known:])
        _remember(services)
        say(f"样例数据已送入：{len(sample.employers)} 家单位、{len(sample.people)} 名求职者、{len(sample.postings)} 个岗位")
        exchange.runner.drain(600)
        say(f"全部匹配完成，用时 {time.monotonic() - began:.0f} 秒")
    except EngineFault:
        return  # the exchange is being stopped; the next start goes on


def _send_postings(services: Services, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), PAGE):
        receive_postings(services.exchange, rows[start : start + PAGE], sender="sample", via="feed", verified=True, ids_given=True)


def _loaded(services: Services) -> bool:
    with services.exchange.reading() as connection:
        return connection.execute(select(meta.c.value).where(meta.c.name == _MARK)).first() is not None


def _remember(services: Services) -> None:
    now = services.exchange.now().isoformat()
    services.exchange.write(lambda connection: upsert(connection, meta, {"name": _MARK, "value": now}))
