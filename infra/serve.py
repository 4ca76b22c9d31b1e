"""The web server, and what stands behind it: the whole exchange in one process, or the edge of one that many processes share."""

from __future__ import annotations

import logging
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from api.access.provider import Provider, Registration
from api.app import create_app
from api.cache.opening import open_cache
from api.cache.ringing import Ringing
from api.cache.shapes import Cache
from api.market_copy import MarketCopy
from api.services import Options, Services
from api.webhooks.sender import WebhookSender
from infra import demo
from infra.composition import exchange
from infra.data_dir import only_one
from infra.engines import redis_arguments, search_options
from infra.patience import patient
from infra.settings import Settings, SettingsError
from search.errors import IndexFault
from search.index import open_index
from search.reindex import needs_reindex
from streams.delivery.channels import channels_of
from streams.delivery.sender import Sender
from streams.intake.index_follower import IndexFollower, fill_anew
from streams.runtime.clock import Ticker
from streams.runtime.exchange import Exchange

_logger = logging.getLogger("gongqiao.serve")


@contextmanager
def running(settings: Settings) -> Iterator[Services]:
    """The whole exchange of this data directory, running, without its web server."""
    with ExitStack() as stack:
        stack.enter_context(only_one(settings.data_dir))
        opened = stack.enter_context(exchange(settings))
        _refuse_demo(settings, opened)
        url, options = settings.search_url, search_options(settings)
        try:
            if needs_reindex(url, options=options):
                fill_anew(opened, url, options=options)
        except IndexFault as fault:
            # An Elasticsearch that is down keeps nobody from coming up: the follower waits for it, and readiness says so.
            _logger.error("index waits", extra={"reason": str(fault)})
        index = open_index(url, options=options)
        stack.callback(index.close)
        follower = IndexFollower(opened, index)
        follower.start()
        stack.callback(follower.stop)
        sender = Sender(opened, settings.outside())
        sender.start()
        stack.callback(sender.stop)
        webhooks = WebhookSender(opened, settings.webhook_rules())
        webhooks.start()
        stack.callback(webhooks.stop)
        ticker = Ticker(opened, every=settings.tick_seconds)
        ticker.start()
        stack.callback(ticker.stop)
        checks: dict[str, Callable[[], str | None]] = {
            "index": follower.fault_reason,
            "clock": partial(_clock_fault, ticker.last, settings),
        }
        scratch = settings.data_dir / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)  # of runs before; nothing in it is worth keeping
        yield _services(settings, opened, index, stack, checks, scratch)


@contextmanager
def edge(settings: Settings) -> Iterator[Services]:
    """The edge of an exchange whose subjects, relay, clock and index follower are workers elsewhere (``gongqiao worker``)."""
    if not settings.clustered:
        raise SettingsError(
            "gongqiao serve is the edge of a cluster: set GONGQIAO_LOG and GONGQIAO_STATE, or start all in one: gongqiao run"
        )
    with ExitStack() as stack:
        opened = stack.enter_context(exchange(settings, run=False))
        _refuse_demo(settings, opened)
        index = open_index(settings.search_url, options=search_options(settings))
        stack.callback(index.close)
        copy = MarketCopy(opened, settings.subjects())
        copy.start()
        stack.callback(copy.stop)
        checks: dict[str, Callable[[], str | None]] = {
            "index": partial(_index_fault, index),
            "clock": partial(_clock_fault, Ticker(opened).last, settings),
        }
        # Of this process alone: several may share a data directory.
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gongqiao-")))
        services = _services(settings, opened, index, stack, checks, scratch)
        services.market = copy
        yield services


def _refuse_demo(settings: Settings, opened: Exchange) -> None:
    """Production does not open to passwords that everybody knows."""
    if settings.mode == "production" and (logins := demo.open_to_everybody(opened)):
        raise SettingsError(
            f"production does not start: {', '.join(logins)} still have the password of the demonstration; close them with: "
            "gongqiao account close --login …"
        )


def _services(
    settings: Settings, opened: Exchange, index: Any, stack: ExitStack, checks: dict[str, Callable[[], str | None]], scratch: Path
) -> Services:
    cache = _cache(settings)
    stack.callback(cache.close)
    ringing = Ringing(opened.bell, cache)
    ringing.start()
    stack.callback(ringing.stop)
    options = Options(
        production=settings.mode == "production",
        public_url=settings.public_url,
        second_factor_required=settings.staff_second_factor == "required",
        requests_a_minute=settings.requests_a_minute,
        anonymous_requests_a_minute=settings.anonymous_requests_a_minute,
        facet_seconds=settings.facet_seconds,
        suggestion_seconds=settings.suggestion_seconds,
        webhook_rules=settings.webhook_rules(),
        subject_settings=dict(settings.subjects()),
    )
    mail = channels_of(settings.outside(), opened.now).get("mail")
    named = settings.provider()
    provider = Provider(Registration(**named)) if named is not None else None
    return Services(opened, index, options, checks=checks, mail=mail, provider=provider, cache=cache, scratch=scratch)


def _cache(settings: Settings) -> Cache:
    arguments = redis_arguments(settings) if settings.cache_url.startswith("redis") else None
    return open_cache(settings.cache_url, prefix=settings.redis_prefix, arguments=arguments)


def _index_fault(index: Any) -> str | None:
    """Why the index cannot be asked; None when it answers."""
    try:
        index.offset()
    except IndexFault as error:
        return str(error)
    return None


def _clock_fault(last_tick: Callable[[], datetime | None], settings: Settings) -> str | None:
    """Why the clock stands still; None when it ticks."""
    last = last_tick()
    late = timedelta(seconds=3 * settings.tick_seconds + 5)
    if last is None or datetime.now(UTC) - last > late:
        return f"no tick since {last.isoformat(timespec='seconds') if last else 'the start'}: the log does not take messages"
    return None


def listen(host: str, port: int) -> socket.socket:
    """The server's socket; raises ``SettingsError`` saying what to do where the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise SettingsError(
            f"{host}:{port} cannot be listened on ({error.strerror}); stop what uses it, or name another with --port"
        ) from None
    return made


def server_options(settings: Settings) -> dict[str, Any]:
    """How the web server treats connections: uvicorn's options."""
    return {
        "http": patient(settings.header_seconds),
        "timeout_graceful_shutdown": 3,
        # Believed from those named alone: anybody could say another address than their own, and so have another limit.
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": settings.trusted_proxies or "127.0.0.1",
    }


def serve(
    settings: Settings,
    *,
    announce: Callable[[Services, str], None],
    opening: Callable[[Settings], AbstractContextManager[Services]] = running,
) -> None:
    """Run until interrupted: all of it (``running``), or the ``edge`` alone. ``announce`` is called once the server answers, with its
    address."""
    # Before the exchange is opened: a taken port must not cost a start of everything else.
    listener = listen(settings.host, settings.port)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{listener.getsockname()[1]}"
    try:
        with opening(settings) as services:
            config = uvicorn.Config(create_app(services), log_config=None, access_log=False, **server_options(settings))
            server = _Server(config)
            started = threading.Thread(target=_when_started, args=(server, lambda: announce(services, address)), daemon=True)
            started.start()
            with _signals_only_noted():
                server.run(sockets=[listener])
    finally:
        listener.close()


@contextmanager
def _signals_only_noted() -> Iterator[None]:
    """Uvicorn raises the signal that stopped it once more when it is done; its default would end the process before the exchange is
    stopped and its last batch committed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    """Uvicorn that tells the application at the first signal, so that open event streams end at once."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        app = self.config.loaded_app
        while not hasattr(app, "state") and hasattr(app, "app"):
            app = app.app
        wakeups = getattr(getattr(app, "state", None), "wakeups", None)
        if wakeups is not None:
            wakeups.stop_soon()
        super().handle_exit(sig, frame)


def _when_started(server: uvicorn.Server, then: Callable[[], None]) -> None:
    while not server.started and not server.should_exit:
        time.sleep(0.02)
    if server.started:
        then()
