"""Forms of pages: what was sent, checked for its token, and fields read with an error in Chinese beside each that is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from api.access.identify import check_csrf
from api.problems import BadRequest, TooLarge

MOST_BYTES = 256 * 1024
MOST_FIELDS = 500
_MAIL = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+")


def is_mail(text: str) -> bool:
    """Whether this reads as one mail address."""
    return len(text) <= 200 and _MAIL.fullmatch(text) is not None


@dataclass(frozen=True)
class Form:
    """Values by field as they were sent."""

    values: Mapping[str, tuple[str, ...]]

    def text(self, name: str) -> str:
        """The field's text without blanks around; "" where it was not sent."""
        return self.values.get(name, ("",))[0].strip()

    def texts(self, name: str) -> list[str]:
        return [value.strip() for value in self.values.get(name, ()) if value.strip()]

    def checked(self, name: str) -> bool:
        return bool(self.text(name))


async def read_form(request: Request) -> Form:
    """The body of a form; a problem where it is no form or too large."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BYTES:
            raise TooLarge("填写的内容太长，请写短一些")
    if kind != "application/x-www-form-urlencoded":
        raise BadRequest("请用页面上的表单提交")
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise BadRequest("表单内容无法读取，请刷新页面再试") from None
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value.replace("\x00", ""))
    return Form({name: tuple(values) for name, values in found.items()})


def posted(request: Request, form: Annotated[Form, Depends(read_form)]) -> Form:
    """A form whose token is this session's own."""
    token = form.text("csrf")
    check_csrf(request, token if token.isascii() else "")
    return form


Posted = Annotated[Form, Depends(posted)]


@dataclass
class Reader:
    """Reads fields one by one; ``errors`` holds a sentence for each that is wrong. A field left blank is unknown (None)."""

    form: Form
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, *, most: int = 200, required: str | None = None) -> str | None:
        value = self.form.text(name)
        if not value:
            if required:
                self.errors[name] = required
            return None
        if len(value) > most:
            self.errors[name] = f"最多{most}个字，现在是{len(value)}个字"
        return value

    def number(self, name: str, *, low: float = 0, high: float = 1e9, whole: bool = False) -> float | int | None:
        value = self.form.text(name).replace(",", "").replace("，", "")
        if not value:
            return None
        try:
            # ``float`` reads more than people mean by a number: nan, inf, 1e5.
            found = float(value) if value.replace(".", "", 1).isdecimal() else None
        except ValueError:
            found = None
        if found is None:
            self.errors[name] = "请填写数字，例如5000" if not whole else "请填写整数，例如3"
            return None
        if whole and not found.is_integer():
            self.errors[name] = "请填写整数，例如3"
            return None
        if not low <= found <= high:
            self.errors[name] = f"请填写{low:g}到{high:,.0f}之间的数字"
            return None
        return int(found) if found.is_integer() else found

    def day(self, name: str) -> date | None:
        value = self.form.text(name)
        if not value:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.errors[name] = "请填写日期，例如2026-11-20"
            return None

    def instant(self, name: str) -> str | None:
        """A local time as a browser sends it (2026-11-20T08:00), Shanghai."""
        value = self.form.text(name)
        if not value:
            return None
        try:
            return datetime.fromisoformat(value).replace(tzinfo=None).isoformat(timespec="minutes")
        except ValueError:
            self.errors[name] = "请填写日期和时间，例如2026-11-20 08:00"
            return None

    def one_of(self, name: str, allowed: Mapping[str, str] | set[str] | frozenset[str]) -> str | None:
        value = self.form.text(name)
        if not value:
            return None
        if value not in allowed:
            self.errors[name] = "请从列表中选择"
            return None
        return value

    def several(self, name: str, allowed: Mapping[str, str] | set[str] | frozenset[str]) -> list[str]:
        values = self.form.texts(name)
        if any(value not in allowed for value in values):
            self.errors[name] = "请从列表中选择"
        return list(dict.fromkeys(value for value in values if value in allowed))
