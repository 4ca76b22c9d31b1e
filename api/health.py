"""``/health/live``, ``/health/ready``, ``/metrics``."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import Connection, func, select

from api.access.identify import Here, services_of
from api.services import Services
from api.webhooks import book as webhook_book
from streams.delivery.queries import failed_sends
from streams.runtime.floor import unhandled
from streams.runtime.tables import dead_letters, offsets, parked

router = APIRouter(tags=["health"])
_logger = logging.getLogger("gongqiao.health")


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
    if services.market is not None:
        wrong = services.market.not_ready()
        engines["market"] = {"status": "ok"} if wrong is None else {"status": "loading" if wrong == "loading" else "down", "reason": wrong}
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
    refused = Gauge(
        "gongqiao_requests_refused",
        "requests over a limit since the start; uncounted: while the cache was gone",
        ["limit"],
        registry=registry,
    )
    hooks = Gauge("gongqiao_webhooks", "webhooks of the feed; again: the last attempt failed, dead: given up", ["state"], registry=registry)
    outside = Gauge("gongqiao_outside", "mails and messages; again: the last attempt failed, gave_up", ["state"], registry=registry)
    behind = Gauge("gongqiao_market_behind", "changes of matching not yet seen by this process's copy of the market", registry=registry)
    loading = Gauge("gongqiao_market_load_seconds", "how long the copy of the market took to load", registry=registry)
    try:
        with services.exchange.reading() as connection:
            places = _places(connection, services)
            for state, number in webhook_book.states(connection).items():
                hooks.labels(state).set(number)
            for state, number in failed_sends(connection).items():
                outside.labels(state).set(number)
            behind.set(services.market.behind(connection) if services.market is not None else 0)
        size.set(places.end)
        for name, place in places.subjects.items():
            lag.labels(name).set(place["lag"])
            letters.labels(name).set(place["letters"])
            waiting.labels(name).set(place["parked"])
    except Exception as error:  # said by gongqiao_engine_up below; what is known otherwise is still told
        _logger.warning("metrics without the state", extra={"reason": type(error).__name__})
    for name, loop in services.exchange.runner.loops.items():
        handled.labels(name).set(loop.handled)
    for name in ("anonymous", "signed-in", "uncounted"):
        refused.labels(name).set(services.refused[name])
    if services.market is not None and services.market.loading_s is not None:
        loading.set(services.market.loading_s)
    for name, engine in readiness(services)[1].items():
        up.labels(name).set(1 if engine["status"] == "ok" else 0)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@dataclass(frozen=True)
class _Places:
    """Where the log ends, and of each subject what is left to do."""

    end: int
    subjects: dict[str, dict[str, int]]


def _places(connection: Connection, services: Services) -> _Places:
    exchange = services.exchange
    end = exchange.log.end(connection)
    at = {row.subject: row.seq for row in connection.execute(select(offsets.c.subject, offsets.c.seq))}
    open_letters = select(dead_letters.c.subject, func.count()).where(dead_letters.c.state == "open").group_by(dead_letters.c.subject)
    buried = {subject: count for subject, count in connection.execute(open_letters)}
    held = {subject: count for subject, count in connection.execute(select(parked.c.subject, func.count()).group_by(parked.c.subject))}
    found = {}
    for subject in exchange.log.topology.subjects:
        loop = exchange.runner.loops.get(subject.name)
        if loop is None:
            left = unhandled(connection, exchange.log, subject)
        else:
            # Idle at the end means nothing of its own is left, though its offset stands at its last own message.
            left = 0 if loop.idle_at >= end else end - at.get(subject.name, 0)
        found[subject.name] = {"lag": left, "letters": buried.get(subject.name, 0), "parked": held.get(subject.name, 0)}
    return _Places(end, found)
