"""Compiled functions: numba without the interpreter lock, kept on disk where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def compiled(function: FunctionT) -> FunctionT:
    """``function`` compiled on first use.

    The machine code is cached beside the module or in the user's cache, so that the first match after a start needs no compiler. Where
    neither can be written (a read-only container) the function is compiled anew in each process instead of failing.
    """
    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba: "no locator available", at decoration
        made = numba.njit(nogil=True)(function)
    return cast(FunctionT, made)
