"""What somebody means who types 「太原 叉车 6000 包住」: a place, a trade, pay, lodging; and which words were taken for what.

Every part is said back, so that whoever meant something else can take it as plain words. What is quoted or excluded is left as typed, and
what is none of these stays a word that must occur.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from matcher import places
from matcher.occupations import codes_for_title, concepts_of_title
from matcher.pay import monthly, read_pay
from matcher.text import normalise
from search.documents import canonical_region
from search.query import LONGEST_TRADE, MOST_TRADES
from search.vocabulary import corrected, is_name

Kind = Literal["region", "trade", "pay_min", "offers", "form"]

_OFFERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("包吃包住|包吃住|包食宿|管吃管住|管吃住|吃住全包|提供食宿|有吃有住", ("board", "lodging")),
    ("包住宿?|管住|提供住宿|有宿舍|带宿舍|住宿舍|能住宿|可住宿|有住宿", ("lodging",)),
    ("包吃饭?|管吃|管饭|包饭|包餐|提供工作餐|有食堂", ("board",)),
    ("[五六]险[一二两]金", ("insured", "fund")),
    ("(?:有|交|缴|上|带|买|缴纳)(?:社保|五险|保险)|社保|五险", ("insured",)),
    ("(?:有|交|缴)?公积金", ("fund",)),
    ("周末双休|双休|周末休息|做五休二", ("weekends",)),
    ("不加班|没有加班|不用加班|无加班", ("no_overtime",)),
    ("长?白班|上白班|不上夜班|不倒班|没有夜班|无夜班", ("day_shift",)),
    ("长?夜班|上夜班", ("night_shift",)),
    ("(?:每天|一天|每日)?(?:不超过)?(?:八|(?<!\\d)8)小时(?:以内|工作制|制)?", ("eight_hours",)),
)
_NOT_OFFERS = re.compile(r"(?:不|没|无)(?:包|管|要|交|缴|提供|带)?(?:住|吃|社保|五险|双休)")
_FORMS = {
    "全职": "full_time", "兼职": "part_time", "零工": "gig", "日结": "gig", "打零工": "gig", "日结工": "gig", "临时工": "temporary",
    "短期工": "temporary", "季节工": "seasonal",
}  # fmt: skip
_AMOUNT = r"\d{3,6}(?:\.\d)?|\d{1,2}(?:\.\d{1,2})?[k千万w]|[一二两三四五六七八九]千[五]?|[一二两三]万"
_PAY = re.compile(
    rf"(?P<lead>(?:月薪|工资|薪资|月工资|底薪|日薪|时薪|一个?月|每月|日工资|待遇|日结|一天|每天|一日|一小时|每小时)?)(?P<amount>(?:{_AMOUNT}|\d{{1,2}}(?=[-~到至])|\d{{2}}(?=(?:元|块)?钱?(?:/|每|一)个?小?时))"
    rf"(?:[-~到至](?:{_AMOUNT}))?)(?P<unit>(?:元|块)?(?:钱)?(?:/|每|一)?(?:个?月|天|日|小时|时)?)(?P<tail>(?:以上|起|左右|往上|[+]|多)?)"
)
_NOISE = re.compile(
    r"^(?:我|想|要|想要|想找|我要|我想|找|找个|找份|急找|求|求职|应聘|干|做|去|在|有没有|有|哪里有|哪儿有|附近|附近的|本地|招|招聘|急招|急聘|招人|的)+"
    r"|(?:的)?(?:工作|岗位|职位|活|活儿|招聘|招工|招聘信息|信息|附近|附近的|周边|哪里有|有吗|吗|的)+$"
)
_SAID_OF_ANY = frozenset(("招聘", "招工", "招人", "工作", "岗位", "求职"))  # the first goes by the name of a trade, too
_COUNTED = "届年级人岁平米公斤点号路"
_LEAST_PAY, _MOST_PAY = 500.0, 100_000.0
_SURE = 0.65


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the words typed: ``kind`` is the parameter they became, ``value`` what it was given, ``shown`` that in Chinese.
    ``corrected``: they were taken for a misspelling."""

    words: str
    kind: Kind
    value: str
    shown: str
    corrected: bool = False


@dataclass(frozen=True)
class Understood:
    """``words``: what is left to be found as it stands; ``parts``: what the rest was taken for."""

    words: str
    parts: tuple[Part, ...] = ()

    def parameters(self) -> dict[str, Any]:
        """The same as parameters of ``search.query.read_query``."""
        found: dict[str, Any] = {"q": self.words} if self.words else {}
        for kind in ("region", "trade", "offers", "form"):
            values = list(dict.fromkeys(part.value for part in self.parts if part.kind == kind))
            if kind == "region":  # 「太原市小店区」 is one place, and the nearer name says it
                values = [one for one in values if not any(one != other and places.covers(one, other) for other in values)]
            if values:
                found[kind] = values[:MOST_TRADES]
        pay = [float(part.value) for part in self.parts if part.kind == "pay_min"]
        if pay:
            found["pay_min"] = max(pay)
        return found

    def sentence(self) -> str:
        """「理解为：地点 太原市，工种 叉车，月薪 6000 元起，包住」; empty where nothing was understood beyond the words."""
        if not self.parts:
            return ""
        said = list(dict.fromkeys(part.shown for part in self.parts))
        return "理解为：" + "，".join(said + ([f"并含有“{self.words}”"] if self.words else []))


_SHOWN = {
    "board": "包吃", "lodging": "包住", "insured": "有社会保险", "fund": "有公积金", "weekends": "双休", "no_overtime": "不加班",
    "day_shift": "白班", "night_shift": "夜班", "eight_hours": "每天不超过 8 小时",
    "full_time": "全职", "part_time": "兼职", "gig": "零工", "temporary": "临时工", "seasonal": "季节工",
}  # fmt: skip


@cache
def _places() -> dict[str, str]:
    """Names that mean one place, whole and short (太原市, 太原), Shanxi's before others'."""
    found: dict[str, set[str]] = {}
    for code, region in places.regions().items():
        short = re.sub(r"(?:维吾尔自治区|回族自治区|壮族自治区|自治区|特别行政区|省|市|地区|盟)$", "", region.name)
        if region.level == "county":
            short = re.sub(r"(?:县|区|市)$", "", region.name)
        for name in {region.name, short} if len(short) > 1 else {region.name}:
            if len(name) > 1:
                found.setdefault(normalise(name), set()).add(canonical_region(code))
    ours = {name: {code for code in codes if code.startswith("14")} or codes for name, codes in found.items()}
    return {name: min(codes) for name, codes in ours.items() if len(codes) == 1 and not is_name(name)}


_QUOTED = re.compile(r'(?<!\S)-?(?:"[^"]*"|“[^”]*”|「[^」]*」)|(?<!\S)-\S+')


@lru_cache(maxsize=20_000)
def understand(text: str) -> Understood:
    """What was typed, taken apart. Never raises; what is not understood stays among the words."""
    left: list[str] = [found.group(0) for found in _QUOTED.finditer(text)]
    parts: list[Part] = []
    for piece in normalise(_QUOTED.sub(" ", text)).replace("，", " ").replace(",", " ").replace("、", " ").split():
        words, found = _piece(piece)
        left += words
        parts += found
    return Understood(" ".join(left), tuple(parts))


def _piece(piece: str) -> tuple[list[str], list[Part]]:
    """One stretch without blanks: words left over, and parts in order."""
    if piece in _SAID_OF_ANY:
        return [], []
    if (whole := _whole(piece)) is not None:
        return [], [whole]
    bare = _NOISE.sub("", piece)
    if bare != piece and (whole := _whole(bare)) is not None:
        return [], [whole]
    found = _offers(piece) or (_pay(bare) or _place(bare) if bare else None)
    if found is not None:
        before, here, after = found
        words, parts = [], list(here)
        for rest, put in ((before, "before"), (after, "after")):
            if rest:
                more_words, more = _piece(rest)
                words += more_words
                parts = more + parts if put == "before" else parts + more
        return words, parts
    return _trade_or_word(bare) if bare else ([], [])


def _whole(piece: str) -> Part | None:
    """A piece that is a name as it stands: a trade's, a place's, a form of work."""
    if piece in _FORMS:
        return Part(piece, "form", _FORMS[piece], _SHOWN[_FORMS[piece]])
    if is_name(piece):
        return Part(piece, "trade", piece, f"工种 {piece}")
    code = _places().get(piece)
    return Part(piece, "region", code, f"地点 {places.name_of(code)}") if code else None


Peeled = tuple[str, list[Part], str]


def _offers(piece: str) -> Peeled | None:
    if _NOT_OFFERS.search(piece):
        return None
    for pattern, values in _OFFERS:
        if (found := re.search(pattern, piece)) is not None:
            parts = [Part(found.group(0), "offers", value, _SHOWN[value]) for value in values]
            return piece[: found.start()], parts, piece[found.end() :]
    return None


def _goes_on(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _pay(piece: str) -> Peeled | None:
    for found in _PAY.finditer(piece):
        before, after = piece[: found.start()], piece[found.end() :]
        # A number that goes on (a telephone, a year, 2024届, 3级) is no pay.
        if _goes_on(before[-1:]) or _goes_on(after[:1]) or (after and after[0] in _COUNTED):
            continue
        amount, lead, unit = found.group("amount"), found.group("lead"), found.group("unit")
        plain = amount.isdigit() and not lead and not found.group("tail") and not unit
        if plain and (int(amount) % 50 or 2000 < int(amount) < 2050):
            continue
        daily = re.search(r"日|天", lead) or re.search(r"天|日", unit)
        hourly = "时" in lead or re.search(r"时", unit)
        reading = read_pay(amount + ("元/天" if daily else "元/小时" if hourly else "元/月"))
        bounds = monthly(reading.pay) if reading.pay is not None else None
        low = bounds[0] if bounds and bounds[0] is not None else bounds[1] if bounds else None
        if low is None or not _LEAST_PAY <= low <= _MOST_PAY:
            continue
        return before, [Part(found.group(0), "pay_min", f"{low:g}", f"月薪 {low:g} 元起")], after
    return None


def _place(piece: str) -> Peeled | None:
    """A place at the beginning or the end, the longest name first."""
    for length in range(min(len(piece) - 1, 12), 1, -1):
        for name, before, after in ((piece[:length], "", piece[length:]), (piece[-length:], piece[:-length], "")):
            code = _places().get(name)
            if code is not None:
                return before, [Part(name, "region", code, f"地点 {places.name_of(code)}")], after
    return None


def _trade_or_word(piece: str) -> tuple[list[str], list[Part]]:
    name = corrected(piece)
    if name is not None:
        return [], [Part(piece, "trade", name, f"工种 {name}（按“{piece}”更正）", corrected=True)]
    if len(piece) <= LONGEST_TRADE and _means_a_trade(piece):
        return [], [Part(piece, "trade", piece, f"工种 {piece}")]
    for length in range(len(piece) - 2, 1, -1):  # 「富士康普工」: a firm and a trade
        if is_name(piece[-length:]):
            return [piece[:-length]], [Part(piece[-length:], "trade", piece[-length:], f"工种 {piece[-length:]}")]
    return [piece], []


def _means_a_trade(piece: str) -> bool:
    found = codes_for_title(piece, 1)
    return (bool(found) and found[0][1] >= _SURE) or any(confidence >= 900 for _, confidence in concepts_of_title(piece, 1))
