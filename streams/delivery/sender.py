"""Sends what delivery queued. A worker of its own: never a handler, never in a rebuild or a replay."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select

from matcher.days import day_of
from matcher.policy import load_catalogue
from streams.delivery import rules
from streams.delivery.asking import token_of
from streams.delivery.channels import Channel, NotSent, channels_of
from streams.delivery.queries import notices_of_letter
from streams.delivery.tables import outgoing, outside_sends, postings
from streams.delivery.wording import Letter, asked_letter, asked_line, letter, notice_line, notices_letter
from streams.runtime.database import EngineFault
from streams.runtime.exchange import Exchange
from streams.runtime.jobs import WriterStopped
from streams.runtime.messages import from_json
from streams.runtime.own_thread import OwnThread
from streams.runtime.tables import upsert

_logger = logging.getLogger("gongqiao.sender")
# Minutes before the second, third… attempt; after the last one it is given up, visibly (queries.outside).
BACKOFF_MINUTES = (1, 5, 30, 120, 360)


@dataclass(frozen=True)
class _Order:
    outgoing_id: str
    channel: str
    attempts: int


class Sender(OwnThread):
    """Follows ``delivery_outgoing`` and sends what is due through the channels that are set up.

    Promises: at least once, with the same key at every attempt, so that a gateway sees each once; an address (of a person, of an employer)
    is revealed from the vault when it is sent and kept nowhere; nothing goes out in quiet hours, nor what was cancelled meanwhile; a
    failure is kept with its reason, tried again with back-off, and given up visibly. ``settings``: smtp_url, mail_from, gateway_url,
    gateway_secret, public_url, quiet_from, quiet_to. Raises ``ChannelSettingsError`` where a channel is set up wrongly.
    """

    def __init__(self, exchange: Exchange, settings: Mapping[str, Any], *, every: float = 2.0):
        super().__init__("sender")
        self._exchange = exchange
        self._settings = settings
        self._channels: dict[str, Channel] = channels_of(settings, lambda: exchange.now())
        self._every = every

    def start(self) -> None:
        """Start the worker; without a channel there is nothing to do and no thread."""
        if self._channels:
            super().start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = self.step() > 0
            except WriterStopped:
                return
            except EngineFault as error:
                _logger.error("sender waits", extra={"reason": str(error)})
                busy = False
            except Exception as error:
                # One worker for everybody: it outlives whatever one message does to it. No traceback: it could hold an address.
                _logger.error("sender failed", extra={"reason": type(error).__name__})
                busy = False
            if not busy:
                self._stopping.wait(self._every)

    def step(self, limit: int = 50) -> int:
        """Try everything due now, at most ``limit``; answers how many were tried."""
        now = self._exchange.now()
        if rules.is_quiet(now, int(self._settings.get("quiet_from", 22)), int(self._settings.get("quiet_to", 7))):
            return 0
        orders = self._due(now, limit)
        for order in orders:
            if self._stopping.is_set():
                break
            self._try(order)
        return len(orders)

    def _due(self, now: datetime, limit: int) -> list[_Order]:
        ready = or_(
            outside_sends.c.outgoing_id.is_(None), and_(outside_sends.c.state == "again", outside_sends.c.next_at <= rules.as_text(now))
        )
        query = (
            select(outgoing.c.outgoing_id, outgoing.c.channel, outside_sends.c.attempts)
            .select_from(outgoing.outerjoin(outside_sends, outside_sends.c.outgoing_id == outgoing.c.outgoing_id))
            .where(outgoing.c.state == "due", outgoing.c.channel.in_(sorted(self._channels)), ready)
            .order_by(outgoing.c.not_before, outgoing.c.outgoing_id)
            .limit(limit)
        )
        with self._exchange.reading() as connection:
            return [_Order(id_, channel, attempts or 0) for id_, channel, attempts in connection.execute(query)]

    def _try(self, order: _Order) -> None:
        channel = self._channels[order.channel]
        query = (
            select(outgoing, postings.c.document)
            .select_from(outgoing.outerjoin(postings, postings.c.posting_id == outgoing.c.posting_id))
            .where(outgoing.c.outgoing_id == order.outgoing_id, outgoing.c.state == "due")
        )
        with self._exchange.reading() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                return  # cancelled since
            kind, reader = ("employer", row["employer_id"]) if row["employer_id"] is not None else ("person", row["person_id"])
            address = self._exchange.vault.reveal(connection, kind, reader).get(channel.address)
        if address is None:
            self._record(order, "no_address", f"the {kind} has given no {channel.address}")
            return
        written = self._letter(dict(row))
        if written is None:
            self._record(order, "not_needed", "nothing of it holds any more")
            return
        try:
            channel.send(address, written)
        except NotSent as failure:
            last = failure.final or order.attempts >= len(BACKOFF_MINUTES)
            self._record(order, "gave_up" if last else "again", failure.reason)
            return
        except Exception as error:
            # Not the engine's and not foreseen: this one message is given up, the others go on.
            self._record(order, "gave_up", f"{type(error).__name__} while sending")
            return
        self._record(order, "sent", None)

    def _letter(self, row: dict[str, Any]) -> Letter | None:
        """What an order says now; None where there is nothing left to say."""
        key, public_url = f"{row['match_id']}:{row['revision']}", self._settings.get("public_url")
        if row["kind"] != "notices":
            posting = from_json(row["document"]) if row["document"] is not None else {}
            return letter(key, row["kind"], row["reason"], posting, public_url)
        catalogue, today = load_catalogue(), day_of(self._exchange.now())
        with self._exchange.reading() as connection:
            told = notices_of_letter(connection, row["match_id"], today)
        site = public_url.rstrip("/") if public_url else None
        places = [(one, self._answered_at(one, site)) for one in told if one["stage"] in rules.ASKED]
        asked = [asked_line(one, place) for one, place in places]
        lines = [notice_line(catalogue, one, today) for one in told if one["stage"] not in rules.ASKED]
        if asked and not lines:
            return asked_letter(key, asked, places[0][1])
        place = "/inbox" if row["employer_id"] is None else "/employer/policies"
        return notices_letter(key, [*lines, *asked], f"{site}{place}" if site else None) if lines else None

    def _answered_at(self, notice: dict[str, Any], site: str | None) -> str | None:
        """Where somebody who was asked answers: a person by the link alone, an employer on its page."""
        if site is None:
            return None
        person = notice["stage"] == rules.ASKED_PERSON
        return f"{site}/still/{token_of(self._exchange.vault, notice['notice_id'])}" if person else f"{site}/employer"

    def _record(self, order: _Order, state: str, reason: str | None) -> None:
        now = self._exchange.now()
        wait = timedelta(minutes=BACKOFF_MINUTES[min(order.attempts, len(BACKOFF_MINUTES) - 1)])
        row = {
            "outgoing_id": order.outgoing_id,
            "state": state,
            "attempts": order.attempts + 1,
            "next_at": rules.as_text(now + wait) if state == "again" else None,
            "reason": reason,
            "at": rules.as_text(now),
        }
        self._exchange.write(lambda connection: upsert(connection, outside_sends, row))
        if state in ("again", "gave_up"):
            extra = {"channel": order.channel, "attempts": order.attempts + 1, "reason": reason}
            _logger.warning("not sent" if state == "again" else "given up", extra=extra)
