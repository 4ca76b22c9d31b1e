"""Compiles what is compiled once after installation, so that nobody's first match waits for it: ``python -m infra.warm``."""

from __future__ import annotations

import json
from datetime import date

from infra.sample import generate
from matcher.columns_loading import fill_people
from matcher.columns_people import PeopleColumns
from matcher.columns_postings import PostingColumns
from matcher.postings_loading import fill_postings
from matcher.ranking import Entry, Ranker
from matcher.shapes import read_person, read_posting

DAY = date(2026, 11, 20)


def warm() -> int:
    """Match and rank a little of the sample in every direction; answers how many pairs there were."""
    sample = generate(seed=1, postings=40, employers=12, people=40, today=DAY)
    people = [read_person(row) for row in sample.people]
    postings = [read_posting(row) for row in sample.postings]
    columns, offers = PeopleColumns(people), PostingColumns(postings)
    # A start fills columns from documents as they are kept, which is compiled apart from putting in one by one.
    fill_people(PeopleColumns(), (json.loads(person.model_dump_json(exclude_none=True, by_alias=True)) for person in people))
    fill_postings(PostingColumns(), (json.loads(posting.model_dump_json(exclude_none=True, by_alias=True)) for posting in postings))
    pairs = sum(len(columns.match(posting, DAY, 10)) for posting in postings[:10])
    pairs += sum(len(offers.match(person, DAY, 10)) for person in people[:10])
    documents = [Entry(posting.posting_id, posting.title, posting.description or "") for posting in postings]
    pairs += len(list(Ranker(documents).rank([Entry("q", "焊工")], 5)))
    return pairs


if __name__ == "__main__":
    warm()
