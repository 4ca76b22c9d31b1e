"""Every subject's router, in one list: programs' routes under ``/api/v1``, pages at the root."""

from __future__ import annotations

from fastapi import APIRouter

API_ROUTERS: list[APIRouter] = []
PAGE_ROUTERS: list[APIRouter] = []
