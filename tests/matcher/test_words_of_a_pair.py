"""What a pair is told in: every number of a text is the number of its criterion, every change named is enough and the smallest, each
reader is spoken to."""

from __future__ import annotations

import random
import re
from datetime import date
from typing import Any

import pytest

from matcher.blockers import BATCH_RULES
from matcher.days import day_of
from matcher.distance import kilometres_of, spot, squared_chord
from matcher.experience import comparable_years
from matcher.explain import Explanation, explain
from matcher.occupation_likeness import reader_of
from matcher.pay import monthly
from matcher.shapes import Person, Posting, read_person, read_posting
from matcher.skills import met_skills, posting_skills
from matcher.spoken_to import spoken_to
from matcher.text import without_protected
from matcher.wording import number
from tests.matcher.made_up_pairs import AS_OF, made_up_person, made_up_posting

SEEDS = range(400)


def made_up(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    draw = random.Random(7000 + seed)
    return made_up_posting(draw), made_up_person(draw)


def numbers_of(text: str) -> set[str]:
    """The numbers of a sentence's own: not those of dates, codes of occupations, titles and names."""
    bare = re.sub(r"“[^”]*”|（[\d-]{10}）|\d{4}-\d\d-\d\d", "", text)
    return set(re.findall(r"\d+(?:\.\d+)?", re.sub(r"[A-Za-z]\d", "", bare)))


def told_numbers(posting: Posting, person: Person, name: str) -> set[str]:
    """What may be said of a criterion or a blocker, worked out from the two sides."""
    told: set[float] = set()
    if name == "skills":
        needed = posting_skills(posting)
        told |= {len(needed), len(met_skills(needed, person) or ())}
    if name == "experience":
        years, asked = comparable_years(posting, person, reader_of(posting)), posting.experience_years_min or 0
        told |= {asked, *(() if years is None else (years.total,))}
    if name == "place":
        told |= {999999}  # a region nobody knows is named by its code
    if name == "pay":
        comparable, floor = monthly(posting.pay), person.desired.pay_min
        told |= {amount for amount in (*(comparable or ()), floor) if amount is not None}
    if name in ("place", "distance") and posting.location is not None and person.location is not None:
        told.add(kilometres_of(squared_chord(spot(posting.location), spot(person.location))))
        told |= {person.desired.max_distance_km or 0}
    if name == "freshness":
        told |= {(AS_OF - day_of(instant)).days for instant in (posting.published_at, posting.confirmed_at) if instant is not None}
    return {number(value, digits) for value in told for digits in (0, 1, 2)}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_text_names_no_number_but_its_criterions_own(seed: int) -> None:
    posting, person = read_posting(made_up(seed)[0]), read_person(made_up(seed)[1])
    for item in explain(posting, person, AS_OF, rules=BATCH_RULES).criteria:
        said = item.text
        if not item.stated:
            said, _, worth = said.rpartition("，")
            assert worth == f"按{number(item.tenths / 10)}分计"
        assert numbers_of(said) <= told_numbers(posting, person, item.name), item
        assert not re.search(r"None|nan|[，、]$|，，|、、|“”|\s|\.0(?!\d)", re.sub("“[^”]+”", "甲", item.text)), item.text


def changed(posting: dict[str, Any], person: dict[str, Any], code: str, wish: dict[str, Any] | None = None, **offer: Any) -> Explanation:
    person = {**person, "desired": {**person["desired"], **(wish or {})}}
    return explain(read_posting({**posting, **offer}), read_person(person), AS_OF, rules=BATCH_RULES)


def codes_of(told: Explanation) -> set[str]:
    return {found["code"] for found in told.blockers}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_change_that_a_near_miss_names_is_enough_and_the_smallest(seed: int) -> None:
    posting, person = made_up(seed)
    told = explain(read_posting(posting), read_person(person), AS_OF, rules=BATCH_RULES)
    for found in told.near_miss:
        code, words = found["code"], found["would_change"] or ""
        assert words, found
        if code == "pay":
            short = int(re.findall(r"\d+", words)[0])
            floor = person["desired"]["pay_min"]
            assert words == f"期望月薪降低{short}元，或者岗位最高月薪提高{short}元"
            assert "pay" not in codes_of(changed(posting, person, code, {"pay_min": max(0, floor - short)}))
            assert "pay" in codes_of(changed(posting, person, code, {"pay_min": floor - short + 1}))
        if code == "distance":
            more = float(re.findall(r"[\d.]+", words)[0])
            limit = person["desired"]["max_distance_km"]
            assert "distance" not in codes_of(changed(posting, person, code, {"max_distance_km": limit + more}))
            assert "distance" in codes_of(changed(posting, person, code, {"max_distance_km": max(0.0, limit + more - 0.11)}))
        if code == "availability":
            days = int(re.findall(r"\d+", words)[0])
            free = date.fromisoformat(person["desired"]["available_from"])
            sooner, late = (date.fromordinal(free.toordinal() - days + more) for more in (0, 1))
            assert "availability" not in codes_of(changed(posting, person, code, {"available_from": sooner.isoformat()}))
            assert "availability" in codes_of(changed(posting, person, code, {"available_from": late.isoformat()}))
        if code == "experience" and without_protected(posting["title"]):
            more = float(re.findall(r"[\d.]+", words)[0])
            same = {"title": posting["title"], "years": more, "occupation_code": posting["occupation_code"]}
            after = {**person, "experience": [*person["experience"], same]}
            assert "experience" not in codes_of(changed(posting, after, code))
            same["years"] = more - 0.02
            assert more <= 0.02 or "experience" in codes_of(changed(posting, after, code))
        if code == "certificate":
            after = {**person, "certificates": [*person["certificates"], *words.removeprefix("取得").split("、")]}
            assert "certificate" not in codes_of(changed(posting, after, code))
        if code == "education":
            after = {**person, "education": {**person["education"], "level": found["needed"]}}
            assert "education" not in codes_of(changed(posting, after, code))
        if code == "employment_form":
            assert "employment_form" not in codes_of(changed(posting, person, code, {"employment_forms": [found["needed"]]}))
        if code == "region":
            assert "region" not in codes_of(changed(posting, person, code, {"regions": [found["needed"]]}))


def test_every_blocker_that_somebody_can_change_was_met_above() -> None:
    met = set()
    for seed in SEEDS:
        posting, person = made_up(seed)
        met |= {found["code"] for found in explain(read_posting(posting), read_person(person), AS_OF).near_miss}
    assert met == {
        "not_yet_open", "legal_age", "consent", "employment_form", "region", "distance", "pay", "education", "certificate", "experience",
        "availability",
    }  # fmt: skip


SENTENCES = [
    (
        "期望“电焊工”，岗位“焊工”，同属焊工（6-18-02-04）",
        "您期望“电焊工”，岗位“焊工”，同属焊工（6-18-02-04）",
        "这位求职者期望“电焊工”，本岗位“焊工”，同属焊工（6-18-02-04）",
    ),
    (
        "做过“岗位求职者”，岗位“焊工”，有些相近",
        "您做过“岗位求职者”，岗位“焊工”，有些相近",
        "这位求职者做过“岗位求职者”，本岗位“焊工”，有些相近",
    ),
    (
        "所学专业“会计学”，岗位“出纳”，很相近",
        "您所学的专业是“会计学”，岗位“出纳”，很相近",
        "这位求职者所学的专业是“会计学”，本岗位“出纳”，很相近",
    ),
    (
        "没有写明期望职业、工作经历和专业，按10分计",
        "您没有写明期望职业、工作经历和专业，按10分计",
        "这位求职者没有写明期望职业、工作经历和专业，按10分计",
    ),
    ("岗位需要氩弧焊，求职者都具备", "岗位需要氩弧焊，您都具备", "本岗位需要氩弧焊，这位求职者都具备"),
    (
        "岗位需要看图纸、氩弧焊，求职者具备看图纸（2项中的1项）",
        "岗位需要看图纸、氩弧焊，您具备看图纸（2项中的1项）",
        "本岗位需要看图纸、氩弧焊，这位求职者具备看图纸（2项中的1项）",
    ),
    (
        "岗位需要钳工，求职者所写的技能中没有相近的",
        "岗位需要钳工，您所写的技能中没有相近的",
        "本岗位需要钳工，这位求职者所写的技能中没有相近的",
    ),
    (
        "岗位要求高中及以上学历，求职者学历是技校，符合",
        "岗位要求高中及以上学历，您的学历是技校，符合",
        "本岗位要求高中及以上学历，这位求职者的学历是技校，符合",
    ),
    (
        "岗位要求1年以上同类工作经验，求职者有4年，符合",
        "岗位要求1年以上同类工作经验，您有4年，符合",
        "本岗位要求1年以上同类工作经验，这位求职者有4年，符合",
    ),
    (
        "岗位要求2年以上同类工作经验，求职者没有同类工作经验，不够",
        "岗位要求2年以上同类工作经验，您没有同类工作经验，不够",
        "本岗位要求2年以上同类工作经验，这位求职者没有同类工作经验，不够",
    ),
    (
        "岗位要求2年以上同类工作经验，求职者的部分工作经历不能确定是不是同类、有几年，按5分计",
        "岗位要求2年以上同类工作经验，您的部分工作经历不能确定是不是同类、有几年，按5分计",
        "本岗位要求2年以上同类工作经验，这位求职者的部分工作经历不能确定是不是同类、有几年，按5分计",
    ),
    ("岗位与住处相距约2.9公里", "岗位与您的住处相距约2.9公里", "本岗位与这位求职者的住处相距约2.9公里"),
    ("岗位在太原市小店区，与求职者在同一县区", "岗位在太原市小店区，与您在同一县区", "本岗位在太原市小店区，与这位求职者在同一县区"),
    (
        "岗位在太原市小店区，求职者期望到太原市工作",
        "岗位在太原市小店区，您期望到太原市工作",
        "本岗位在太原市小店区，这位求职者期望到太原市工作",
    ),
    (
        "岗位地点或者求职者的住处没有写明，按6分计",
        "岗位地点或者您的住处没有写明，按6分计",
        "本岗位地点或者这位求职者的住处没有写明，按6分计",
    ),
    (
        "岗位折合月薪5000至7000元，求职者期望不低于4500元，符合",
        "岗位折合月薪5000至7000元，您期望不低于4500元，符合",
        "本岗位折合月薪5000至7000元，这位求职者期望不低于4500元，符合",
    ),
    ("岗位是全职，求职者期望全职，符合", "岗位是全职，您期望全职，符合", "本岗位是全职，这位求职者期望全职，符合"),
    ("岗位19天前发布", "岗位19天前发布", "本岗位19天前发布"),
    (
        "岗位要求岗位培训合格证，求职者没有岗位培训合格证",
        "岗位要求岗位培训合格证，您没有岗位培训合格证",
        "本岗位要求岗位培训合格证，这位求职者没有岗位培训合格证",
    ),
    (
        "岗位折合月薪最高3900元，期望不低于4500元",
        "岗位折合月薪最高3900元，您期望不低于4500元",
        "本岗位折合月薪最高3900元，这位求职者期望不低于4500元",
    ),
    ("岗位是零工，期望的是全职", "岗位是零工，您期望的是全职", "本岗位是零工，这位求职者期望的是全职"),
    ("岗位在大同市，期望的工作地区是太原市", "岗位在大同市，您期望的工作地区是太原市", "本岗位在大同市，这位求职者期望的工作地区是太原市"),
    (
        "相距约42.2公里，愿意接受的距离是30公里以内",
        "相距约42.2公里，您愿意接受的距离是30公里以内",
        "相距约42.2公里，这位求职者愿意接受的距离是30公里以内",
    ),
    (
        "岗位2026-12-01开始上班，求职者2026-12-31才能到岗",
        "岗位2026-12-01开始上班，您2026-12-31才能到岗",
        "本岗位2026-12-01开始上班，这位求职者2026-12-31才能到岗",
    ),
    (
        "期望月薪降低600元，或者岗位最高月薪提高600元",
        "您的期望月薪降低600元，或者岗位最高月薪提高600元",
        "这位求职者的期望月薪降低600元，或者本岗位最高月薪提高600元",
    ),
    ("提前30天到岗，或者岗位推迟30天开始", "您提前30天到岗，或者岗位推迟30天开始", "这位求职者提前30天到岗，或者本岗位推迟30天开始"),
    ("可接受的距离增加12.2公里", "您可接受的距离增加12.2公里", "这位求职者可接受的距离增加12.2公里"),
    ("也愿意到大同市工作", "您也愿意到大同市工作", "这位求职者也愿意到大同市工作"),
    ("再积累1.5年同类工作经验", "您再积累1.5年同类工作经验", "这位求职者再积累1.5年同类工作经验"),
    ("取得焊工证", "您取得焊工证", "这位求职者取得焊工证"),
    ("求职者同意接受岗位推荐", "您同意接受岗位推荐", "这位求职者同意接受岗位推荐"),
    ("到2026-12-01即可", "到2026-12-01即可", "到2026-12-01即可"),
]


@pytest.mark.parametrize(("written", "to_person", "to_employer"), SENTENCES)
def test_each_reader_is_spoken_to_and_the_commissioner_reads_it_as_written(written: str, to_person: str, to_employer: str) -> None:
    assert spoken_to(written, "jobseeker") == to_person
    assert spoken_to(written, "employer") == to_employer
    assert spoken_to(written, "commissioner") == written


@pytest.mark.parametrize("seed", SEEDS)
def test_no_reader_is_told_of_a_third_and_no_fact_is_lost(seed: int) -> None:
    posting, person = made_up(seed)
    told = explain(read_posting(posting), read_person(person), AS_OF)
    texts = [item.text for item in told.criteria]
    texts += [text for found in told.blockers for text in (found["text"], found["would_change"]) if text]
    for text in texts:
        own, theirs = spoken_to(text, "jobseeker"), spoken_to(text, "employer")
        bare = re.sub("“[^”]*”", "", own)
        assert "求职者" not in bare, (text, own)
        assert "您" not in theirs, (text, theirs)
        assert "这位这位" not in theirs, (text, theirs)
        assert "本本" not in theirs, (text, theirs)
        assert re.findall(r"[\d.]+", own) == re.findall(r"[\d.]+", theirs) == re.findall(r"[\d.]+", text)
        assert re.findall("“[^”]*”", own) == re.findall("“[^”]*”", text)
