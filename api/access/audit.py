"""Who read whose data: an append-only log in which every entry carries a hash over itself and the entry before it.

An entry holds ids, codes and an instant, never a value of the person's. Entries are appended by ``append`` alone, inside the transactions
of the one writer (SQLite) or under the lock of everything that is written from outside (PostgreSQL), so the number after the last one is
free; and because that number is the primary key, two processes could not give it twice even without the lock: the chain has no forks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select

from api.access.accounts import Caller
from api.access.tables import audit
from matcher.masking import mask
from matcher.places import level_of

#: What stands in the place of the hash before the first entry; another one would be another way of hashing.
START = "gongqiao audit 1"
#: What is hashed of an entry, in this order (migration 0015 chained what was there in the same way).
HASHED = ("n", "at", "account_id", "role", "office", "person_id", "action", "about", "fields", "purpose")
_PAGE = 5_000

#: What was done, in words for the person, and which kinds of fields it shows where nothing else is said.
ACTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "profile": ("查看您的登记资料", ("profile",)),
    "recommendations": ("查看适合您的岗位", ("score", "reasons", "hints")),
    "welfare_posts": ("查看可以提供给您的公益性岗位", ("hints",)),
    "inbox": ("查看您的收件箱", ("inbox", "reasons", "hints")),
    "answer": ("替您答复推荐", ("inbox",)),
    "policies": ("查看您可以享受的政策", ("hints", "claims")),
    "consents": ("查看或登记您同意的事项", ("consents",)),
    "confirmed": ("替您确认资料仍然有效", ("registered",)),
    "incomes": ("登记您家庭的收入", ("registered",)),
    "startup": ("查看您的创业补贴申请表", ("hints", "claims")),
    "founder": ("登记您创业的情况", ("registered",)),
    "match": ("查看您与一个岗位合不合适", ("score", "reasons", "hints")),
    "candidates": ("在岗位的人选中看到您", ("score",)),
    "steps": ("查看您在一个岗位上的进展", ("steps",)),
    "step_taken": ("办理您在一个岗位上的进展", ("steps",)),
    "insured": ("登记您的参保情况", ("registered",)),
    "internship": ("登记您的见习情况", ("registered",)),
    "employer_policies": ("查看录用您可以申请的补贴", ("hints", "claims")),
    "claim": ("查看您的一件补贴申请", ("claims",)),
    "claims": ("在补贴申请名单中看到您的申请", ("claims",)),
    "claim_made": ("替您申请补贴", ("claims",)),
    "civil_affairs": ("向民政部门提供渐退期名单", ("person_id", "region", "exit")),
    "hardship": ("把您的生活困难情况推送给民政部门", ("person_id", "region", "unemployed_on", "hardship")),
    "delete": ("注销您的登记", ("registered",)),
    "contact": ("查看岗位的联系方式", ("contact",)),
    "called": ("为了打电话，查看您的姓名和手机号", ("name", "phone")),
    "audit": ("查看谁看过您的资料", ("audit",)),
    "fairness": ("统计各类人员得到推荐的比例", ("statistics",)),
    # About somebody's own account and nobody's data.
    "signed_in": ("登录", ("account",)),
    "acting": ("开始或结束代理他人", ("account",)),
    "signed_out": ("全部退出登录", ("account",)),
    "password": ("修改登录密码", ("account",)),
    "key_made": ("新建 API 密钥", ("account",)),
    "key_rotated": ("更换 API 密钥", ("account",)),
    "key_ended": ("停用 API 密钥", ("account",)),
    "webhook_made": ("新建岗位更新推送", ("account",)),
    "webhook_secret": ("更换岗位更新推送的签名密钥", ("account",)),
    "webhook_ended": ("删除岗位更新推送", ("account",)),
    "mail_address": ("登记找回密码的邮箱", ("account",)),
    "reset_asked": ("有人申请用邮件重置密码", ("account",)),
    "reset_not_sent": ("重置密码的邮件没有发出", ("account",)),
    "password_reset": ("用邮件里的链接重置密码", ("account",)),
    "second_factor_on": ("开启登录验证码", ("account",)),
    "second_factor_off": ("关闭登录验证码", ("account",)),
    "recovery_codes": ("更换备用码", ("account",)),
}
FIELDS = {
    "profile": "登记资料", "trade": "学历、经历、技能和证书", "score": "得分", "reasons": "匹配理由", "hints": "政策提示",
    "inbox": "收到的推荐和您的答复", "steps": "办理进展", "claims": "补贴申请", "registered": "是否有登记", "person_id": "登记编号",
    "region": "所在地区", "exit": "渐退期起止日期", "unemployed_on": "失业登记日期", "hardship": "生活困难及其起始日期",
    "contact": "岗位联系方式", "name": "姓名", "phone": "手机号", "audit": "查看记录",
    "account": "自己的账号", "consents": "同意的事项", "statistics": "统计数字",
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """One person's data opened to somebody else: by what, about which posting or claim, which kinds of fields (of the action if unsaid).

    An empty ``person_id``: the log itself was read, about nobody in particular, or something was done to one's own account.
    """

    person_id: str
    action: str
    about: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Head:
    """The last entry: whoever notes it elsewhere can tell later whether the log was cut off or written anew."""

    n: int
    hash: str

    def __str__(self) -> str:
        return f"{self.n}:{self.hash}"


def entry_hash(previous: str, entry: Mapping[str, Any]) -> str:
    """The hash of an entry that follows one with the hash ``previous``."""
    content = json.dumps([entry[name] for name in HASHED], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()


def office_of(caller: Caller) -> str:
    """For whom somebody reads: a commissioner's region, an employer, a market's or brand's own code; empty where there is none."""
    if caller.role == "employer":
        return caller.employer_id or ""
    return caller.region or next(iter(caller.owner_ids), "")


def append(connection: Connection, at: datetime, caller: Caller, looks: Iterable[Look], purpose: str = "") -> None:
    """One entry for each look behind those that are there, in one statement. ``purpose``: the reason, where one was asked for."""
    last, reason = head(connection), mask(purpose).text
    n, hash_ = last.n, last.hash
    who = {"at": at.isoformat(), "account_id": caller.account_id, "role": caller.role, "office": office_of(caller)}
    rows = []
    for look in looks:
        n += 1
        row = {**who, "n": n, "person_id": look.person_id, "action": look.action, "about": look.about, "purpose": reason}
        row["fields"] = ",".join(look.fields or ACTIONS[look.action][1])
        hash_ = row["hash"] = entry_hash(hash_, row)
        rows.append(row)
    if rows:
        connection.execute(insert(audit), rows)


def head(connection: Connection) -> Head:
    """The last entry; number 0 where there is none."""
    row = connection.execute(select(audit.c.n, audit.c.hash).order_by(audit.c.n.desc()).limit(1)).first()
    return Head(0, START) if row is None else Head(int(row.n), row.hash)


def of_person(connection: Connection, person_id: str, before: int | None, limit: int) -> list[dict[str, Any]]:
    """What others read of a person, the newest first; ``before`` leaves out this entry and newer ones."""
    query = select(audit).where(audit.c.person_id == person_id, audit.c.role != "jobseeker")
    return _newest(connection, query, before, limit)


def listed(
    connection: Connection,
    before: int | None,
    limit: int,
    *,
    region: str | None = None,
    person_id: str = "",
    account_id: str = "",
    since: str = "",
    until: str = "",
) -> list[dict[str, Any]]:
    """The log, the newest first. ``region``: only what was read by offices that lie in it; of the province (or None) everything. ``since``
    is in the window, ``until`` is not; both written as the log writes its instants."""
    query = select(audit)
    if region is not None and level_of(region) != "province":
        nested = region[:4] if level_of(region) == "city" else region  # a city's code begins its counties'
        query = query.where(audit.c.role == "commissioner", or_(audit.c.office == region, audit.c.office.startswith(nested)))
    if person_id:
        query = query.where(audit.c.person_id == person_id)
    if account_id:
        query = query.where(audit.c.account_id == account_id)
    if since:
        query = query.where(audit.c.at >= since)
    if until:
        query = query.where(audit.c.at < until)
    return _newest(connection, query, before, limit)


def _newest(connection: Connection, query: Any, before: int | None, limit: int) -> list[dict[str, Any]]:
    if before is not None:
        query = query.where(audit.c.n < before)
    return [dict(row) for row in connection.execute(query.order_by(audit.c.n.desc()).limit(limit)).mappings()]


@dataclass(frozen=True)
class Verdict:
    """How many entries hold together from the first on, the last of them, and the first broken place in plain words (None: none)."""

    head: Head
    broken: str | None = None


def verify(connection: Connection, noted: Head | None = None, progress: Callable[[int], object] = lambda _: None) -> Verdict:
    """Compute the chain anew from the first entry, and hold it against a head noted earlier.

    Tells what was changed, removed, put in or put elsewhere. Entries cut off at the end, and a log that somebody wrote anew as a whole, can
    be told with ``noted`` only.
    """
    last = Head(0, START)
    bound: int | None = None  # the first page has none: an entry numbered 0 or less is found as well
    while True:
        query = select(audit).order_by(audit.c.n).limit(_PAGE)
        rows = connection.execute(query if bound is None else query.where(audit.c.n > bound)).mappings().all()
        for row in rows:
            broken = _broken(last, row, noted)
            if broken is not None:
                return Verdict(last, broken)
            last = Head(int(row["n"]), row["hash"])
        progress(last.n)
        if len(rows) < _PAGE:
            break
        bound = last.n
    if noted is not None and noted.n > last.n:
        return Verdict(last, f"the log ends at entry {last.n}, and entry {noted.n} was noted: what followed was cut off")
    return Verdict(last)


def _broken(last: Head, row: Any, noted: Head | None) -> str | None:
    """What is wrong with the entry after ``last``; None where it holds."""
    n = int(row["n"])
    if n <= last.n:
        return f"entry {n} stands before the first one: it was put in"
    if n != last.n + 1:
        missing = f"entry {n - 1} is" if n == last.n + 2 else f"entries {last.n + 1} to {n - 1} are"
        return f"{missing} missing: before entry {n} comes {f'entry {last.n}' if last.n else 'nothing'}"
    if row["hash"] != entry_hash(last.hash, row):
        return f"entry {n} ({row['at']}) was changed or is not the one that stood here: its hash does not fit it and the entry before it"
    if noted is not None and noted.n == n and noted.hash != row["hash"]:
        return f"entry {n} has another hash than the one noted: it, or something before it, was written anew"
    return None
