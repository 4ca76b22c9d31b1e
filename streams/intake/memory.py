"""Look-alikes of a posting: found through the blocking keys in ``intake_blocks``, compared with evidence.

The memory is an overlay over the tables: the versions of the batch in hand, which no reader can see yet. What is found depends on the
versions alone and not on their states, which the handler checks by the rows; so it is the same whenever it is looked for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select

from matcher.near_duplicates import COMPARED, Comparison, Signature, compare, keys, may_be_same, signature, tail
from matcher.shapes import Employer, EmployerRef, Licence, Posting, read_employer, read_posting
from streams.intake.commitments import Broken, broken, identity_of
from streams.intake.messages import CommitmentDecided, EmployerReceived, PostingReceived, ReportDecided
from streams.intake.rules import is_agency
from streams.intake.tables import block_keys, employers, postings, reports
from streams.runtime.messages import Envelope, from_json
from streams.runtime.tables import Look

Near = tuple[str, float, Any]  # posting, score 0..1, evidence
Marks = tuple[frozenset[str], str]  # blocking keys and their tail
OVERLAY = 512  # versions kept over the tables; the largest batch is far smaller, so whatever is dropped is committed
CACHED = 20_000  # signatures of committed versions


class IntakeMemory:
    """Look-alikes in the batch in hand, and the employers that may be believed to exist."""

    def __init__(self, settings: Mapping[str, Any]):
        self._overlay: OrderedDict[str, tuple[Signature, Marks]] = OrderedDict()
        self._by_key: dict[str, set[str]] = {}  # of the overlay
        self._signatures: OrderedDict[str, tuple[str, Signature]] = OrderedDict()  # posting -> its content's hash, and what is compared
        self._employers: dict[str, str | None] = {}  # id -> credit code
        self._unconfirmed: dict[str, str | None] = {}  # registered, but staff have not looked: credit code by employer
        self._codes: dict[str, str] = {}
        self._licences: dict[str, Licence | None] = {}  # of registered agencies
        self._broken: dict[str, Broken] = {}  # promises that were not kept, by employer
        self._marks: dict[str, dict[str, tuple[str, date]]] = {}  # employer id or credit code -> report -> its kind and day

    # -- Memory of the runtime -----------------------------------------------------------------------------------------

    def load(self, connection: Connection) -> None:
        self._overlay.clear()
        self._by_key.clear()
        self._employers.clear()
        self._unconfirmed.clear()
        self._codes.clear()
        self._licences.clear()
        self._load_marks(connection)
        self._broken.clear()
        for doc, verified in connection.execute(select(employers.c.doc, employers.c.verified)):
            self.know(read_employer(from_json(doc)), bool(verified))
        self._broken = broken(connection)

    def independent(self, mine: str, theirs: str) -> bool:
        """Whether what was found for a message of type ``mine`` holds though another worker committed one of ``theirs``, of another key, in
        between: people are compared with nobody; postings are with postings and with the employers that are known."""
        return "person" in (mine.split(".")[0], theirs.split(".")[0])

    def refresh(self, connection: Connection, envelope: Envelope) -> None:
        if isinstance(envelope.message, PostingReceived):
            self._drop(envelope.message.posting_id)
        elif isinstance(envelope.message, ReportDecided):
            self._load_marks(connection)
        elif isinstance(envelope.message, EmployerReceived | CommitmentDecided):
            self._refresh_employer(connection, envelope.message.employer_id)

    def _refresh_employer(self, connection: Connection, employer_id: str) -> None:
        query = select(employers.c.doc, employers.c.verified).where(employers.c.employer_id == employer_id)
        row = connection.execute(query).first()
        self._employers.pop(employer_id, None)
        self._unconfirmed.pop(employer_id, None)
        self._licences.pop(employer_id, None)
        self._broken.pop(employer_id, None)
        if row is not None:
            self.know(read_employer(from_json(row.doc)), bool(row.verified))
        self._codes = {code: id_ for id_, code in self._employers.items() if code is not None}
        self._broken.update(broken(connection, employer_id))

    # -- employers -----------------------------------------------------------------------------------------------------

    def know(self, employer: Employer, verified: bool) -> None:
        found = self._broken.get(employer.employer_id)
        if found is not None and found.ended_by(employer.licence):
            del self._broken[employer.employer_id]
        if employer.licence is not None or is_agency(employer.name):
            self._licences[employer.employer_id] = employer.licence
        else:
            self._licences.pop(employer.employer_id, None)
        if verified:
            self._unconfirmed.pop(employer.employer_id, None)
            self._employers[employer.employer_id] = employer.uscc
            if employer.uscc is not None:
                self._codes[employer.uscc] = employer.employer_id
        elif employer.employer_id not in self._employers:
            self._unconfirmed[employer.employer_id] = employer.uscc

    def registered_code(self, employer: EmployerRef) -> str | None:
        """The credit code of an employer that is registered and that staff have not confirmed."""
        return self._unconfirmed.get(employer.employer_id or "")

    def knows(self, employer: EmployerRef) -> bool:
        """Whether the posting names an employer that staff have confirmed. An id is not vouched for by the credit code of somebody
        else."""
        if employer.employer_id is not None:
            return employer.employer_id in self._employers
        return employer.uscc in self._codes

    def licensed(self, employer: EmployerRef, as_of: date) -> bool | None:
        """Whether the agency the posting names has a licence or filing in force (E-27); None where nobody has registered it here."""
        id_ = employer.employer_id or self._codes.get(employer.uscc or "")
        if id_ is None or id_ not in self._licences:
            return None
        licence = self._licences[id_]
        return licence is not None and licence.holds_on(as_of)

    def check(self, employer_id: str, decision: str, found: str, on: date) -> None:
        """What staff found of an agency's promise."""
        licence = self._licences.get(employer_id)
        if decision != "broken":
            self._broken.pop(employer_id, None)
        elif licence is not None and licence.kind == "commitment":
            self._broken[employer_id] = Broken(on, found, *identity_of(licence))

    def broken(self, employer: EmployerRef) -> Broken | None:
        """The promise that the agency the posting names did not keep; None where there is none."""
        return self._broken.get(employer.employer_id or self._codes.get(employer.uscc or "", ""))

    # -- confirmed reports ---------------------------------------------------------------------------------------------

    def _load_marks(self, connection: Connection) -> None:
        self._marks.clear()
        query = select(reports.c.report_id, reports.c.employer_id, reports.c.uscc, reports.c.kind, reports.c.decided_at)
        for report_id, employer_id, uscc, kind, at in connection.execute(query.where(reports.c.state == "confirmed")):
            self.mark(report_id, employer_id, uscc, kind, date.fromisoformat(at[:10]))

    def mark(self, report_id: str, employer_id: str | None, uscc: str | None, kind: str, on: date) -> None:
        for name in {employer_id, uscc} - {None}:
            self._marks.setdefault(str(name), {})[report_id] = (kind, on)

    def lift(self, report_id: str) -> None:
        for known in self._marks.values():
            known.pop(report_id, None)

    def marked(self, employer: EmployerRef, since: date) -> tuple[str, date] | None:
        """Kind and day of the employer's latest confirmed report since that day."""
        found = [mark for name in (employer.employer_id, employer.uscc) if name for mark in self._marks.get(name, {}).values()]
        return max((mark for mark in found if mark[1] >= since), key=lambda mark: (mark[1], mark[0]), default=None)

    # -- look-alikes ---------------------------------------------------------------------------------------------------

    def remember(self, posting_id: str, posting: Posting) -> tuple[Signature, Marks]:
        """Put this version over the tables; answers its signature, and its blocking keys with their tail."""
        self._drop(posting_id)
        made = self._overlay[posting_id] = _made(posting)
        for key in made[1][0]:
            self._by_key.setdefault(key, set()).add(posting_id)
        while len(self._overlay) > OVERLAY:
            self._drop(next(iter(self._overlay)))
        return made

    def _drop(self, posting_id: str) -> None:
        _, (marks, _) = self._overlay.pop(posting_id, (None, (frozenset(), "")))
        for key in marks:
            self._by_key[key].discard(posting_id)
            if not self._by_key[key]:
                del self._by_key[key]

    def near(self, reading: Connection, posting_id: str) -> list[Near]:
        """Versions of other postings that are the same opening as this one's, best first; none for a posting nobody has sent."""
        own = self._overlay.get(posting_id) or self._committed(reading, posting_id)
        if own is None:
            return []
        mine, marks = own
        found: list[Near] = []
        for other_id, other in self._candidates(reading, posting_id, *marks):
            comparison = compare(mine, other)
            if comparison.same:
                found.append((other_id, _score(comparison), _evidence(comparison)))
        return sorted(found, key=lambda entry: (-entry[1], entry[0]))

    def _committed(self, reading: Connection, posting_id: str) -> tuple[Signature, Marks] | None:
        doc = reading.execute(select(postings.c.doc).where(postings.c.posting_id == posting_id)).scalar()
        return None if doc is None else _made(read_posting(from_json(doc)))

    def _candidates(self, reading: Connection, posting_id: str, marks: frozenset[str], own_tail: str) -> Iterable[tuple[str, Signature]]:
        for other_id in {other_id for key in marks for other_id in self._by_key.get(key, ())} - {posting_id}:
            yield other_id, self._overlay[other_id][0]
        rows = _IN_BLOCKS.rows(reading, blocks=sorted(marks))
        ids = {id_ for id_, their_tail in rows if may_be_same(own_tail, their_tail)} - self._overlay.keys() - {posting_id}
        for start in range(0, len(ids), 500) if ids else ():
            part = sorted(ids)[start : start + 500]
            contents = dict(_CONTENTS.rows(reading, ids=[id_ for id_ in part if id_ in self._signatures]))
            fresh = [id_ for id_, content in contents.items() if self._signatures[id_][0] == content]
            for id_ in fresh:
                self._signatures.move_to_end(id_)
                yield id_, self._signatures[id_][1]
            for id_, content, doc in _DOCUMENTS.rows(reading, ids=sorted(set(part).difference(fresh))):
                yield id_, self._keep(id_, content, doc)

    def _keep(self, posting_id: str, content: str, doc: bytes) -> Signature:
        stored = from_json(doc)
        made = signature(read_posting({name: stored[name] for name in COMPARED if name in stored}))
        self._signatures[posting_id] = (content, made)
        while len(self._signatures) > CACHED:
            self._signatures.popitem(last=False)
        return made


_OF_THESE = postings.c.posting_id.in_(bindparam("ids", expanding=True))
_IN_BLOCKS = Look(
    select(block_keys.c.posting_id, block_keys.c.tail).where(block_keys.c.block.in_(bindparam("blocks", expanding=True))), among="blocks"
)
_CONTENTS = Look(select(postings.c.posting_id, postings.c.content_hash).where(_OF_THESE), among="ids")
_DOCUMENTS = Look(select(postings.c.posting_id, postings.c.content_hash, postings.c.doc).where(_OF_THESE), among="ids")


def _made(posting: Posting) -> tuple[Signature, Marks]:
    own = signature(posting)
    return own, (frozenset(keys(own)), tail(own))


def _score(comparison: Comparison) -> float:
    """The mean of what was compared, 0..1: orders look-alikes, decides nothing."""
    scores = [item.score for item in comparison.evidence]
    return round(sum(scores) / len(scores) / 100, 4) if scores else 0.0


def _evidence(comparison: Comparison) -> dict[str, Any]:
    fields = [{"field": item.field, "score": item.score, "threshold": item.threshold} for item in comparison.evidence]
    return {"reason": comparison.reason, "fields": fields}
