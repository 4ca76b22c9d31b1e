"""Sends the feed to webhooks. A worker of its own, of which one runs at a time: never a handler, never in a rebuild or a replay."""

from __future__ import annotations

import logging
import ssl
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

import orjson

from api.intake.feed import TYPES, changes, last_change
from api.webhooks import book
from api.webhooks.book import Order
from streams.delivery.channels import signature
from streams.delivery.targets import Resolve, Rules, Tried, post, resolve
from streams.runtime.database import EngineFault
from streams.runtime.exchange import Exchange
from streams.runtime.jobs import WriterStopped
from streams.runtime.own_thread import OwnThread

PAGE = 200  # changes of one delivery
AT_ONCE = 8  # webhooks served side by side: a slow target holds up itself
IN_A_ROW = 20  # deliveries to one of them before others have their turn
_logger = logging.getLogger("gongqiao.webhooks")


class WebhookSender(OwnThread):
    """Brings every webhook up to the feed, each in the order of the feed and one delivery at a time.

    Promises: a delivery is written down before it is sent and keeps its id and its content at every attempt; the next one is made when it
    was taken, so what a target missed while it was down comes as soon as it is up again, in order; after the last attempt it is dead, and
    nothing later is sent before it. Targets: ``streams.delivery.targets``. ``context`` and ``asking`` are for tests: which authorities
    are believed, and who is asked for addresses.
    """

    def __init__(
        self,
        exchange: Exchange,
        rules: Rules,
        *,
        every: float = 2.0,
        context: ssl.SSLContext | None = None,
        asking: Resolve = resolve,
    ):
        super().__init__("webhooks")
        self.fault: str | None = None
        self._exchange = exchange
        self._rules = rules
        self._every = every
        self._context = context or ssl.create_default_context()
        self._asking = asking
        self._ear = exchange.bell.listen(TYPES)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
        self._served: dict[str, Future[int]] = {}

    def stop(self) -> None:
        """Stop after the attempts in hand."""
        self._stopping.set()
        self._ear.wake()
        super().stop()
        self._pool.shutdown(cancel_futures=True)

    def step(self) -> int:
        """Send everything that is due now, and wait for it; answers how many attempts were made."""
        begun = self._round()
        wait(begun)
        return sum(one.result() for one in begun)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._ear.forget()
            try:
                self._round()
                self.fault = None
            except WriterStopped:
                return
            except EngineFault as error:
                self.fault = str(error)
                _logger.error("webhooks wait", extra={"reason": self.fault})
            except Exception as error:
                self.fault = type(error).__name__
                _logger.error("webhooks failed", extra={"reason": self.fault}, exc_info=True)
            if not self._stopping.is_set():
                self._ear.wait(self._every)

    def _round(self) -> list[Future[int]]:
        """Begin to serve those that have work and are not served yet."""
        with self._exchange.reading() as connection:
            due = book.with_work(connection, self._exchange.now(), last_change(connection))
        self._served = {webhook_id: one for webhook_id, one in self._served.items() if not one.done()}
        for webhook_id in due:
            if webhook_id not in self._served:
                self._served[webhook_id] = self._pool.submit(self._serve, webhook_id)
        return list(self._served.values())

    def _serve(self, webhook_id: str) -> int:
        """Deliver to one webhook until nothing is left, an attempt fails, or others have waited long enough; answers the attempts."""
        tried = 0
        try:
            while tried < IN_A_ROW and not self._stopping.is_set() and (order := self._order(webhook_id)) is not None:
                tried += 1
                if not self._try(order):
                    return tried
            if tried == IN_A_ROW:
                self._ear.wake()
        except WriterStopped:
            pass
        except EngineFault as error:
            _logger.error("webhooks wait", extra={"reason": str(error)})
        except Exception as error:
            _logger.error("webhook failed", extra={"webhook_id": webhook_id, "reason": type(error).__name__}, exc_info=True)
        return tried

    def _order(self, webhook_id: str) -> Order | None:
        """The delivery whose turn it is, made where there is none yet."""
        exchange = self._exchange
        while True:
            now = exchange.now()
            with exchange.reading() as connection:
                found = book.next_order(connection, webhook_id, now)
                if not isinstance(found, int):
                    return found
                page = changes(connection, exchange.log, found, PAGE)
            if page.until == found:
                return None
            add = partial(book.add, webhook_id=webhook_id, after=found, until=page.until, changes=len(page.items), now=now)
            exchange.write(add)

    def _try(self, order: Order) -> bool:
        """One attempt; whether it was taken."""
        try:
            tried = self._send(order)
        except (EngineFault, WriterStopped):
            raise
        except Exception as error:
            # Not foreseen: an attempt like another, or it would be made again at once and for ever.
            _logger.error("webhook failed", extra={"webhook_id": order.webhook_id, "reason": type(error).__name__}, exc_info=True)
            tried = Tried(None, "failed")
        now = self._exchange.now()
        state = self._exchange.write(lambda connection: book.note(connection, order, now, status=tried.status, wrong=tried.wrong))
        if tried.wrong is not None:
            extra = {"webhook_id": order.webhook_id, "attempt": order.attempts + 1, "status": tried.status, "reason": tried.wrong}
            _logger.warning("webhook is dead" if state == "dead" else "webhook not delivered", extra=extra)
        return tried.wrong is None

    def _send(self, order: Order) -> Tried:
        with self._exchange.reading() as connection:
            body = self._body(connection, order)
            secret = self._exchange.vault.reveal(connection, book.OWNER, order.webhook_id).get("secret")
        if secret is None:
            return Tried(None, "ended")
        timestamp = str(int(self._exchange.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "gongqiao-webhook/1",
            "Idempotency-Key": order.delivery_id,
            "X-Gongqiao-Webhook": order.webhook_id,
            "X-Gongqiao-Timestamp": timestamp,
            "X-Gongqiao-Signature": f"sha256={signature(secret.encode(), timestamp, body)}",
        }
        return post(order.url, body, headers, self._rules, context=self._context, asking=self._asking)

    def _body(self, connection: Any, order: Order) -> bytes:
        said = changes(connection, self._exchange.log, order.after, PAGE, until=order.until)
        about = {"delivery_id": order.delivery_id, "webhook_id": order.webhook_id, "number": order.number}
        return orjson.dumps({**about, "after": str(order.after), "cursor": str(order.until), "items": said.items})
