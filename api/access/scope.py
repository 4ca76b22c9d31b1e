"""The scope check: who may see or do what with whose data.

Every query for a person's data passes ``person``; reads by others are logged, in lists by ``note``.
"""

from __future__ import annotations

from collections.abc import Iterable

from api.access.accounts import Caller
from api.access.audit import Look, append
from api.problems import Forbidden, NotSignedIn
from matcher.places import covers, level_of
from streams.runtime.exchange import Exchange

STAFF = ("commissioner", "administrator")


def signed_in(caller: Caller | None, *roles: str) -> Caller:
    """The caller, if signed in and of one of these roles (any when none is named)."""
    if caller is None:
        raise NotSignedIn("请先登录，或在请求中带上账号密码或 API 密钥", headers={"WWW-Authenticate": "Bearer"})
    if roles and caller.role not in roles:
        raise Forbidden("您的账号不能使用这项功能")
    return caller


def in_region(caller: Caller, region: str | None) -> bool:
    """Whether a place lies in the region a member of staff is responsible for; without a region: the province's."""
    if caller.role in ("administrator", "auditor"):
        return True
    if caller.role != "commissioner" or caller.region is None:
        return False
    return level_of(caller.region) == "province" if region is None else covers(caller.region, region)


def about_person(caller: Caller | None, person_id: str) -> Caller:
    """May this caller ask about this person at all? Asked before the person is looked up, so that nobody learns who is registered."""
    who = signed_in(caller, "jobseeker", *STAFF)
    if who.role == "jobseeker" and who.person_id != person_id:
        raise Forbidden("只能查看本人的资料")
    return who


def person(
    exchange: Exchange,
    caller: Caller | None,
    person_id: str,
    regions: tuple[str | None, ...],
    action: str,
    *,
    about: str = "",
    purpose: str = "",
) -> Caller:
    """May this caller see or act for this person? The person may; a commissioner of the person's region and administrators may, logged."""
    who = signed_in(caller)
    if who.role == "jobseeker":
        if who.person_id == person_id:
            return who
        raise Forbidden("只能查看本人的资料")
    if who.role == "administrator" or (who.role == "commissioner" and any(in_region(who, region) for region in regions)):
        note(exchange, who, [Look(person_id, action, about)], purpose)
        return who
    raise Forbidden("您的账号不能查看这位求职者的资料")


def note(exchange: Exchange, caller: Caller, looks: Iterable[Look], purpose: str = "") -> None:
    """Log what is about to be shown of people to somebody else: an entry for each, all in one transaction, durable before the answer."""
    seen = list(looks)
    if seen:
        exchange.write(lambda connection: append(connection, exchange.now(), caller, seen, purpose))


def employer(caller: Caller | None, employer_id: str | None, region: str | None) -> Caller:
    """May this caller act for this employer? Its own account, a commissioner of its region, administrators."""
    who = signed_in(caller)
    if who.role == "employer" and employer_id is not None and who.employer_id == employer_id:
        return who
    if who.role == "administrator" or (who.role == "commissioner" and in_region(who, region)):
        return who
    raise Forbidden("您的账号不能办理这家单位的事项")


def posting(caller: Caller | None, *, owner: str, employer_id: str | None, region: str | None) -> Caller:
    """May this caller change this posting? Its own source or employer, a commissioner of its place, administrators."""
    who = signed_in(caller)
    if who.role in ("operator", "partner", "employer") and owner in who.owner_ids:
        return who
    return employer(who, employer_id, region)
