"""How often groups of people get recommendations that the matcher must not tell apart: sex, age, place of first registration.

None of the three enters a score (``docs/model-card.md``); what may stand in for them does, so rates can differ all the same. They are
told by the identity number, which is kept sealed: it is opened here for counting, one at a time, and nothing of it is kept or shown.
Auditors only; counting is an entry of the log of who read whose data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from api.access.accounts import Caller
from matcher.masking import id_number_valid
from streams.delivery.tables import pairs, sides
from streams.intake.tables import people
from streams.regions import within
from streams.runtime.sealing import Vault

LEAST = 10  # people of a group; smaller ones are put together, so that nobody's rate can be told
OTHERS, UNKNOWN = "人数太少的合并", "未知"
_AGES = ((16, "16岁以下"), (25, "16至24岁"), (35, "25至34岁"), (45, "35至44岁"), (55, "45至54岁"), (200, "55岁及以上"))


@dataclass(frozen=True)
class Rate:
    """One group. ``reached``: share of its people who were sent a recommendation; ``pushed``: recommendations a person; ``ratio``: of
    ``reached`` to that of everybody (None where nobody was reached)."""

    by: str
    group: str
    people: int
    reached: float
    pushed: float
    ratio: float | None


def groups_of(number: str | None, as_of: date) -> dict[str, str]:
    """The groups that an identity number (GB 11643) tells; 未知 where there is none, or no right one."""
    if number is None or not id_number_valid(number):
        return dict.fromkeys(("sex", "age", "registered"), UNKNOWN)
    born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    age = as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))
    return {
        "sex": "男" if int(number[16]) % 2 else "女",
        "age": next(name for below, name in _AGES if age < below),
        "registered": "本省" if number.startswith("14") else "外省",
    }


def rates(
    connection: Connection, vault: Vault, auditor: Caller, as_of: date, *, days: int = 90, step: Callable[[], object] = lambda: None
) -> list[Rate]:
    """The rates of everybody on the market in the auditor's region who could be sent something in the last ``days`` days, by sex, age and
    place of first registration. ``step`` is called for each person."""
    since = (as_of - timedelta(days=days)).isoformat()
    sent = _sent(connection, since)
    found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    everybody: list[int] = []
    numbers = vault.reveal_all(connection, "person", "id_number")
    for person_id, number in _with_numbers(_on_market(connection, auditor.region), numbers):
        count = sent.get(person_id, 0)
        everybody.append(count)
        for by, group in groups_of(number, as_of).items():
            found[by][group].append(count)
        step()
    whole = _reached(everybody)
    return [
        Rate(by, group, len(counts), _reached(counts), sum(counts) / len(counts), _reached(counts) / whole if whole else None)
        for by, by_group in found.items()
        for group, counts in sorted(together(by_group).items())
    ]


def together(groups: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """Groups of fewer than ``LEAST`` people in one, with the next smallest ones until that is large enough; where everybody is too few,
    nothing: a group that is left out could be worked out from the rest."""
    by_size = sorted(groups.items(), key=lambda item: (len(item[1]), item[0]))
    small: list[int] = []
    while by_size and (len(by_size[0][1]) < LEAST or 0 < len(small) < LEAST):
        small += by_size.pop(0)[1]
    kept = dict(by_size)
    if small:
        kept[OTHERS] = small
    return {group: counts for group, counts in kept.items() if len(counts) >= LEAST}


def _reached(counts: list[int]) -> float:
    return sum(1 for count in counts if count) / len(counts) if counts else 0.0


def _sent(connection: Connection, since: str) -> dict[str, int]:
    query = select(pairs.c.person_id, func.count()).where(pairs.c.pushed_on >= since).group_by(pairs.c.person_id)
    return {person_id: count for person_id, count in connection.execute(query)}


def _on_market(connection: Connection, region: str | None) -> Iterator[str]:
    query = select(sides.c.id).where(sides.c.kind == "person", sides.c.on_market).order_by(sides.c.id)
    if region is not None:
        query = query.join(people, people.c.person_id == sides.c.id).where(within(people.c.region, region))
    return iter(connection.execute(query.execution_options(yield_per=5000)).scalars())


def _with_numbers(ids: Iterator[str], numbers: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str | None]]:
    """Two lists in the order of their ids, joined: a million people without holding a million numbers."""
    next_id, number = next(numbers, ("", ""))
    for person_id in ids:
        while next_id and next_id < person_id:
            next_id, number = next(numbers, ("", ""))
        yield person_id, number if next_id == person_id else None
