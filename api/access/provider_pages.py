"""统一身份认证登录: staff go to the OpenID provider and come back.

State, nonce and the verifier of PKCE are made from one secret in a cookie of this browser, so nothing is kept for a sign-in that was begun
and never ended; who comes back to another browser, too late, or twice is refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.access import linking
from api.access.identify import Here
from api.access.pages import inside, let_in, login_page
from api.access.provider import Flow, NotProven, Provider, ProviderDown
from api.problems import NotFound
from api.services import Services

router = APIRouter(include_in_schema=False)
PENDING = "gongqiao-provider"
PATH = "/login/oidc"
_COOKIE = re.compile(r"(\d{1,12})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]*)", re.ASCII)
OPEN_FOR = timedelta(minutes=10)
DOWN = "统一身份认证系统暂时连接不上，请过几分钟再试，或者用账号和密码登录。"
STALE = "登录没有完成：等待时间太长，或者不是从这个浏览器的登录页开始的。请再点一次“统一身份认证登录”。"
CANCELLED = "您在统一身份认证系统里没有完成登录，可以再试一次，或者用账号和密码登录。"
UNPROVEN = "统一身份认证系统的答复没有通过核对，没有登录。请再试一次；还是不行，请找系统管理员。"
UNKNOWN = "您的统一身份认证账号没有关联本系统的工作人员账号，不能登录。请找系统管理员办理关联。"
_logger = logging.getLogger("gongqiao.provider")


@dataclass(frozen=True)
class Pending:
    """A sign-in that was begun: since when, its secret, and where to go afterwards."""

    at: int
    secret: str
    next: str

    @classmethod
    def begun(cls, now: datetime, next: str) -> Pending:
        return cls(int(now.timestamp()), secrets.token_urlsafe(32), next)

    @classmethod
    def read(cls, cookie: str) -> Pending | None:
        """The one a cookie tells of; None where it tells of none."""
        found = _COOKIE.fullmatch(cookie)
        try:
            return cls(int(found[1]), found[2], base64.urlsafe_b64decode(found[3] + "==").decode()) if found is not None else None
        except ValueError:
            return None

    def cookie(self) -> str:
        return f"{self.at}.{self.secret}.{base64.urlsafe_b64encode(self.next.encode()).decode().rstrip('=')}"

    def flow(self, here: Services) -> Flow:
        redirect = f"{(here.options.public_url or '').rstrip('/')}{PATH}/callback"
        return Flow(redirect, self._of("state"), self._of("nonce"), self._of("verifier"))

    def _of(self, what: str) -> str:
        made = hmac.new(self.secret.encode(), f"{what}|{self.at}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")


@router.get(PATH)
def begin(request: Request, here: Here, next: str = "") -> Response:
    """To the provider."""
    provider, pending = _provider(here), Pending.begun(here.exchange.now(), inside(next[:2000]))
    try:
        answer = RedirectResponse(provider.address(pending.flow(here)), 303)
    except (ProviderDown, NotProven) as error:
        return _refused(request, here, pending.next, DOWN, 503, error)
    seconds = int(OPEN_FOR.total_seconds())
    answer.set_cookie(PENDING, pending.cookie(), httponly=True, samesite="lax", secure=here.options.production, max_age=seconds, path=PATH)
    return answer


@router.get(PATH + "/callback")
def come_back(request: Request, here: Here, code: str = "", state: str = "", error: str = "", iss: str = "") -> Response:
    """Back from the provider, with a code for an id token."""
    provider, throttle, now = _provider(here), request.app.state.throttle, here.exchange.now()
    address = request.client.host if request.client is not None else ""
    pending = Pending.read(request.cookies.get(PENDING, ""))
    if pending is None or not 0 <= now.timestamp() - pending.at < OPEN_FOR.total_seconds():
        return _refused(request, here, "", STALE, 401)
    flow = pending.flow(here)
    if not hmac.compare_digest(flow.state.encode(), state.encode()) or not throttle.first_time(flow.state):
        return _refused(request, here, pending.next, STALE, 401)
    throttle.enter_provider(address)  # not before: an image on another site's page comes here too, and would use up the office's tries
    if not code or error:
        return _refused(request, here, pending.next, CANCELLED, 401)
    try:
        if iss and iss != provider.registration.issuer:
            raise NotProven("another issuer came back")  # RFC 9207
        proven = provider.proven(code, flow, now)
    except ProviderDown as fault:
        throttle.right_provider(address)  # nobody was wrong
        return _refused(request, here, pending.next, DOWN, 503, fault)
    except NotProven as fault:
        return _refused(request, here, pending.next, UNPROVEN, 401, fault)
    with here.exchange.reading() as connection:
        who = linking.behind(connection, here.exchange.vault, provider.registration, proven.subject)
    if who is None:
        return _refused(request, here, pending.next, UNKNOWN, 403)
    throttle.right_provider(address)
    answer = let_in(request, here, who.account_id, inside(pending.next), "provider", vouched=proven.factor)
    return _without_pending(answer)


def _provider(here: Services) -> Provider:
    if here.provider is None:
        raise NotFound("本系统没有开通统一身份认证登录，请用账号和密码登录")
    return here.provider


def _refused(request: Request, here: Services, next: str, said: str, status: int, why: Exception | None = None) -> Response:
    if why is not None:
        _logger.warning("sign-in by the provider failed", extra={"reason": str(why)})
    return _without_pending(login_page(request, here, next, said=said, status=status))


def _without_pending(answer: Response) -> Response:
    answer.delete_cookie(PENDING, path=PATH)
    return answer
