"""What intake must notice: postings to be held, contact details in free text, the same opening sent by two sources."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from infra.sample.identifiers import identity_numbers, telephone
from infra.sample.tables import brands, market_counties, one_of, phrases
from infra.sample.wording import Titles

Row = dict[str, Any]

# What is wrong, and the words as hurried people write them. Each must be held, whatever else the posting says.
HOLD_WORDS: dict[str, tuple[str, ...]] = {
    "sex": ("限女性", "只招男工", "仅限男性报名", "女士勿扰", "要求女，形象好"),
    "age": ("年龄18至35岁", "35岁以下", "超过45岁的不要", "年满50周岁不录用"),
    "marriage": ("须已婚已育", "仅限未婚", "两年内不打算要孩子的才签", "单身女性不考虑"),
    "household_registration": ("限本地户口", "外地户籍不招", "必须有太原户口"),
    "origin": ("不招河南人", "外省人不要"),
    "ethnicity": ("只限汉族",),
    "health": ("乙肝携带者勿来", "有过抑郁症病史的不录", "入职查乙肝两对半"),
    "fee": ("入职交押金300元", "先交服装费260元", "报名费50元概不退还", "体检费和培训费共800元先付"),
    "documents": ("身份证原件由单位统一保管", "毕业证押在公司一年"),
    "probation": ("试用期十五天没有工资", "前七天试工不算钱", "试用期八个月"),
}
_PAY_NONSENSE: tuple[Row, ...] = (
    {"min": 180_000, "max": 260_000, "unit": "month"},
    {"min": 3, "max": 5, "unit": "month"},
    {"min": 9000, "max": 4000, "unit": "month"},
    {"min": 6500, "max": 8000, "unit": "day"},
    {"min": 5200, "max": 7800, "unit": "hour"},
    {"min": 0, "max": 0, "unit": "month"},
)


def hold_some(rng: Random, rows: Sequence[Row], share: float, titles: Titles) -> dict[str, str]:
    """Turns about ``share`` of the postings into ones that must be held; posting id to what is wrong."""
    kinds = [*HOLD_WORDS, "pay"]
    found: dict[str, str] = {}
    wanted = min(len(rows), round(len(rows) * share))
    for number, row in enumerate(rng.sample(list(rows), wanted)):
        kind = kinds[number % len(kinds)]
        if kind == "pay":
            row["pay"] = dict(_PAY_NONSENSE[number // len(kinds) % len(_PAY_NONSENSE)])
        else:
            words = HOLD_WORDS[kind][number // len(kinds) % len(HOLD_WORDS[kind])]
            title = f"{row['title']}（{words}）"
            if kind in ("sex", "age") and rng.random() < 0.3 and titles.count(title):
                row["title"] = title
            else:
                row["description"] = row["description"].rstrip("。\n") + "，" + words + "。"
        found[row["posting_id"]] = kind
    return found


def _as_written(rng: Random, number: str) -> str:
    """A telephone as people type it: plain, spaced, dashed, in full-width digits."""
    style = rng.random()
    if style < 0.45:
        return number
    if style < 0.65:
        return f"{number[:3]} {number[3:7]} {number[7:]}"
    if style < 0.85:
        return f"{number[:3]}-{number[3:7]}-{number[7:]}"
    return "".join(chr(ord(digit) + 0xFEE0) for digit in number)


def write_contacts_into(rng: Random, rows: Sequence[Row], share: float) -> dict[str, str]:
    """Puts telephones, mail addresses and a few identity numbers into descriptions; posting id to what must be masked there."""
    found: dict[str, str] = {}
    give_identity = identity_numbers()
    for row in rng.sample(list(rows), min(len(rows), round(len(rows) * share))):
        draw = rng.random()
        if draw < 0.8:
            secret = _as_written(rng, telephone(rng))
            line = one_of(rng, phrases()["phone"]).format(phone=secret)
        elif draw < 0.96:
            secret = f"{one_of(rng, ('hr', 'zhaopin', 'office', 'rsb'))}{int(rng.random() * 900) + 100}@example.com"
            line = one_of(rng, phrases()["mail"]).format(mail=secret)
        else:
            born = datetime(1970, 1, 1) + timedelta(days=int(rng.random() * 9000))  # noqa: DTZ001 - a birthday, not an instant
            secret = give_identity(born.date(), rng.random() < 0.5)
            line = f"登记号{secret}"
        row["description"] = row["description"].rstrip("。\n") + ("。" if rng.random() < 0.6 else "\n") + line
        found[row["posting_id"]] = secret
    return found


def _name_as_others_write(rng: Random, name: str) -> str:
    for long, short in (("有限责任公司", "公司"), ("有限公司", ""), ("专业合作社", "合作社"), ("（", "(")):
        if long in name and rng.random() < 0.7:
            return name.replace(long, short)
    return name


def _other_source(rng: Random, row: Row, posting_id: str, number: int) -> Row:
    """The opening of ``row`` as another source sends it: its own number, another hand at the keyboard, a few days later."""
    other = copy.deepcopy(row)
    other["posting_id"] = posting_id
    other.pop("contact", None)
    other.pop("brand_id", None)
    if row["source"] == "enterprise":
        brand = next((item for item in brands() if item.county == row["region"]), None) or one_of(rng, brands())
        other |= {"source": "labour_brand", "source_id": f"DD-C{number:05d}", "brand_id": brand.brand_id}
    elif row["source"] == "labour_brand":
        other |= {"source": "enterprise", "source_id": f"HR-C{number:05d}"}
    else:
        others = [item for item in market_counties() if f"m-{item.code}" != row["market_id"]]
        near = [item for item in others if item.code[:4] == row["region"][:4]]
        other |= {"source_id": f"LG-C{number:05d}", "market_id": f"m-{one_of(rng, near or others).code}"}
    if "employer" in other:
        other["employer"] = {"name": _name_as_others_write(rng, row["employer"]["name"])} | (
            {"uscc": row["employer"]["uscc"]} if "uscc" in row["employer"] and rng.random() < 0.5 else {}
        )
    if "location" in other:
        other["location"] = {key: round(value + (rng.random() - 0.5) * 0.001, 5) for key, value in row["location"].items()}
    pieces = [piece for piece in row["description"].replace("\n", "。").split("。") if piece]
    if len(pieces) > 2 and rng.random() < 0.6:
        pieces.pop()
    other["description"] = ("\n" if rng.random() < 0.5 else "。").join(pieces)
    if "address" in other and rng.random() < 0.4:
        other["address"] = other["address"].split("市", 1)[-1]
    return other


def send_twice(
    rng: Random, rows: Sequence[Row], count: int, titles: Titles, published_until: str
) -> tuple[list[Row], list[tuple[str, str]]]:
    """``count`` copies of openings by another source, and the pairs (first sender's id, second sender's id)."""
    chosen = rng.sample([row for row in rows if row["description"] and row["type"] in ("regular", "gig")], count)
    copies, pairs = [], []
    for number, row in enumerate(chosen, 1):
        other = _other_source(rng, row, f"p-c{number:05d}", number)
        plain = row["title"].split("（")[0].split("·")[0].strip()
        for title in (rng.choice((plain, row["title"])), plain, row["title"] + one_of(rng, ("（急）", "（新）", " 多名"))):
            if titles.count(title):
                other["title"] = title
                break
        first = datetime.fromisoformat(row["published_at"])
        other["published_at"] = min(published_until, (first + timedelta(hours=3 + int(rng.random() * 90))).isoformat())
        copies.append(other)
        pairs.append((row["posting_id"], other["posting_id"]))
    return copies, pairs
