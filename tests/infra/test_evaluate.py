from __future__ import annotations

import numpy as np
import pytest

from infra.commands.evaluate import interval, ndcg
from infra.evaluation_baselines import Grams, bm25, tf_idf
from infra.evaluation_sets import is_testing, without_title, without_words_of


def scores(*values):
    return np.array(values, np.float32)


def test_the_right_document_first_is_worth_all_and_further_down_less():
    assert ndcg(scores(3, 2, 1), frozenset({0})) == pytest.approx(1)
    assert ndcg(scores(3, 2, 1), frozenset({1})) == pytest.approx(1 / np.log2(3))
    assert ndcg(scores(3, 2, 1), frozenset({0, 1})) == pytest.approx(1)


def test_the_order_of_the_file_helps_no_tied_document():
    tied = scores(*[0] * 40)
    assert ndcg(tied, frozenset({0})) == pytest.approx(ndcg(tied, frozenset({39})))
    assert ndcg(tied, frozenset({0})) == pytest.approx(sum(1 / np.log2(np.arange(2, 12))) / 40)


def test_a_difference_that_is_always_there_has_an_interval_above_nothing():
    low, high = interval(np.array([0.1, 0.2, 0.15, 0.12] * 10))
    assert 0 < low < high
    assert interval(np.zeros(10)) == (0, 0)


def test_both_baselines_find_the_document_that_shares_rare_pairs():
    grams = Grams([("焊工", ""), ("电工", ""), ("会计", "")])
    for model in (bm25, tf_idf):
        assert int(np.argmax(model(grams, ("电焊工 焊接", "")))) == 0
        assert not model(grams, ("程序", "")).any()


def test_taking_the_title_out_leaves_the_rest():
    assert without_words_of("电焊工", "招电焊工，会焊工活，要电焊证").split() == ["招", ",会", "活,要", "证"]
    assert "电焊工" not in without_title("电焊工（双休）", "诚聘电焊工，负责焊接")
    assert "负责焊接" in without_title("电焊工（双休）", "诚聘电焊工，负责焊接")


def test_the_split_depends_on_the_work_and_not_on_noise():
    assert is_testing("急聘焊工（双休）") == is_testing("焊工")
