"""Made-up postings and people for the matcher's tests: every field now stated, now silent, values close to each other's boundaries."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

AS_OF = date(2026, 11, 20)
TITLES = (
    "焊工", "电焊工", "氩弧焊工", "会计", "出纳", "财务会计", "月嫂", "母婴护理员", "保洁员", "保安", "叉车工", "叉车司机", "普工",
    "操作工", "骑手", "外卖员", "厨师", "Java开发工程师", "java后端", "前端开发", "销售代表", "客服（电话）",
    "女收银员（35岁以下）", "收银员", "宝妈", "仓库管理员", "电工", "维修电工", "护士", "幼儿教师", "数控车工", "车工",
    "煤矿采掘工", "司机", "C1司机", "项目经理", "员工", "某某岗", "x", "质检员", "急聘 服务员 包吃住", "服務員", "人事专员",
    "行政文员",
)  # fmt: skip
CODES = (
    "6-18-02-04", "6-18-02-01", "2-06-03-00", "4-10-01-01", "6-30-05-01", "4-02-07-10", "4-10-08-01", "9-99-99-99", "1-01-01-01",
    "6-18-01-01",
)  # fmt: skip
SKILLS = (
    "氩弧焊", "二保焊", "焊接", "Excel", "熟练使用Excel", "java", "javascript", "Java", "叉车", "叉车驾驶", "普通话",
    "普通话二级甲等", "女", "35岁以下", "看图纸", "识图", "做饭", "烹饪", "收银", "焊", "c", "c++", "数据录入", "办公软件",
    "带孩子 宝妈", "沟通能力", "驾驶",
)  # fmt: skip
CERTIFICATES = (
    "焊工证", "特种作业操作证（焊接）", "电工证", "低压电工证", "C1驾照", "B2驾驶证", "驾驶证", "健康证", "会计证", "初级会计证",
    "护士资格证", "普通话证书",
)  # fmt: skip
REGIONS = (
    "140000", "140100", "140105", "140106", "140121", "140200", "140212", "140213", "410100", "410102", "110105", "110100",
    "140602", "999999",
)  # fmt: skip
MAJORS = ("焊接技术应用", "会计", "护理", "计算机科学与技术", "女")
CATEGORIES = (
    "registered_unemployed", "urban_registered_unemployed", "employment_difficulty", "college_graduate", "graduate_in_difficulty",
    "veteran", "disabled", "unknown_group",
)  # fmt: skip
FORMS = ("full_time", "part_time", "temporary", "seasonal", "internship", "gig")
TYPES = (None, None, "regular", "regular", "gig", "internship", "public_welfare_post")
LEVELS = ("11", "14", "21", "31", "41", "44", "47", "61", "71", "81", "90", "99", "大专", "不限")
DESCRIPTIONS = (None, "负责车间焊接工作，要求会看图纸", "电话销售，双休，限女性", "做账报税，熟练使用Excel", "负责仓库叉车驾驶", "")


def one_of(draw: random.Random, values: Any, silent: float = 0.3) -> Any:
    return None if draw.random() < silent else draw.choice(values)


def some_of(draw: random.Random, values: Any, most: int = 3, silent: float = 0.3) -> Any:
    return None if draw.random() < silent else [draw.choice(values) for _ in range(draw.randint(0, most))]


def near_by(draw: random.Random) -> dict[str, float] | None:
    if draw.random() < 0.3:
        return None
    spread = draw.choice((0.02, 0.1, 0.5, 3))
    return {"lat": 37.8 + draw.uniform(-spread, spread), "lon": 112.5 + draw.uniform(-spread, spread)}


def a_day(draw: random.Random, spread: int = 5, silent: float = 0.3) -> str | None:
    return None if draw.random() < silent else (AS_OF + timedelta(days=draw.randint(-spread, spread))).isoformat()


def made_up_posting(draw: random.Random, number: int = 0, *, open_only: bool = False) -> dict[str, Any]:
    published = None if draw.random() < 0.2 else AS_OF - timedelta(days=draw.choice((0, 1, 3, 4, 7, 8, 14, 15, 30, 31, 59, 60)))
    posting: dict[str, Any] = {
        "posting_id": f"p-{number}",
        "source": draw.choice(("enterprise", "gig_market", "labour_brand")),
        "title": draw.choice(TITLES),
        "description": draw.choice(DESCRIPTIONS),
        "occupation_code": one_of(draw, CODES, 0.6),
        "type": draw.choice(TYPES),
        "employment_form": one_of(draw, FORMS),
        "headcount": one_of(draw, (1, 2, 5)),
        "region": one_of(draw, REGIONS, 0.2),
        "location": near_by(draw),
        "pay": draw.choice((
            {}, {"min": 5000, "max": 7000, "unit": "month"}, {"min": 4000, "unit": "month", "months": 13}, {"max": 6000, "unit": "month"},
            {"min": 180, "max": 220, "unit": "day"}, {"min": 20, "max": 30, "unit": "hour"}, {"min": 3, "max": 5, "unit": "piece"},
            {"min": 60000, "max": 100000, "unit": "year"}, {"min": 1000, "max": 1200, "unit": "week"}, {"min": 5000, "max": 7000},
            {"min": 5000, "max": 5000, "unit": "month"}, {"min": 9000, "max": 6000, "unit": "month"},
        )),
        "education_min": one_of(draw, LEVELS),
        "experience_years_min": one_of(draw, (0, 0, 1, 2, 0.5, 3, 10)),
        "skills": some_of(draw, SKILLS, 4),
        "certificates": some_of(draw, CERTIFICATES, 2, 0.5),
        "open_to": some_of(draw, (*CATEGORIES, "graduate"), 2, 0.6),
        "work": {"starts_at": f"{a_day(draw, silent=0)}T08:00"} if draw.random() < 0.4 else {},
        "published_at": None if published is None else f"{published.isoformat()}T21:00:00+08:00",
        "apply_by": None if open_only else a_day(draw, 3, 0.7),
        "employer": {"employer_id": f"e-{draw.randint(0, 2)}"},
    }  # fmt: skip
    if not open_only:
        posting["status"] = draw.choice((None, None, None, "open", "closed", "held"))
        posting["filled"] = one_of(draw, (0, 1, 5), 0.7)
        if draw.random() < 0.1:
            posting["published_at"] = f"{a_day(draw, 3, 0)}T23:30:00+08:00"
        if draw.random() < 0.1:
            posting["confirmed_at"] = f"{a_day(draw, 70, 0)}T08:30:00+08:00"
    elif posting["type"] == "public_welfare_post":
        posting["type"] = "regular"
    return posting


def made_up_person(draw: random.Random, number: int = 0) -> dict[str, Any]:
    return {
        "person_id": draw.choice(("u-", "人", "")) + str(number),
        "kind": draw.choice(("registered_unemployed", "graduate", "jobseeker")),
        "region": one_of(draw, REGIONS, 0.2),
        "birth_year_month": one_of(draw, ("1996-04", "2010-09", "2010-10", "2010-11", "2010-12", "2011-01")),
        "registered_at": one_of(draw, REGIONS),
        "desired": {
            "titles": some_of(draw, TITLES, 3),
            "occupation_codes": some_of(draw, CODES, 2, 0.7),
            "regions": some_of(draw, REGIONS, 3, 0.4),
            "max_distance_km": one_of(draw, (0, 1, 5, 10, 30, 100)),
            "pay_min": one_of(draw, (0, 3500, 4350, 4350.01, 5000, 5000.5, 6000, 7000, 8000)),
            "employment_forms": some_of(draw, FORMS, 4),
            "available_from": a_day(draw),
        },
        "location": near_by(draw),
        "education": {"level": one_of(draw, LEVELS), "major": one_of(draw, MAJORS, 0.5)},
        "experience": None
        if draw.random() < 0.3
        else [
            {
                "title": one_of(draw, TITLES, 0.15),
                "years": one_of(draw, (0.5, 1, 1.25, 2, 4), 0.15),
                "occupation_code": one_of(draw, CODES, 0.7),
            }
            for _ in range(draw.randint(0, 3))
        ],
        "skills": some_of(draw, SKILLS, 4),
        "certificates": some_of(draw, CERTIFICATES, 3),
        "categories": some_of(draw, CATEGORIES, 3),
        "consent": draw.choice((None, {}, {"recommend": True}, {"recommend": True}, {"recommend": False})),
    }
