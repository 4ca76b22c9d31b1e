"""The table of roles asked before every route: by role, by key, by whether a second factor is wanted first."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request

from api.access import roles
from api.access.accounts import Caller
from api.access.identify import identify
from api.problems import Forbidden, NotSignedIn, SecondFactorWanted

#: What no key opens that names its actions: the account itself.
NOT_BY_KEY = ("account", "account.acting", "account.keys", "account.second_factor")


def granted(prefix: str = "") -> Callable[[Request], None]:
    """Whether a caller's role may do this at all, as a dependency of the routers under ``prefix``; raises ``NotSignedIn`` or ``Forbidden``
    before the route is asked anything."""

    def check(request: Request) -> None:
        path = str(getattr(request.scope.get("route"), "path", ""))
        method = "GET" if request.method == "HEAD" else request.method
        rule = roles.rules().get(f"{method} {path if path.startswith(prefix) else prefix + path}")
        caller = identify(request)
        if caller is not None:
            _narrowed(caller, rule)
        if rule is not None and roles.ANYONE in rule.may:
            return
        if caller is None:
            raise NotSignedIn("请先登录，或在请求中带上账号密码或 API 密钥", headers={"WWW-Authenticate": "Bearer"})
        if rule is None:
            raise Forbidden("这个地址还没有登记在权限表里，谁也不能使用")  # nobody said who may: nobody may
        if caller.role not in rule.may:
            raise Forbidden("您的账号不能使用这项功能")

    return check


def _narrowed(caller: Caller, rule: roles.Rule | None) -> None:
    """What holds also where everybody may: whoever asks is not everybody, and sees there what is their own."""
    action = rule.action if rule is not None else ""
    if caller.confined and action not in roles.WHILE_CONFINED:
        raise SecondFactorWanted("您的账号要先设置登录验证码，才能使用其他功能")
    if caller.actions is not None and action not in caller.actions:
        opens = "、".join(caller.actions)
        detail = f"这个 API 密钥只能用于：{opens}；请换一个可以用于 {action or '这项功能'} 的密钥"
        raise Forbidden(detail, more={"actions": list(caller.actions)})


def of_keys(role: str) -> dict[str, str]:
    """The actions that a key of this role may be limited to, with their words: those that have a route for programs."""
    programs = [rule for rule in roles.TABLE if any("/api/v1/" in route for route in rule.routes)]
    return {rule.action: rule.words for rule in programs if role in rule.may and rule.action not in NOT_BY_KEY}
