"""The unified social credit code and its check character (GB 32100)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import credit_code
from matcher.credit_code import ALPHABET, check_character, is_valid, problem

# A made-up organisation registered in Taiyuan, without its check character.
MADE_UP = "91140100MA0GXNJ13"


def test_the_check_character_is_the_weighted_sum_modulo_31() -> None:
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]  # GB 32100-2015, table 4
    total = sum(ALPHABET.index(letter) * weight for letter, weight in zip(MADE_UP, weights, strict=True))
    assert check_character(MADE_UP) == ALPHABET[(31 - total % 31) % 31]
    assert is_valid(MADE_UP + check_character(MADE_UP))


def test_small_letters_full_width_and_spaces_are_put_right() -> None:
    code = MADE_UP + check_character(MADE_UP)
    assert is_valid(" ９１" + code[2:10].lower() + " " + code[10:])
    assert credit_code.region_of(code) == "140100"


@pytest.mark.parametrize(
    ("code", "says"),
    [(None, "没有填写"), ("", "没有填写"), ("9114", "18位"), ("91140100MA0GXNJ1OO", "不会出现"), ("91ABCDEFMA0GXNJ135", "行政区划")],
)
def test_what_is_wrong_is_said_plainly(code: str | None, says: str) -> None:
    answer = problem(code)
    assert answer is not None
    assert says in answer


@given(st.text(alphabet=ALPHABET, min_size=9, max_size=9), st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(tail: str, place: int, letter: str) -> None:
    first = "91140100" + tail
    code = first + check_character(first)
    changed = code[:place] + letter + code[place + 1 :]
    assert is_valid(changed) == (changed == code)
