"""A major means the occupations its graduates are asked for in, in every form of the likeness alike."""

from __future__ import annotations

import numpy as np
import pytest

from infra.majors_asked import asked_for
from matcher.likeness import TitleIndex, likeness
from matcher.majors import concepts_of_major, concepts_of_wish, job_words, major_in, stem, title_of_major
from matcher.occupation_likeness import likeness_to_person, reader_of
from matcher.occupations import concepts, concepts_of_title
from matcher.posting_likeness import PostingTitles
from matcher.posting_words import WordsReader
from matcher.ranking import Entry, Ranker
from matcher.shapes import read_person, read_posting

MAJORS = ["会计学", "护理学", "软件工程", "市场营销", "焊接技术应用", "某某学", "计算机科学与技术（师范）", "学"]
TITLES = ["会计", "出纳", "护士", "Java开发工程师", "焊工", "保洁员", "销售代表"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("会计学", "会计"), ("会计学（注册会计师方向）", "会计"), ("计算机类", "计算机"),
        ("护理专业", "护理"), ("药学", "药学"), ("法学", "法学"),
        ("汉语言文学", "汉语言文学"), ("临床医学", "临床医学"), ("", ""), ("学", "学"),
    ],
)  # fmt: skip
def test_names_of_a_major_are_read_without_their_endings(written: str, read: str) -> None:
    assert stem(written) == read


@pytest.mark.parametrize(
    ("major", "near", "far"),
    [
        ("会计学", "财务助理", "护士"),
        ("财务管理", "出纳", "保洁员"),
        ("市场营销", "销售代表", "焊工"),
        ("金融学", "银行客户经理", "厨师"),
        ("物流管理", "仓储主管", "护士"),
        ("计算机科学与技术", "Java开发工程师", "月嫂"),
        ("法学", "法务专员", "叉车司机"),
        ("护理学", "护士", "会计"),
        ("学前教育", "幼儿园老师", "车工"),
        ("土木工程", "施工员", "护士"),
        ("机电一体化技术", "设备维修工", "会计"),
        ("大数据与会计", "会计助理", "保安"),
    ],
)
def test_a_major_is_nearer_to_the_work_of_its_graduates(major: str, near: str, far: str) -> None:
    title = title_of_major(major)
    assert likeness(near, None, None, title) >= 2 * likeness(far, None, None, title)
    assert next(Ranker([Entry("far", far), Entry("near", near)]).rank([Entry("q", title)], 1))[1][0][0] == "near"


def test_a_job_is_never_read_as_a_major_and_a_major_stays_one() -> None:
    assert concepts_of_wish("会计") == concepts_of_title("会计", 3)
    assert title_of_major("护理专业") == "护理专业"
    assert (major_in("会计学专业"), major_in("专业保洁"), major_in("专业")) == ("会计学", None, None)
    assert job_words("会计学专业") == "会计学"
    assert concepts_of_major("从来没有的") == ()


def test_a_major_means_at_most_six_occupations_surest_first() -> None:
    for major in MAJORS:
        found = concepts_of_wish(title_of_major(major))
        assert len(found) <= 6
        assert [sure for _, sure in found] == sorted((sure for _, sure in found), reverse=True)
        assert all(0 < sure <= 1000 and 0 <= number < len(concepts()) for number, sure in found)


def test_every_form_gives_a_major_the_same_likeness() -> None:
    index, titles = TitleIndex(), PostingTitles()
    numbers = [index.add(title_of_major(major)) for major in MAJORS]
    postings = [read_posting({"posting_id": title, "source": "enterprise", "title": title}) for title in TITLES]
    titles.extend(WordsReader().read([(posting.title, posting.description, posting.occupation_code) for posting in postings]))
    for place, posting in enumerate(postings):
        scores = index.scores(posting.title, None, None)
        for major, number in zip(MAJORS, numbers, strict=True):
            told = likeness(posting.title, None, None, title_of_major(major))
            assert int(scores[number]) == told
            assert int(titles.scores(title_of_major(major))[place]) == told
    assert np.any(index.scores("会计", None, None) > 0)


def test_a_graduate_without_a_wish_is_told_of_the_major_by_its_own_name() -> None:
    posting = read_posting({"posting_id": "p", "source": "enterprise", "title": "会计"})
    person = read_person({"person_id": "g", "kind": "graduate", "education": {"level": "21", "major": "会计学"}})
    found = likeness_to_person(posting, person, reader_of(posting))
    assert found is not None
    assert found.thousandths > 300
    assert found.text == "所学专业“会计学”，岗位“会计”，会计专业人员（2-06-03-00）常招这个专业的毕业生"


def test_a_description_asks_for_the_majors_it_lists() -> None:
    names = frozenset({"会计", "财务管理", "电气工程及其自动化", "自动化", "法学"})
    assert asked_for("1、会计学、财务管理等相关专业本科以上；2、懂法律", names) == {"会计", "财务管理"}
    assert asked_for("电气工程及其自动化专业优先", names) == {"电气工程及其自动化"}
    assert asked_for("提供专业的服务", names) == set()
