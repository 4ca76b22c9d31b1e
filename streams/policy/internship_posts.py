"""Internship posts recruited in a year (J-22): counted posting by posting, beside the target and who may become a 就业见习示范单位.

A posting counts in the year in which it first was public as an internship, with as many posts as it has now; later years never count it
again. A posting without a number of places is one post, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from matcher.figures import current
from matcher.places import city_of, level_of
from matcher.policy.loader import Catalogue
from streams.intake.messages import PostingEnded, PostingHeld, PostingPublished
from streams.policy import rules
from streams.policy.known import employer_of, retention_of
from streams.policy.tables import employers, internship_posts, internships
from streams.regions import lies_in
from streams.runtime.outcomes import Drop, Outcomes
from streams.runtime.subjects import Work
from streams.runtime.tables import Look, upsert

PROVINCE = "140000"
TARGET = "就业见习岗位"  # the name of the documents' own targets (``conflicts`` of the catalogue)
FIGURE = "internship_post_target"
# What the documents state of 示范单位; 003 专栏5.2 says only that the activity takes place.
MODEL_UNITS = (
    "000",
    "第(十二)条",
    "开展就业见习示范单位创建活动,推荐动员参加见习的企事业单位参与创建,带动提升见习工作水平,发挥示范引领作用",
)
_ROW = Look(select(internship_posts).where(internship_posts.c.posting_id == bindparam("posting_id")))


# -- counting ------------------------------------------------------------------------------------------------------------


def count_posting(message: PostingPublished, work: Work) -> None:
    """The row of a posting that is an internship, or was one: what it counts now."""
    known = _ROW.mappings(work.connection, posting_id=message.posting_id)
    posting = message.posting
    if posting.type != "internship" and not known:
        return
    _keep(
        work,
        {
            "posting_id": message.posting_id,
            "revision": message.revision,
            "employer_id": posting.employer.employer_id,
            "region": posting.region,
            "year": known[0]["year"] if known else work.as_of.year,
            "state": "published",
            "posts": (posting.headcount or 1) if posting.type == "internship" else 0,
            "taken": posting.filled or 0,
        },
    )


def stop_posting(message: PostingEnded | PostingHeld, work: Work) -> Outcomes:
    """No longer public: what still counts depends on why."""
    known = _ROW.mappings(work.connection, posting_id=message.posting_id)
    if not known:
        return [Drop("no internship")]
    if known[0]["revision"] >= message.revision:
        return [Drop("superseded")]
    row = {**known[0], "revision": message.revision, "state": message.cause if isinstance(message, PostingEnded) else "held"}
    if row["state"] == "filled":
        row["taken"] = row["posts"]  # the last one taken is said by this message alone
    _keep(work, row)
    return None


def _keep(work: Work, row: dict[str, Any]) -> None:
    upsert(work.connection, internship_posts, {**row, "counted": rules.recruited_posts(row["state"], row["posts"], row["taken"])})


# -- answers -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """At least so many posts in a year, with who says so: a clause of the documents with its quotation, or a row of the operator's table.
    ``year_stated``: whether the quotation names the year, or it is that of the document."""

    posts: int
    source: str
    quote: str | None
    year_stated: bool

    def document(self, recruited: int) -> dict[str, Any]:
        missing = max(0, self.posts - recruited)
        said = {"source": self.source, "quote": self.quote, "year_stated": self.year_stated}
        return {"posts": self.posts, "reached": not missing, "missing": missing, **said}


def target_of(catalogue: Catalogue, code: str, year: int) -> Target | None:
    """The target of a place in a year; ``None`` where nobody gives a number. The documents speak of the whole province alone."""
    stated = [one for conflict in catalogue.shared.conflicts for one in conflict.targets if one.what == TARGET]
    for one in stated if code == PROVINCE else ():
        if one.from_ is not None and one.to is not None and one.from_.year <= year <= one.to.year:
            return Target(int(one.value), source_words(catalogue, *one.source.split(" ", 1)), one.quote, str(year) in one.quote)
    row = current().of_year(FIGURE, code, year)
    return Target(int(row.value), f"{row.source}（{row.source_date.isoformat()}）", None, True) if row is not None else None


def source_words(catalogue: Catalogue, document: str, clause: str) -> str:
    """「晋政办发〔2023〕45号 第(十二)条」; the title where a document has no number."""
    found = catalogue.documents[document]
    return f"{found.doc_number or found.title} {clause}"


def recruited(connection: Connection, catalogue: Catalogue, region: str, year: int) -> dict[str, Any]:
    """Recruited posts of a year: the region, its city and the province each beside its target, then the region's counties."""
    of_year, place, posts = internship_posts.c.year == year, internship_posts.c.region, func.sum(internship_posts.c.counted)
    places = []
    for code in dict.fromkeys((PROVINCE, *([] if level_of(region) == "province" else [city_of(region)]), region)):
        number = int(connection.execute(select(posts).where(of_year, lies_in(place, code))).scalar() or 0)
        target = target_of(catalogue, code, year)
        places.append({"region": code, "recruited": number, "target": target.document(number) if target is not None else None})
    counts = connection.execute(select(place, posts).where(of_year, lies_in(place, region)).group_by(place))
    within = sorted((code or "", int(number)) for code, number in counts if number)
    return {"year": year, "places": places, "regions": [{"region": code or None, "recruited": number} for code, number in within]}


def units(
    connection: Connection, catalogue: Catalogue, settings: Mapping[str, Any], region: str, year: int, day: date, limit: int, offset: int
) -> list[dict[str, Any]]:
    """Units that take part in internships: with posts of the year in the region, or with internships that ended in it; most posts first,
    with 留用率 and whether each may take part in becoming a 示范单位. ``day`` is today; of a year that is over its last day counts."""
    until = last_day(year, day)
    table = internship_posts.c
    query = select(table.employer_id, func.sum(table.counted)).where(
        table.year == year, table.counted > 0, table.employer_id.is_not(None), lies_in(table.region, region)
    )
    counts = {employer_id: int(posts) for employer_id, posts in connection.execute(query.group_by(table.employer_id))}
    joined = internships.join(employers, employers.c.employer_id == internships.c.employer_id)
    over = (internships.c.ended_on >= date(year, 1, 1)) & (internships.c.ended_on <= until)
    trained = select(internships.c.employer_id).select_from(joined).where(over, lies_in(employers.c.region, region)).distinct()
    takes_part = counts.keys() | set(connection.execute(trained).scalars())
    chosen = sorted(takes_part, key=lambda one: (-counts.get(one, 0), one))[offset : offset + limit]
    return [_unit(connection, catalogue, settings, one, counts.get(one, 0), until) for one in chosen]


def _unit(
    connection: Connection, catalogue: Catalogue, settings: Mapping[str, Any], employer_id: str, posts: int, day: date
) -> dict[str, Any]:
    employer = employer_of(connection, employer_id)
    kind = employer.kind if employer is not None else None
    retention = retention_of(connection, employer_id, day, settings)
    return {
        "employer_id": employer_id,
        "name": employer.name if employer is not None else None,
        "kind": kind,
        "recruited": posts,
        "retention_percent": str(retention) if retention is not None else None,
        "may_be_model_unit": rules.may_be_model_unit(kind) if model_units_in_force(catalogue, day) else False,
    }


def last_day(year: int, today: date) -> date:
    """The day for which a year is answered: today, or the last day of one that is over."""
    return min(today, date(year, 12, 31))


def model_units_in_force(catalogue: Catalogue, day: date) -> bool:
    """Whether the document that states who may take part is in force, its first and last day included."""
    document = catalogue.documents[MODEL_UNITS[0]]
    return document.validity_from <= day and (document.validity_to is None or day <= document.validity_to)
