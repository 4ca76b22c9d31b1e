"""The pages on which staff set up a second factor. For a person at a page only: no key opens them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.access import own_second_factor as own
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.access.own_account import with_session
from api.access.second_factor import ROLES
from api.forms import Posted
from api.pages import page
from api.services import Services

router = APIRouter(include_in_schema=False)


@router.get("/account/second-factor")
def second_factor_page(request: Request, here: Here, caller: CallerOrNone) -> Response:
    """登录验证码: how it stands."""
    return _page(request, here, with_session(caller, *ROLES))


@router.post("/account/second-factor")
def begin(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """A new secret, shown this once."""
    who = with_session(caller, *ROLES)
    made = own.begin(here, who)
    return _page(request, here, who, secret=made["secret"], uri=made["uri"])


@router.post("/account/second-factor/confirm")
def confirm(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """The first code turns it on. Recovery codes are shown this once."""
    who = with_session(caller, *ROLES)
    codes = own.confirm(request, here, who, form.text("code"))
    if codes is None:
        return _page(request, here, who, wrong=own.WRONG, begun=True, status=422)
    return _page(request, here, who, codes=codes)


@router.post("/account/second-factor/codes")
def other_codes(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """Recovery codes in place of the old ones, for a code."""
    who = with_session(caller, *ROLES)
    codes = own.other_codes(request, here, who, form.text("code"))
    if codes is None:
        return _page(request, here, who, wrong=own.WRONG, status=422)
    return _page(request, here, who, codes=codes)


@router.post("/account/second-factor/off")
def off(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """Turn it off, for a code; not where it is obligatory."""
    who = with_session(caller, *ROLES)
    if not own.off(request, here, who, form.text("code")):
        return _page(request, here, who, wrong=own.WRONG, status=422)
    return RedirectResponse("/account", 303)


def _page(request: Request, here: Services, who: Caller, *, status: int = 200, **shown: Any) -> Response:
    found = own.standing(here, who)
    how = {"on": found["on"], "left": found["recovery_codes_left"], "required": found["required"]}
    empty = {"secret": "", "uri": "", "codes": [], "wrong": "", "begun": False}
    return page(request, "second_factor.html", {**empty, **how, **shown}, status=status)
