"""Pages: server-rendered in plain Chinese. Each subject keeps its templates in its own folder; ``base.html`` is shared."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from api import wording
from matcher.days import in_shanghai
from matcher.education import name_of as education_name
from matcher.places import counties_of, full_name, level_of, name_of, regions
from matcher.spoken_to import spoken_to
from matcher.wording import FORMS, number

HERE = Path(__file__).parent
PROVINCE = "140000"


def _day(value: date | datetime | str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        value = in_shanghai(value)
    return f"{value.year}年{value.month}月{value.day}日"


def _moment(at: str) -> str:
    """Day and minute in Shanghai."""
    return f"{_day(at)}{in_shanghai(datetime.fromisoformat(at)):%H:%M}"


def _place(code: str | None) -> str:
    if not code:
        return "地点未说明"
    # Within the province everybody knows which one it is.
    return full_name(code) if code == PROVINCE else full_name(code).removeprefix("山西省")


def _yuan(value: float | int | None) -> str:
    return "" if value is None else f"{value:,.0f}元"


@cache
def places() -> tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]:
    """Cities of the province with their counties, for selects: (code, name, ((code, name), …))."""
    cities = sorted(code for code in regions() if level_of(code) == "city" and code.startswith(PROVINCE[:2]))
    return tuple((city, name_of(city), tuple((county, name_of(county)) for county in counties_of(city))) for city in cities)


@cache
def elsewhere() -> tuple[tuple[str, str], ...]:
    """The other provinces."""
    return tuple((code, name_of(code)) for code in sorted(regions()) if level_of(code) == "province" and code != PROVINCE)


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
    made.filters.update(
        day=_day,
        moment=_moment,
        place=_place,
        yuan=_yuan,
        number=number,
        spoken_to=spoken_to,
        pay=wording.pay_words,
        form=wording.form_words,
        terms=wording.terms_words,
        pay_day=wording.pay_day_words,
        education=education_name,
        experience=wording.experience_words,
        groups=wording.groups_words,
        window=wording.window_words,
    )
    made.globals.update(words=wording, forms=FORMS, places=places, elsewhere=elsewhere, province=PROVINCE)
    return made


def _context(request: Request, values: dict[str, Any] | None) -> dict[str, Any]:
    caller = getattr(request.state, "caller", None)
    return {"request": request, "caller": caller, "csrf": caller.csrf if caller is not None else "", **(values or {})}


def page(request: Request, name: str, values: dict[str, Any] | None = None, *, status: int = 200) -> HTMLResponse:
    """Render a page. ``caller`` (who is signed in, or None) and ``csrf`` are there in every template."""
    html = templates().get_template(name).render(_context(request, values))
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})


def region(request: Request, name: str, values: dict[str, Any], *, url: str, on: str) -> Markup:
    """A part of a page that renews itself: ``live.js`` fetches ``url`` when the event ``on`` comes, and swaps it in if it changed.

    Without an event it stays as it is: a further page would change under the reader's eyes.
    """
    html = templates().get_template(name).render(_context(request, values))
    if not on:
        return Markup(html)
    open_tag = Markup('<div class="live" data-live="{}" data-on="{}" data-etag="{}">').format(url, on, _etag(html))
    return open_tag + Markup(html) + Markup("</div>")


def fragment(request: Request, name: str, values: dict[str, Any]) -> Response:
    """The same part alone, or 304 where the asker has it."""
    html = templates().get_template(name).render(_context(request, values))
    headers = {"ETag": f'"{_etag(html)}"', "Cache-Control": "no-store"}
    if request.headers.get("if-none-match", "").strip('"') == _etag(html):
        return Response(status_code=304, headers=headers)
    return HTMLResponse(html, headers=headers)


def _etag(html: str) -> str:
    return hashlib.blake2b(html.encode(), digest_size=12).hexdigest()
