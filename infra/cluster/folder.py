"""The folder of the local engines: programs, data, logs, the passwords made at the first start, and whose processes are whose."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path


class ClusterError(RuntimeError):
    """The local engines cannot be had as they are wanted; says which, why and what to do."""


class Folder:
    """``.cluster``, absolute. Started as root, the engines run as ``nobody``: Elasticsearch and PostgreSQL refuse root."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.env = self.path / "env"
        self.scratch = self.path / "tmp"

    @cached_property
    def owner(self) -> tuple[int, int] | None:
        """User and group that engines run as; None: as whoever calls."""
        if os.geteuid() != 0:
            return None
        nobody = pwd.getpwnam("nobody")
        return nobody.pw_uid, nobody.pw_gid

    def make(self) -> None:
        """The folder and its scratch room, which the engines' user can enter; raises ``ClusterError`` where they cannot."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.room("tmp")
        if self.owner is not None:
            entered = subprocess.run(["test", "-w", self.scratch], check=False, **self.as_owner())  # type: ignore[call-overload]
            if entered.returncode != 0:
                raise ClusterError(
                    f"{self.path}: the user nobody cannot enter it, and as root the engines run as nobody; "
                    "name a folder outside private homes: GONGQIAO_CLUSTER_DIR=/var/tmp/cluster"
                )

    def as_owner(self) -> dict[str, object]:
        """Arguments of ``subprocess`` for a program that runs as the engines' user."""
        if self.owner is None:
            return {}
        return {"user": self.owner[0], "group": self.owner[1], "extra_groups": []}

    def room(self, name: str) -> Path:
        """A folder below, made if need be, that the engines' user owns and nobody else enters."""
        made = self.path / name
        made.mkdir(parents=True, exist_ok=True)
        self.hand_over(made)
        made.chmod(0o700)
        return made

    def hand_over(self, path: Path) -> None:
        """Give a file, or a folder with all that is in it, to the engines' user."""
        if self.owner is None:
            return
        os.chown(path, *self.owner)
        if path.is_dir():
            for inside in path.rglob("*"):
                os.chown(inside, *self.owner, follow_symlinks=False)

    def write(self, path: Path, text: str, *, ours: bool = False) -> None:
        """Put a file in place whole, readable by the engines' user only (``ours``: by the caller only)."""
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        if not ours:
            self.hand_over(part)
        part.replace(path)

    def password(self, name: str) -> str:
        """The password of this user, made when first asked for: 40 hex digits, so that it needs no quoting anywhere."""
        path = self.path / "passwords.json"
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if name not in kept:
            kept[name] = secrets.token_hex(20)
            self.write(path, json.dumps(kept, indent=1) + "\n", ours=True)
        return kept[name]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One caller at a time changes what runs."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def free_bytes(self) -> int:
        """Room left on the disk."""
        return shutil.disk_usage(self.path if self.path.exists() else self.path.parent).free
