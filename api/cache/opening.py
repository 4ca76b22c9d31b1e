"""Opens the cache that a URL names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from api.cache.memory import MemoryCache
from api.cache.shapes import Cache


class CacheUrlError(RuntimeError):
    """A URL that names no cache; says what may be there."""


def open_cache(url: str = "memory://", *, prefix: str = "gongqiao:", arguments: Mapping[str, Any] | None = None) -> Cache:
    """``memory://`` of this process, or ``redis://…`` (``rediss://`` with TLS) for several. Does not wait for the engine to be there."""
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        return MemoryCache()
    if scheme in ("redis", "rediss"):
        from api.cache.redis_cache import RedisCache  # imported where it is used alone

        return RedisCache(url, prefix=prefix, arguments=arguments)
    raise CacheUrlError(f"GONGQIAO_CACHE: {scheme or 'nothing'}:// is no cache; memory://, redis://… and rediss://… are")
