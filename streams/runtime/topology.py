"""The topology: every topic, every subject. Routing, the diagram in docs/flows.md and the loop test come from this table."""

from __future__ import annotations

from streams.delivery import handlers as delivery
from streams.delivery.messages import (
    AnswerUse,
    HintEnding,
    InterestShown,
    RecommendationAnswered,
    RecommendationEnded,
    RecommendationIssued,
    SearchDropped,
    SearchFound,
    SearchSaved,
)
from streams.hiring import handlers as hiring
from streams.hiring.messages import OpeningsTaken, StepReported, StepTaken
from streams.intake import handlers as intake
from streams.intake.messages import (
    CommitmentDecided,
    DuplicateSplit,
    EmployerAskedToConfirm,
    EmployerReceived,
    EmployerRegistered,
    HoldDecided,
    PersonAskedToConfirm,
    PersonChanged,
    PersonConfirmed,
    PersonDeletionReceived,
    PersonReceived,
    PersonRegistered,
    PersonRemoved,
    PostingChanged,
    PostingConfirmed,
    PostingEnded,
    PostingHeld,
    PostingPublished,
    PostingReceived,
    PostingWithdrawalReceived,
    ReportDecided,
    ViolationReported,
)
from streams.matching import handlers as matching
from streams.matching.messages import PersonLeftMarket, PersonMatched, PostingLeftMarket, PostingMatched
from streams.policy import handlers as policy
from streams.policy.messages import (
    CheckScheduled,
    CivilAffairsTold,
    ClaimDecided,
    ClaimMade,
    ClaimObjected,
    ClaimStageChanged,
    EmployerCounted,
    FounderRecorded,
    IncomeRecorded,
    InsuranceRecorded,
    InsuranceYearRecorded,
    InternshipEnded,
    NoticeSeen,
    PersonClaimMade,
    PersonPolicyNotice,
    PolicyNotice,
    WindowChanged,
)
from streams.runtime.clock import ClockTick
from streams.runtime.subjects import Topic, Topology
from streams.staffing import handlers as staffing
from streams.staffing.messages import GapChanged, ShortageReported

TOPICS = (
    Topic(
        "postings.received",
        "fact",
        "posting",
        (PostingReceived, PostingWithdrawalReceived, PostingConfirmed, HoldDecided, DuplicateSplit, ViolationReported, ReportDecided),
    ),
    Topic("people.received", "fact", "person", (PersonReceived, PersonDeletionReceived, PersonConfirmed)),
    Topic("employers.received", "fact", "employer", (EmployerReceived, CommitmentDecided)),
    Topic("answers", "fact", "person", (RecommendationAnswered, AnswerUse)),
    Topic("searches.saved", "fact", "person", (SearchSaved, SearchDropped)),
    Topic("steps.reported", "fact", "posting", (StepReported,)),
    Topic("shortages", "fact", "employer", (ShortageReported,)),
    Topic("insurance.people", "fact", "person", (InsuranceRecorded,)),
    Topic("incomes", "fact", "person", (IncomeRecorded,)),
    Topic("founders", "fact", "person", (FounderRecorded,)),
    Topic("civil_affairs", "fact", "person", (CivilAffairsTold,)),
    Topic("insurance.employers", "fact", "employer", (InsuranceYearRecorded, InternshipEnded)),
    Topic("claims.made", "fact", "claim", (ClaimMade, PersonClaimMade, ClaimDecided, ClaimObjected)),
    Topic("notices.seen", "fact", "notice", (NoticeSeen,)),
    Topic("clock", "fact", "clock", (ClockTick,)),
    Topic("postings", "derived", "posting", (PostingPublished, PostingChanged, PostingHeld, PostingEnded)),
    Topic("people", "derived", "person", (PersonRegistered, PersonChanged, PersonRemoved, PersonAskedToConfirm)),
    Topic("employers", "derived", "employer", (EmployerRegistered, EmployerAskedToConfirm)),
    Topic("matches.by_posting", "derived", "posting", (PostingMatched, PostingLeftMarket)),
    Topic("matches.by_person", "derived", "person", (PersonMatched, PersonLeftMarket)),
    Topic("recommendations", "derived", "person", (RecommendationIssued, RecommendationEnded, InterestShown, HintEnding, SearchFound)),
    Topic("hiring", "derived", "posting", (StepTaken, OpeningsTaken)),
    Topic("policies.employers", "derived", "employer", (PolicyNotice, EmployerCounted)),
    Topic("policies.people", "derived", "person", (PersonPolicyNotice,)),
    Topic("policies.checks", "derived", "match", (CheckScheduled,)),
    Topic("policies.windows", "derived", "entry", (WindowChanged,)),
    Topic("claims", "derived", "claim", (ClaimStageChanged,)),
    Topic("gaps", "latest", "employer", (GapChanged,)),
)

SUBJECTS = (intake.SUBJECT, matching.SUBJECT, delivery.SUBJECT, hiring.SUBJECT, staffing.SUBJECT, policy.SUBJECT)


def topology() -> Topology:
    """The whole exchange. Built on call, so that importing the module checks nothing and costs nothing."""
    return Topology(TOPICS, SUBJECTS)
