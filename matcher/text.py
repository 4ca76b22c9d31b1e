"""How Chinese labour-market text is made comparable and cut into tokens: once, here, for search and for matching alike.

Three steps, each usable alone: ``normalise`` (one spelling for what reads the same), ``without_protected`` (words about sex, age, marriage,
household registration and ethnicity go: they never move a score, DESIGN.md "Matching"), ``tokens`` (character 1- and 2-grams over Chinese,
whole words over Latin letters and digits).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt

_CJK = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
LATIN = re.compile(r"[a-z0-9]+(?:\.[a-z0-9]+)*[+#]*")
_RUN = re.compile(rf"[{_CJK}]+|{LATIN.pattern}")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_SPACE = re.compile(r"\s+")
_ONLY_CHINESE = re.compile("[\u4e00-\u9fff]+")


@cache
def _simplified() -> dict[int, str]:
    """Traditional -> simplified characters, one to one (tables/traditional.txt, derived from OpenCC's TSCharacters, Apache-2.0)."""
    pairs = resources.files("matcher.tables").joinpath("traditional.txt").read_text(encoding="utf-8")
    lines = [line for line in pairs.splitlines() if line and not line.startswith("#")]
    return {ord(line[0]): line[1] for line in lines}


# Characters that are read alone, whatever stands beside them: none of them composes with another. Blanks, ASCII, marks, full-width forms;
# Chinese characters are added by their ranges.
_ALONE = (
    0x09, 0x0A, 0x0D, *range(0x20, 0x7F), 0xA0, 0xB7, 0xD7, *range(0x2010, 0x2017), *range(0x2018, 0x2028), 0x2030,
    *range(0x2460, 0x2474), *range(0x25A0, 0x2600), *range(0x3000, 0x3004), *range(0x3008, 0x3020), *range(0xFF01, 0xFF5F), 0xFFE5,
)  # fmt: skip
_CHINESE = ((0x3007, 0x3008), (0x3400, 0x4DC0), (0x4E00, 0xA000))
# A shorter text is read faster the long way.
_LONG = 24


@cache
def _plain() -> npt.NDArray[np.uint32]:
    """By character what it reads as, one character too; 0 where it is not so simple."""
    table = np.zeros(0x110000, np.uint32)  # four megabytes of zeros, of which the machine keeps the pages that are read
    for first, end in _CHINESE:
        table[first:end] = np.arange(first, end)
    for written, read in _simplified().items():
        table[written] = ord(read) if any(first <= ord(read) < end for first, end in _CHINESE) else 0
    for code in _ALONE:
        read = _as_written(chr(code)) or " "
        table[code] = ord(read) if len(read) == 1 else 0
    return table


def only_chinese(text: str) -> bool:
    """Whether there is nothing but Chinese characters: no sign, no digit, no blank. False for an empty text."""
    return _ONLY_CHINESE.fullmatch(text) is not None


def normalise(text: str) -> str:
    """One spelling for what reads the same: NFKC (full-width forms), lower case, simplified characters, single spaces, nothing invisible.

    Idempotent. Never raises; an empty text stays empty.
    """
    if len(text) > _LONG:  # a description of three hundred characters in 8 us instead of 60
        read = _plain()[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")]
        if read.all():
            return " ".join(read.astype("<u4", copy=False).tobytes().decode("utf-32-le").split())
    elif only_chinese(text):  # most titles: nothing to fold, nothing to compose
        return text.translate(_simplified())
    return _as_written(text)


def _as_written(text: str) -> str:
    """``normalise``, whatever the text holds."""
    # Twice, because lower case can undo composition (U+0130) and compatibility forms can be upper case.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower()).lower()
    folded = _INVISIBLE.sub("", folded.translate(_simplified()))
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", folded)).strip()


def runs(normalised: str) -> list[str]:
    """Maximal stretches of Chinese characters, and Latin or digit words (``c++``, ``node.js``, ``c#``), of an already normalised text."""
    return _RUN.findall(normalised)


def tokens(text: str) -> list[str]:
    """The text's tokens in order of appearance: per Chinese run each character and each pair of neighbours, else the whole word.

    >>> tokens("Java 焊工")
    ['java', '焊', '焊工', '工']

    The text is normalised first. Pairs never cross punctuation, spaces or a change of script. Protected words are kept here: search
    must find them; likeness drops them first (``without_protected``).
    """
    return tokens_of_normalised(normalise(text))


def tokens_of_normalised(text: str) -> list[str]:
    """``tokens`` of a text that is normalised already."""
    out: list[str] = []
    for run in runs(text):
        if run[0] > "\u3006":
            last = len(run) - 1
            for index, character in enumerate(run):
                out.append(character)
                if index < last:
                    out.append(run[index : index + 2])
        else:
            out.append(run)
    return out


# Sex as part of what is made or treated (女装, 男科) or of a kinship word is trade, not a demand on the person.
_TRADE_WITH_SEX = (
    "[女男]装(?!配|卸|修|箱|订|潢|裱|载|料|车|运|货|甲|机|模|表)|女鞋|男鞋|女包|男包|女裤|男裤|女袜|男袜|女表|男表|女款|男款|女裙|"
    "男科|妇女|子女|儿女|女儿|孙女|仕女|男女装|男女鞋|女团|男团"
)
_AGE = r"(?:\d{2}|[二三四五六]十[一二三四五六七八九]?)"
_PROTECTED = re.compile(
    "|".join(
        (
            # age: 「18-45岁」「年龄35周岁以下」「四十岁以内」「90后」「年轻」
            rf"(?:年龄|年纪)?(?:要求|限制|限|在|不超过|须|为)?[::]?{_AGE}(?:周岁|岁)?\s?(?:-|~|—|–|至|到|、)+\s?{_AGE}(?:周岁|岁)(?:之间|以内|以下|以上|左右|优先)*",
            rf"(?:年龄|年纪)?(?:要求|限制|限|在|不超过|小于|低于|大于|未满|不满|须|满|为)?[::]?[≤<≥>]?{_AGE}(?:周岁|岁)(?:之间|及?以内|及?以下|及?以上|左右|优先)*",
            rf"年龄(?:要求)?[::]?{_AGE}\s?(?:-|~|—|–|至|到)+\s?{_AGE}",
            r"(?:年龄|年纪)(?:不限|放宽|要求|限制|大|偏大|较大|小|优先|勿扰)*",
            r"(?<![\d.])\d{2}(?:以下|以内)|年轻(?:人|者)?(?:优先)?|不限(?:男女|性别|年龄)|[超大]龄(?:人员|者|均可|可|勿扰)*",
            r"(?<!\d)(?:50|55|60|65|70|75|80|85|90|95|00|05)后",
            # marriage and children
            r"婚育(?:不限|状况)?|(?:限|需|要求)?(?:未婚|已婚|离异|单身|已育|未育|未婚未育|已婚已育)(?:者|优先|人士|女性|男性|均可|不限)*|婚否(?:不限)?|婚姻(?:状况)?(?:不限)?",
            r"(?:全职)?(?:宝妈|宝爸|辣妈|奶爸)(?:们|优先|均可|可做|可)*|全职妈妈|妈妈[岗班]",
            # household registration and origin
            r"(?:本地|外地|本市|本省|本县|外省|当地|城镇|农村|农业|非农业?|[一-鿿]{2})?户[籍口](?:不限|优先|要求|人员|均可)*",
            r"(?:限|只招|仅招)?(?:本地人|外地人|本省人|外省人)(?:员|优先|不限|均可|勿扰)*",
            # ethnicity
            r"(?:汉|满|回|藏|苗|壮|彝|侗|瑶|白|蒙古|维吾尔|朝鲜|哈萨克|土家|少数民)族(?:不限|优先|勿扰|除外|人士)*|民族不限",
            # disability, health and looks as a demand
            r"身体健康|小姐姐|小哥哥|[美靓]女|帅哥|靓仔|(?<=[(\[【])残疾人?(?=[)\]】])",
            r"残疾(?:人|人士|证)?(?:不限|优先|勿扰|除外)|(?:限|只招)残疾(?:人|人士)?",
            # sex
            r"性别[::]?(?:不限|要求|限|男|女)*|男女(?:不限|均可|皆可|都可|都要|同工同酬)+",
            r"(?:限|只招|仅招|招|急招|诚招)?(?:男女?|女)(?:性|士|生|孩|子|员工)?(?:优先|不限|均可|皆可)+",
        )
    )
)
_SEX = re.compile(
    rf"({_TRADE_WITH_SEX})|(?<![一-鿿])[男女]工(?![一-鿿])|(?:只招|仅招|限招|仅限|只限|限|纯)?[男女](?:性|士|员工|生(?!产|活|鲜|物|猪|成|命|态)|孩)?"
)
# No protected word, and nothing that is looked at beside one, reaches over these marks: a clause is read by itself.
_CLAUSES = re.compile("([,。;]+)")
# One of these is in whatever ``_PROTECTED`` finds, and most descriptions hold none: looking for them takes a fortieth of the time.
_MAY_BE_PROTECTED = re.compile(
    r"岁|年龄|年纪|年轻|超龄|大龄|以下(?<=\d\d以下)|以内(?<=\d\d以内)|后(?<=[05]后)|男|女|性别|婚|离异|单身|未育|已育"
    r"|宝妈|宝爸|辣妈|奶爸|妈妈|户籍|户口|地人|省人|族|身体健康|小姐姐|小哥哥|帅哥|靓仔|残疾"
)


def _clause_without(clause: str) -> str:
    if not _MAY_BE_PROTECTED.search(clause):
        return clause
    return _SEX.sub(lambda found: found.group(1) or "", _PROTECTED.sub(" ", clause))  # ``_SEX`` is always about 男 or 女


_EMPTY_BRACKETS = re.compile(r"[(\[【〔{<《「]\s*[,、/|;::\-+~.。!\s]*\s*[)\]】〕}>》」]")


@lru_cache(maxsize=65536)
def without_protected(text: str) -> str:
    """The normalised text without words about sex, age, marriage, household registration, ethnicity: what likeness reads.

    「女收银员（35岁以下、未婚）」 and 「收银员」 come out the same. Sex stays where it names goods or a field (女装, 男科).
    Source: DESIGN.md "Matching" (protected facts never change a score); postings that demand them are held by intake.
    """
    return without_protected_once(text)


def without_protected_once(text: str) -> str:
    """``without_protected`` for a text that is read once: nothing is kept."""
    before = ""
    cleaned = normalise(text)
    while before != cleaned:  # dropping one word can bring two halves of another together
        before = cleaned
        if _MAY_BE_PROTECTED.search(cleaned):
            cleaned = "".join([_clause_without(clause) for clause in _CLAUSES.split(cleaned)])
        if not only_chinese(cleaned):
            cleaned = _EMPTY_BRACKETS.sub(" ", cleaned)
        if cleaned != before:
            cleaned = normalise(cleaned)
    return cleaned
