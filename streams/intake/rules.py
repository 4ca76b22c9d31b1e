"""What intake holds: pure decisions about a posting's words, pay and employer.

Each hold says the rule, the words that met it and what to change, in plain Chinese. Words stand in ``rules.yaml``; three things are told
apart: 「男女不限」 shuts nobody out, 「女装」 is a trade, 「35岁以下优先」 is a wish (advice), 「35岁以下」 a limit (hold).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from matcher import credit_code
from matcher.figures import Figures, current
from matcher.pay import monthly
from matcher.shapes import Posting
from matcher.work_terms import probation_months

#: Statutory pension age of men; an upper age from here on is the law's limit and not the employer's.
PENSION_AGE = 60
#: Longest probation in months by the length of the contract (劳动合同法第十九条): under 3 none, under 12 one, under 36 two, else six.
_PROBATION = ((3, 0), (12, 1), (36, 2))
LONGEST_PROBATION = 6
MOST_EVIDENCE = 40
#: Characters around a find in which a word can say that it is not meant.
NEAR = 14


@dataclass(frozen=True)
class Hold:
    """Why a posting waits: rule, the words (or values) that met it, what to change in plain Chinese, and where the law says so."""

    rule: str
    evidence: str
    change: str
    law: str = ""


@dataclass(frozen=True)
class _Rule:
    name: str
    level: str
    title: tuple[re.Pattern[str], ...]
    text: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]
    unless_sentence: tuple[re.Pattern[str], ...]
    near: bool
    exempt: tuple[re.Pattern[str], ...]
    trades: re.Pattern[str] | None
    trade_words: re.Pattern[str] | None
    change: str
    law: str

    def is_meant(self, sentence: str, start: int, end: int) -> bool:
        """Whether nothing around the find says that it is not a demand on who is hired."""
        around = sentence[max(0, start - NEAR) : end + NEAR] if self.near else _between_commas(sentence, start, end)
        return not any(pattern.search(around) for pattern in self.unless) and not any(
            pattern.search(sentence) for pattern in self.unless_sentence
        )

    def hold(self, words: str) -> Hold:
        return Hold(self.name, _shortened(words), self.change, self.law)


@cache
def _data() -> dict[str, Any]:
    text = resources.files("streams.intake").joinpath("rules.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    return data


def _patterns(items: Iterable[str] | None) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(item) for item in items or ())


@cache
def _rules() -> dict[str, _Rule]:
    rules = {}
    for name, entry in _data()["rules"].items():
        special = entry.get("exempt_with") or {}
        rules[name] = _Rule(
            name,
            entry["level"],
            _patterns(entry["title"]),
            _patterns(entry["text"]),
            _patterns(entry.get("unless")),
            _patterns(entry.get("unless_sentence")),
            entry.get("unless_within") != "clause",
            _patterns(entry.get("exempt")),
            re.compile(special["trades"]) if special else None,
            re.compile(special["words"]) if special else None,
            entry["change"],
            entry["law"],
        )
    return rules


@cache
def _neutral() -> tuple[re.Pattern[str], ...]:
    return _patterns(_data()["neutral"])


@cache
def _agencies() -> re.Pattern[str]:
    return re.compile(_data()["agencies"])


def is_agency(name: str | None) -> bool:
    """Whether an employer's name says that it supplies people, so that its licence or filing is looked for."""
    return bool(name and _agencies().search(name))


def _shortened(words: str) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= MOST_EVIDENCE else plain[: MOST_EVIDENCE - 1] + "…"


_SENTENCE = re.compile(r"[\n\r。；;!！?？|]+|_x000d_|&nbsp;|<[^>]{1,20}>|(?<=[^\d.])(?=\d{1,2}\s?[、.．)）](?!\d))")


def sentences(text: str) -> Iterator[str]:
    """The sentences and numbered points of a text, without neutral phrases: 「男女不限」 is blanked before anything is looked for."""
    for piece in _SENTENCE.split(text):
        # The number of a point (「3、」) is no part of it.
        sentence = re.sub(r"^\s*[（(]?\d{1,2}\s?[、.．)）:：，,]\s*", "", piece).strip()
        for pattern in _neutral():
            sentence = pattern.sub("〇", sentence)
        if sentence.strip("〇 "):
            yield sentence


def _between_commas(sentence: str, start: int, end: int) -> str:
    left = max(sentence.rfind(mark, 0, start) for mark in "，,") + 1
    rights = [at for mark in "，," if (at := sentence.find(mark, end)) >= 0]
    return sentence[left : min(rights, default=len(sentence))]


def _clause(sentence: str, start: int, end: int) -> str:
    """The words around a find, as far as the next comma on either side."""
    left = max(sentence.rfind(mark, 0, start) for mark in "，,、 ") + 1
    rights = [at for mark in "，, " if (at := sentence.find(mark, end)) >= 0]
    return sentence[left : min(rights, default=len(sentence))].strip()


def _by_words(posting: Posting, level: str) -> Iterator[Hold]:
    title = next(iter(sentences(posting.title)), "")
    body = list(sentences("\n".join([posting.title, posting.description or "", *(posting.skills or ())])))
    whole = f"{posting.title}\n{posting.description or ''}"
    for rule in _rules().values():
        if rule.level != level or any(pattern.search(whole) for pattern in rule.exempt):
            continue
        found = next((match for pattern in rule.title if (match := pattern.search(title))), None)
        if found is not None and rule.is_meant(title, *found.span()):
            yield rule.hold(title)
            continue
        words = next((words for sentence in body if (words := _met(rule, sentence, whole))), None)
        if words is not None:
            yield rule.hold(words)


def _met(rule: _Rule, sentence: str, whole: str) -> str | None:
    for pattern in rule.text:
        match = pattern.search(sentence)
        if match is None or not rule.is_meant(sentence, *match.span()):
            continue
        if rule.trades is not None and rule.trade_words is not None and rule.trades.search(whole) and rule.trade_words.match(match.group()):
            continue
        return _clause(sentence, *match.span())
    return None


_AGE = re.compile(
    r"(?P<low>\d{2})\s*(?:周岁|岁)?(?:[（(]含[)）])?\s*[-~～—－–﹣﹘‐−至到一]+\s*(?P<high>\d{2})\s*(?:周岁|岁)"
    r"|年龄[^\d，,。；;]{0,6}(?P<under6>\d{2})\s*(?:及|或)?(?:以下|以内|之内|之下|内(?!部))"
    r"|年龄[^\d，,。；;]{0,6}(?P<low2>\d{2})\s*[-~～—－–﹣﹘‐−至到]+\s*(?P<high2>\d{2})(?!\d)"
    r"|(?P<under>\d{2})\s*(?:周岁|岁)(?:\s*[（(]?含?\d{0,2}岁?[)）]?)?\s*(?:周岁)?(?:及|或)?(?:以下|以内|之内|之下|内(?!部))"
    r"|(?:不超过|不大于|小于|低于|不高于|最大|上限)\s*(?P<under2>\d{2})\s*(?:周岁|岁)"
    r"|(?:超过|大于|年?满)\s*(?P<under4>\d{2})\s*(?:周岁|岁)(?:以上)?(?:的|者|人员)?[^，,。；;]{0,2}(?:不要|不录|不招|勿扰|不收|不考虑|谢绝|除外)"
    r"|(?P<under5>\d{2})\s*(?:周岁|岁)以上(?:的|者|人员)?[^，,。；;]{0,2}(?:不要|不录|不招|勿扰|不收|不考虑|谢绝|除外)"
    r"|(?P<under3>\d{2})\s*(?:周岁|岁)(?:左右|上下)"
)
_WISH = re.compile(r"[^，,。；;]{0,12}(优先|为佳|最好|更佳|尤佳|为宜)")


def _age(posting: Posting) -> tuple[Hold | None, Hold | None]:
    """(limit, wish): an upper age under the pension age, as a limit or only preferred."""
    limit, wish = _rules()["age"], _rules()["age_preference"]
    preferred: Hold | None = None
    for sentence in sentences("\n".join([posting.title, posting.description or "", *(posting.skills or ())])):
        for match in _AGE.finditer(sentence):
            if not limit.is_meant(sentence, *match.span()):
                continue
            groups = match.groupdict()
            high = int(
                next(groups[name] for name in ("high", "high2", "under", "under2", "under3", "under4", "under5", "under6") if groups[name])
            )
            if not 16 < high < PENSION_AGE:
                continue
            words = _clause(sentence, *match.span())
            if _WISH.match(sentence[match.end() :]):
                preferred = preferred or wish.hold(words)
            else:
                return limit.hold(words), preferred
    return None, preferred


def _probation(posting: Posting) -> Hold | None:
    stated = probation_months(posting.description or "")
    if stated is None and posting.terms is not None:
        stated = posting.terms.probation_months
    if stated is None:
        return None
    allowed: float = LONGEST_PROBATION
    basis = "劳动合同不论多长，试用期不超过6个月"
    if posting.form == "part_time":
        allowed, basis = 0, "非全日制用工不得约定试用期（劳动合同法第七十条）"
    elif posting.contract_months is not None:
        allowed = next((most for months, most in _PROBATION if posting.contract_months < months), LONGEST_PROBATION)
        basis = f"合同{posting.contract_months:g}个月，试用期最长{allowed:g}个月"
    if stated <= allowed:
        return None
    return Hold("probation_too_long", f"试用期{stated:g}个月", f"缩短试用期：{basis}。", "劳动合同法第十九条")


@dataclass(frozen=True)
class WageCheck:
    """``met``, ``under`` or ``not_checked``; with ``under`` the hold, with ``not_checked`` why."""

    answer: str
    reason: str = ""
    hold: Hold | None = None


def minimum_wage(posting: Posting, as_of: date, known: Figures | None = None) -> WageCheck:
    """The posting's pay against the minimum wage in force where it is. Without an entered, sourced figure: not checked."""
    if posting.region is None:
        return WageCheck("not_checked", "没有写工作地点")
    by_the_hour = posting.pay.unit == "hour"
    name, unit = ("minimum_wage_hour", "小时") if by_the_hour else ("minimum_wage_month", "月")
    rate = (current() if known is None else known).in_force(name, posting.region, as_of)
    if rate is None:
        return WageCheck("not_checked", "当地最低工资标准未录入")
    if by_the_hour:
        top = posting.pay.max or posting.pay.min
    elif posting.form in ("part_time", "gig"):
        return WageCheck("not_checked", "非全日制按小时标准比较，岗位没有写小时工资")
    else:
        comparable = monthly(posting.pay)
        top = (comparable[1] or comparable[0]) if comparable else None
    if top is None:
        return WageCheck("not_checked", "工资没有写明或不可比较")
    floor = float(rate.value)
    if top >= floor:
        return WageCheck("met")
    evidence = f"{top:g}元/{unit}，当地最低{floor:g}元/{unit}"
    return WageCheck("under", "", Hold("minimum_wage", evidence, f"工资不得低于当地最低工资标准（{rate.source}）。", rate.source))


def _employer(
    posting: Posting, known_employer: bool, verified_sender: bool, licensed_agency: bool | None, code: str | None
) -> Iterator[Hold]:
    employer = posting.employer
    if not known_employer and not verified_sender:
        # The check character says that a code was copied rightly, not that this account is that employer's: staff look at it once.
        wrong = credit_code.problem(employer.uscc or code)
        evidence = employer.uscc or code or employer.name or "没有写用人单位"
        waits = "代码校验正确。单位资料登记后，所在地人社部门核实单位，岗位就自动公开，不用重新发布"
        change = f"{wrong}。请先在单位资料里填写正确的代码" if wrong else waits
        yield Hold("employer_unverified", _shortened(evidence), f"{change}。", "山西省“十四五”就业促进规划五(一)2")
    if (
        employer.name is not None
        and is_agency(employer.name)
        and licensed_agency is not True
        and (licensed_agency is False or not verified_sender)
    ):
        yield Hold(
            "agency_licence",
            _shortened(employer.name),
            "人力资源服务机构请先登记许可证或备案编号，再发布岗位。",
            "人力资源市场暂行条例第十八条；关于加强人力资源服务支持民营经济发展的通知第12项",
        )


def holds(
    posting: Posting,
    *,
    as_of: date,
    known_employer: bool = False,
    verified_sender: bool = False,
    licensed_agency: bool | None = None,
    registered_code: str | None = None,
    figures: Figures | None = None,
) -> list[Hold]:
    """Why this posting has to wait; empty when it can be published.

    ``known_employer``: staff have confirmed the employer. ``registered_code``: the credit code of one that is registered and not
    confirmed. ``verified_sender``: a registered partner or the exchange's own staff sent it. ``licensed_agency``: licence or filing of
    an agency, None when nobody has looked. ``figures``: the tables of dated figures, those of the process where none are given.
    """
    found = list(_by_words(posting, "hold"))
    limit, _ = _age(posting)
    if limit is not None:
        found.append(limit)
    for hold in (_probation(posting), minimum_wage(posting, as_of, figures).hold):
        if hold is not None:
            found.append(hold)
    found += _employer(posting, known_employer, verified_sender, licensed_agency, registered_code)
    return found


def advice(posting: Posting) -> list[Hold]:
    """What to tell the employer of a posting that is published all the same: a preferred age."""
    limit, wish = _age(posting)
    found = list(_by_words(posting, "advise"))
    return found if wish is None or limit is not None else [*found, wish]
