"""Proposes a mapping file for a source's table, from its headings and its first rows. Pure.

A heading is recognised by its words (``headings.yaml``) and then by spelling; what stands in the cells confirms or doubts it, and finds
columns whose heading says nothing (credit codes, telephones, levels of education). What is proposed is always a mapping that
``parse_mapping`` accepts; a person reads it before it is used.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import yaml
from rapidfuzz import fuzz

from matcher import credit_code, education
from matcher.experience_reading import read_experience
from matcher.forms import read_headcount
from matcher.masking import id_number_valid
from matcher.pay import read_pay
from matcher.place_reading import read_place
from matcher.shapes import ShapeError
from streams.intake.mapping import parse_mapping
from streams.intake.profiles import read_received_employer, read_received_person
from streams.intake.readers import cell, number_of
from streams.intake.reading import read_received

#: Rows that are looked at; more say nothing new about what a column is.
SAMPLE = 200
_SPELLED_LIKE = 82.0
_LEAST = 0.55
_CERTAIN = 0.9
_PHONE = re.compile(r"(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})")
_LOW = re.compile(r"最低|下限|起薪|起始|min|low|从$|起$")
_HIGH = re.compile(r"最高|上限|封顶|max|high|到$|至$|止$")
_PAY = re.compile(r"薪|工资|待遇(?!说明)|报酬|收入|salary|pay|wage|元/|单价")
_NOT_PAY = re.compile(r"福利|补贴|发放|结算|支付方式|薪月|薪资月数|months|月数|水平说明|日期|时间")
_MONTHS = re.compile(r"薪月|月数|months|几薪|年薪月")
_UNITS = ((re.compile(r"年薪|/年|每年|按年"), "year"), (re.compile(r"日薪|/天|/日|每天|每日|日工资|天\b"), "day"),
          (re.compile(r"时薪|/小时|/时|每小时|小时"), "hour"), (re.compile(r"周薪|/周|每周"), "week"),
          (re.compile(r"计件|/件|每件"), "piece"), (re.compile(r"月薪|/月|每月|月工资"), "month"))  # fmt: skip
_KIND_WORDS = {
    "people": re.compile(r"姓名|身份证|求职意向|失业登记|毕业院校|出生年月|出生日期"),
    "postings": re.compile(r"岗位|职位|工种|招聘|缺工|薪|工资|title|salary|任职"),
}
_KINDS = {"登记失业人员": "registered_unemployed", "失业登记": "registered_unemployed", "高校毕业生": "graduate", "毕业生": "graduate",
          "求职登记": "jobseeker", "求职者": "jobseeker"}  # fmt: skip
_SIZES = {"微型": "micro", "小型": "small", "中型": "medium", "大型": "large", "微型企业": "micro", "小型企业": "small",
          "中型企业": "medium", "大型企业": "large"}  # fmt: skip

_CHECKS: dict[str, Callable[[str], bool]] = {
    "uscc": lambda text: credit_code.is_valid(text.strip().upper()),
    "education": lambda text: len(text) <= 20 and education.code_of(text) is not None,
    "experience": lambda text: len(text) <= 20 and read_experience(text).at_least is not None,
    "headcount": lambda text: read_headcount(text) is not None,
    "place": lambda text: read_place(None, text[:80]).code is not None,
    "date": lambda text: re.match(r"\s*\d{4}\s*[-/.年]?\s*\d{1,2}", text) is not None or re.fullmatch(r"[2-6]\d{4}", text) is not None,
    "instant": lambda text: re.match(r"\s*\d{4}\s*[-/.年]?\s*\d{1,2}", text) is not None or re.fullmatch(r"[2-6]\d{4}", text) is not None,
    "number": lambda text: number_of(text) is not None,
    "pay": lambda text: (found := read_pay(text)).pay is not None or found.stated != "nothing",
    "phone": lambda text: _PHONE.search(text) is not None,
    "id_number": lambda text: id_number_valid(text.strip().upper()),
}
# What may be known by its values alone, whatever its heading says.
_BY_VALUES = {
    "postings": {"employer.uscc": "uscc", "contact.phone": "phone", "education_min": "education"},
    "people": {"private.phone": "phone", "private.id_number": "id_number", "education.level": "education"},
    "employers": {"uscc": "uscc"},
}


@dataclass
class Suggestion:
    """``text``: the mapping file, with a comment on each line that is not certain. ``unused``: columns nothing was made of. ``taken`` of
    ``rows`` sample rows become an object with it; ``faults``: why the others do not, by field."""

    kind: str
    text: str
    fields: dict[str, Any]
    unused: tuple[str, ...]
    rows: int = 0
    taken: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    questions: dict[str, int] = field(default_factory=dict)


@cache
def _headings() -> dict[str, dict[str, dict[str, Any]]]:
    text = resources.files("streams.intake").joinpath("headings.yaml").read_text(encoding="utf-8")
    data: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(text)
    return data


def _plain(heading: str) -> str:
    """A heading without what is not its name: （必填）, （元/月）, *, blanks."""
    text = unicodedata.normalize("NFKC", heading).lower()
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】", "", text)
    return re.sub(r"[\s*_:：#]+", "", text)


def likeness(heading: str, words: Sequence[str]) -> float:
    """How sure a heading names a field with these words, 0..1: the word itself, a word in it, or nearly its spelling."""
    plain = _plain(heading)
    best = 0.0
    for place, word in enumerate(words):
        wanted = _plain(word)
        if plain == wanted:
            return 1.0
        if len(wanted) >= 2 and wanted in plain:
            best = max(best, 0.85 - 0.02 * (len(plain) - len(wanted)) - 0.001 * place)
        elif min(len(plain), len(wanted)) >= 3 and (ratio := fuzz.ratio(plain, wanted)) >= _SPELLED_LIKE:
            best = max(best, 0.7 * ratio / 100)
    return best


def _share(values: Sequence[str], check: Callable[[str], bool]) -> float | None:
    """The share of the filled cells that read so; None where too few are filled."""
    return sum(1 for value in values if check(value)) / len(values) if len(values) >= 3 else None


def kind_of(header: Sequence[str]) -> str:
    """postings, people or employers, by the headings."""
    plain = " ".join(_plain(name) for name in header)
    if _KIND_WORDS["people"].search(plain) and not re.search(r"岗位名称|职位名称|招聘", plain):
        return "people"
    return "postings" if _KIND_WORDS["postings"].search(plain) else "employers"


@dataclass
class _Table:
    kind: str
    header: list[str]
    values: dict[str, list[str]]
    used: dict[str, float] = field(default_factory=dict)  # column -> how sure
    sure: dict[str, float] = field(default_factory=dict)  # field -> how sure
    fields: dict[str, Any] = field(default_factory=dict)

    def take(self, name: str, settings: Any, columns: Sequence[str], sure: float) -> None:
        self.fields[name], self.sure[name] = settings, sure
        for column in columns:
            self.used[column] = max(sure, self.used.get(column, 0.0))

    def score(self, column: str, words: Sequence[str], reader: str) -> float:
        named = likeness(column, words)
        check = _CHECKS.get(reader)
        share = _share(self.values[column], check) if check is not None and named else None
        return named if share is None else 0.7 * named + 0.3 * share if share >= 0.3 else 0.4 * named


def suggest(header: Sequence[str], rows: Sequence[Mapping[str, Any]], *, kind: str | None = None, source: str = "enterprise") -> Suggestion:
    """A mapping for a table with these column names, from its first rows. ``source`` is written down as the postings' source."""
    found = kind or kind_of(header)
    sample = rows[:SAMPLE]
    values = {name: [text for row in sample if (text := cell(row, name)) is not None] for name in header}
    table = _Table(found, list(header), values)
    if found == "postings":
        _pay(table)
    for name, entry in _headings()[found].items():
        _field(table, name, entry)
    for name, reader in _BY_VALUES[found].items():
        _by_values(table, name, reader)
    _derived(table)
    constants = {"source": source} if found == "postings" else {}
    text = _written(table, constants)
    made = Suggestion(found, text, table.fields, tuple(name for name in header if name not in table.used))
    _try(made, sample, text)
    return made


def _field(table: _Table, name: str, entry: Mapping[str, Any]) -> None:
    reader = entry.get("read", "text")
    scored = sorted(((table.score(column, entry["words"], reader), -at, column) for at, column in enumerate(table.header)), reverse=True)
    chosen = [(score, column) for score, _, column in scored if score >= _LEAST]
    if not entry.get("all") and not entry.get("shared"):
        chosen = [(score, column) for score, column in chosen if column not in table.used]
    if entry.get("all"):
        chosen = [(score, column) for score, column in chosen if column not in table.used]
        if chosen:
            order = [column for column in table.header if column in {column for _, column in chosen}]
            table.take(name, {"from": order, "join": "\n"} if len(order) > 1 else order[0], order, min(score for score, _ in chosen))
        return
    if not chosen:
        return
    if name == "region":
        # 市 and 县区 may stand in two columns; an address after them only refines what they say.
        words = _headings()[table.kind].get("address", {}).get("words", ())
        own = [column for column in table.header if any(column == other for _, other in chosen) and likeness(column, words) < 1.0][:2]
        more = [column for column in table.header if column not in own and likeness(column, words) >= _LEAST][:1]
        columns = [*own, *more] or [chosen[0][1]]
        table.take(name, {"read": "place", "from": columns if len(columns) > 1 else columns[0]}, columns, chosen[0][0])
        return
    score, column = chosen[0]
    table.take(name, column if reader == "text" else {"read": reader, "from": column}, (column,), score)


def _unit(*headings: str) -> str | None:
    text = " ".join(unicodedata.normalize("NFKC", heading) for heading in headings)
    return next((unit for pattern, unit in _UNITS if pattern.search(text)), None)


def _pay(table: _Table) -> None:
    columns = [
        name for name in table.header if _PAY.search(unicodedata.normalize("NFKC", name).lower()) and not _NOT_PAY.search(_plain(name))
    ]
    numbers = [name for name in columns if (_share(table.values[name], _CHECKS["number"]) or 0) > 0.8]
    low = next((name for name in numbers if _LOW.search(_plain(name))), None)
    high = next((name for name in numbers if _HIGH.search(_plain(name)) and name != low), None)
    if low is not None and high is not None:
        settings: dict[str, Any] = {"read": "pay_range", "min": low, "max": high, "unit": _unit(low, high) or "month"}
        months = next((name for name in table.header if _MONTHS.search(_plain(name))), None)
        if months is not None:
            settings["months"] = months
        table.take("pay", settings, [low, high, *([months] if months else [])], 1.0 if _unit(low, high) else 0.8)
        return
    best = max(columns, key=lambda name: (_share(table.values[name], _CHECKS["pay"]) or 0, -table.header.index(name)), default=None)
    if best is None:
        return
    share = _share(table.values[best], _CHECKS["pay"])
    unit = _unit(best)
    settings = {"read": "pay", "from": best} | ({"unit": unit} if unit else {})
    table.take("pay", settings, (best,), 0.9 if share is None else 0.6 + 0.4 * share)


def _by_values(table: _Table, name: str, reader: str) -> None:
    if name in table.fields:
        return
    for column in table.header:
        if column not in table.used and (_share(table.values[column], _CHECKS[reader]) or 0) >= _CERTAIN:
            shown = {"read": reader, "from": column} if reader in ("uscc", "education") else column
            table.take(name, shown, (column,), 0.7)
            return


def _derived(table: _Table) -> None:
    """Fields that follow from a column which another field has, and readers with a table of choices."""
    if table.kind == "postings":
        lat, lon = (_named(table, words) for words in (("纬度", "lat", "latitude"), ("经度", "lon", "lng", "longitude")))
        if lat is not None and lon is not None:
            table.take("location", {"read": "location", "lat": lat, "lon": lon}, (lat, lon), 1.0)
        name, title = table.fields.get("employer.name"), table.fields.get("title")
        if isinstance(name, str):
            table.take("employer.employer_id", {"read": "name_id", "from": name}, (), table.sure["employer.name"])
        if isinstance(title, str):
            own = table.fields.get("employment_form")
            columns = [own["from"], title] if own else [title]
            table.take("employment_form", {"read": "form", "from": columns if own else title}, (), 0.8)
            table.fields.setdefault("type", {"read": "type", "from": title})
            table.sure.setdefault("type", 0.8)
    elif table.kind == "employers":
        name = table.fields.get("name")
        if isinstance(name, str):
            table.take("employer_id", {"read": "name_id", "from": name}, (), table.sure["name"])
        _choice(table, "size", ("企业规模", "规模", "单位规模"), {"choices": _SIZES})
        _choice(
            table,
            "ownership",
            ("经济类型", "企业性质", "单位性质"),
            {"choices": {"民营": "private", "私营": "private", "国有": "state", "国企": "state"}, "otherwise": "other"},
        )
    else:
        _choice(table, "kind", ("人员类别", "登记类别", "人员类型"), {"choices": _KINDS})


def _named(table: _Table, words: Sequence[str]) -> str | None:
    """The column that is called just so."""
    return next((column for column in table.header if likeness(column, words) == 1.0), None)


def _choice(table: _Table, name: str, words: Sequence[str], settings: Mapping[str, Any]) -> None:
    scored = [(likeness(column, words), column) for column in table.header]
    score, column = max(scored, default=(0.0, ""))
    if score >= _LEAST:
        table.take(name, {"read": "choice", "from": column, **settings}, (column,), score)


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=10_000, sort_keys=False).replace("'\n\n  '", r'"\n"')
    text = text.replace("'\n\n    '", r'"\n"')
    return text.removesuffix("...\n").strip()


def _remarks(table: _Table, name: str) -> str:
    sure = table.sure[name]
    return "" if sure >= _CERTAIN else "  # likely" if sure >= 0.75 else "  # please check"


def _written(table: _Table, constants: Mapping[str, Any]) -> str:
    order = [*_headings()[table.kind], *(name for name in table.fields if name not in _headings()[table.kind])]
    lines = [f"kind: {table.kind}", "about: Proposed from the headings and the first rows; read it before it is used."]
    lines.append(f"constants: {_flow(dict(constants))}")
    lines.append("fields:")
    lines += [f"  {name}: {_flow(table.fields[name])}{_remarks(table, name)}" for name in order if name in table.fields]
    if not table.fields:
        lines.append("  # No heading was recognised: name the columns here (docs/mapping-files.md)")
    unused = [name for name in table.header if name not in table.used]
    if unused:
        lines.append("# Columns nothing was made of: " + "、".join(_shown(name) for name in unused))
    return "\n".join(lines) + "\n"


def _shown(name: str) -> str:
    """A heading within a comment: YAML takes no control characters there, nor a line's end."""
    return " ".join("".join(char if char.isprintable() else " " for char in name).split())


_READ: dict[str, Callable[[Any], Any]] = {
    "postings": read_received,
    "people": lambda value: read_received_person(value, person_id="(new)"),
    "employers": lambda value: read_received_employer(value, employer_id="(new)"),
}


def _try(made: Suggestion, rows: Sequence[Mapping[str, Any]], text: str) -> None:
    """What the mapping would make of the sample."""
    if not made.fields:
        made.rows = len(rows)
        return
    mapping = parse_mapping(text, "(proposed)")
    for row in rows:
        made.rows += 1
        applied = mapping.apply(row)
        for question in applied.questions:
            made.questions[question.field] = made.questions.get(question.field, 0) + 1
        try:
            _READ[made.kind](applied.value)
            made.taken += 1
        except ShapeError as error:
            for name in _fields(error):
                made.faults[name] = made.faults.get(name, 0) + 1


def _fields(error: ShapeError) -> Iterator[str]:
    yield from dict.fromkeys(f"{item.field}: {item.message}" for item in error.errors)
