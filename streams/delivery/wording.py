"""What mails and messages say, in plain Chinese, made when they are sent. A person is named nowhere in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from matcher.places import full_name
from matcher.policy.loader import Catalogue
from matcher.policy.wording import day_words
from matcher.wording import FORMS, number
from streams.delivery import rules
from streams.policy.wording import notice_words

_UNITS = {"month": "月", "year": "年", "week": "周", "day": "天", "hour": "小时", "piece": "件"}


@dataclass(frozen=True)
class Letter:
    """One thing to say outside: ``subject`` and ``text`` for a mail, ``short`` for a text message."""

    key: str  # match and revision: the same for every attempt
    subject: str
    text: str
    short: str
    link: str | None


def letter(key: str, kind: str, reason: str | None, posting: Mapping[str, Any], public_url: str | None) -> Letter:
    """The letter about one posting. ``kind``: ``issued``, ``ended``, or ``found`` by a saved search; ``posting``: delivery's projection."""
    title = _line(posting.get("title") or "岗位")
    employer = _line(posting.get("employer") or "")
    link = f"{public_url.rstrip('/')}/inbox" if public_url else None
    if kind == "ended":
        why = rules.text_of(reason or "closed")
        subject = f"您感兴趣的岗位有变化：{title}"
        lines = [f"您感兴趣的岗位“{title}”{f'（{employer}）' if employer else ''}已结束推荐。", f"原因：{why}"]
        short = f"【工桥】您感兴趣的岗位“{title}”已结束推荐：{why}"
    else:
        by_search = kind == "found"
        subject = f"您保存的搜索有新岗位：{title}" if by_search else f"有新岗位推荐给您：{title}"
        facts = [
            ("岗位", title),
            ("单位", employer),
            ("地点", full_name(posting["region"]) if posting.get("region") else ""),
            ("工资", pay_words(posting.get("pay") or {})),
            ("用工形式", FORMS.get(posting.get("form") or "", "")),
            ("报名截止", str(posting.get("apply_by") or "")),
        ]
        opening = "您好，您保存的搜索有一个新岗位：" if by_search else "您好，有一个岗位推荐给您："
        lines = [opening, *(f"{name}：{value}" for name, value in facts if value)]
        short = ("【工桥】您保存的搜索有新岗位：" if by_search else "【工桥】岗位推荐：") + "，".join(
            value for name, value in facts[:4] if value
        )
    if link:
        lines.append(f"查看详情：{link}" if kind == "found" else f"查看详情和推荐理由：{link}")
        short += f"，查看：{link}"
    lines.append(
        "不想再收到，可在“我的资料”中删除保存的搜索，或者关闭推荐。" if kind == "found" else "不想再收到推荐，可在“我的资料”中关闭。"
    )
    return Letter(key, subject, "\n".join(lines) + "\n", short, link)


def ending_words(catalogue: Catalogue, ending: Mapping[str, Any], today: date) -> str:
    """One sentence about a benefit that ends (``stage``, ``benefit``, ``last_day``), counted from today, whenever it was said."""
    name = catalogue.benefit_names.get(ending["benefit"], ending["benefit"])
    last = date.fromisoformat(ending["last_day"]) if ending["last_day"] else None
    if ending["stage"] == "closed":
        return f"您收件箱里的岗位曾提示“{name}”，期限已过{f'（最后一天是{day_words(last)}）' if last else ''}，不能再申请了。"
    left = (last - today).days if last is not None else 0
    when = f"还有{left}天到期" if left else "今天是最后一天"
    return f"您收件箱里的岗位提示的“{name}”{when}{f'（{day_words(last)}）' if last else ''}，要办请尽快；能不能享受以审核为准。"


def notice_line(catalogue: Catalogue, notice: Mapping[str, Any], today: date) -> str:
    """A notice as a line of a letter; one of policy's in the words of its page, with the days counted from today."""
    if not notice["stage"].startswith(rules.OF_POLICY):
        return ending_words(catalogue, notice, today)
    said = {**notice["document"], "benefit": notice["benefit"], "last_day": notice["last_day"]}
    if "days_left" in said["numbers"] and said["last_day"]:
        said["numbers"] = {**said["numbers"], "days_left": str((date.fromisoformat(said["last_day"]) - today).days)}
    return notice_words(catalogue, said)


def asked_line(notice: Mapping[str, Any], link: str | None) -> str:
    """Whether what was stated still stands, as a letter asks it. ``link``: where it is answered."""
    where = f"确认请打开：{link}" if link else "登录后就能确认。"  # the link last: what follows one is taken for a part of it
    if notice["stage"] == rules.ASKED_PERSON:
        since = day_words(date.fromisoformat(notice["document"]["since"]))
        said = f"您的求职资料是{since}确认的，到现在超过90天了。还在找工作、资料没有变的，请确认一下；有变化的，请登录后修改。"
    else:
        last = day_words(date.fromisoformat(notice["last_day"]))
        said = f"岗位“{_line(notice['document']['title'])}”的有效期到{last}。还在招的请确认，不确认的到期后自动下架。"
    return said + where


def asked_letter(key: str, lines: Sequence[str], link: str | None) -> Letter:
    """A letter that asks and says nothing else."""
    text = "\n".join(["您好：", *lines])
    return Letter(key, "请确认资料是否还有效", text + "\n", f"【工桥】{''.join(lines)}", link)


def notices_letter(key: str, lines: Sequence[str], link: str | None) -> Letter:
    """One letter that says several notices, a line each."""
    text = "\n".join(["您好：", *lines, *([f"查看详情：{link}"] if link else []), "由经办机构核定，只供参考。"])
    more = f"等{len(lines)}条" if len(lines) > 1 else ""
    short = f"【工桥】政策提醒：{lines[0]}{more}{f'查看：{link}' if link else ''}"
    return Letter(key, "政策提醒：" + (f"{len(lines)}条" if len(lines) > 1 else _line(lines[0])[:60]), text + "\n", short, link)


def pay_words(pay: Mapping[str, Any]) -> str:
    """「5000–7000元/月」; 「面议」 where nothing is stated."""
    low, high = pay.get("min"), pay.get("max")
    per = f"元/{_UNITS[pay['unit']]}" if pay.get("unit") in _UNITS else "元"
    if low is None:
        return f"最高{number(high)}{per}" if high is not None else "面议"
    if high is None:
        return f"{number(low)}{per}起"
    return f"{number(low)}{per}" if low == high else f"{number(low)}–{number(high)}{per}"


def _line(text: str) -> str:
    # One line: what stands in a mail's subject must not be able to start another header.
    return " ".join(text.split())
