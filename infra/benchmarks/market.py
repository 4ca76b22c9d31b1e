"""``gongqiao bench market``: a week of a made-up market, with and without balanced exposure.

The matcher finds pairs, delivery pushes them through its own tables and budgets; nothing of either is imitated. People answer by tastes of
their own for trades and employers, and by chance: the score knows neither. Half of the people and openings are there from the start, the
rest come in equal parts on the following days.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import NormalDist
from typing import Any, Literal

import click
import orjson
from sqlalchemy import Connection, select

from infra.benchmarks.match import AS_OF, SEED, bench_people
from infra.composition import open_exchange
from infra.sample import generate
from matcher.blockers import BATCH_RULES, posting_blockers
from matcher.columns_people import PeopleColumns
from matcher.columns_postings import PostingColumns
from matcher.criteria import CRITERIA
from matcher.days import SHANGHAI
from matcher.match_order import MODEL_VERSION, is_in_market, match_id
from matcher.pairs import Pair as FoundPair
from matcher.shapes import Person, Posting, read_posting
from streams.delivery.handlers import SUBJECT
from streams.delivery.messages import RecommendationAnswered
from streams.delivery.tables import pairs
from streams.matching.handlers import PERSON_PAIRS, most_pairs
from streams.matching.messages import Pair, PersonMatched, PostingMatched
from streams.runtime.clock import ClockTick
from streams.runtime.exchange import Said
from streams.runtime.messages import Message
from streams.runtime.subjects import Topology
from streams.runtime.topology import TOPICS

DAYS = 7
ENOUGH = 3  # suitable candidates an opening, fitting postings a person
PAGE = 200
#: How much a person's own taste for a trade and for an employer move what they think of a pair, beside its score of 100; and chance.
TRADE_TASTE, EMPLOYER_TASTE, CHANCE = 12.0, 6.0, 5.0
#: From here on a pair suits. In this market it is about the middle of what is pushed.
SUITS = 50.0
REASONS: dict[str, Literal["pay", "distance", "trade", "hours"]] = {
    "pay": "pay", "place": "distance", "occupation": "trade", "hours": "hours",
}  # fmt: skip
_NORMAL = NormalDist()


def _drawn(*what: str) -> float:
    """A number between 0 and 1 that belongs to these words: the same in every run, whatever else happens."""
    digest = hashlib.blake2b("\x1f".join((str(SEED), *what)).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") + 0.5) / 2**64


def _bell(*what: str) -> float:
    return _NORMAL.inv_cdf(_drawn(*what))


def worth(person_id: str, posting: Posting, score: float) -> float:
    """What the person thinks of the posting when nothing distracts them; the score is a part of it, the tastes are hidden."""
    trade = (posting.occupation_code or posting.title)[:4]
    employer = posting.employer.employer_id or posting.employer.name or posting.posting_id
    return score + TRADE_TASTE * _bell("trade", person_id, trade) + EMPLOYER_TASTE * _bell("employer", person_id, employer)


def gini(numbers: Sequence[int]) -> float:
    """0: all alike; towards 1: one has everything."""
    ranked, total = sorted(numbers), sum(numbers)
    if not total:
        return 0.0
    weighed = sum(place * number for place, number in enumerate(ranked, start=1))
    return 2 * weighed / (len(ranked) * total) - (len(ranked) + 1) / len(ranked)


@dataclass(frozen=True)
class MadeUp:
    """The people and openings of a market: the same for the same sizes."""

    people: list[Person]
    openings: list[Posting]

    @classmethod
    def of(cls, people: int, openings: int) -> MadeUp:
        rows = generate(seed=SEED, postings=max(200, 3 * openings), employers=max(40, openings // 5), people=1, today=AS_OF).postings
        last = AS_OF + timedelta(days=DAYS)
        found = [
            posting.model_copy(update={"headcount": 1, "filled": 0})
            for posting in map(read_posting, rows)
            if is_in_market(posting) and not any(posting_blockers(posting, day, BATCH_RULES) for day in (AS_OF, last))
        ]
        if len(found) < openings:
            raise click.ClickException(f"the sample has {len(found)} openings that stay open for a week, {openings} were asked for")
        return cls(list(islice(bench_people(people), people)), found[:openings])


class Market:
    """One run: delivery in a temporary folder, days that go by, and people who answer."""

    def __init__(self, folder: Path, made_up: MadeUp, settings: dict[str, Any]):
        self._made_up = made_up
        self._now = datetime.combine(AS_OF, datetime.min.time(), SHANGHAI)
        flows = Topology(TOPICS, (SUBJECT,))
        self._open, self._writer = open_exchange(
            folder / "market.sqlite", b"m" * 32, settings, flows=flows, now=lambda: self._now.astimezone(UTC)
        )
        self._people, self._postings = PeopleColumns(), PostingColumns()
        self._by_id = {posting.posting_id: posting for posting in made_up.openings}

    def run(self, say: Callable[[str], None]) -> dict[str, Any]:
        self._open.runner.start()
        try:
            for day in range(DAYS):
                self._now = datetime.combine(AS_OF + timedelta(days=day), datetime.min.time(), SHANGHAI)
                self._say([ClockTick(instant=self._now, last=self._now - timedelta(days=1) if day else None)])
                self._now += timedelta(hours=10)
                self._arrive(day)
                answers = self._answer()
                say(f"day {day + 1}: {sum(answers.values())} answers, {answers['interested']} interested")
            return self._figures()
        finally:
            self._open.runner.stop()
            self._writer.stop()

    def _arrive(self, day: int) -> None:
        today = self._now.date()
        openings, people = _share(self._made_up.openings, day), _share(self._made_up.people, day)
        for posting in openings:
            self._postings.upsert(posting)
        said: list[Message] = []
        # Openings meet who is there, then people meet all openings: whoever comes later finds the other, as in matching.
        for posting in openings:
            best = self._people.match(posting, today, most_pairs(1), rules=BATCH_RULES)
            said.append(
                PostingMatched(
                    posting_id=posting.posting_id, revision=1, openings_left=1, model_version=MODEL_VERSION, catalogue_version="-",
                    pairs=tuple(map(_told, best)),
                )
            )  # fmt: skip
        for person in people:
            self._people.upsert(person)
            best = self._postings.match(person, today, PERSON_PAIRS, rules=BATCH_RULES)
            said.append(
                PersonMatched(
                    person_id=person.person_id,
                    revision=1,
                    model_version=MODEL_VERSION,
                    catalogue_version="-",
                    pairs=tuple(map(_told, best)),
                )
            )
        self._say(said)

    def _answer(self) -> Counter[str]:
        """In the evening everybody says what they think of what came that day; what does not suit is refused every second time."""
        self._now += timedelta(hours=10)
        counted: Counter[str] = Counter()
        said: list[Message] = []
        for person_id, posting_id, score, document in self._told_on(self._now.date().isoformat()):
            thought = worth(person_id, self._by_id[posting_id], score) + CHANCE * _bell("chance", person_id, posting_id)
            if thought < SUITS and _drawn("silent", person_id, posting_id) < 0.5:
                continue
            answer: Literal["interested", "refused"] = "interested" if thought >= SUITS else "refused"
            reason = _weakest(orjson.loads(document)["points"]) if answer == "refused" else None
            id_ = match_id(person_id, posting_id)
            said.append(RecommendationAnswered(person_id=person_id, posting_id=posting_id, match_id=id_, answer=answer, reason=reason))
            counted[answer] += 1
        self._say(said)
        return counted

    def _told_on(self, day: str) -> list[Any]:
        query = select(pairs.c.person_id, pairs.c.posting_id, pairs.c.score, pairs.c.document).where(
            pairs.c.pushed_on == day, pairs.c.answer.is_(None)
        )
        with self._open.reading() as connection:
            return list(connection.execute(query.order_by(pairs.c.match_id)).all())

    def _figures(self) -> dict[str, Any]:
        with self._open.reading() as connection:
            told = connection.execute(
                select(pairs.c.person_id, pairs.c.posting_id, pairs.c.score).where(pairs.c.pushed_on.is_not(None))
            ).all()
        suits = [(person, posting) for person, posting, score in told if worth(person, self._by_id[posting], score) >= SUITS]
        people, openings = self._made_up.people, self._made_up.openings
        contacted, offered = Counter(posting for _, posting in suits), Counter(person for person, _ in suits)
        exposure = Counter(posting for _, posting, _ in told)
        return {
            "recommendations": len(told),
            "suitable": round(len(suits) / max(1, len(told)), 3),
            "openings_with_three_suitable": round(sum(contacted[one.posting_id] >= ENOUGH for one in openings) / len(openings), 4),
            "openings_reaching_nobody": round(sum(not exposure[one.posting_id] for one in openings) / len(openings), 4),
            "people_with_three_fitting": round(sum(offered[one.person_id] >= ENOUGH for one in people) / len(people), 4),
            "gini_of_exposure": round(gini([exposure[one.posting_id] for one in openings]), 4),
            "mean_score": round(sum(score for *_, score in told) / max(1, len(told)), 2),
        }

    def _say(self, messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), PAGE):
            page = messages[start : start + PAGE]
            self._open.append([Said(message, before=self._keys(message)) for message in page], source="bench")
        self._open.runner.drain(3600)

    def _keys(self, message: Message) -> Callable[[Connection], None]:
        people = {str(pair.person_id) for pair in getattr(message, "pairs", ())}
        if isinstance(message, PersonMatched | RecommendationAnswered):
            people.add(message.person_id)

        def make(connection: Connection) -> None:
            for person_id in sorted(people):
                self._open.vault.make_key(connection, person_id)

        return make


def _share(everything: Sequence[Any], day: int) -> Sequence[Any]:
    """Half on the first day, the rest in equal parts: every second one, so that both are alike."""
    if day == 0:
        return everything[::2]
    return everything[1::2][day - 1 :: DAYS - 1]


def _told(found: FoundPair) -> Pair:
    return Pair(
        person_id=found.person_id, posting_id=found.posting_id, score=found.score, band=found.band, rank=found.rank,
        priority=found.priority, priority_reasons=found.priority_reasons, not_stated=found.not_stated,
        points={name: tenths / 10 for name, tenths in zip(CRITERIA, found.tenths, strict=True)},
    )  # fmt: skip


def _weakest(points: dict[str, float]) -> Literal["pay", "distance", "trade", "hours"]:
    """What somebody names who refuses: of the four, what the pair is worst in."""
    of = {"pay": 8.0, "place": 12.0, "occupation": 40.0, "hours": 4.0}
    return REASONS[min(of, key=lambda name: (points.get(name, 0.0) / of[name], name))]


def _say_of(say: Callable[[str], None], name: str, line: str) -> None:
    say(f"{name} balancing, {line}")


def measure(
    people: int, openings: int, pushes: int, balanced: Iterable[bool] = (True, False), say: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """The week's figures ``with`` and ``without`` balancing, on the same market. ``pushes``: what one person is sent a day at most."""
    made_up = MadeUp.of(people, openings)
    found: dict[str, Any] = {"people": people, "openings": openings, "days": DAYS, "person_pushes_a_day": pushes}
    for on in balanced:
        settings = {"person_pushes_a_day": pushes, "posting_pushes_a_day": 50, "balance_exposure": on}
        name = "with" if on else "without"
        with tempfile.TemporaryDirectory() as folder:
            found[name] = Market(Path(folder), made_up, settings).run(partial(_say_of, say, name))
    return found


@click.command("market")
@click.option("--people", default=10_000, show_default=True, type=click.IntRange(10), help="People who look for work.")
@click.option("--openings", default=2_000, show_default=True, type=click.IntRange(10, 20_000), help="Openings, one a posting.")
@click.option("--pushes", default=3, show_default=True, type=click.IntRange(1), help="Recommendations pushed to one person a day at most.")
def command(people: int, openings: int, pushes: int) -> None:
    """A week of a made-up market, with and without balanced exposure: who is reached, and how evenly.

    People answer by hidden tastes and chance that the score does not know.
    """
    figures = measure(people, openings, pushes, say=lambda line: click.echo(line, err=True))
    click.echo(orjson.dumps(figures).decode())
