"""Errors as ``application/problem+json``: one class a meaning, the class carries its status, one handler."""

from __future__ import annotations

from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from matcher.shapes import FieldError, ShapeError
from streams.runtime.database import EngineFault
from streams.runtime.exchange import IdempotencyConflict


class Problem(Exception):
    """An answer that is not what was asked for. ``detail`` says what happened and what to do; ``errors`` names fields."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "请求有误"
    type: ClassVar[str] = "about:blank"

    def __init__(self, detail: str, *, errors: list[FieldError] | None = None, headers: dict[str, str] | None = None):
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []
        self.headers = headers or {}


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


class NotFound(Problem):
    status = 404
    title = "没有找到"
    type = "urn:gongqiao:problem:not-found"


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


class Unavailable(Problem):
    status = 503
    title = "暂时不可用"
    type = "urn:gongqiao:problem:unavailable"


def as_json(status: int, title: str, type_: str, detail: str, errors: list[FieldError]) -> dict[str, Any]:
    body: dict[str, Any] = {"type": type_, "title": title, "status": status, "detail": detail}
    body["errors"] = [error.model_dump(exclude_none=True) for error in errors]
    return body


def _answer(problem: Problem) -> JSONResponse:
    return JSONResponse(
        as_json(problem.status, problem.title, problem.type, problem.detail, problem.errors),
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
                return RedirectResponse(f"/login?next={request.url.path}", 303)
            from api.pages import page  # pages import problems

            return page(request, "problem.html", {"problem": error}, status=error.status)
        return _answer(error)

    def shape(request: Request, error: Exception) -> Response:
        assert isinstance(error, ShapeError)
        return problem(request, Invalid("有字段不符合要求，请按 errors 修改后再发", errors=error.errors))

    def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        errors = []
        for item in error.errors():
            where, *names = item["loc"]
            expected = item.get("ctx", {}).get("expected")
            field = ".".join(str(name) for name in names) or str(where)
            errors.append(FieldError(field=field, message=str(item["msg"]), allowed=[str(expected)] if expected else None))
        return problem(request, Invalid("有参数不符合要求，请按 errors 修改后再发", errors=errors))

    def engine(request: Request, error: Exception) -> Response:
        return problem(request, Unavailable("系统暂时无法写入，请稍后再试；已确认收到的内容不会丢失", headers={"Retry-After": "5"}))

    def idempotency(request: Request, error: Exception) -> Response:
        return problem(request, Conflict("同一个 Idempotency-Key 已用于别的内容，请换一个新的"))

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return problem(request, NotFound("没有这个地址"))
        body = as_json(error.status_code, "请求有误", "about:blank", str(error.detail), [])
        return JSONResponse(body, error.status_code, media_type="application/problem+json", headers=error.headers)

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(ShapeError, shape)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(EngineFault, engine)
    app.add_exception_handler(IdempotencyConflict, idempotency)
    app.add_exception_handler(HTTPException, http)
