"""Whoever is asked whether what they said still stands is asked outside too, in the day's letter, with a link that answers.

The pages ask by themselves (intake knows who was asked). A link needs no signing in: it says one thing, that a person still looks for work
and that nothing has changed, and shows nothing of them.
"""

from __future__ import annotations

import hmac
from typing import Any

from sqlalchemy import Connection, select

from matcher.match_order import name_id
from streams.delivery import rules
from streams.delivery.notices import keep
from streams.delivery.tables import notices, sides
from streams.intake.messages import EmployerAskedToConfirm, PersonAskedToConfirm
from streams.runtime.messages import NAMESPACE, from_json, to_json
from streams.runtime.outcomes import Drop, Outcomes
from streams.runtime.sealing import Vault
from streams.runtime.subjects import Work

_MARK = 32  # hex digits of a link's keyed hash


def ask_person(message: PersonAskedToConfirm, work: Work) -> Outcomes:
    """Ask in a letter whoever agreed to be sent something."""
    mine = (sides.c.kind == "person") & (sides.c.id == message.person_id)
    if work.connection.execute(select(sides.c.on_market).where(mine)).scalar() is not True:
        return [Drop("no consent to be sent anything")]
    notice_id = name_id(NAMESPACE, f"asked|{message.person_id}|{message.on.isoformat()}")
    return _ask(work, notice_id, rules.ASKED_PERSON, {"since": message.since.isoformat()}, person_id=message.person_id)


def ask_employer(message: EmployerAskedToConfirm, work: Work) -> Outcomes:
    """Ask the employer, at the address it entered for notices."""
    last_day = message.last_day.isoformat()
    notice_id = name_id(NAMESPACE, f"asked|{message.posting_id}|{last_day}")
    return _ask(work, notice_id, rules.ASKED_EMPLOYER, {"title": message.title}, employer_id=message.employer_id, last_day=last_day)


def _ask(work: Work, notice_id: str, kind: str, document: dict[str, str], **whom: str) -> Outcomes:
    if not work.settings.get("outside_channels"):
        return [Drop("no channel outside")]
    if work.connection.execute(select(notices.c.notice_id).where(notices.c.notice_id == notice_id)).first() is not None:
        return [Drop("asked before")]
    empty: dict[str, Any] = dict.fromkeys(("letter", "person_id", "employer_id", "entry_id", "match_id", "last_day"))
    day = work.as_of.isoformat()
    keep(work, [{**empty, "notice_id": notice_id, "kind": kind, "benefit": "", "document": to_json(document), "day": day, **whom}])
    return None


def token_of(vault: Vault, notice_id: str) -> str:
    """What stands in the link of a letter: the notice, and a keyed hash that nobody else can make."""
    return f"{notice_id}.{vault.lookup('asked', notice_id)[:_MARK]}"


def asked_behind(connection: Connection, vault: Vault, token: str) -> tuple[str, str] | None:
    """The person whom a link asked, and the day since which they had said nothing; None for what is no link of ours."""
    notice_id, _, mark = token.partition(".")
    if not hmac.compare_digest(vault.lookup("asked", notice_id)[:_MARK].encode(), mark.encode()):
        return None
    query = select(notices.c.person_id, notices.c.document).where(notices.c.notice_id == notice_id, notices.c.kind == rules.ASKED_PERSON)
    row = connection.execute(query).first()
    return (row.person_id, from_json(row.document)["since"]) if row is not None else None
