"""What a day brings: windows that open, near their end and close, checks that fall due, employers whose data changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from sqlalchemy import select, update

from matcher.days import day_of
from matcher.match_order import name_id
from matcher.policy.counted import ABSORBED, POVERTY
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue, leaves
from matcher.shapes import Employer
from streams.policy import rules
from streams.policy.choices import choice_at
from streams.policy.exits import tell_ends
from streams.policy.headroom import warn_of_headroom
from streams.policy.known import Counters, EmployerFacts, catalogue_of, counters, employer_facts, employer_of
from streams.policy.messages import EmployerCounted, WindowChanged
from streams.policy.offers import EMPLOYER, announce, close, evaluate_employer, evaluate_hire, notify, worth_a_notice
from streams.policy.shares import shares_ahead
from streams.policy.tables import employers, hires, offers, progress, windows
from streams.runtime.clock import ClockTick
from streams.runtime.messages import NAMESPACE, from_json, to_json
from streams.runtime.outcomes import Continue, Emit, Outcome, Outcomes
from streams.runtime.subjects import Work
from streams.runtime.tables import insert_new, upsert

PAGE = 100
TOLD_BEFORE = (30, 7)  # days before the last day
MOST_DAYS = 400  # of a pause that is followed day by day; ticks come once a missed day, so one is the rule


def follow_the_calendar(message: ClockTick, work: Work) -> Outcomes:
    """On the first tick of a day the windows and the checks of that day; on every tick what has changed since the last one. In pages."""
    day = day_of(message.instant)
    phase, _, after = (work.cursor or "").partition("|")
    done = _progress(work, "day")
    new_day = done is None or date.fromisoformat(done) < day
    if not phase:
        if new_day:
            return [*_windows(work, done, day), Continue("holders|")]
        phase = "employers"
    outcomes, cursor = _PHASES[phase](work, after)
    if cursor is not None:
        return [*outcomes, Continue(f"{phase}|{cursor}")]
    following = _NEXT[phase]
    if phase == "checks":
        upsert(work.connection, progress, {"name": "day", "value": day.isoformat()})
    if following is not None:
        return [*outcomes, Continue(f"{following}|")]
    return outcomes


def _progress(work: Work, name: str) -> str | None:
    found: str | None = work.connection.execute(select(progress.c.value).where(progress.c.name == name)).scalar()
    return found


def days_between(done: date | None, day: date) -> Iterator[date]:
    """The days after ``done`` up to ``day``; the first tick ever looks at its own day only."""
    start = day if done is None else max(done + timedelta(days=1), day - timedelta(days=MOST_DAYS))
    while start <= day:
        yield start
        start += timedelta(days=1)


def window_events(catalogue: Catalogue, day: date) -> Iterator[tuple[Entry, str, int | None]]:
    """Entries whose window opens or has closed on this day, or closes in 30 or 7 days: (entry, event, days left)."""
    for entry in catalogue.entries:
        if set(entry.usable_as) == {"modifier"}:
            continue
        window = entry.window
        if window.from_ == day:
            yield entry, "opened", None
        if window.to is None:
            continue
        if window.to + timedelta(days=1) == day:
            yield entry, "closed", None
        left = (window.to - day).days
        if left in TOLD_BEFORE and window.from_ <= day:
            yield entry, f"closing_{left}", left


def _windows(work: Work, done: str | None, day: date) -> list[Outcome]:
    catalogue = catalogue_of(work.settings)
    outcomes: list[Outcome] = []
    pushed = False
    for on in days_between(date.fromisoformat(done) if done is not None else None, day):
        for entry, event, left in window_events(catalogue, on):
            if not insert_new(work.connection, windows, {"entry_id": entry.id, "event": event, "day": on}):
                continue
            pushed = pushed or (EMPLOYER in entry.usable_as and event in ("opened", "closed"))
            said = WindowChanged(
                entry_id=entry.id,
                benefit=catalogue.benefit_of[entry.id],
                event=event.partition("_")[0],  # type: ignore[arg-type]
                day=on,
                last_day=entry.window.to,
                days_left=left,
            )
            outcomes.append(Emit(said, discriminator=event))
    if pushed or _progress(work, "catalogue") != catalogue.version or _turn_of_year(done, day):
        # Another version is in force, or the year before is another one: everybody with data is looked at again.
        work.connection.execute(update(employers).values(due=True))
        work.connection.execute(update(hires).where(hires.c.person.is_not(None)).values(due=True))
        upsert(work.connection, progress, {"name": "catalogue", "value": catalogue.version})
    return outcomes


def _turn_of_year(done: str | None, day: date) -> bool:
    return done is not None and date.fromisoformat(done).year != day.year


def _holders(work: Work, after: str) -> tuple[list[Outcome], str | None]:
    """Everyone with an open offer of an entry that nears its end is told; of one that is over the offer goes."""
    catalogue, day = catalogue_of(work.settings), work.as_of
    over = [entry.id for entry in catalogue.entries if entry.window.to is not None and entry.window.to < day]
    nearing = {entry.id: (entry, event) for entry, event, left in window_events(catalogue, day) if left is not None}
    asked = [*over, *nearing]
    if not asked:
        return [], None
    query = (
        select(offers)
        .where(offers.c.entry_id.in_(asked), offers.c.state.in_(("open", "excluded", "settled")), offers.c.offer_id > after)
        .order_by(offers.c.offer_id)
        .limit(PAGE)
    )
    connection = work.connection
    rows = [dict(row) for row in connection.execute(query).mappings()]
    outcomes: list[Outcome] = []
    for row in rows:
        if row["entry_id"] in nearing:
            entry, event = nearing[row["entry_id"]]
            if row["state"] == "open" and entry.window.to is not None and worth_a_notice(row):
                numbers = {"days_left": str((entry.window.to - day).days)}
                outcomes += announce(work, row, "closing", numbers, mark=event)
        else:
            outcomes += close(work, row, "window")
            # What it kept out may still be open: the hire is looked at again today.
            connection.execute(update(hires).where(hires.c.hire_id == row["about"], hires.c.person.is_not(None)).values(due=True))
    return outcomes, rows[-1]["offer_id"] if len(rows) == PAGE else None


def _checks(work: Work, after: str) -> tuple[list[Outcome], str | None]:
    """Hires whose deferred conditions can have come true."""
    query = select(hires).where(hires.c.check_on <= work.as_of, hires.c.hire_id > after).order_by(hires.c.hire_id).limit(PAGE)
    rows = [dict(row) for row in work.connection.execute(query).mappings()]
    outcomes: list[Outcome] = []
    for row in rows:
        outcomes += evaluate_hire(work, row)
        _mark_employer(work, row["employer_id"])  # six stable months count for the employer's thresholds too
    return outcomes, rows[-1]["hire_id"] if len(rows) == PAGE else None


def _mark_employer(work: Work, employer_id: str | None) -> None:
    if employer_id is not None:
        work.connection.execute(update(employers).where(employers.c.employer_id == employer_id).values(due=True))


def _due_employers(work: Work, after: str) -> tuple[list[Outcome], str | None]:
    """Employers about which something changed, then their hires where a count changed what these bring (E-24)."""
    query = (
        select(employers.c.employer_id)
        .where(employers.c.due, employers.c.employer_id > after)
        .order_by(employers.c.employer_id)
        .limit(PAGE)
    )
    ids = [row[0] for row in work.connection.execute(query)]
    outcomes: list[Outcome] = []
    for employer_id in ids:
        outcomes += evaluate_employer(work, employer_id)
        outcomes += _counted(work, employer_id)
        outcomes += warn_of_headroom(work, employer_id)
    if ids:
        work.connection.execute(update(employers).where(employers.c.employer_id.in_(ids)).values(due=False))
    return outcomes, ids[-1] if len(ids) == PAGE else None


def _counted(work: Work, employer_id: str) -> list[Outcome]:
    """Counts as they are now: matching is told, the next threshold within reach is told once, and a changed count re-computes the hires."""
    connection = work.connection
    employer = employer_of(connection, employer_id)
    found = counters(connection, employer_id, employer, work.as_of, work.settings)
    before = from_json(connection.execute(select(employers.c.counters).where(employers.c.employer_id == employer_id)).scalar() or b"{}")
    now = {**found.document(), "by_year": {str(year): number for year, number in sorted(found.by_year.items())}}
    if now == {name: value for name, value in before.items() if name != "said"}:
        return []
    outcomes: list[Outcome] = []
    said = before.get("said", 0)
    # Who has hired nobody yet is counted as if nobody had said so: a message for every employer would say nothing.
    if said or found.absorbed or found.poverty:
        said += 1
        outcomes.append(Emit(EmployerCounted(employer_id=employer_id, revision=said, **found.document())))
    connection.execute(update(employers).where(employers.c.employer_id == employer_id).values(counters=to_json({**now, "said": said})))
    outcomes += _near_thresholds(work, employer_id, employer, found)
    outcomes += _near_shares(work, employer_id, employer, found)
    if any(before.get(name) != now[name] for name in ("absorbed", "poverty", "by_year")):
        connection.execute(update(hires).where(hires.c.employer_id == employer_id, hires.c.person.is_not(None)).values(due=True))
    return outcomes


def _near_thresholds(work: Work, employer_id: str, employer: Employer | None, found: Counters) -> list[Outcome]:
    catalogue = catalogue_of(work.settings)
    outcomes: list[Outcome] = []
    known: EmployerFacts | None = None  # read once, and for few employers at all
    for field, count in ((ABSORBED, found.absorbed), (POVERTY, found.poverty)):
        for entry in catalogue.entries:
            steps = rules.thresholds(entry, field)
            if not steps or count == 0 or not entry.window.holds(work.as_of):
                continue
            near = rules.next_threshold(steps, count)
            if near is None or not _concerns(entry, employer):
                continue
            benefit = catalogue.benefit_of[entry.id]
            known = known or employer_facts(work.connection, employer_id, work.as_of, work.settings)
            choice = choice_at(catalogue, known, work.as_of, field, near[0], benefit)
            numbers = {"count": str(count), "threshold": str(near[0]), "missing": str(near[1]), **choice}
            about = {
                "employer_id": employer_id, "person_id": None, "benefit": benefit, "entry_id": entry.id,
                "about": str(near[0]), "last_day": entry.window.to,
            }  # fmt: skip
            id_ = name_id(NAMESPACE, f"threshold|{employer_id}|{entry.id}|{near[0]}|{work.as_of.year}")
            outcomes += notify(work, id_, "threshold", "employer", about, numbers=numbers)
    return outcomes


def _near_shares(work: Work, employer_id: str, employer: Employer | None, found: Counters) -> list[Outcome]:
    """The same for a share of all who work there (001 三、12(4)), where the exchange counts it."""
    catalogue = catalogue_of(work.settings)
    outcomes: list[Outcome] = []
    for near in shares_ahead(catalogue, employer, found, work.as_of):
        entry = catalogue.by_id[near["entry_id"]]
        if near["missing"] > rules.WITHIN_REACH or not _concerns(entry, employer):
            continue
        numbers = {name: str(near[name]) for name in ("count", "share", "threshold_percent", "missing")}
        about = {
            "employer_id": employer_id, "person_id": None, "benefit": near["benefit"], "entry_id": entry.id,
            "about": f"{near['threshold_percent']}%", "last_day": entry.window.to,
        }  # fmt: skip
        id_ = name_id(NAMESPACE, f"threshold|{employer_id}|{entry.id}|{near['threshold_percent']}%|{work.as_of.year}")
        outcomes += notify(work, id_, "threshold", "employer", about, numbers=numbers)
    return outcomes


def _concerns(entry: Entry, employer: Employer | None) -> bool:
    """Whether the entry's recognition or size could be the employer's: a threshold for workshops says nothing to others."""
    if employer is None:
        return False
    for leaf in leaves(entry.conditions):
        if leaf.field == "employer.recognition" and leaf.op == "contains_any" and not set(leaf.value) & set(employer.recognition or ()):
            return False
        if leaf.field == "employer.size" and leaf.op == "in" and employer.size is not None and employer.size not in leaf.value:
            return False
        if leaf.field == "employer.ownership" and leaf.op == "eq" and employer.ownership is not None and employer.ownership != leaf.value:
            return False
        if leaf.field == "employer.labour_intensive" and employer.facts.get(leaf.field) is not True:
            return False
    return True


def _due_hires(work: Work, after: str) -> tuple[list[Outcome], str | None]:
    query = select(hires).where(hires.c.due, hires.c.hire_id > after).order_by(hires.c.hire_id).limit(PAGE)
    rows = [dict(row) for row in work.connection.execute(query).mappings()]
    outcomes: list[Outcome] = []
    for row in rows:
        outcomes += evaluate_hire(work, row)
    if rows:
        work.connection.execute(update(hires).where(hires.c.hire_id.in_([row["hire_id"] for row in rows])).values(due=False))
    return outcomes, rows[-1]["hire_id"] if len(rows) == PAGE else None


def _exits(work: Work, after: str) -> tuple[list[Outcome], str | None]:
    return tell_ends(work, after, PAGE)


_PHASES: dict[str, Callable[[Work, str], tuple[list[Outcome], str | None]]] = {
    "holders": _holders,
    "exits": _exits,
    "checks": _checks,
    "employers": _due_employers,
    "hires": _due_hires,
}
# Employers before hires: a count that passed a threshold changes what the hires bring. Later ticks of a day begin with the employers.
_NEXT: dict[str, str | None] = {"holders": "exits", "exits": "checks", "checks": "employers", "employers": "hires", "hires": None}
