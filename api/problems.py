"""Errors as ``application/problem+json``: one class a meaning, the class carries its status, one handler."""

from __future__ import annotations

import re
from typing import Any, ClassVar
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from matcher.shapes import FieldError, ShapeError
from search.errors import IndexFault
from streams.runtime.database import EngineFault
from streams.runtime.exchange import IdempotencyConflict
from streams.runtime.sealing import WrongMasterKey


class Problem(Exception):
    """An answer that is not what was asked for. ``detail`` says what happened and what to do; ``errors`` names fields."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "请求有误"
    type: ClassVar[str] = "about:blank"

    def __init__(
        self,
        detail: str,
        *,
        errors: list[FieldError] | None = None,
        headers: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
    ):
        """``more``: members of the answer beside the usual ones."""
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []
        self.headers = headers or {}
        self.more = more or {}


class BadRequest(Problem):
    status = 400
    title = "请求有误"
    type = "urn:gongqiao:problem:bad-request"


class NotSignedIn(Problem):
    status = 401
    title = "请先登录"
    type = "urn:gongqiao:problem:not-signed-in"


class Forbidden(Problem):
    status = 403
    title = "没有权限"
    type = "urn:gongqiao:problem:forbidden"


class SecondFactorWanted(Problem):
    status = 403
    title = "请先设置登录验证码"
    type = "urn:gongqiao:problem:second-factor-wanted"


class NotFound(Problem):
    status = 404
    title = "没有找到"
    type = "urn:gongqiao:problem:not-found"


class TooSlow(Problem):
    status = 408
    title = "传得太慢"
    type = "urn:gongqiao:problem:too-slow"


class Conflict(Problem):
    status = 409
    title = "与已有内容冲突"
    type = "urn:gongqiao:problem:conflict"


class Gone(Problem):
    status = 410
    title = "已经撤下"
    type = "urn:gongqiao:problem:gone"


class TooLarge(Problem):
    status = 413
    title = "内容太大"
    type = "urn:gongqiao:problem:too-large"


class Invalid(Problem):
    status = 422
    title = "内容不符合要求"
    type = "urn:gongqiao:problem:invalid"


class TooMany(Problem):
    status = 429
    title = "尝试太多次"
    type = "urn:gongqiao:problem:too-many"


class OverLimit(Problem):
    status = 429
    title = "请求太频繁"
    type = "urn:gongqiao:problem:over-limit"


class Misdirected(Problem):
    status = 421
    title = "地址不对"
    type = "urn:gongqiao:problem:misdirected"


class Broken(Problem):
    status = 500
    title = "系统出错"
    type = "urn:gongqiao:problem:broken"


class Unavailable(Problem):
    status = 503
    title = "暂时不可用"
    type = "urn:gongqiao:problem:unavailable"


class LimitsUnknown(Problem):
    status = 503
    title = "暂时只为已登录的用户办理"
    type = "urn:gongqiao:problem:limits-unknown"


def as_json(status: int, title: str, type_: str, detail: str, errors: list[FieldError]) -> dict[str, Any]:
    body: dict[str, Any] = {"type": type_, "title": title, "status": status, "detail": detail}
    body["errors"] = [error.model_dump(exclude_none=True) for error in errors]
    return body


def problem_response(problem: Problem) -> JSONResponse:
    """A problem as the answer to a program."""
    return JSONResponse(
        {**problem.more, **as_json(problem.status, problem.title, problem.type, problem.detail, problem.errors)},
        problem.status,
        media_type="application/problem+json",
        headers=problem.headers,
    )


def wants_page(request: Request) -> bool:
    """Whether a person with a browser is asking, rather than a program."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def install(app: FastAPI) -> None:
    """Register the one handler of each kind of error."""

    def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        if wants_page(request):
            if isinstance(error, NotSignedIn) and request.method == "GET":
                asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                return RedirectResponse(f"/login?next={quote(asked, safe='/')}", 303)
            if isinstance(error, SecondFactorWanted) and request.method == "GET":
                return RedirectResponse("/account/second-factor", 303)
            from api.pages import page  # pages import problems

            shown = page(request, "problem.html", {"problem": error}, status=error.status)
            if "Retry-After" in error.headers:
                shown.headers["Retry-After"] = error.headers["Retry-After"]
            return shown
        return problem_response(error)

    def shape(request: Request, error: Exception) -> Response:
        assert isinstance(error, ShapeError)
        return problem(request, Invalid("有字段不符合要求，请按 errors 修改后再发", errors=error.errors))

    def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        errors = []
        for item in error.errors():
            where, *names = item["loc"]
            field = ".".join(str(name) for name in names if not isinstance(name, int) or where != "body" or len(names) > 1) or "(body)"
            errors.append(
                FieldError(field=_text(field)[:200], message=_text(item["msg"]), allowed=_allowed(item.get("ctx", {}).get("expected")))
            )
        return problem(request, Invalid("有参数不符合要求，请按 errors 修改后再发", errors=errors))

    def engine(request: Request, error: Exception) -> Response:
        return problem(request, Unavailable("系统暂时无法办理，请稍后再试；已确认收到的内容不会丢失", headers={"Retry-After": "5"}))

    def idempotency(request: Request, error: Exception) -> Response:
        return problem(request, Conflict("同一个 Idempotency-Key 已用于别的内容，请换一个新的"))

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return problem(request, NotFound("没有这个地址"))
        if error.status_code == 405:
            detail = f"这个地址不支持 {request.method}；可以用 {(error.headers or {}).get('Allow', '别的方法')}"
            body = as_json(405, "不支持这种请求", "urn:gongqiao:problem:method", detail, [])
            return JSONResponse(body, 405, media_type="application/problem+json", headers=error.headers)
        body = as_json(error.status_code, "请求有误", "about:blank", str(error.detail), [])
        return JSONResponse(body, error.status_code, media_type="application/problem+json", headers=error.headers)

    def data(request: Request, error: Exception) -> Response:
        if "NUL" in str(getattr(error, "orig", "")):  # PostgreSQL keeps no such text
            return problem(request, BadRequest("内容里有不是文字的内容（空字符），请去掉后再发"))
        return broken(request, error)

    def broken(request: Request, error: Exception) -> Response:
        # The server's log has type and place; an answer says nothing of what is inside.
        return problem(request, Broken("系统出错了，已经记录下来，请稍后再试"))

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(ShapeError, shape)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(EngineFault, engine)
    app.add_exception_handler(IdempotencyConflict, idempotency)
    app.add_exception_handler(DataError, data)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(WrongMasterKey, engine)
    app.add_exception_handler(IndexFault, engine)
    app.add_exception_handler(Exception, broken)


def _text(given: object) -> str:
    """What was sent, as text that can be answered: JSON can write halves of characters that no answer can."""
    return str(given).encode(errors="replace").decode()


def _allowed(expected: object) -> list[str] | None:
    """The values pydantic would have taken (``'a', 'b' or 'c'``) as a list."""
    return re.findall(r"'([^']*)'", str(expected)) or [str(expected)] if expected else None
