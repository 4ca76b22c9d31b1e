"""One exchange, asked from outside: its paths as methods, its cursors as iterators."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any, cast
from urllib.parse import quote
from uuid import uuid4

from api.client import following
from api.client.asking import Asker
from api.client.errors import problem_of
from api.client.shapes import (
    JSON,
    Answer,
    Change,
    Employer,
    Event,
    Explanation,
    Gap,
    HintResults,
    InboxItem,
    Person,
    Posting,
    Postings,
    Recommendation,
    RejectedLine,
    Sent,
    SentLines,
    ShortageLine,
    Step,
)

_LINES = 5_000  # of one request; the exchange takes 50,000 lines and 32 MB


class Gongqiao:
    """A client of the exchange at ``address``, for one account.

    ``key`` is an API key; ``login`` a name with its password. Without either it asks as nobody does. 429 and 503 are waited for as
    ``Retry-After`` says, at most ``retries`` times; everything else that is not what was asked for raises ``ProblemError``. What is sent
    carries an ``Idempotency-Key`` of its own, or the one given, so that asking again adds nothing.
    """

    def __init__(self, address: str, *, key: str | None = None, login: tuple[str, str] | None = None, **more: Any):
        """``more``: ``retries``, ``longest_wait`` and ``timeout`` in seconds, ``transport`` (httpx's), ``sleep``."""
        self._asker = Asker(address, key=key, login=login, **more)

    def __enter__(self) -> Gongqiao:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._asker.close()

    # -- sending -----------------------------------------------------------------------------------------------------------

    def send_posting(self, posting: Posting, *, wait: bool = False, idempotency_key: str | None = None) -> Sent:
        """Send a posting. With ``wait`` the answer is intake's outcome (published, held, merged); a rejected one raises ``Invalid``."""
        return self._send("/postings", posting, wait, idempotency_key)

    def send_person(self, person: Person, *, wait: bool = False, idempotency_key: str | None = None) -> Sent:
        """Register a person, or a new version of one."""
        return self._send("/people", person, wait, idempotency_key)

    def send_employer(self, employer: Employer, *, wait: bool = False, idempotency_key: str | None = None) -> Sent:
        """Register an employer, or a new version of one."""
        return self._send("/employers", employer, wait, idempotency_key)

    def send_postings(self, postings: Iterable[Posting], *, idempotency_key: str | None = None) -> SentLines:
        """Send many, in requests of 5,000 lines. Lines count from 1 over all of them; a bad one never spoils the others."""
        return self._send_lines("/postings", postings, idempotency_key)

    def send_people(self, people: Iterable[Person], *, idempotency_key: str | None = None) -> SentLines:
        """The same for people."""
        return self._send_lines("/people", people, idempotency_key)

    def send_employers(self, employers: Iterable[Employer], *, idempotency_key: str | None = None) -> SentLines:
        """The same for employers."""
        return self._send_lines("/employers", employers, idempotency_key)

    def replace_posting(self, posting_id: str, posting: Posting, *, wait: bool = False) -> Sent:
        """A new version of just this posting, whole."""
        return cast(Sent, self._asker.json("PUT", _path("postings", posting_id), json=posting, params=_waiting(wait)))

    def withdraw_posting(self, posting_id: str, reason: str, *, wait: bool = False) -> JSON:
        """Take a posting down, and say why."""
        return cast(JSON, self._asker.json("DELETE", _path("postings", posting_id), params={"reason": reason, **_waiting(wait)}))

    # -- asking ------------------------------------------------------------------------------------------------------------

    def posting(self, posting_id: str) -> Posting:
        """One posting. Raises ``NotFound``, and ``Gone`` with ``body["ended"]`` for one that was taken down."""
        return cast(Posting, self._asker.json("GET", _path("postings", posting_id)))

    def person(self, person_id: str) -> Person:
        """A profile, without private values."""
        return cast(Person, self._asker.json("GET", _path("people", person_id)))

    def employer(self, employer_id: str) -> Employer:
        """An employer as it stands."""
        return cast(Employer, self._asker.json("GET", _path("employers", employer_id)))

    def search_page(self, **parameters: Any) -> Postings:
        """One page of public postings with ``total``, ``facets`` and ``cursor``; parameters as docs/search.md lists them, several values
        as a list."""
        given = {name: [str(one) for one in value] if isinstance(value, list | tuple) else str(value) for name, value in parameters.items()}
        return cast(Postings, self._asker.json("GET", "/postings", params=given))

    def search(self, **parameters: Any) -> Iterator[Posting]:
        """Every public posting that is found, page after page."""
        return self._walk(lambda cursor: self.search_page(**parameters, **cursor))

    def candidates(self, posting_id: str, *, limit: int = 100) -> Iterator[Recommendation]:
        """People for a posting, the best first; of those who did not agree to be shown, numbers only."""
        return self._paged(_path("postings", posting_id, "candidates"), limit)

    def recommendations(self, person_id: str, *, limit: int = 100) -> Iterator[Recommendation]:
        """Postings for a person, the best first, with reasons and hints."""
        return self._paged(_path("people", person_id, "recommendations"), limit)

    def inbox(self, person_id: str, *, limit: int = 100) -> Iterator[InboxItem]:
        """What was pushed to a person, the newest first."""
        return self._paged(_path("people", person_id, "inbox"), limit)

    def answer(self, person_id: str, match_id: str, answer: Answer, *, reason: str | None = None) -> JSON:
        """Answer a recommendation; ``refused`` wants a reason. After ``interested`` the posting's ``contact`` is in what comes back."""
        body = {"answer": answer} | ({"reason": reason} if reason is not None else {})
        return cast(JSON, self._asker.json("POST", _path("people", person_id, "inbox", match_id, "answer"), json=body))

    def match(self, person_id: str, posting_id: str) -> Explanation:
        """One pair: blockers, criteria, near miss, score, and hints with all four statuses."""
        return cast(Explanation, self._asker.json("GET", _path("matches", person_id, posting_id)))

    def hints(self, day: date, facts: Mapping[str, Any], *, channel: str | None = None) -> HintResults:
        """Every entry of the policy catalogue with its status for these facts on this day."""
        body: JSON = {"date": day.isoformat(), "facts": dict(facts)} | ({"channel": channel} if channel is not None else {})
        return cast(HintResults, self._asker.json("POST", "/hints", json=body))

    # -- hiring and gaps ---------------------------------------------------------------------------------------------------

    def report_step(
        self,
        person_id: str,
        posting_id: str,
        step: Step,
        *,
        on: date | None = None,
        reason: str | None = None,
        contract: JSON | None = None,
    ) -> JSON:
        """A step between a person and a posting. One that cannot follow raises ``Conflict``."""
        body = _said(step=step, on=on.isoformat() if on is not None else None, reason=reason, contract=contract)
        return cast(JSON, self._asker.json("POST", _path("matches", person_id, posting_id, "steps"), json=body))

    def report_shortages(self, employer_id: str, lines: list[ShortageLine], *, since: date | None = None) -> JSON:
        """How many people an employer lacks; replaces the report before."""
        body: JSON = {"lines": lines} | ({"from": since.isoformat()} if since is not None else {})
        return cast(JSON, self._asker.json("POST", _path("employers", employer_id, "shortages"), json=body))

    def gap(self, employer_id: str) -> Gap:
        """What of a reported shortage is filled, agreed, talked about, and still open."""
        return cast(Gap, self._asker.json("GET", _path("employers", employer_id, "gap")))

    def gaps(self, commissioner_id: str, *, limit: int = 100, offset: int = 0) -> Gap:
        """The key employers in a commissioner's charge."""
        parameters = {"limit": str(limit), "offset": str(offset)}
        return cast(Gap, self._asker.json("GET", _path("commissioners", commissioner_id, "gaps"), params=parameters))

    # -- following ---------------------------------------------------------------------------------------------------------

    def changes(self, cursor: str | None = None, *, limit: int = 200) -> Iterator[Change]:
        """Every change of public postings after ``cursor``, the oldest first, until nothing is new. Keep a change's own ``cursor`` with
        what it brought: the next call goes on from there."""
        return following.changes(self._asker, cursor, limit)

    def snapshot(self) -> following.Snapshot:
        """Every public posting of one moment, and the cursor from which ``changes`` goes on; close it when it was read."""
        return following.snapshot(self._asker)

    def events(self, last_event_id: str | None = None) -> Iterator[Event]:
        """Something of the caller's own changed: ``inbox``, ``candidates`` or ``gap``. What, is asked for. Ends with the connection."""
        return following.events(self._asker, last_event_id)

    # -- operation ---------------------------------------------------------------------------------------------------------

    def live(self) -> bool:
        """Whether the process answers."""
        return self._asker.ask("GET", "/health/live", prefix="").is_success

    def ready(self) -> JSON:
        """Each engine and its state; ``status`` says whether all is well."""
        return cast(JSON, self._asker.ask("GET", "/health/ready", prefix="", good=(503,)).json())

    def metrics(self) -> str:
        """Prometheus text."""
        return self._asker.ask("GET", "/metrics", prefix="").text

    # ----------------------------------------------------------------------------------------------------------------------

    def _send(self, path: str, value: Any, wait: bool, key: str | None) -> Sent:
        headers = {"Idempotency-Key": key or uuid4().hex}
        return cast(Sent, self._asker.json("POST", path, json=value, params=_waiting(wait), headers=headers))

    def _send_lines(self, path: str, values: Iterable[Any], key: str | None) -> SentLines:
        whole: SentLines = {"accepted": [], "rejected": []}
        base, number, left = key or uuid4().hex, 0, iter(values)
        while lines := list(islice(left, _LINES)):
            headers = {"Idempotency-Key": f"{base}-{number // _LINES}", "Content-Type": "application/x-ndjson"}
            content = "\n".join(json.dumps(one, ensure_ascii=False) for one in lines).encode()
            # 422 says which lines; that none of these was accepted does not stop those that follow.
            answer = self._asker.ask("POST", path, content=content, headers=headers, good=(422,))
            found = answer.json()
            if "rejected" not in found:
                raise problem_of(answer)
            whole["accepted"] += [cast(Sent, {**one, "line": one["line"] + number}) for one in found["accepted"]]
            whole["rejected"] += [cast(RejectedLine, {**one, "line": one["line"] + number}) for one in found["rejected"]]
            number += len(lines)
        return whole

    def _paged(self, path: str, limit: int) -> Iterator[Any]:
        return self._walk(lambda cursor: self._asker.json("GET", path, params={"limit": str(limit), **cursor}))

    @staticmethod
    def _walk(page_after: Callable[[dict[str, str]], Any]) -> Iterator[Any]:
        after: dict[str, str] = {}
        while True:
            page = page_after(after)
            yield from page["items"]
            if page["cursor"] is None:
                return
            after = {"cursor": page["cursor"]}


def _path(*parts: str) -> str:
    """A path of names, each of which may hold any character."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _waiting(wait: bool) -> dict[str, str]:
    return {"wait": "1"} if wait else {}


def _said(**values: Any) -> JSON:
    return {name: value for name, value in values.items() if value is not None}
