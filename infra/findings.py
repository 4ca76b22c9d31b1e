"""What ``gongqiao doctor`` or ``feed-check`` found at one look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DEAD_WEBHOOKS = (
    "SELECT DISTINCT w.webhook_id, w.account_id FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.webhook_id "
    "WHERE d.state = 'dead' ORDER BY w.webhook_id"
)


@dataclass(frozen=True)
class Finding:
    """One look: fine or not, what was seen, and what to do."""

    fine: bool
    what: str
    mend: str = ""

    def line(self) -> str:
        """As it is printed; what to do stands under what is wrong."""
        return f"{'ok  ' if self.fine else 'BAD '} {self.what}" + ("" if self.fine else f"\n     {self.mend}")


def dead_webhooks(rows: Iterable[tuple[str, str]]) -> list[Finding]:
    """Webhooks that get nothing any more, by id and account."""
    named = [f"{webhook_id} of {account_id}" for webhook_id, account_id in rows]
    mend = "tell the partner: when the target is mended, 重新投递 at /account/webhooks sends everything that was missed, in order"
    return [Finding(False, f"webhooks: {len(named)} given up: {', '.join(named[:5])}", mend)] if named else []
