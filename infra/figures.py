"""The operator's tables of dated figures (``GONGQIAO_FIGURES_DIR``, docs/figures.md), read once at the edge."""

from __future__ import annotations

from pathlib import Path

from infra.settings import SettingsError
from matcher.figures import Figures, FiguresError, read_tables, use


def read_figures(folder: Path) -> Figures:
    """The CSV files of the folder. Raises ``SettingsError`` naming file, line and column of every fault."""
    if not folder.is_dir():
        raise SettingsError(f"GONGQIAO_FIGURES_DIR: there is no folder {folder}")
    try:
        return read_tables({str(path): path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.csv"))})
    except UnicodeDecodeError as error:
        raise SettingsError(f"GONGQIAO_FIGURES_DIR: a file in {folder} is not UTF-8 ({error})") from None
    except FiguresError as error:
        raise SettingsError("GONGQIAO_FIGURES_DIR:\n" + "\n".join(error.faults)) from None


def use_figures(folder: Path | None) -> None:
    """Let this process work with the operator's figures; without a folder with the shipped tables, which hold none."""
    use(None if folder is None else read_figures(folder))
