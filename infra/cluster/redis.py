"""The local Redis: one ACL user with a password, the nameless one off."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import redis

from infra.cluster import fetch
from infra.cluster.engine import USER, Engine
from infra.cluster.fetch import Say

_CONFIGURATION = """bind 127.0.0.1
port {port}
dir "{data}"
aclfile "{acl}"
appendonly yes
maxmemory {memory}mb
maxmemory-policy allkeys-lru
"""


class Redis(Engine):
    """Holds what may be lost: limits, wake-ups, caches."""

    name = "redis"
    title = "Redis"
    setting = "cache"

    @property
    def ports(self) -> dict[str, int]:
        return {"cluster_redis_port": self.settings.cluster_redis_port}

    @property
    def memory_mb(self) -> int:
        return 20

    @property
    def url(self) -> str:
        return f"redis://{USER}:{self.folder.password('redis_exchange')}@127.0.0.1:{self.port}/0"

    def fetch(self, say: Say) -> None:
        self._server = fetch.program("redis-server")

    def prepare(self) -> None:
        data = self.folder.room("redis-data")
        acl = data / "users.acl"
        digest = hashlib.sha256(self.folder.password("redis_exchange").encode()).hexdigest()
        self.folder.write(acl, f"user default off\nuser {USER} on #{digest} ~* &* +@all -@admin\n")
        memory = self.settings.cluster_redis_memory_mb
        self.folder.write(data / "redis.conf", _CONFIGURATION.format(port=self.port, data=data, acl=acl, memory=memory))

    def command(self) -> tuple[list[str | Path], dict[str, str]]:
        return [self._server, self.folder.path / "redis-data" / "redis.conf"], {}

    def fault(self) -> str | None:
        client = redis.Redis.from_url(self.url, socket_timeout=3, socket_connect_timeout=3)
        try:
            client.ping()
        except redis.RedisError as error:
            return f"{type(error).__name__} at 127.0.0.1:{self.port}"
        finally:
            client.close()
        return None

    def version(self) -> str:
        said = subprocess.run([fetch.program("redis-server"), "--version"], capture_output=True, text=True, check=False).stdout
        found = re.search(r"v=([0-9.]+)", said)
        return found[1] if found else ""
