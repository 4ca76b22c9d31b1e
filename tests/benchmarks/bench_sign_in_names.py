"""Whether the time of a refused sign-in tells which names exist: the same wrong password for known and unknown names, in turn.

    python -m tests.benchmarks.bench_sign_in_names --tries 200

With argon2 as it is in production, without the way over a network, which only adds noise. Prints one JSON object on its last line:
milliseconds of each kind, and how often a guess by the median of the other half would be right (0.5: no better than a coin).
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import Connection

from api.access.accounts import check_password, create_account
from infra.composition import open_exchange
from infra.migrate import migrate

SETTINGS = {
    "posting_days": 60,
    "person_pushes_a_day": 10,
    "posting_pushes_a_day": 50,
    "quiet_from": 22,
    "quiet_to": 7,
    "outside_channels": (),
}


def measured(connection: Connection, login: str) -> tuple[float, float]:
    """Milliseconds by the clock, and of processor."""
    began, worked = time.perf_counter(), time.process_time()
    assert check_password(connection, login, "a-wrong-password") is None
    return (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000


def guessed_right(known: list[float], unknown: list[float]) -> float:
    """Of names whose times were kept aside, how many a threshold learnt from the others tells rightly."""
    half = len(known) // 2
    middle = statistics.median([*known[:half], *unknown[:half]])
    slower = statistics.median(known[:half]) > statistics.median(unknown[:half])
    right = sum((one > middle) == slower for one in known[half:]) + sum((one > middle) != slower for one in unknown[half:])
    return right / (len(known) + len(unknown) - 2 * half)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=200)
    tries = parser.parse_args().tries
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gongqiao.sqlite"
        migrate(path)
        exchange, writer = open_exchange(path, b"k" * 32, SETTINGS)
        exchange.runner.start()
        try:
            made = {"login": "known", "password": "a-long-password", "role": "administrator", "now": exchange.now()}
            exchange.write(lambda connection: create_account(connection, **made))
            order = random.Random(1)
            times: dict[str, list[tuple[float, float]]] = {"known": [], "unknown": []}
            with exchange.reading() as connection:
                for login in ("known", "unknown"):
                    measured(connection, login)
                for _ in range(tries):
                    for login in order.sample(["known", "unknown"], 2):
                        times[login].append(measured(connection, login))
        finally:
            exchange.runner.stop()
            writer.stop()
    known, unknown = ([one[0] for one in times[login]] for login in ("known", "unknown"))
    worked = {login: round(statistics.median(one[1] for one in times[login]), 2) for login in times}
    found = {
        "tries": tries,
        "known_processor_p50_ms": worked["known"],
        "unknown_processor_p50_ms": worked["unknown"],
        "known_p50_ms": round(statistics.median(known), 2),
        "unknown_p50_ms": round(statistics.median(unknown), 2),
        "difference_ms": round(statistics.median(known) - statistics.median(unknown), 3),
        "spread_ms": round(statistics.quantiles(known, n=20)[-1] - statistics.quantiles(known, n=20)[0], 2),
        "guessed_right": round(guessed_right(known, unknown), 3),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
