"""Days as people write them in other calendars: 民国, 令和 and 佛历 count their years from another one and can be turned; 农历 has months
of its own and is asked about. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

#: The first year of each count is one year after this.
_BEFORE_FIRST = {"民国": 1911, "中华民国": 1911, "令和": 2018, "平成": 1988, "佛历": -543, "佛曆": -543}
_COUNTED = re.compile(
    r"(?P<name>中华民国|民国|令和|平成|佛历|佛曆)\s*(?P<y>\d{1,4}|元)\s*[年./-]\s*(?P<m>\d{1,2})\s*[月./-]\s*(?P<d>\d{1,2})\s*日?"
)
_LUNAR = re.compile(
    r"农历|阴历|旧历|正月|冬月|腊月|初[一二三四五六七八九十]|廿|[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]年|闰[一二三四五六七八九十]+月"
)
#: A day outside was meant in another calendar or is a slip of the pen.
FIRST_YEAR, LAST_YEAR = 1900, 2100


def counted(text: str) -> date | None:
    """The day of a text that counts its years by a name; None where it does not, or where there is no such day."""
    match = _COUNTED.search(unicodedata.normalize("NFKC", text))
    if match is None:
        return None
    year = 1 if match["y"] == "元" else int(match["y"])
    try:
        return date(_BEFORE_FIRST[match["name"]] + year, int(match["m"]), int(match["d"]))
    except ValueError:
        return None


def is_lunar(text: str) -> bool:
    """Whether a text speaks of a day of the 农历, which only a table could turn."""
    return _LUNAR.search(unicodedata.normalize("NFKC", text)) is not None


def question(text: str) -> str:
    """What to ask of a day that could not be read."""
    if is_lunar(text):
        return f"“{text[:20]}”像是农历日期，请换算成公历，写成2026-11-20"
    return f"看不懂日期“{text[:20]}”，请写成2026-11-20"
