"""Holds a lock until it is killed: ``python holder.py URL NAME``. Says on standard output when it has it."""

from __future__ import annotations

import sys
import time

from streams.runtime.database import open_engine
from streams.runtime.locks import lock_on

if __name__ == "__main__":
    lock = lock_on(open_engine(sys.argv[1]), sys.argv[2])
    while not lock.try_acquire():
        time.sleep(0.05)
    sys.stdout.write("held\n")
    sys.stdout.flush()
    while lock.alive():
        time.sleep(0.2)
    sys.stdout.write("lost\n")
    sys.stdout.flush()
