"""The ways outside: mail over SMTP and a message gateway over HTTP. Each takes an address and a letter and answers or raises ``NotSent``.

Reasons name what went wrong, never an address or a text.
"""

from __future__ import annotations

import hashlib
import hmac
import smtplib
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import httpx
import orjson

from streams.delivery.wording import Letter

TIMEOUT_S = 10.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotSent(Exception):
    """It did not go out. ``final``: trying again would not help."""

    def __init__(self, reason: str, *, final: bool = False):
        self.reason = reason
        self.final = final
        super().__init__(reason)


class ChannelSettingsError(ValueError):
    """A channel's URL that cannot be used; says which part."""


class Channel(Protocol):
    address: str  # the private value that holds the address: "mail" or "phone"

    def send(self, address: str, letter: Letter) -> None:
        """Hand the letter over; raises ``NotSent``."""


class Mail:
    """Mail over SMTP. ``smtp://user:password@host:port`` uses STARTTLS where offered, ``smtps://`` TLS from the start.

    A password is sent over TLS only (this machine itself excepted). The Message-ID comes from the letter's key, so that a mail that
    was sent twice is recognised as one.
    """

    address = "mail"

    def __init__(self, url: str, sender: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ChannelSettingsError("smtp_url: smtp://host:port or smtps://host:port expected")
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else ""
        self._sender = sender
        self._now = now

    def send(self, address: str, letter: Letter) -> None:
        mail = EmailMessage()
        mail["Subject"] = letter.subject
        mail["From"] = self._sender
        mail["Date"] = format_datetime(self._now())
        mail["Message-ID"] = f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:40]}@{self._sender.rpartition('@')[2] or 'localhost'}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
        mail.set_content(letter.text)
        try:
            mail["To"] = address
        except ValueError:
            raise NotSent("the address is no mail address", final=True) from None
        try:
            with self._open() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0] if error.recipients else 0
            raise NotSent(f"the mail server refuses the recipient ({code})", final=code >= 500) from None
        except smtplib.SMTPDataError as error:
            raise NotSent(f"the mail server refuses the mail ({error.smtp_code})", final=error.smtp_code >= 500) from None
        except smtplib.SMTPResponseException as error:
            # It refuses us, not the mail: a wrong password, a sender it does not know. That is mended, and the mails of that time wait.
            raise NotSent(f"the mail server answers {error.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(f"the mail server does not answer ({type(error).__name__})") from None

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
        try:
            server.ehlo()
            if not self._tls and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
                secured = True
            else:
                secured = self._tls
            if self._user is not None:
                if not secured and self._host not in _LOOPBACK:
                    raise NotSent("the mail server offers no TLS; the password is not sent in the open: use smtps://")
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


class Gateway:
    """A message gateway over HTTP: a signed POST of ``{"idempotency_key", "to", "text", "link"}``.

    ``X-Gongqiao-Signature: sha256=`` is the HMAC-SHA256 of ``timestamp + "." + body`` under the shared secret, the timestamp (Unix
    seconds) is in ``X-Gongqiao-Timestamp``; ``Idempotency-Key`` is match and revision, the same for every attempt.
    """

    address = "phone"

    def __init__(self, url: str, secret: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ChannelSettingsError("gateway_url: http://… or https://… expected")
        if not secret:
            raise ChannelSettingsError("gateway_secret: needed to sign calls to the gateway")
        self._url = url
        self._secret = secret.encode()
        self._now = now

    def send(self, address: str, letter: Letter) -> None:
        content = {"idempotency_key": letter.key, "to": address, "text": letter.short}
        body = orjson.dumps({**content, "link": letter.link} if letter.link else content)
        timestamp = str(int(self._now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": letter.key,
            "X-Gongqiao-Timestamp": timestamp,
            "X-Gongqiao-Signature": f"sha256={signature(self._secret, timestamp, body)}",
        }
        try:
            answer = httpx.post(self._url, content=body, headers=headers, timeout=TIMEOUT_S)
        except httpx.HTTPError as error:
            raise NotSent(f"the gateway does not answer ({type(error).__name__})") from None
        if answer.is_success:
            return
        # Of our address, secret or pace: that is mended. What is wrong with the message itself stays wrong.
        ours = answer.status_code in (401, 402, 403, 404, 405, 407, 408, 421, 425, 429)
        raise NotSent(f"the gateway answers {answer.status_code}", final=400 <= answer.status_code < 500 and not ours)


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over ``timestamp.body``, as hex digits: what a gateway compares with."""
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def channels_of(settings: Mapping[str, Any], now: Callable[[], datetime]) -> dict[str, Channel]:
    """The channels that are set up, by name; raises ``ChannelSettingsError``."""
    found: dict[str, Channel] = {}
    if settings.get("smtp_url"):
        found["mail"] = Mail(settings["smtp_url"], settings.get("mail_from") or "gongqiao@localhost", now=now)
    if settings.get("gateway_url"):
        found["gateway"] = Gateway(settings["gateway_url"], settings.get("gateway_secret") or "", now=now)
    return found
