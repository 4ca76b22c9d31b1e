"""Whether two postings are the same opening, told with evidence, and which postings are worth comparing at all.

The same opening comes from several sources, written slightly differently. Precise rather than eager: a wrongly collapsed opening
disappears from a person's list, a doubled one only costs a line. Thresholds are per field (rapidfuzz is for names and texts that differ in
spelling); any contradiction (another county, other pay, another level, another technology) ends it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from zlib import crc32

from rapidfuzz import fuzz

from matcher import credit_code
from matcher.employer_names import normal_name, parts
from matcher.pay import monthly
from matcher.places import city_of, covers, kilometres
from matcher.shapes import Posting

TITLE_AT_LEAST = 88.0
TEXT_AT_LEAST = 82.0
TEXT_WHERE_ALL_ELSE_AGREES = 72.0
TEXT_WHERE_A_TITLE_SAYS_MORE = 90.0
TEXT_OF_ANOTHER_EMPLOYER_AT_LEAST = 95.0
NAME_AT_LEAST = 90.0
ADDRESS_AT_LEAST = 60.0
PAY_WITHIN = 0.1
FARTHEST_KM = 2.0
TEXT_OF_FEW_WORDS = 93.0
SHORT_TEXT = 30
FEW_WORDS = 60
LONG_TEXT = 120
SHINGLE = 10
SKETCH = 4
MOST_TEXT = 1_500

_AGENCY = re.compile(r"人力资源|劳务|职业介绍|人才|人事代理|猎头|外包|人力")
_PROMOTION = re.compile(
    r"[【\[（(〔<《][^】\])）〕>》]{0,12}(?:急|招|聘|福利|薪|双休|五险|包吃|包住|食宿|放心|错过|机会|年终|底薪)[^】\])）〕>》]{0,12}[】\])）〕>》]|急招|急聘|诚聘|高薪|直招|直聘|热招|招聘|双休|包吃住?|包住|五险一金|五险|六险一金|月休\d天?|不限经验|无需经验"
    r"|\d+(?:\.\d+)?\s*[-~—至到]\s*\d+(?:\.\d+)?\s*(?:k|千|万|元)?|\d+(?:\.\d+)?(?:k|千|万|元)(?:起|以上|\+)?|[+＋!！~*★☆·|/、,，\-—_ ]"
)
_LEVEL = re.compile(r"初级|中级|高级|资深|助理|实习|主管|经理|总监|组长|班长|学徒|副|兼职|夜班|白班|男|女|[一二三四五六七八九]级|[a-d]\d")
_LATIN = re.compile(r"[a-z][a-z0-9+#.]*|\d+")


@dataclass(frozen=True)
class Signature:
    """What of a posting is compared, made once: names and texts in one spelling, pay by the month."""

    posting_id: str
    uscc: str | None
    name: str | None
    key: str | None
    name_region: str
    agency: bool
    title: str
    bare: str  # the title without what stands in brackets
    marks: frozenset[str]
    bare_marks: frozenset[str]
    starts: str | None
    region: str | None
    point: tuple[float, float] | None
    address: str
    pay: tuple[float | None, float | None] | None
    form: str | None
    education: str | None
    text: str


@dataclass(frozen=True)
class Evidence:
    """One field's likeness, 0..100, and the threshold it was held against; ``threshold`` None: only noted."""

    field: str
    score: float
    threshold: float | None = None


@dataclass(frozen=True)
class Comparison:
    """The answer with its evidence; ``reason`` says in plain Chinese what decided."""

    same: bool
    reason: str
    evidence: tuple[Evidence, ...] = ()

    @property
    def score(self) -> float:
        """How alike on the whole, 0..1: the mean of the fields compared. To put several matches in order, not to decide."""
        return round(sum(item.score for item in self.evidence) / (100 * len(self.evidence)), 4) if self.evidence else 0.0


def _plain(text: str | None) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text or "").lower())


# Headings that a platform's form writes into every text: two forms filled in differently are not alike for their headings.
_HEADINGS = re.compile(
    r"[一二三四五六]\s*、\s*(?:工作内容|岗位职责|任职要求|岗位要求|福利待遇|工作时间|薪资待遇)\s*[:：]|【(?:岗位|工作|任职|福利|薪资|职位)[^】]{2,4}】"
)

_BRACKETS = re.compile(r"[【\[(〔<《][^】\])〕>》]{0,30}[】\])〕>》]")


def _title(folded: str) -> str:
    return re.sub(r"[\W_]+", "", _PROMOTION.sub("", folded)) or _plain(folded)


def _marks(folded: str) -> frozenset[str]:
    return frozenset(_LEVEL.findall(folded)) | frozenset(_LATIN.findall(_PROMOTION.sub(" ", folded)))


#: What ``signature`` looks at, and the source, which every posting has: the rest of a stored document need not be read.
COMPARED = (
    "posting_id", "source", "title", "description", "employer", "type", "employment_form", "region", "address", "location", "pay",
    "education_min", "work",
)  # fmt: skip


def signature(posting: Posting) -> Signature:
    """What ``compare`` needs of a posting."""
    employer = posting.employer
    folded = unicodedata.normalize("NFKC", posting.title).lower()
    bare = _BRACKETS.sub("", folded)
    return Signature(
        posting.posting_id,
        credit_code.tidy(employer.uscc) if employer.uscc and credit_code.is_valid(employer.uscc) else None,
        normal_name(employer.name) if employer.name else None,
        parts(employer.name)[1] if employer.name else None,
        parts(employer.name)[0] if employer.name else "",
        bool(employer.name and _AGENCY.search(employer.name)),
        _title(folded),
        _title(bare),
        _marks(folded),
        _marks(bare),
        posting.work.starts_at.isoformat()[:16] if posting.work.starts_at else None,
        posting.region,
        (posting.location.lat, posting.location.lon) if posting.location else None,
        _plain(posting.address)[:80],
        monthly(posting.pay),
        posting.form,
        posting.education_min,
        _plain(_HEADINGS.sub("", posting.description or ""))[:MOST_TEXT],
    )


def _same_employer(a: Signature, b: Signature) -> tuple[bool, float]:
    if a.uscc and b.uscc:
        return a.uscc == b.uscc, 100.0 if a.uscc == b.uscc else 0.0
    if not (a.name and b.name and a.key and b.key):
        return False, 0.0
    if a.name == b.name:
        return True, 100.0
    score = fuzz.ratio(a.name, b.name)
    if a.name_region and b.name_region and a.name_region != b.name_region:
        return False, score  # 太原红叶机械 and 大同红叶机械 are two firms
    if a.key == b.key and len(a.key) >= 3:
        return True, max(score, NAME_AT_LEAST)
    # A slip in a long name; in short distinctive parts one character is another firm.
    return min(len(a.key), len(b.key)) >= 6 and score >= NAME_AT_LEAST and fuzz.ratio(a.key, b.key) >= NAME_AT_LEAST, score


def _places_differ(a: Signature, b: Signature) -> bool:
    if a.region and b.region and not (covers(a.region, b.region) or covers(b.region, a.region)):
        return True
    if a.point and b.point and kilometres(*a.point, *b.point) > FARTHEST_KM:
        return True
    return bool(len(a.address) >= 8 and len(b.address) >= 8 and fuzz.partial_ratio(a.address, b.address) < ADDRESS_AT_LEAST)


def _pay_differs(a: Signature, b: Signature) -> bool:
    if a.pay is None or b.pay is None:
        return False
    for mine, other in zip(a.pay, b.pay, strict=True):
        if mine is not None and other is not None and abs(mine - other) > PAY_WITHIN * max(mine, other):
            return True
    return False


def compare(a: Signature, b: Signature) -> Comparison:
    """Whether both are the same opening. Symmetrical."""
    title = fuzz.ratio(a.title, b.title)
    evidence = [Evidence("title", round(title, 1), TITLE_AT_LEAST)]
    says_more = False
    if title < TITLE_AT_LEAST or a.marks != b.marks:
        # One of them says something in brackets (「水电工（日结）」) and the other nothing: the text then has to agree all the more.
        says_more = a.bare == b.bare and a.bare_marks == b.bare_marks and (a.title == a.bare) != (b.title == b.bare)
        if not says_more:
            return Comparison(False, "岗位名称不同", tuple(evidence))
    if a.starts and b.starts and a.starts != b.starts:
        return Comparison(False, "开工时间不同", tuple(evidence))
    if _places_differ(a, b):
        return Comparison(False, "工作地点不同", tuple(evidence))
    if _pay_differs(a, b):
        return Comparison(False, "工资不同", tuple(evidence))
    if a.form and b.form and a.form != b.form:
        return Comparison(False, "用工形式不同", tuple(evidence))
    same_employer, name = _same_employer(a, b)
    evidence.append(Evidence("employer", round(name, 1), NAME_AT_LEAST))
    short = min(len(a.text), len(b.text)) < SHORT_TEXT
    text = 0.0 if short else fuzz.ratio(a.text, b.text)
    if same_employer:
        if short and not says_more:
            # Little or no text: everything else has to be stated on both sides and agree.
            alike = a.text == b.text or not (a.text and b.text)
            stated = bool(a.region and a.region == b.region and a.pay and b.pay and a.education == b.education)
            reason = "同一单位、名称、地点、工资、学历都相同" if alike and stated else "文字太少，不足以认定相同"
            return Comparison(alike and stated and a.title == b.title, reason, tuple(evidence))
        agrees = a.title == b.title and a.region == b.region and a.pay == b.pay and a.education == b.education and a.form == b.form
        least = TEXT_WHERE_A_TITLE_SAYS_MORE if says_more else TEXT_WHERE_ALL_ELSE_AGREES if agrees else TEXT_AT_LEAST
        if min(len(a.text), len(b.text)) < FEW_WORDS:
            least = max(least, TEXT_OF_FEW_WORDS)
        evidence.append(Evidence("text", round(text, 1), least))
        return Comparison(text >= least, "同一单位，描述相近" if text >= least else "描述不同", tuple(evidence))
    if a.key is None or b.key is None:
        return _unnamed(a, b, text, evidence)
    return _across_employers(a, b, text, evidence)


def _unnamed(a: Signature, b: Signature, text: float, evidence: list[Evidence]) -> Comparison:
    """Gigs and orders whose employer is not named: the same only where place, pay and all but the last words agree."""
    evidence.append(Evidence("text", round(text, 1), TEXT_WHERE_A_TITLE_SAYS_MORE))
    # Outside Shanxi no county is known: the text then has to be longer and closer.
    certain = min(len(a.text), len(b.text)) >= 2 * SHORT_TEXT and text >= 94
    placed = a.region is not None and a.region == b.region and (certain or not a.region.endswith("00"))
    alike = text >= TEXT_WHERE_A_TITLE_SAYS_MORE and placed and a.pay is not None and a.pay == b.pay
    return Comparison(alike, "地点、工资、描述都相同" if alike else "没有写用人单位，不足以认定相同", tuple(evidence))


def _across_employers(a: Signature, b: Signature, text: float, evidence: list[Evidence]) -> Comparison:
    """Two employers' names: the same opening only where an agency repeats it almost word for word, at the same place and pay."""
    if not (a.agency or b.agency) or min(len(a.text), len(b.text)) < LONG_TEXT:
        return Comparison(False, "用人单位不同", tuple(evidence))
    evidence.append(Evidence("text", round(text, 1), TEXT_OF_ANOTHER_EMPLOYER_AT_LEAST))
    placed = bool(a.region and a.region == b.region and not a.region.endswith("00")) or (a.point is not None and b.point is not None)
    alike = text >= TEXT_OF_ANOTHER_EMPLOYER_AT_LEAST and placed and a.pay is not None and a.pay == b.pay and a.education == b.education
    return Comparison(alike, "中介转发的同一岗位：描述、地点、工资相同" if alike else "用人单位不同", tuple(evidence))


def same_opening(a: Posting, b: Posting) -> Comparison:
    """``compare`` for two postings at hand."""
    return compare(signature(a), signature(b))


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=6).hexdigest()


def keys(own: Signature) -> list[str]:
    """Keys of which two postings that ``compare`` calls the same share at least one, save for rare rewordings.

    ``e:`` the employer (by credit code and by name) in a city and how the title begins or ends, for an agency has thousands of openings;
    ``p:`` the title in a county, for openings whose employer is not named; ``t:`` the smallest checksums of the text's shingles, by which
    an agency's copy under another name is found.
    """
    city = city_of(own.region)[:4] if own.region else "-"
    ends = dict.fromkeys((f"^{own.bare[:2]}", f"{own.bare[-2:]}$"))
    found = [f"e:{city}:{_digest(name)}:{end}" for name in dict.fromkeys((own.uscc, own.key)) if name for end in ends]
    if own.region and not own.key:
        found.append(f"p:{own.region}:{_digest(own.bare)}")
    if len(own.text) >= LONG_TEXT:
        # A checksum chooses (a hash of each shingle costs three times as much), the digest keeps keys apart.
        text = own.text.encode("utf-32-le", "replace")
        checked = {crc32(text[at : at + 4 * SHINGLE]): at // 4 for at in range(0, len(text) - 4 * SHINGLE + 1, 4)}
        found += [f"t:{_digest(own.text[checked[one] : checked[one] + SHINGLE])}" for one in sorted(checked)[:SKETCH]]
    return found


def blocks(posting: Posting) -> list[str]:
    """``keys`` of a posting at hand."""
    return keys(signature(posting))


def tail(own: Signature) -> str:
    """What is kept beside a key, so that most of a block's postings are told apart without reading them: region and pay by the month."""
    low, high = own.pay or (None, None)
    return f"{own.region or ''}|{'' if low is None else round(low)}|{'' if high is None else round(high)}"


@lru_cache(maxsize=1 << 16)
def may_be_same(one: str, other: str) -> bool:
    """Whether ``compare`` could call two postings with these tails the same: never False where it does."""
    if one == other:
        return True
    (region, *pay), (their_region, *their_pay) = one.split("|"), other.split("|")
    if region and their_region and not (covers(region, their_region) or covers(their_region, region)):
        return False
    for mine, theirs in zip(pay, their_pay, strict=True):
        # One yuan more than ``compare`` allows, for both were rounded.
        if mine and theirs and abs(int(mine) - int(theirs)) > PAY_WITHIN * max(int(mine), int(theirs)) + 2:
            return False
    return True
