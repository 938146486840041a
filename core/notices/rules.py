"""Who is told what, in which words, and when it is mailed (PRODUCT 6). Pure: no database, clock or network."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from core.infra.actor import Role
from core.organizations.rules import INVITATION_LASTS, Permission, may

DIGEST_AT: Final = time(8)
ENDS_AHEAD_DAYS: Final = (1, 7, 14)
# A mail waits until its group has been quiet for a moment, but no longer than `HELD_AT_MOST`, so that a burst is one.
QUIET: Final = timedelta(seconds=5)
HELD_AT_MOST: Final = timedelta(seconds=60)
# After a mail about a cause, what the same cause brings is gathered this long.
SAME_CAUSE_WITHIN: Final = timedelta(minutes=10)
# What waited longer, because mail wasn't set up or nobody ran, is no news by mail any more; the page still has it.
STALE_AFTER: Final = timedelta(days=2)
RETRY_AFTER: Final = tuple(timedelta(seconds=each) for each in (10, 30, 60, 300, 900, 3600))
GIVE_UP_AFTER: Final = timedelta(days=3)
INVITATION_DAYS: Final = INVITATION_LASTS.days
_WORDS_OF_A_POST: Final = 80

Subject = Literal["post", "account"]


class Kind(StrEnum):
    """What a notice is about."""

    APPROVAL_ASKED = "approval_asked"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    LAPSED = "lapsed"
    FAILED = "failed"
    NEEDS_PERSON = "needs_person"
    LATE = "late"
    AT_RISK = "at_risk"
    LIVE_TROUBLE = "live_trouble"
    RECONNECT = "reconnect"
    NOT_RENEWED = "not_renewed"
    STOPPED = "stopped"


class Delivery(StrEnum):
    """How a person wants to hear of a kind by mail; the bell and the Notices page have it in any case."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class About:
    """A kind in words: for the preferences, and as the subject of a mail about one and about `{n}` of them."""

    title: str
    icon: str
    default: Delivery
    one: str
    many: str
    is_trouble: bool = False


ABOUT: Final[Mapping[Kind, About]] = {
    Kind.APPROVAL_ASKED: About(
        "Somebody asks for your approval",
        "rate_review",
        Delivery.AT_ONCE,
        "{who} asks for your approval",
        "{n} posts wait for your approval",
    ),
    Kind.CHANGES_REQUESTED: About(
        "Changes are requested of your post",
        "reply",
        Delivery.AT_ONCE,
        "{who} requested changes to your post",
        "Changes are requested of {n} of your posts",
    ),
    Kind.APPROVED: About(
        "Your post is approved",
        "verified",
        Delivery.DAILY,
        "{who} approved your post",
        "{n} of your posts were approved",
    ),
    Kind.LAPSED: About(
        "The approval of your post lapsed",
        "event_busy",
        Delivery.DAILY,
        "The approval of your post lapsed",
        "The approvals of {n} of your posts lapsed",
    ),
    Kind.FAILED: About(
        "A post could not be published",
        "error",
        Delivery.AT_ONCE,
        "A post could not be published on {account}",
        "{n} posts could not be published",
        is_trouble=True,
    ),
    Kind.NEEDS_PERSON: About(
        "A post needs a person",
        "front_hand",
        Delivery.AT_ONCE,
        "A post on {account} needs you",
        "{n} posts need you",
        is_trouble=True,
    ),
    Kind.LATE: About(
        "A post missed its time",
        "alarm",
        Delivery.AT_ONCE,
        "A post on {account} missed its time",
        "{n} posts missed their time",
        is_trouble=True,
    ),
    Kind.AT_RISK: About(
        "A post may not go out at its time",
        "warning",
        Delivery.AT_ONCE,
        "A post on {account} may not go out at its time",
        "{n} posts may not go out at their time",
        is_trouble=True,
    ),
    Kind.LIVE_TROUBLE: About(
        "A first comment, or a change of a live post, didn't go through",
        "comments_disabled",
        Delivery.AT_ONCE,
        "A live post on {account} needs you",
        "{n} live posts need you",
        is_trouble=True,
    ),
    Kind.RECONNECT: About(
        "An account must be connected again",
        "link_off",
        Delivery.AT_ONCE,
        "{account} must be connected again",
        "{n} accounts must be connected again",
    ),
    Kind.NOT_RENEWED: About(
        "An access can't be renewed",
        "sync_problem",
        Delivery.AT_ONCE,
        "The access to {account} can't be renewed",
        "{n} accesses can't be renewed",
    ),
    Kind.STOPPED: About(
        "Posts wait though nothing holds them back",
        "hourglass_disabled",
        Delivery.AT_ONCE,
        "Posts wait though nothing holds them back",
        "Posts waited {n} times though nothing held them back",
        is_trouble=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Person:
    """An active member, as far as telling them goes."""

    member_id: UUID
    person_id: UUID
    role: Role

    @property
    def label(self) -> str:
        """How rows name them as an actor."""
        return f"person:{self.person_id}"


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened. `actor` is the label of who did it; `key` tells it from all else that happens."""

    kind: Kind
    key: str
    subject_kind: Subject
    subject_id: UUID
    actor: str
    cause: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    author_id: UUID | None = None
    submitted_by: UUID | None = None
    writers: frozenset[UUID] = frozenset()
    reviewer_id: UUID | None = None
    connected_by: UUID | None = None


def told(news: News, members: Iterable[Person], *, self_approval: bool) -> frozenset[UUID]:
    """The members to be told, of those who are active: never who did it.

    Approval asked: the named approver, else all who may approve it. Changes, an approval and its lapse: who wrote and
    who submitted it. Trouble: those two, and the approvers, who can do something about it. Access: who may connect, and
    who did.
    """
    members = tuple(members)
    own = {each for each in (news.author_id, news.submitted_by) if each is not None}
    if news.kind is Kind.APPROVAL_ASKED:
        asked = _who_may(members, Permission.APPROVE)
        if news.reviewer_id is not None:
            asked &= {news.reviewer_id}
        wanted: set[UUID | None] = asked if self_approval else asked - own - news.writers
    elif news.kind in (Kind.RECONNECT, Kind.NOT_RENEWED):
        wanted = _who_may(members, Permission.CONNECT) | {news.connected_by}
    elif news.kind is Kind.STOPPED:
        wanted = _who_may(members, Permission.MANAGE_SETTINGS)
    elif ABOUT[news.kind].is_trouble:
        wanted = _who_may(members, Permission.APPROVE) | own
    else:
        wanted = {*own}
    return frozenset(each.member_id for each in members if each.member_id in wanted and each.label != news.actor)


def _who_may(members: Collection[Person], permission: Permission) -> set[UUID | None]:
    return {each.member_id for each in members if may(each.role, permission)}


def needs_kind(needs: str | None) -> Kind:
    """The kind for a publication in `needs_human`."""
    return Kind.LATE if needs in ("late", "approval") else Kind.NEEDS_PERSON


def sentence(kind: Kind, data: Mapping[str, Any]) -> str:
    """A notice in one sentence of plain text, never markup."""
    post, account = (str(data.get(each) or "") for each in ("post", "account"))
    who = str(data.get("who") or "Somebody")
    why = str(data.get("why") or "").strip()
    match kind:
        case Kind.APPROVAL_ASKED:
            words = _stopped(f"{who} asks you to approve {_quoted(post)}")
        case Kind.CHANGES_REQUESTED:
            words = f"{who} requested changes to {_quoted(post)}: {data.get('comment', '')}"
        case Kind.APPROVED:
            words = _stopped(f"{who} approved {_quoted(post)}")
        case Kind.LAPSED:
            words = (
                f"The approval of {_quoted(post)} lapsed before it was given a time. It is a draft again: send it for"
                " approval anew."
            )
        case Kind.FAILED:
            words = f"{_quoted(post)} could not be published on {account}. {why}"
        case Kind.NEEDS_PERSON:
            words = f"{_quoted(post)} on {account} needs you. {why}"
        case Kind.LATE:
            words = f"{_quoted(post)} on {account} missed its time. {why}"
        case Kind.AT_RISK:
            words = f"{_quoted(post)} is due on {account} {data.get('due', '')} and may not go out. {why}"
        case Kind.LIVE_TROUBLE:
            words = f"{_quoted(post)} is live on {account}. {why}"
        case Kind.RECONNECT if data.get("ends"):
            words = f"The access to {account} ends on {data['ends']}. Connect it again before that."
        case Kind.RECONNECT:
            words = f"{account} must be connected again, nothing goes out to it. {why}"
        case Kind.NOT_RENEWED:
            words = (
                f"The access to {account} could not be renewed {data.get('times', '')}. {why} It is tried on"
                f"{_until(data)}; connect it again if it stays so."
            )
        case Kind.STOPPED:
            words = (
                f"Posts are waiting though nothing holds them back{_since(data)}: the program that sends may have"
                " stopped. Ask your operator to run “masthead doctor”."
            )
    return words.strip()


def subject_line(kinds: Sequence[tuple[Kind, Mapping[str, Any]]], organization: str, *, is_digest: bool) -> str:
    """The subject of a mail that holds these notices."""
    count = len(kinds)
    if is_digest:
        return f"{organization}: {count} {'notice' if count == 1 else 'notices'} since yesterday"
    kind, data = kinds[0]
    about = ABOUT[kind]
    words = (
        about.one.format_map(_Known({name: said for name, said in data.items() if said}))
        if count == 1
        else about.many.format(n=count)
    )
    return f"{organization}: {words}"


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "Somebody" if key == "who" else f"an {key}"


def _until(data: Mapping[str, Any]) -> str:
    return f" until it ends on {data['ends']}" if data.get("ends") else ""


def _since(data: Mapping[str, Any]) -> str:
    return f", the first since {data['since']}" if data.get("since") else ""


def _quoted(post: str) -> str:
    return f"“{post}”" if post else "a post without text"


def _stopped(words: str) -> str:
    """A sentence that may end with what somebody wrote, with one full stop at most."""
    return words if words.removesuffix("”").endswith((".", "!", "?", "…")) else f"{words}."


def beginning(text: str) -> str:
    """The first words of a post on one line."""
    line = " ".join(text[: 8 * _WORDS_OF_A_POST].split())
    return line if len(line) <= _WORDS_OF_A_POST else f"{line[: _WORDS_OF_A_POST - 1].rstrip()}…"


def path_of(subject_kind: Subject, subject_id: UUID) -> str:
    """The console's address of what a notice is about."""
    return f"/post?post={subject_id}" if subject_kind == "post" else "/accounts"


# When it is mailed


def is_ripe(oldest: datetime, newest: datetime, moment: datetime) -> bool:
    """Whether a group of notices that go at once may leave: quiet for a moment, or held long enough."""
    return newest <= moment - QUIET or oldest <= moment - HELD_AT_MOST


def digest_for(moment: datetime, zone: str) -> tuple[date, datetime]:
    """The newest digest whose time has come: its day in the zone, and the instant up to which it counts."""
    tz = ZoneInfo(zone)
    day = moment.astimezone(tz).date()
    at = datetime.combine(day, DIGEST_AT, tz)
    if moment < at:
        day -= timedelta(days=1)
        at = datetime.combine(day, DIGEST_AT, tz)
    return day, at


def next_try(tries: int) -> timedelta:
    """How long to wait after this many tries."""
    return RETRY_AFTER[min(tries, len(RETRY_AFTER)) - 1]


def ends_threshold(ends_at: datetime, moment: datetime) -> int | None:
    """The tightest of 14, 7 and 1 days that the end of an access is within; None when it is further off, or over."""
    left = ends_at - moment
    if left <= timedelta(0):
        return None
    return next((days for days in ENDS_AHEAD_DAYS if left <= timedelta(days=days)), None)
