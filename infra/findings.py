"""What ``gongqiao doctor`` or ``feed-check`` found at one look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from streams.delivery.rules import as_text
from streams.runtime.floor import PAGE, unhandled
from streams.runtime.log import Log
from streams.runtime.subjects import Subject

DEAD_WEBHOOKS = (
    "SELECT DISTINCT w.webhook_id, w.account_id FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.webhook_id "
    "WHERE d.state = 'dead' ORDER BY w.webhook_id"
)
NOT_SENT = "SELECT reason, count(*) FROM outside_sends WHERE state = 'gave_up' AND at >= :since GROUP BY reason ORDER BY 2 DESC, 1"


@dataclass(frozen=True)
class Finding:
    """One look: fine or not, what was seen, and what to do."""

    fine: bool
    what: str
    mend: str = ""

    def line(self) -> str:
        """As it is printed; what to do stands under what is wrong."""
        return f"{'ok  ' if self.fine else 'BAD '} {self.what}" + ("" if self.fine else f"\n     {self.mend}")


def lag(connection: Connection, log: Log, subject: Subject, mend: str) -> Finding:
    """How much of the log a subject has still to do."""
    left = unhandled(connection, log, subject)
    return Finding(left < PAGE, f"{subject.name}: {left if left < PAGE else f'{PAGE} or more'} messages to do", mend)


def dead_webhooks(rows: Iterable[tuple[str, str]]) -> list[Finding]:
    """Webhooks that get nothing any more, by id and account."""
    named = [f"{webhook_id} of {account_id}" for webhook_id, account_id in rows]
    mend = "tell the partner: when the target is mended, 重新投递 at /account/webhooks sends everything that was missed, in order"
    return [Finding(False, f"webhooks: {len(named)} given up: {', '.join(named[:5])}", mend)] if named else []


def since_yesterday(now: datetime) -> dict[str, str]:
    """The parameter of ``NOT_SENT``: what was given up in a day."""
    return {"since": as_text(now - timedelta(days=1))}


def not_sent(rows: Iterable[tuple[str | None, int]]) -> list[Finding]:
    """Mails and messages that were given up, with the reasons, most of them first."""
    reasons = list(rows)
    named = "; ".join(f"{reason} ({count})" for reason, count in reasons[:5])
    mend = "look at GONGQIAO_SMTP_URL, GONGQIAO_GATEWAY_URL and the other side; what is refused for one address or text is refused for good"
    said = f"outside: {sum(count for _, count in reasons)} mails or messages were given up within a day: {named}"
    return [Finding(False, said, mend)] if reasons else []
