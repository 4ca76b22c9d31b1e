"""The three demo accounts' subjects: a welder who looks for work, a key employer, a commissioner of Xiaodian district.

Their ids are fixed, so that documentation, walks through the pages and acceptance scripts can name them.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from infra.sample.employers import Firm
from infra.sample.identifiers import credit_code, identity_numbers
from infra.sample.tables import county

Row = dict[str, Any]
REGION = "140105"  # 太原市小店区


def accounts() -> list[Row]:
    """Role, name and what each demo account stands for; passwords are nobody's business here."""
    return [
        {"account_id": "u-demo", "role": "jobseeker", "name": "梁树平", "person_id": "u-demo", "region": REGION},
        {"account_id": "e-demo", "role": "employer", "name": "太原砚川机械制造有限公司", "employer_id": "e-demo", "region": REGION},
        {"account_id": "c-demo", "role": "commissioner", "name": "温雅琴", "commissioner_id": "c-demo", "region": REGION},
    ]


def person(today: date) -> Row:
    """A registered unemployed welder in Taiyuan whose wish fits several of the demo postings."""
    born = date(today.year - 34, 4, 12)
    return {
        "person_id": "u-demo",
        "kind": "registered_unemployed",
        "region": REGION,
        "birth_year_month": f"{born.year}-{born.month:02d}",
        "registered_unemployed_on": (today - timedelta(days=240)).isoformat(),
        "registered_at": REGION,
        "desired": {
            "titles": ["电焊工", "焊工"],
            "occupation_codes": [],
            "regions": ["140100"],
            "max_distance_km": 30,
            "pay_min": 4500,
            "employment_forms": ["full_time", "gig"],
            "available_from": today.isoformat(),
        },
        "intention": "employment",
        "location": {"lat": 37.80214, "lon": 112.57102},
        "education": {"level": "47", "major": "焊接技术应用", "school": "岚岭技工学校", "graduated_on": f"{born.year + 18}-07-01"},
        "experience": [{"title": "焊工", "years": 6}, {"title": "车间普工", "years": 2}],
        "skills": ["二保焊", "氩弧焊", "看图"],
        "certificates": ["焊工证"],
        "categories": ["registered_unemployed", "urban_registered_unemployed", "employment_difficulty"],
        "consent": {"recommend": True, "share_with_employers": True},
        "private": {"name": "梁树平", "id_number": identity_numbers(first=490)(born, True), "phone": "15400000001"},
    }


def employer(today: date) -> Firm:
    """A small private machine works on the county's list of key employers."""
    row: Row = {
        "employer_id": "e-demo",
        "name": "太原砚川机械制造有限公司",
        "uscc": credit_code(Random("e-demo"), "enterprise", REGION),
        "region": REGION,
        "size": "small",
        "ownership": "private",
        "kind": "enterprise",
        "industry": [],
        "insured_employees": 46,
        "programme": ["ten_platforms"],
        "recognition": ["internship_unit"],
        "key": {"class": "白名单", "level": "county", "from": (today - timedelta(days=200)).isoformat()},
        "facts": {"employer.labour_intensive": False, "employer.ui_insured": True},
    }
    return Firm(row, "machinery", county(REGION), "砚川机械")


def _posting(number: int, today: date, days_ago: int, **fields: Any) -> Row:
    published = today - timedelta(days=days_ago)
    return {
        "posting_id": f"p-demo-{number}",
        "source": "enterprise",
        "source_id": f"HR-D{number:03d}",
        "employer": employer(today).reference,
        "type": "regular",
        "employment_form": "full_time",
        "region": REGION,
        "address": "太原市小店区兴工路88号",
        "location": {"lat": 37.7712, "lon": 112.5835},
        "contact": {"person": "温经理", "phone": "15400000088"},
        "published_at": f"{published.isoformat()}T09:{number:02d}:00+08:00",
        "apply_by": (today + timedelta(days=40)).isoformat(),
        "facts": {"posting.in_province": True},
    } | fields


def postings(today: date) -> list[Row]:
    """Five openings of the demo employer and two for welders from the other sources."""
    own = [
        _posting(
            1, today, 2, title="焊工（液压支架）", occupation_code="6-18-02-04", headcount=5, education_min="71", experience_years_min=1,
            skills=["二保焊", "看图"], certificates=["焊工证"], pay={"min": 6000, "max": 8200, "unit": "month", "months": 12},
            contract_months=24,
            description="支架结构件组对满焊，焊后自检打磨。长白班，中午管饭，社保到岗当月办。手上活好的可定二级工价。",
        ),
        _posting(
            2, today, 5, title="数控车床操作工", occupation_code="6-18-01-07", headcount=3, education_min="47", experience_years_min=2,
            skills=["对刀", "量具使用"], pay={"min": 5800, "max": 7800, "unit": "month", "months": 12}, contract_months=24,
            description="油缸筒和活塞杆粗精车，照工艺卡换刀。两班倒，半月一换，夜班另补。首件自检签字后再批量。",
        ),
        _posting(
            3, today, 9, title="装配钳工", occupation_code="6-20-01-01", headcount=4, education_min="90", experience_years_min=0,
            skills=["装配"], pay={"min": 4800, "max": 6600, "unit": "month"}, contract_months=12,
            description="阀组和油缸装配试压，零件清洗去毛刺。没干过的跟师傅学一个月，工资照发。住四人间，水电平摊。",
        ),
        _posting(
            4, today, 12, title="机械制图员", occupation_code="2-02-07-01", headcount=1, education_min="31", experience_years_min=0,
            skills=["CAD制图"], pay={"min": 4500, "max": 6500, "unit": "month", "months": 13}, contract_months=36,
            description="拆零件图、做物料清单，到车间量尺寸改图。周末双休，应往届毕业生都可以来谈。",
        ),
        _posting(
            5, today, 3, title="机械设计见习生", occupation_code="2-02-07-01", type="internship", employment_form="internship", headcount=2,
            open_to=["graduate"], education_min="31", experience_years_min=0, pay={"min": 2300, "max": 2600, "unit": "month"},
            contract_months=6,
            description="跟带教工程师学三维建模和出图，见习期买意外险，结束后优先留用。",
        ),
    ]  # fmt: skip
    starts = (today + timedelta(days=4)).isoformat()
    others = [
        _posting(
            6, today, 1, source="gig_market", source_id="LG-D006", market_id=f"m-{REGION}", employer={},
            title="电焊工（护栏焊接，日结）", type="gig", employment_form="gig", address="太原市小店区永固街安置小区",
            location={"lat": 37.7903, "lon": 112.5527}, headcount=4, education_min="90", certificates=["焊工证"], apply_by=None,
            pay={"min": 320, "max": 350, "unit": "day"},
            work={"starts_at": f"{starts}T07:30", "hours_per_day": 8, "days": 3, "pay_on": "daily"},
            description="小区护栏焊补，三天的活，焊机现场有，自带面罩，收工现结，管一顿午饭。",
        ),
        _posting(
            7, today, 7, source="labour_brand", source_id="DD-D007", brand_id="b-140405-hj", title="二保焊工（订单）", headcount=20,
            education_min="90", experience_years_min=1, certificates=["焊工证"], pay={"min": 6200, "max": 8600, "unit": "month"},
            contract_months=12, address="太原市小店区开发区标准厂房",
            employer={"name": "太原岫成钢结构有限公司"}, location={"lat": 37.7401, "lon": 112.5122},
            description="绛水焊匠本批选派二十人，厂房钢梁二保焊，统一发车统一住，合同与用人方直接签。",
        ),
    ]  # fmt: skip
    return own + [{name: value for name, value in row.items() if value not in (None, {})} for row in others]
