"""Money to compare: whole fen in 32 bits, so that the readable and the columnar matcher agree exactly."""

from __future__ import annotations

#: Twenty million yuan a month; beyond it nobody's pay is compared.
MOST_FEN = 2_000_000_000


def in_fen(yuan: float) -> int:
    """Yuan as whole fen, at most ``MOST_FEN``."""
    return min(MOST_FEN, round(yuan * 100))
