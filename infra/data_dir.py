"""One process at a time runs on a data directory: a lock that the kernel lets go of when the process ends, however it ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataDirInUse(RuntimeError):
    """Another process runs on this data directory."""


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for as long as the block lasts; raises ``DataDirInUse``."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "running.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DataDirInUse(
                f"{data_dir}: an exchange is running on this data directory; stop it first, or name another with --data-dir"
            ) from None
        yield


def in_use(data_dir: Path) -> bool:
    """Whether an exchange runs on this data directory now. Makes nothing where there is nothing."""
    try:
        with (data_dir / "running.lock").open() as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
