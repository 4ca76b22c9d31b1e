"""How often one caller may ask: by account who is signed in, by address who is not, and those stricter.

Without the cache's engine limits cannot be counted: signed-in people go on unlimited, everybody else is told to sign in or come back
(``docs/api.md``). Signing in goes on either way, counted in this process.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Any

from fastapi import Request

from api.access.accounts import Caller
from api.access.identify import identify, services_of
from api.cache.shapes import CacheFault, Limit, Room
from api.problems import LimitsUnknown, OverLimit, Problem
from api.services import Options

MINUTE_S = 60.0
WORDS = {"signed-in": "每个账号", "anonymous": "未登录时，每个网络地址"}


def limit_of(caller: Caller | None, options: Options) -> Limit:
    """The limit that holds for this caller."""
    if caller is not None:
        return Limit("signed-in", options.requests_a_minute, MINUTE_S)
    return Limit("anonymous", options.anonymous_requests_a_minute, MINUTE_S)


def address_of(request: Request) -> str:
    """Whose address it is; of IPv6 the network, because one household has more addresses than a bucket has room."""
    given = request.client.host if request.client is not None else ""
    try:
        found = ip_address(given)
    except ValueError:
        return given
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return given


def limited(request: Request) -> None:
    """A request counts against its caller's limit; raises ``OverLimit`` or, where nobody can count, ``LimitsUnknown``."""
    refused: Problem | None = None
    caller: Caller | None = None
    try:
        caller = identify(request)
    except Problem as problem:
        refused = problem  # wrong credentials are nobody's, and count as such
    count(request, caller)
    if refused is not None:
        raise refused


def count(request: Request, caller: Caller | None) -> None:
    services = services_of(request)
    limit = limit_of(caller, services.options)
    try:
        room = services.cache.take(limit, caller.account_id if caller is not None else address_of(request))
    except CacheFault:
        if caller is not None:
            return
        services.refused["uncounted"] += 1
        raise LimitsUnknown(
            "系统暂时无法统计访问次数，只为已登录的用户办理；请登录，或几秒钟后再试",
            headers={"Retry-After": "5"},
            more={"limit": {"name": limit.name, "retry_after": 5}},
        ) from None
    request.state.room = room
    if not room.allowed:
        services.refused[limit.name] += 1
        raise OverLimit(
            f"请求太频繁：{WORDS[limit.name]}每分钟最多 {limit.most} 次，请 {room.wait} 秒后再试",
            headers={"Retry-After": str(room.wait)},
            more={"limit": {"name": limit.name, "most": limit.most, "seconds": int(limit.seconds), "retry_after": room.wait}},
        )


def headers_of(room: Room | None) -> dict[str, str]:
    """What an answer says of the caller's limit: how many fit, how many are left, seconds until all are there again."""
    if room is None:
        return {}
    return {
        "RateLimit-Limit": str(room.limit.most),
        "RateLimit-Remaining": str(room.remaining),
        "RateLimit-Reset": str(room.full_after),
        "RateLimit-Policy": f"{room.limit.most};w={int(room.limit.seconds)}",
    }


def described_headers() -> dict[str, Any]:
    """The same, for the interface's description."""
    said = {
        "RateLimit-Limit": "requests that fit into this caller's bucket",
        "RateLimit-Remaining": "requests left now",
        "RateLimit-Reset": "seconds until the bucket is full again",
    }
    return {name: {"description": text, "schema": {"type": "integer", "minimum": 0}} for name, text in said.items()}
