"""The cache that several processes share: Redis. Buckets are counted by one script, by the engine's own clock."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, RedisError
from redis.retry import Retry

from api.cache.shapes import CacheFault, Limit, Room

_logger = logging.getLogger("gongqiao.cache")
_ANSWER_S = 0.25  # an engine that takes longer is of no use to a request that waits for it
_REST_S = 1.0  # after a fault nobody asks for so long: requests must not wait for an engine that is gone, one after another
_LISTEN_S = 1.0

# The engine's clock: those of the processes may differ. HSET of text, because numbers lose their fraction on the way.
_TAKE = """
local most, seconds, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local held = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(held[1]) or most, tonumber(held[2]) or now
tokens = math.min(most, tokens + math.max(0, now - at) * most / seconds)
local allowed = 0
if tokens + 1e-9 >= cost then
  allowed = 1
  if cost ~= 0 then
    tokens = math.min(most, math.max(0, tokens - cost))
    if tokens >= most then
      redis.call('DEL', KEYS[1])
    else
      redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', now))
      redis.call('PEXPIRE', KEYS[1], math.ceil((most - tokens) * seconds / most * 1000) + 1000)
    end
  end
end
return {allowed, string.format('%.6f', tokens)}
"""


class RedisCache:
    """``url`` is ``redis://user:password@host:port/number``, ``rediss://`` with TLS; ``arguments``, where given, name host, user and TLS
    in its place, and go to the client as they are.

    Whose bucket it is goes into a key hashed only: addresses and accounts are not readable there.
    """

    def __init__(self, url: str, *, prefix: str = "gongqiao:", arguments: Mapping[str, Any] | None = None):
        timing: dict[str, Any] = {
            "socket_timeout": _ANSWER_S,
            "socket_connect_timeout": _ANSWER_S,
            # One more try: a connection kept from before a restart of the engine fails at its first use.
            "retry": Retry(NoBackoff(), 1),
            "health_check_interval": 15,
        }
        self._prefix = prefix
        self._client = redis.Redis(**{**timing, **arguments}) if arguments else redis.Redis.from_url(url, **timing)
        self._script = self._client.register_script(_TAKE)
        self._rest_until = 0.0
        self._ends: list[Callable[[], None]] = []
        self.fault: str | None = None

    def take(self, limit: Limit, who: str, cost: int = 1) -> Room:
        whose = hashlib.blake2b(who.encode(), digest_size=16, key=self._prefix.encode()[:64]).hexdigest()
        name = f"{self._prefix}limit:{limit.name}:{whose}"
        allowed, tokens = self._ask(lambda: self._script(keys=[name], args=[limit.most, limit.seconds, cost]))
        return Room(limit, bool(allowed), float(tokens))

    def keep(self, name: str, value: bytes, seconds: float) -> None:
        if seconds > 0:
            self._ask(lambda: self._client.set(f"{self._prefix}kept:{name}", value, px=max(1, int(seconds * 1000))))

    def kept(self, name: str) -> bytes | None:
        found: bytes | None = self._ask(lambda: self._client.get(f"{self._prefix}kept:{name}"))
        return found

    def ring(self, text: str) -> None:
        self._ask(lambda: self._client.publish(self._channel, text))

    def listen(self, heard: Callable[[str], None]) -> Callable[[], None]:
        listener = _Listener(self._client, self._channel, heard, self._noted)
        listener.start()
        self._ends.append(listener.stop)
        return listener.stop

    def close(self) -> None:
        ends, self._ends = self._ends, []
        for end in ends:
            end()
        self._client.close()

    @property
    def _channel(self) -> str:
        return f"{self._prefix}ring"

    def _ask(self, question: Callable[[], Any]) -> Any:
        if time.monotonic() < self._rest_until:
            raise CacheFault(self.fault or "Redis did not answer a moment ago")
        try:
            answer = question()
        except (RedisError, OSError) as error:
            self._rest_until = time.monotonic() + _REST_S
            self._noted(error)
            raise CacheFault(str(self.fault)) from error
        self._noted(None)
        return answer

    def _noted(self, error: Exception | None) -> None:
        reason = None if error is None else plain_reason(error)
        if reason != self.fault:
            if reason is None:
                _logger.info("redis answers again")
            else:
                _logger.warning("redis does not answer", extra={"reason": reason})
        self.fault = reason


def plain_reason(error: Exception) -> str:
    """A fault in words an operator can act on; no address and no password in it."""
    if isinstance(error, AuthenticationError | AuthorizationError | NoPermissionError):
        return "Redis refuses the user or its password: check GONGQIAO_CACHE and the ACL"
    return f"Redis does not answer ({type(error).__name__}): limits, wake-ups and caches go on without it"


class _Listener:
    """One subscription with a connection and a thread of its own; connects again without end."""

    def __init__(self, client: redis.Redis, channel: str, heard: Callable[[str], None], noted: Callable[[Exception | None], None]):
        self._client = client
        self._channel = channel
        self._heard = heard
        self._noted = noted
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="redis-listener", daemon=True)

    def start(self) -> None:
        """Begin; what is rung after this answers is heard, unless the engine is gone."""
        self._thread.start()
        self._listening.wait(2 * _ANSWER_S)

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_LISTEN_S + 2)

    def _run(self) -> None:
        rest, missed = 0.05, False
        while not self._stopping.is_set():
            pubsub = self._client.pubsub()
            try:
                pubsub.subscribe(self._channel)
                while not self._stopping.is_set():
                    message = pubsub.get_message(timeout=_LISTEN_S if self._listening.is_set() else _ANSWER_S)
                    if message is None:
                        continue
                    if message["type"] == "subscribe":
                        rest = 0.05
                        self._noted(None)
                        # The client subscribes again by itself where it can: that is told by a second such message.
                        missed = missed or self._listening.is_set()
                        self._listening.set()
                        if missed:
                            missed = False
                            self._heard("")
                    elif message["type"] == "message":
                        self._heard(message["data"].decode("utf-8", "replace"))
            except (RedisError, OSError) as error:
                self._noted(error)
                self._listening.clear()
                missed = True
                self._stopping.wait(rest)
                rest = min(rest * 2, _REST_S)
            finally:
                pubsub.close()
