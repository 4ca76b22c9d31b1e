"""The application: every router, one error handler, one edge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from fastapi.staticfiles import StaticFiles

from api import deprecation, health, problems
from api.access import pages as access_pages
from api.access import provider_pages, reset
from api.access.granting import granted
from api.access.identify import guard_api_writes
from api.access.limits import limited
from api.access.throttle import Throttle
from api.described import described, only_known_parameters
from api.edge import Edge
from api.live import Wakeups
from api.routes import API_ROUTERS, PAGE_ROUTERS
from api.services import Services


def create_app(services: Services) -> FastAPI:
    """The web application over these services. Opens nothing itself."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.wakeups.start(asyncio.get_running_loop())
        yield
        app.state.wakeups.stop()

    app = FastAPI(
        title="工桥 Gongqiao",
        version="1",
        description="公共就业岗位匹配平台接口：岗位、求职者、推荐、政策提示、用工缺口。",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.services = services
    app.state.basic_cache = {}
    app.state.throttle = Throttle(services.cache)
    app.state.wakeups = Wakeups(services.exchange.bell, services.log_end if services.shared else None)
    problems.install(app)
    app.add_middleware(Edge, options=services.options)
    app.openapi = lambda: described(app)  # type: ignore[method-assign]

    guards = [
        Depends(deprecation.note),
        Depends(limited),
        Depends(granted("/api/v1")),
        Depends(guard_api_writes),
        Depends(only_known_parameters),
    ]
    v1 = APIRouter(prefix="/api/v1", dependencies=guards)
    for router in API_ROUTERS:
        v1.include_router(router)
    app.include_router(v1)
    app.include_router(health.router)
    app.include_router(access_pages.router)
    app.include_router(reset.router)
    app.include_router(provider_pages.router)
    for router in PAGE_ROUTERS:
        app.include_router(router, dependencies=[Depends(limited), Depends(granted())])
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    return app
