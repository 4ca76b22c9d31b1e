"""Pages: server-rendered in plain Chinese. Each subject keeps its templates in its own folder; ``base.html`` is shared."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from matcher.days import in_shanghai
from matcher.places import full_name

HERE = Path(__file__).parent


def _day(value: date | datetime | str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        value = in_shanghai(value)
    return f"{value.year}年{value.month}月{value.day}日"


def _place(code: str | None) -> str:
    return full_name(code) if code else "地点未说明"


def _yuan(value: float | int | None) -> str:
    return "" if value is None else f"{value:,.0f}元"


@cache
def templates() -> Environment:
    """The one environment: escaping on, unknown names are errors."""
    folders = [HERE / "templates", *sorted(folder for folder in HERE.glob("*/templates") if folder.parent != HERE)]
    made = Environment(
        loader=FileSystemLoader([str(folder) for folder in folders]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(day=_day, place=_place, yuan=_yuan)
    return made


def page(request: Request, name: str, values: dict[str, Any] | None = None, *, status: int = 200) -> HTMLResponse:
    """Render a page. ``caller`` (who is signed in, or None) and ``csrf`` are there in every template."""
    caller = getattr(request.state, "caller", None)
    context = {"request": request, "caller": caller, "csrf": caller.csrf if caller is not None else "", **(values or {})}
    return HTMLResponse(templates().get_template(name).render(context), status, headers={"Cache-Control": "no-store"})
