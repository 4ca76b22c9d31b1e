"""The exchange from outside: a typed client of its interface for employers' systems, markets, brands and partners.

It speaks HTTP and knows nothing of the server: nothing here imports anything of the exchange, and httpx is all it needs. Shapes are
those of docs/api.md; unknown further fields may come.
"""

from api.client.errors import (
    Conflict,
    FieldProblem,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    NotSignedIn,
    ProblemError,
    TooLarge,
    TooOften,
    Unavailable,
)
from api.client.exchange import Gongqiao
from api.client.following import Snapshot

__all__ = [
    "Conflict",
    "FieldProblem",
    "Forbidden",
    "Gone",
    "Gongqiao",
    "Invalid",
    "NotFound",
    "NotSignedIn",
    "ProblemError",
    "Snapshot",
    "TooLarge",
    "TooOften",
    "Unavailable",
]
