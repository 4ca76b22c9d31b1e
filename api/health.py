"""``/health/live``, ``/health/ready``, ``/metrics``."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select

from api.access.identify import Here, services_of
from api.services import Services
from streams.runtime.tables import dead_letters, offsets, parked

router = APIRouter(tags=["health"])


@router.get("/health/live")
def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


def readiness(services: Services) -> tuple[bool, dict[str, dict[str, object]]]:
    """Each engine with its state; not ready while one of them is at fault or a subject has not loaded yet."""
    engines: dict[str, dict[str, object]] = {}
    try:
        with services.exchange.reading() as connection:
            end = services.exchange.log.end(connection)
        engines["state"] = {"status": "ok", "log_end": end}
    except Exception as error:
        engines["state"] = {"status": "down", "reason": type(error).__name__}
    if services.exchange.fault is not None:
        engines["state"] = {"status": "down", "reason": services.exchange.fault}
    for name, check in services.checks.items():
        try:
            wrong = check()
        except Exception as error:
            wrong = type(error).__name__
        engines[name] = {"status": "ok"} if wrong is None else {"status": "down", "reason": wrong}
    # Without its cache the edge is colder and stricter, but at work: no reason to be taken out of service.
    lost = services.cache.fault
    engines["cache"] = {"status": "ok"} if lost is None else {"status": "degraded", "reason": lost}
    faults = services.exchange.runner.faults()
    for name, loop in services.exchange.runner.loops.items():
        state: dict[str, object] = {"status": "ok"} if loop.ready.is_set() else {"status": "loading"}
        engines[f"subject:{name}"] = {"status": "down", "reason": faults[name]} if name in faults else state
    return all(engine["status"] in ("ok", "degraded") for engine in engines.values()), engines


@router.get("/health/ready")
def ready(here: Here) -> JSONResponse:
    """Whether every engine is there, each by name."""
    fine, engines = readiness(here)
    return JSONResponse({"status": "ok" if fine else "not ready", "engines": engines}, 200 if fine else 503)


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Prometheus text: counts and lags, nothing of anybody."""
    services = services_of(request)
    registry = CollectorRegistry()
    lag = Gauge("gongqiao_subject_lag", "messages of the log not yet passed by a subject", ["subject"], registry=registry)
    handled = Gauge("gongqiao_subject_handled", "messages handled by a subject since start", ["subject"], registry=registry)
    letters = Gauge("gongqiao_dead_letters", "open dead letters", ["subject"], registry=registry)
    waiting = Gauge("gongqiao_parked", "messages waiting for a retry", ["subject"], registry=registry)
    up = Gauge("gongqiao_engine_up", "1 while the engine answers", ["engine"], registry=registry)
    size = Gauge("gongqiao_log_end", "last place in the log", registry=registry)
    with services.exchange.reading() as connection:
        end = services.exchange.log.end(connection)
        at = {row.subject: row.seq for row in connection.execute(select(offsets.c.subject, offsets.c.seq))}
        open_letters = select(dead_letters.c.subject, func.count()).where(dead_letters.c.state == "open").group_by(dead_letters.c.subject)
        buried = {subject: count for subject, count in connection.execute(open_letters)}
        held = {subject: count for subject, count in connection.execute(select(parked.c.subject, func.count()).group_by(parked.c.subject))}
    size.set(end)
    for name, loop in services.exchange.runner.loops.items():
        # Idle at the end means nothing of its own is left, though its offset stands at its last own message.
        lag.labels(name).set(0 if loop.idle_at >= end else end - at.get(name, 0))
        handled.labels(name).set(loop.handled)
        letters.labels(name).set(buried.get(name, 0))
        waiting.labels(name).set(held.get(name, 0))
    for name, engine in readiness(services)[1].items():
        up.labels(name).set(1 if engine["status"] == "ok" else 0)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
