"""What is said of webhooks in plain Chinese."""

from __future__ import annotations

STATES = {"fine": "正常", "again": "上次没有送到，正在重试", "dead": "已停止，等您处理"}
DELIVERED = {"delivered": "已送到", "due": "等待推送", "dead": "多次没有送到，已停止"}
_WRONG = {
    "url": "地址不正确",
    "https": "地址必须以 https:// 开头",
    "name": "找不到这个域名",
    "address": "域名指向内部网络或本机，没有连接",
    "connection": "连接不上",
    "tls": "HTTPS 证书无效，或者与域名不符",
    "timeout": "没有在规定时间内答复",
    "answer": "答复不是 HTTP",
    "redirect": "答复是跳转（{status}），不跟随跳转",
    "status": "答复是 {status}",
    "failed": "推送时出了错，请联系本平台",
    "ended": "推送已经取消",
}


def wrong_words(reason: str | None, status: int | None) -> str:
    """Why a delivery was not taken."""
    return _WRONG.get(reason, reason).format(status=status) if reason else ""
