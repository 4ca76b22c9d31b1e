"""Makes ``matcher/tables/pinyin.tsv``: how Chinese characters are read, without tones, for typing 「焊工」 as hangong or hg.

    pip install pypinyin && python -m infra.make_tables_pinyin [TARGET_FOLDER]

The readings are those of pypinyin (MIT, Copyright (c) 2016 mozillazg), the first two of each character; characters are those of GB 2312.
The table is checked in; pypinyin itself is not needed to run anything.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

READINGS = 2
# Second readings that nobody means in the name of a trade.
UNUSED = {"厂": "han", "石": "dan", "员": "yun", "广": "an", "车": "ju", "卷": "quan"}
_HEADER = """# How characters are read, without tones (ü as v): the first two readings of each character of GB 2312, by syllable.
# From pypinyin, The MIT License (MIT), Copyright (c) 2016 mozillazg, 闲耘 <hotoo.cn@gmail.com>. Made by infra/make_tables_pinyin.py.
"""


def plain(syllable: str) -> str:
    """A syllable without its tone: lǚ -> lv."""
    parts = unicodedata.normalize("NFD", syllable.replace("ü", "v").replace("ǖ", "v").replace("ǘ", "v").replace("ǚ", "v").replace("ǜ", "v"))
    return "".join(part for part in parts if part.isascii() and part.isalpha())


def characters() -> list[str]:
    """The Chinese characters of GB 2312."""
    found = []
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.append(bytes((high, low)).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    return found


def main(target: Path) -> None:
    from pypinyin.constants import PINYIN_DICT

    by_syllable: dict[str, list[str]] = defaultdict(list)
    for character in characters():
        readings = dict.fromkeys(plain(each) for each in PINYIN_DICT.get(ord(character), "").split(",") if each)
        for reading in list(readings)[:READINGS]:
            if UNUSED.get(character) == reading:
                continue
            by_syllable[reading].append(character)
    path = target / "pinyin.tsv"
    lines = [f"{syllable}\t{''.join(found)}" for syllable, found in sorted(by_syllable.items())]
    path.write_text(_HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path}: {len(lines)} syllables")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("matcher/tables"))
