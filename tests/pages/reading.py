"""What the tests of pages ask the exchange, beside what the pages show."""

from __future__ import annotations

import re
from typing import Any

from matcher.match_order import match_id
from streams.delivery import queries as delivery


def posting_id_of(answer: Any) -> str:
    """The posting that an employer's form led to."""
    assert answer.status_code == 303, answer.text
    found = re.match(r"/employer/postings/([^?]+)\?sent=1", answer.headers["location"])
    assert found is not None, answer.headers["location"]
    return found[1]


def sent_posting(site: Any, employer: Any, values: dict[str, str]) -> str:
    """An opening sent by the form, everything that follows from it handled."""
    posting_id = posting_id_of(employer.send("/employer/new", values))
    site.settle()
    return posting_id


def answered(site: Any, person_id: str, posting_id: str) -> tuple[str | None, str | None]:
    """The person's answer and its reason."""
    with site.services.exchange.reading() as connection:
        item = delivery.recommendation(connection, match_id(person_id, posting_id))
    return (None, None) if item is None else (item["answer"], item["answer_reason"])
