"""Look-alikes among the openings that are alive, in memory: found through blocking keys, compared with evidence.

The memory is the union of what the tables hold and what the messages of the batch in hand bring. It may hold more than is public (an
opening that has just ended): who merges into what is decided by the rows, never by the memory, so the result does not depend on when
something was forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from matcher.shapes import Employer, EmployerRef, Posting, read_employer, read_posting
from streams.intake.holds import vouched_for
from streams.intake.messages import EmployerReceived, PostingReceived
from streams.intake.tables import employers, postings
from streams.runtime.messages import Envelope, from_json

ALIVE = ("published", "merged", "held", "filled")
Near = tuple[str, float, Any]  # posting, score 0..1, evidence


class Lookalikes:
    """``remember`` a version, ``near`` says which others look like it, best first."""

    def __init__(self, settings: Mapping[str, Any]):
        self._postings: dict[str, Posting] = {}
        self._employers: dict[str, str | None] = {}  # those that may be believed to exist, with their credit code
        self._codes: dict[str, str] = {}

    # -- Memory of the runtime -----------------------------------------------------------------------------------------

    def load(self, connection: Connection) -> None:
        self._postings.clear()
        query = select(postings.c.posting_id, postings.c.doc).where(postings.c.state.in_(ALIVE)).order_by(postings.c.posting_id)
        for posting_id, doc in connection.execute(query):
            self.remember(posting_id, read_posting(from_json(doc)))
        self._employers.clear()
        self._codes.clear()
        for doc, verified in connection.execute(select(employers.c.doc, employers.c.verified)):
            self.know(read_employer(from_json(doc)), bool(verified))

    def refresh(self, connection: Connection, envelope: Envelope) -> None:
        if isinstance(envelope.message, EmployerReceived):
            self._refresh_employer(connection, envelope.message.employer_id)
        if not isinstance(envelope.message, PostingReceived):
            return
        posting_id = envelope.message.posting_id
        doc = connection.execute(select(postings.c.doc).where(postings.c.posting_id == posting_id)).scalar()
        if doc is None:
            self.forget(posting_id)
        else:
            self.remember(posting_id, read_posting(from_json(doc)))

    def _refresh_employer(self, connection: Connection, employer_id: str) -> None:
        row = connection.execute(select(employers.c.doc, employers.c.verified).where(employers.c.employer_id == employer_id)).first()
        self._employers.pop(employer_id, None)
        if row is not None:
            self.know(read_employer(from_json(row.doc)), bool(row.verified))
        self._codes = {code: id_ for id_, code in self._employers.items() if code is not None}

    # -- what prepare steps use ----------------------------------------------------------------------------------------

    def know(self, employer: Employer, verified: bool) -> None:
        if vouched_for(employer, verified):
            self._employers[employer.employer_id] = employer.uscc
            if employer.uscc is not None:
                self._codes[employer.uscc] = employer.employer_id

    def knows(self, employer: EmployerRef) -> bool:
        """Whether the posting names an employer that is registered and may be believed to exist. An id is not vouched for by the credit
        code of somebody else."""
        if employer.employer_id is not None:
            return employer.employer_id in self._employers
        return employer.uscc in self._codes

    def remember(self, posting_id: str, posting: Posting) -> None:
        self._postings[posting_id] = posting

    def forget(self, posting_id: str) -> None:
        self._postings.pop(posting_id, None)

    def near(self, posting_id: str) -> list[Near]:
        return []
