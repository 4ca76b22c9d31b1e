"""Codes of an authenticator: RFC 6238 with SHA-1, 30 seconds and six digits, which is what every authenticator reads."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

SECONDS = 30
DIGITS = 6
_SECRET_BYTES = 20  # as long as a SHA-1 (RFC 4226, 4)
_APART = 1  # steps by which two clocks may differ


def new_secret() -> str:
    """A secret as people type it: 32 letters and digits of base32."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def uri(secret: str, login: str, issuer: str = "工桥") -> str:
    """The address that an authenticator reads from a link."""
    return f"otpauth://totp/{quote(issuer)}:{quote(login, safe='')}?secret={secret}&issuer={quote(issuer)}"


def step_of(at: datetime) -> int:
    """The number of the 30 seconds in which an instant lies."""
    return int(at.timestamp()) // SECONDS


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """The code of a step."""
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_with(secret: str, code: str, at: datetime) -> int | None:
    """The step, now or one beside it, whose code this is; None where it is none of them."""
    now, found = step_of(at), None
    for step in range(now - _APART, now + _APART + 1):
        # All are compared, whichever fits.
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found
