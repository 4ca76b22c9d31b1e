"""Rows of the real files by file and number, and the draws that were labelled. No sentence of a posting is kept here.

A draw is a seed and a rule, so that anybody with the files can see that the labelled rows were not chosen by what the readers say.
"""

from __future__ import annotations

import csv
import random
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from matcher.places import counties_of, regions
from matcher.shapes import Posting, read_posting
from streams.intake.mapping import SourceMapping, load_mapping
from tests.reference_data import reference_data

PUBLIC, SHANXI, COMMERCIAL = "postings_public_service", "postings_shanxi", "postings_commercial_sample"
BY_MAJOR, TAIYUAN = "postings_51job_by_major", "postings_taiyuan_zhilian_2019"
SEED = 20261120


def folder() -> Path:
    return reference_data("data", "dev")


@cache
def rows(file: str) -> tuple[dict[str, str], ...]:
    with (folder() / f"{file}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return tuple(csv.DictReader(stream))


@cache
def _mapping(file: str) -> SourceMapping:
    return load_mapping(file if file in (PUBLIC, SHANXI) else SHANXI)


def posting(file: str, row: int) -> Posting:
    """The row as intake reads it."""
    return read_posting(_mapping(file).apply(rows(file)[row]).value | {"posting_id": f"{file}-{row}"})


def labels(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(line for line in stream if not line.startswith("#")))


class Drawn(NamedTuple):
    """What is to be labelled: ``part`` is a column's name, ``columns``, or ``description`` with the span that is meant."""

    file: str
    row: int
    part: str
    start: int = 0
    end: int = 0

    def text(self) -> str:
        row = rows(self.file)[self.row]
        if self.part == "columns":
            return "|".join(row[name] for name in ("salary_min", "salary_max", "salary_months"))
        return row[self.part][self.start : self.end or None]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _is_odd(row: dict[str, str]) -> bool:
    low, high = _number(row["salary_min"]), _number(row["salary_max"])
    return low < 1_500 or high > 60_000 or high > 4 * low or row["salary_months"] not in ("", "12", "13")


_PAY_LINE = re.compile(r"(?:(?!_x000d_)[^\n。；;])*?(?:薪|工资|待遇|收入|底薪|时薪|元/)(?:(?!_x000d_)[^\n。；;])*")
_PAY_TITLE = re.compile(r"\d\s*(?:k|K|千|万|元|块|w|W|/天|一天|天|/时|/小时)|\d{4}")


def draw_pay() -> list[Drawn]:
    """500: salary texts, columns at random, columns that are odd, titles with pay in them, lines about pay out of descriptions."""
    dice = random.Random(SEED)
    drawn = [Drawn(BY_MAJOR, row, "salary") for row in dice.sample(range(len(rows(BY_MAJOR))), 167)]
    drawn += [Drawn(BY_MAJOR, at, "salary") for at, row in enumerate(rows(BY_MAJOR)) if "/" in row["salary"]]
    drawn += [Drawn(TAIYUAN, row, "salary") for row in dice.sample(range(len(rows(TAIYUAN))), 49)]
    drawn += [Drawn(TAIYUAN, at, "salary") for at, row in enumerate(rows(TAIYUAN)) if "面议" in row["salary"]]
    files = (PUBLIC, SHANXI, COMMERCIAL)
    every = [Drawn(file, at, "columns") for file in files for at in range(len(rows(file)))]
    odd = [item for item in every if _is_odd(rows(item.file)[item.row])]
    drawn += dice.sample(every, 90) + dice.sample(odd, 70)
    titles = [Drawn(file, at, "title") for file in files for at, row in enumerate(rows(file)) if _PAY_TITLE.search(row["title"])]
    drawn += dice.sample(titles, 40)
    lines = []
    for file in (*files, BY_MAJOR):
        for at, row in enumerate(rows(file)):
            found = [match.span() for match in _PAY_LINE.finditer(row["description"]) if re.search(r"\d", match[0]) and len(match[0]) <= 60]
            if found:
                lines.append(Drawn(file, at, "description", *dice.choice(found)))
    drawn += dice.sample(lines, 80)
    drawn = list(dict.fromkeys(drawn))
    return drawn + dice.sample([item for item in titles if item not in drawn], 500 - len(drawn))


_MAY_BE_HELD = re.compile(
    r"男|女|性别|\d\s*周?岁|年龄|婚|已育|未育|生育|怀孕|户籍|户口|本地人|外地|籍贯|民族|汉族|乙肝|病史|疾病|残疾|押金|保证金|服装费|培训费|证件|试用期|试岗|无薪"
)


def draw_holds() -> list[Drawn]:
    """200 rows at random (110, 40, 50) and 100 more among those with a word that can mean something."""
    dice = random.Random(SEED + 1)
    drawn = [
        Drawn(file, row, "description")
        for file, count in ((PUBLIC, 110), (SHANXI, 40), (COMMERCIAL, 50))
        for row in sorted(dice.sample(range(len(rows(file))), count))
    ]
    taken = set(drawn)
    for file, count in ((PUBLIC, 45), (SHANXI, 15), (COMMERCIAL, 40)):
        likely = [
            item
            for at, row in enumerate(rows(file))
            if _MAY_BE_HELD.search(row["title"] + row["description"]) and (item := Drawn(file, at, "description")) not in taken
        ]
        drawn += sorted(dice.sample(likely, count))
    return drawn


_RARE = re.compile(
    r"男|女|性别|婚|未育|已育|怀孕|备孕|户籍|户口|本地人|当地人|外地|籍贯|民族|汉族|乙肝|病史|疾病|传染|残疾|押金|保证金|服装费|培训费|报名费|体检费|身份证"
    r"|毕业证|(?:试用|试岗|试工|见习|培训)期?[^，,。；;\n]{0,10}(?:无|不发|没有|不计|[四五六七八九十1][0-9]?个?(?:月|年))"
)


def draw_rare_holds() -> list[Drawn]:
    """120 more with words of the rarer rules (all but age), so that more than a handful of each is seen."""
    dice = random.Random(SEED + 2)
    taken = set(draw_holds())
    drawn = []
    for file, count in ((PUBLIC, 50), (SHANXI, 10), (COMMERCIAL, 60)):
        likely = [
            item
            for at, row in enumerate(rows(file))
            if _RARE.search(row["title"] + row["description"]) and (item := Drawn(file, at, "description")) not in taken
        ]
        drawn += sorted(dice.sample(likely, count))
    return drawn


def draw_places() -> list[Drawn]:
    """300: Guangdong rows with a Shanxi county's name in the address (60), four files at random (210), others (30)."""
    dice = random.Random(SEED + 4)
    counties = [regions()[code].name for code in counties_of("140000")]
    in_address = re.compile("|".join(sorted({name for name in counties} | {name[:-1] for name in counties if len(name) > 2})))
    lookalike = [
        at for at, row in enumerate(rows(PUBLIC)) if row["region"].startswith("广东") and in_address.search(row["address"] + row["region"])
    ]
    drawn = [Drawn(PUBLIC, at, "region") for at in sorted(dice.sample(lookalike, min(60, len(lookalike))))]
    for file, count in ((PUBLIC, 60), (SHANXI, 60), (COMMERCIAL, 60), (BY_MAJOR, 30)):
        left = [item for at in range(len(rows(file))) if (item := Drawn(file, at, "region")) not in drawn]
        drawn += sorted(dice.sample(left, count))
    plain = {re.sub(r"(市|地区|盟)$", "", region.name) for region in regions().values() if region.level != "county"}
    others = [
        item
        for file in (COMMERCIAL, BY_MAJOR)
        for at, row in enumerate(rows(file))
        if re.split(r"[·\-]", row["region"])[0] not in plain and (item := Drawn(file, at, "region")) not in drawn
    ]
    return drawn + sorted(dice.sample(others, 300 - len(drawn)))


# What is looked for in a text, and the words in which it may be spoken of: rows that hold one of them were drawn for labelling.
TERMS = {
    "lodging": r"住|宿",
    "board": r"吃|餐|饭|食",
    "shifts": r"倒|夜班|白班|晚班|轮班|两班|三班",
    "overtime": r"加班",
    "rest_days": r"休(?!闲)",
    "insurance": r"险|公积金|社保",
    "experience_years_min": r"经验|经历",
    "education_min": r"学历|专以上|科以上|中以上|文化",
    "probation_months": r"试用",
}


def draw_terms() -> list[tuple[str, int, str]]:
    """(file, row, field): for each field nine rows of the public and the Shanxi file and six of the commercial one that use its words."""
    rng = random.Random(20261121)
    found = []
    for field, words in TERMS.items():
        said = re.compile(words)
        near, far = (
            [(file, at) for file in files for at, row in enumerate(rows(file)) if said.search(row["title"] + row["description"])]
            for files in ((PUBLIC, SHANXI), (COMMERCIAL,))
        )
        found += [(file, at, field) for file, at in (*rng.sample(near, 9), *rng.sample(far, 6))]
    return found
