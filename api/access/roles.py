"""Who may what: one table of role, action and scope. Every route has its entry; docs/roles.md and the tests are made from it.

What is not granted here is refused before a route is reached (``granting``); how far a grant reaches is asked inside, by ``scope``. An API
key names some of these actions and opens no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from api.access import second_factor
from api.access.accounts import ROLES

#: all: whatever it is about. region: what lies in the account's region. own: the account's own person, employer, market, brand or
#: postings. shared: of their own postings, and of people who agreed to be shown to employers.
Scope = Literal["all", "region", "own", "shared"]
ANYONE = "anyone"  # not signed in
EVERYBODY: tuple[str, ...] = (ANYONE, *ROLES)
#: What staff may do who must set up a second factor first.
WHILE_CONFINED = ("session", "account.second_factor")


@dataclass(frozen=True)
class Rule:
    """One action: what it is in words, the routes it is done by, and how far each role may."""

    action: str
    words: str
    routes: tuple[str, ...]
    may: Mapping[str, Scope]
    note: str = ""


def _public() -> dict[str, Scope]:
    return dict.fromkeys(EVERYBODY, "all")


_STAFF: dict[str, Scope] = {"commissioner": "region", "administrator": "all"}
_PERSON: dict[str, Scope] = {"jobseeker": "own", **_STAFF}
_EMPLOYER: dict[str, Scope] = {"employer": "own", **_STAFF}
_POSTING: dict[str, Scope] = {"employer": "own", "operator": "own", "partner": "own", **_STAFF}
_ME: dict[str, Scope] = {"jobseeker": "own"}
_US: dict[str, Scope] = {"employer": "own"}
_SIGNED_IN: dict[str, Scope] = dict.fromkeys(ROLES, "own")

TABLE: tuple[Rule, ...] = (
    Rule(
        "public.read",
        "搜索和查看公开的岗位、政策、工资参考",
        (
            "GET /api/v1/postings",
            "GET /api/v1/suggestions",
            "GET /api/v1/postings/{posting_id}",
            "GET /api/v1/pay-reference",
            "GET /api/v1/feed",
            "GET /api/v1/feed/snapshot",
            "POST /api/v1/hints",
            "GET /search",
            "GET /postings/{posting_id}",
            "GET /policies",
            "GET /policies/coverage",
            "GET /robots.txt",
            "GET /sitemap.xml",
            "GET /sitemap/postings.xml",
        ),
        _public(),
        "没有公开的岗位只给发布者和所在地工作人员看",
    ),
    Rule(
        "session",
        "登录、退出、首页，用邮件重置密码；工作人员用统一身份认证登录",
        (
            "GET /",
            "GET /login",
            "POST /login",
            "POST /login/code",
            "GET /login/oidc",
            "GET /login/oidc/callback",
            "POST /logout",
            "GET /login/forgotten",
            "POST /login/forgotten",
            "GET /login/reset",
            "POST /login/reset",
        ),
        _public(),
    ),
    Rule(
        "account",
        "自己的账号：登录了几处，全部退出，修改密码，找回密码的邮箱",
        (
            "GET /api/v1/account",
            "DELETE /api/v1/account/sessions",
            "GET /account",
            "POST /account/sign-out",
            "POST /account/password",
            "POST /account/mail",
        ),
        _SIGNED_IN,
    ),
    Rule("account.acting", "代理不在岗的专员", ("POST /account/acting",), {"commissioner": "own"}, "由管理员登记代理人和起止日期"),
    Rule(
        "account.second_factor",
        "设置登录验证码",
        (
            "GET /api/v1/account/second-factor",
            "POST /api/v1/account/second-factor",
            "POST /api/v1/account/second-factor/confirm",
            "POST /api/v1/account/second-factor/codes",
            "POST /api/v1/account/second-factor/off",
            "GET /account/second-factor",
            "POST /account/second-factor",
            "POST /account/second-factor/confirm",
            "POST /account/second-factor/codes",
            "POST /account/second-factor/off",
        ),
        dict.fromkeys(second_factor.ROLES, "own"),
        "只在登录后办理，不能用密钥或随请求发送的密码",
    ),
    Rule(
        "account.keys",
        "管理自己的 API 密钥",
        (
            "GET /api/v1/account/keys",
            "POST /api/v1/account/keys",
            "DELETE /api/v1/account/keys/{key_id}",
            "GET /account/keys",
            "POST /account/keys",
            "POST /account/keys/{key_id}/rotate",
            "POST /account/keys/{key_id}/end",
        ),
        dict.fromkeys(("employer", "operator", "partner"), "own"),
    ),
    Rule(
        "account.rotate_key",
        "更换 API 密钥",
        ("POST /api/v1/account/keys/{key_id}/rotation",),
        dict.fromkeys(("employer", "operator", "partner"), "own"),
        "只限于某些功能的密钥：只能更换它自己",
    ),
    Rule(
        "feed.webhooks",
        "把公开岗位的更新推送到自己的系统",
        (
            "GET /api/v1/feed/webhooks",
            "POST /api/v1/feed/webhooks",
            "GET /api/v1/feed/webhooks/{webhook_id}/deliveries",
            "POST /api/v1/feed/webhooks/{webhook_id}/deliveries/{delivery_id}/redelivery",
            "POST /api/v1/feed/webhooks/{webhook_id}/secret",
            "DELETE /api/v1/feed/webhooks/{webhook_id}",
            "GET /account/webhooks",
            "POST /account/webhooks",
            "POST /account/webhooks/{webhook_id}/secret",
            "POST /account/webhooks/{webhook_id}/end",
            "POST /account/webhooks/{webhook_id}/deliveries/{delivery_id}",
        ),
        dict.fromkeys(("operator", "partner"), "own"),
    ),
    Rule("health", "系统是否正常", ("GET /health/live", "GET /health/ready", "GET /metrics"), _public()),
    Rule(
        "events",
        "自己的实时提醒",
        ("GET /api/v1/events",),
        _SIGNED_IN,
        "工作人员：所在区域；管理员：全部",
    ),
    # -- people ----------------------------------------------------------------------------------------------------------
    Rule(
        "person.read",
        "查看一位求职者的资料、推荐、收件箱和政策",
        (
            "GET /api/v1/people/{person_id}",
            "GET /api/v1/people/{person_id}/recommendations",
            "GET /api/v1/people/{person_id}/inbox",
            "GET /api/v1/people/{person_id}/policies",
            "GET /api/v1/people/{person_id}/public-welfare-posts",
            "GET /api/v1/people/{person_id}/startup",
        ),
        _PERSON,
        "他人查看要留记录",
    ),
    Rule(
        "person.contact",
        "为了打电话，查看一位求职者的姓名和手机号",
        ("POST /api/v1/people/{person_id}/contact", "GET /commissioner/contact", "POST /commissioner/contact"),
        _STAFF,
        "一次一人，写明理由；本人看得到",
    ),
    Rule("person.answer", "答复推荐", ("POST /api/v1/people/{person_id}/inbox/{match_id}/answer",), _PERSON),
    Rule(
        "person.answer_rules",
        "查看、取消、恢复按自己的答复对推荐做的调整",
        ("GET /api/v1/people/{person_id}/answer-rules", "PUT /api/v1/people/{person_id}/answer-rules/{match_id}"),
        _ME,
        "工作人员也看不到",
    ),
    Rule(
        "person.searches",
        "保存、查看、删除自己的搜索",
        (
            "GET /api/v1/people/{person_id}/saved-searches",
            "POST /api/v1/people/{person_id}/saved-searches",
            "DELETE /api/v1/people/{person_id}/saved-searches/{search_id}",
        ),
        _ME,
        "工作人员也看不到",
    ),
    Rule(
        "person.consents",
        "查看、给出、撤回同意，每项用途一项",
        ("GET /api/v1/people/{person_id}/consents", "PUT /api/v1/people/{person_id}/consents/{purpose}"),
        _PERSON,
        "工作人员：按本人的意思代办，留记录",
    ),
    Rule(
        "person.confirm",
        "确认求职资料仍然有效",
        ("POST /api/v1/people/{person_id}/confirm",),
        _PERSON,
        "工作人员：按本人的意思代办，留记录",
    ),
    Rule(
        "person.confirm_by_link",
        "用信里的链接确认求职资料仍然有效",
        ("GET /still/{token}", "POST /still/{token}"),
        _public(),
        "只能确认，看不到资料",
    ),
    Rule("person.looks", "查看谁看过自己的资料", ("GET /api/v1/people/{person_id}/looks",), _ME, "工作人员也看不到"),
    Rule(
        "audit.read",
        "查看谁看过谁的资料",
        ("GET /api/v1/audit", "GET /audit"),
        {"auditor": "region"},
        "没有区域的审计账号：全部；有区域的：该区域工作人员的查看。每次查看也留记录",
    ),
    Rule("person.write", "登记或修改求职者资料", ("POST /api/v1/people",), {**_PERSON, "partner": "own"}, "合作方：自己最先送来的人"),
    Rule("person.incomes", "登记低保家庭的收入", ("POST /api/v1/people/{person_id}/incomes",), _STAFF),
    Rule(
        "person.founder",
        "登记创业者的市场登记、纳税、社保缴费和带动就业数据",
        ("POST /api/v1/people/{person_id}/founder", "POST /claims/{claim_id}/founder"),
        _STAFF,
    ),
    Rule(
        "civil_affairs.export",
        "向民政部门提供渐退期名单，推送生活困难的登记失业人员",
        (
            "GET /api/v1/civil-affairs/exits",
            "GET /api/v1/civil-affairs/referrals",
            "POST /api/v1/civil-affairs/referrals",
            "GET /commissioner/civil-affairs",
            "POST /commissioner/civil-affairs",
        ),
        _STAFF,
        "只含同意向民政部门提供的人，每个人都留记录",
    ),
    Rule("person.delete", "注销求职者、删除资料", ("DELETE /api/v1/people/{person_id}",), _PERSON),
    Rule(
        "person.pages",
        "求职者自己的页面",
        (
            "GET /me",
            "POST /me",
            "POST /me/confirm",
            "POST /me/searches",
            "POST /me/searches/{search_id}/delete",
            "GET /inbox",
            "GET /inbox/items",
            "POST /inbox/{match_id}/answer",
            "POST /inbox/{match_id}/rule",
            "POST /postings/{posting_id}/answer",
            "GET /me/policies",
            "GET /me/public-welfare-posts",
            "POST /me/policies/claims",
            "GET /me/startup",
            "POST /me/startup",
            "GET /me/looks",
            "GET /me/consents",
            "POST /me/consents",
        ),
        _ME,
    ),
    Rule(
        "match.read",
        "查看一个人与一个岗位的匹配理由",
        ("GET /api/v1/matches/{person_id}/{posting_id}",),
        {**_PERSON, "employer": "shared"},
        "单位：自己的岗位，且本人同意向用人单位展示",
    ),
    Rule("steps.read", "查看一个人在一个岗位上的进展", ("GET /api/v1/matches/{person_id}/{posting_id}/steps",), {**_PERSON, **_EMPLOYER}),
    Rule(
        "steps.write",
        "办理邀请、录用、离职等步骤",
        ("POST /api/v1/matches/{person_id}/{posting_id}/steps",),
        {**_PERSON, **_EMPLOYER},
        "求职者：只能报告自己已离职",
    ),
    # -- postings --------------------------------------------------------------------------------------------------------
    Rule(
        "posting.write",
        "发布、修改、撤回、确认岗位",
        (
            "POST /api/v1/postings",
            "PUT /api/v1/postings/{posting_id}",
            "DELETE /api/v1/postings/{posting_id}",
            "POST /api/v1/postings/{posting_id}/confirm",
            "GET /api/v1/postings/{posting_id}/freshness",
        ),
        _POSTING,
    ),
    Rule(
        "posting.manage",
        "在页面上管理岗位",
        (
            "GET /employer/postings/{posting_id}",
            "GET /employer/postings/{posting_id}/candidates",
            "POST /employer/postings/{posting_id}/steps",
            "GET /employer/postings/{posting_id}/edit",
            "POST /employer/postings/{posting_id}/edit",
            "POST /employer/postings/{posting_id}/withdraw",
            "POST /employer/postings/{posting_id}/confirm",
        ),
        _POSTING,
        "市场、品牌、合作方看不到人选",
    ),
    Rule("employer.pages", "用人单位自己的页面", ("GET /employer", "GET /employer/items", "GET /employer/new", "POST /employer/new"), _US),
    Rule(
        "employer.own_policies",
        "用人单位自己的政策和申请，政策提醒发到哪里",
        ("GET /employer/policies", "POST /employer/policies/claims", "POST /employer/policies/address"),
        _US,
    ),
    Rule(
        "candidates.read",
        "查看岗位的人选",
        ("GET /api/v1/postings/{posting_id}/candidates",),
        _EMPLOYER,
        "没有同意展示的人只给出数字",
    ),
    Rule("help.read", "查看求助渠道", ("GET /api/v1/help", "GET /help"), _public()),
    Rule("help.keep", "维护求助渠道", ("POST /api/v1/help", "DELETE /api/v1/help/{channel_id}", "POST /help"), _STAFF),
    Rule("posting.decide", "审核暂缓的岗位", ("POST /api/v1/postings/{posting_id}/decision",), _STAFF),
    Rule(
        "posting.merged",
        "查看合并的岗位，拆开",
        ("GET /api/v1/postings/{posting_id}/merged", "POST /api/v1/postings/{posting_id}/split"),
        _STAFF,
    ),
    Rule(
        "posting.report",
        "举报岗位",
        ("POST /api/v1/postings/{posting_id}/reports", "GET /postings/{posting_id}/report", "POST /postings/{posting_id}/report"),
        {"jobseeker": "all", "commissioner": "all", "administrator": "all"},
    ),
    Rule("reports.read", "查看举报", ("GET /api/v1/reports", "GET /commissioner/reports"), _STAFF, "不显示举报人"),
    Rule("reports.decide", "处理举报", ("POST /api/v1/reports/{report_id}/decision", "POST /commissioner/reports/{report_id}"), _STAFF),
    Rule(
        "commitments.read",
        "查看以告知承诺方式取得许可、待核查的机构",
        ("GET /api/v1/commitments", "GET /commissioner/commitments"),
        _STAFF,
    ),
    Rule(
        "commitments.decide",
        "核查机构是否履行承诺",
        ("POST /api/v1/employers/{employer_id}/commitment-decision", "POST /commissioner/commitments/{employer_id}"),
        _STAFF,
    ),
    Rule(
        "employers.confirm",
        "查看、核实自己登记的单位",
        (
            "GET /api/v1/employers-to-confirm",
            "POST /api/v1/employers/{employer_id}/confirmation",
            "GET /commissioner/employers-to-confirm",
            "POST /commissioner/employers-to-confirm/{employer_id}",
        ),
        _STAFF,
        "核实以后，单位自己发布的岗位才公开",
    ),
    # -- employers -------------------------------------------------------------------------------------------------------
    Rule("employer.write", "登记或修改单位", ("POST /api/v1/employers",), {**_EMPLOYER, "partner": "own"}, "合作方：自己最先送来的单位"),
    Rule(
        "employer.read",
        "查看单位、缺口、政策、举报记录和待办",
        (
            "GET /api/v1/employers/{employer_id}",
            "GET /api/v1/employers/{employer_id}/gap",
            "GET /api/v1/employers/{employer_id}/policies",
            "GET /api/v1/employers/{employer_id}/reports",
            "GET /api/v1/employers/{employer_id}/to-confirm",
            "GET /api/v1/employers/{employer_id}/questions",
        ),
        _EMPLOYER,
    ),
    Rule(
        "employer.report",
        "上报缺工、见习人员",
        ("POST /api/v1/employers/{employer_id}/shortages", "POST /api/v1/employers/{employer_id}/internships"),
        _EMPLOYER,
    ),
    Rule(
        "employer.insurance",
        "登记单位的参保数据",
        ("POST /api/v1/employers/{employer_id}/insurance-years", "POST /api/v1/employers/{employer_id}/insured"),
        _STAFF,
    ),
    # -- claims ----------------------------------------------------------------------------------------------------------
    Rule(
        "claims.make",
        "申请政策、查看申请",
        ("POST /api/v1/claims", "GET /api/v1/claims/{claim_id}", "GET /claims/{claim_id}"),
        {**_PERSON, **_EMPLOYER},
    ),
    Rule(
        "claims.object",
        "对申请结果提出异议",
        ("POST /api/v1/claims/{claim_id}/objections", "POST /claims/{claim_id}/objection"),
        {**_PERSON, **_EMPLOYER},
        "异议由申请人提出，工作人员不能代提",
    ),
    Rule(
        "claims.decide",
        "审核申请、查看待办和免申即享名单",
        (
            "GET /api/v1/claims",
            "POST /api/v1/claims/{claim_id}/decisions",
            "GET /api/v1/proposals/{benefit}",
            "POST /claims/{claim_id}/decision",
            "GET /commissioner/claims",
        ),
        _STAFF,
    ),
    Rule(
        "internship_posts.read",
        "查看见习岗位募集数、目标和见习单位",
        ("GET /api/v1/internship-posts", "GET /commissioner/internship-posts"),
        _STAFF,
        "区域以上只给出合计数",
    ),
    Rule(
        "notices.seen",
        "知道了一条提醒",
        ("POST /api/v1/notices/{notice_id}/seen", "POST /notices/{notice_id}/seen"),
        {"jobseeker": "own", "employer": "own"},
    ),
    # -- the region ------------------------------------------------------------------------------------------------------
    Rule(
        "region.read",
        "查看区域内的重点企业和缺口",
        (
            "GET /api/v1/commissioners/{commissioner_id}/gaps",
            "GET /commissioner",
            "GET /commissioner/items",
            "GET /commissioner/employers/{employer_id}",
            "GET /commissioner/employers/{employer_id}/items",
        ),
        _STAFF,
    ),
    Rule(
        "region.held",
        "查看和审核区域内暂缓的岗位",
        ("GET /commissioner/held", "GET /commissioner/held/items", "POST /commissioner/held/{posting_id}"),
        _STAFF,
    ),
)


@cache
def rules() -> dict[str, Rule]:
    """The rule of each route (``GET /api/v1/people/{person_id}``). Raises ``ValueError`` where a route has two."""
    found: dict[str, Rule] = {}
    for rule in TABLE:
        for route in rule.routes:
            if route in found:
                raise ValueError(f"{route} has two rules: {found[route].action} and {rule.action}")
            found[route] = rule
    return found
