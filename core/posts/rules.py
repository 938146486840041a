"""States, transitions and the words people read. Pure: no database, clock or network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from core.accounts.rules import Pause, PauseScope
from core.posts import slots

MAX_TEXT: Final = 100_000
MAX_LINK: Final = 2_000
MAX_ALT: Final = 5_000
MAX_COMMENT: Final = 5_000
MAX_FILES: Final = 30
MAX_OPTION: Final = 5_000
MAX_OPTIONS: Final = 30
MAX_ACCOUNTS: Final = 50
TWIN_WITHIN: Final = timedelta(hours=24)


class PublicationState(StrEnum):
    """Where one publication is, as its row says it."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    UNKNOWN = "unknown"
    NEEDS_HUMAN = "needs_human"
    PUBLISHED = "published"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Needs(StrEnum):
    """Why a publication in `needs_human` needs a person."""

    OUTCOME = "outcome"
    LATE = "late"
    APPROVAL = "approval"


class CommentKind(StrEnum):
    """What a line of the review says."""

    COMMENT = "comment"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


_S = PublicationState

# Mirrors `publication_transition`: {(from, to): a person's command may do it}. A test holds the two equal.
TRANSITIONS: Final = MappingProxyType(
    {
        (_S.DRAFT, _S.IN_REVIEW): True,
        (_S.DRAFT, _S.CANCELLED): True,
        (_S.IN_REVIEW, _S.DRAFT): True,
        (_S.IN_REVIEW, _S.CHANGES_REQUESTED): True,
        (_S.IN_REVIEW, _S.APPROVED): True,
        (_S.IN_REVIEW, _S.SCHEDULED): True,
        (_S.IN_REVIEW, _S.NEEDS_HUMAN): False,
        (_S.IN_REVIEW, _S.CANCELLED): True,
        (_S.CHANGES_REQUESTED, _S.DRAFT): True,
        (_S.CHANGES_REQUESTED, _S.IN_REVIEW): True,
        (_S.CHANGES_REQUESTED, _S.CANCELLED): True,
        (_S.APPROVED, _S.DRAFT): True,
        (_S.APPROVED, _S.SCHEDULED): True,
        (_S.APPROVED, _S.CANCELLED): True,
        (_S.SCHEDULED, _S.DRAFT): True,
        (_S.SCHEDULED, _S.APPROVED): True,
        (_S.SCHEDULED, _S.CANCELLED): True,
        (_S.SCHEDULED, _S.QUEUED): False,
        (_S.SCHEDULED, _S.FAILED): False,
        (_S.SCHEDULED, _S.NEEDS_HUMAN): False,
        (_S.QUEUED, _S.CLAIMED): False,
        (_S.QUEUED, _S.SCHEDULED): False,
        (_S.CLAIMED, _S.SENDING): False,
        (_S.CLAIMED, _S.SCHEDULED): False,
        (_S.CLAIMED, _S.FAILED): False,
        (_S.SENDING, _S.PUBLISHED): False,
        (_S.SENDING, _S.FAILED): False,
        (_S.SENDING, _S.SCHEDULED): False,
        (_S.SENDING, _S.UNKNOWN): False,
        (_S.UNKNOWN, _S.PUBLISHED): False,
        (_S.UNKNOWN, _S.SCHEDULED): False,
        (_S.UNKNOWN, _S.FAILED): False,
        (_S.UNKNOWN, _S.NEEDS_HUMAN): False,
        (_S.NEEDS_HUMAN, _S.PUBLISHED): True,
        (_S.NEEDS_HUMAN, _S.SCHEDULED): True,
        (_S.NEEDS_HUMAN, _S.DRAFT): True,
        (_S.NEEDS_HUMAN, _S.IN_REVIEW): True,
        (_S.NEEDS_HUMAN, _S.FAILED): True,
        (_S.NEEDS_HUMAN, _S.CANCELLED): True,
    }
)

BEING_SENT: Final = frozenset({_S.QUEUED, _S.CLAIMED, _S.SENDING})
FINAL: Final = frozenset({_S.PUBLISHED, _S.FAILED, _S.CANCELLED})
ASKED: Final = frozenset({_S.IN_REVIEW, _S.APPROVED, _S.SCHEDULED})


class Word(StrEnum):
    """A state as people read it (PRODUCT 1); the value is the slug used in addresses."""

    NEEDS_YOU = "needs-you"
    FAILED = "failed"
    HELD = "held"
    CHECKING = "checking"
    SENDING = "sending"
    CHANGES_REQUESTED = "changes-requested"
    IN_REVIEW = "in-review"
    DRAFT = "draft"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


# What a post shows is the gravest word of its publications: first what waits for a person, last what is over.
GRAVEST_FIRST: Final = tuple(Word)


@dataclass(frozen=True, slots=True)
class Shown:
    """A state as people see it, the same everywhere: word, badge colour (Streamlit's names), Material icon's name.

    `detail` goes on after the label where there is more to say: "Needs you: late".
    """

    word: Word
    label: str
    color: str
    icon: str
    detail: str = ""

    @property
    def words(self) -> str:
        """As one reads it: "Published: deleted"."""
        return f"{self.label}: {self.detail}" if self.detail else self.label

    @property
    def brief(self) -> str:
        """What stands where there is room for one word: the detail, where the label alone would say all is well."""
        return self.detail.capitalize() if self.detail in (AT_RISK, DELETED, NOT_SHOWN) else self.label


SHOWN: Final = MappingProxyType(
    {
        shown.word: shown
        for shown in (
            Shown(Word.DRAFT, "Draft", "gray", "edit_note"),
            Shown(Word.IN_REVIEW, "In review", "yellow", "rate_review"),
            Shown(Word.CHANGES_REQUESTED, "Changes requested", "orange", "reply"),
            Shown(Word.APPROVED, "Approved", "violet", "verified"),
            Shown(Word.SCHEDULED, "Scheduled", "blue", "schedule"),
            Shown(Word.SENDING, "Sending", "blue", "send"),
            Shown(Word.CHECKING, "Checking", "violet", "manage_search"),
            Shown(Word.NEEDS_YOU, "Needs you", "red", "front_hand"),
            Shown(Word.HELD, "Held", "orange", "pause_circle"),
            Shown(Word.PUBLISHED, "Published", "green", "check_circle"),
            Shown(Word.FAILED, "Failed", "red", "error"),
            Shown(Word.CANCELLED, "Cancelled", "gray", "cancel"),
        )
    }
)

# Everything but `scheduled`, which is Held while its account can't send or something is paused over it.
WORD_OF: Final = MappingProxyType(
    {
        _S.DRAFT: Word.DRAFT,
        _S.IN_REVIEW: Word.IN_REVIEW,
        _S.CHANGES_REQUESTED: Word.CHANGES_REQUESTED,
        _S.APPROVED: Word.APPROVED,
        _S.SCHEDULED: Word.SCHEDULED,
        _S.QUEUED: Word.SENDING,
        _S.CLAIMED: Word.SENDING,
        _S.SENDING: Word.SENDING,
        _S.UNKNOWN: Word.CHECKING,
        _S.NEEDS_HUMAN: Word.NEEDS_YOU,
        _S.PUBLISHED: Word.PUBLISHED,
        _S.FAILED: Word.FAILED,
        _S.CANCELLED: Word.CANCELLED,
    }
)
ACCOUNT_SENDS: Final = "active"


AT_RISK: Final = "at risk"
DELETED: Final = "deleted"
NOT_SHOWN: Final = "not shown"
_NEEDS_DETAIL: Final = MappingProxyType(
    {Needs.OUTCOME: "live or not?", Needs.LATE: "late", Needs.APPROVAL: "not approved in time"}
)


def words(state: PublicationState, needs: Needs | None, account_state: str, paused: bool, *, risk: str = "") -> Shown:
    """What people read for a publication in `state` on an account in `account_state` (active, auth_broken, ...).

    `paused`: something is paused over it. `risk`: what a look ahead of its slot found against it.
    """
    if state is PublicationState.SCHEDULED and (paused or account_state != ACCOUNT_SENDS):
        return SHOWN[Word.HELD]
    shown = SHOWN[WORD_OF[state]]
    if state is PublicationState.SCHEDULED and risk:
        return replace(shown, detail=AT_RISK, color="orange", icon="warning")
    return replace(shown, detail=_NEEDS_DETAIL[needs]) if needs else shown


def deleted(shown: Shown) -> Shown:
    """What people read for a publication that was taken away at its network: it was published all the same."""
    return replace(shown, detail=DELETED, color="gray", icon="delete")


def not_shown(shown: Shown) -> Shown:
    """What people read for a publication that its network accepted and then couldn't show."""
    return replace(shown, detail=NOT_SHOWN, color="red", icon="error")


def gravest(shown: Iterable[Shown]) -> Shown:
    """What a post shows of its publications' words; a post that goes nowhere yet is a Draft.

    Of one word, what says more comes first; but a post is deleted only when nothing of it is live any more.
    """
    return min(
        shown,
        key=lambda each: (GRAVEST_FIRST.index(each.word), each.detail == DELETED, not each.detail),
        default=SHOWN[Word.DRAFT],
    )


def progress(shown: Sequence[Shown]) -> str | None:
    """How far a post with several publications is; None until one is published.

    "2 of 3 published", with what is no longer there or never was: ", 1 deleted", ", 1 not shown".
    """
    published = sum(each.word is Word.PUBLISHED for each in shown)
    if not published or len(shown) < 2:
        return None
    besides = [(sum(each.detail == detail for each in shown), detail) for detail in (DELETED, NOT_SHOWN)]
    return ", ".join([f"{published} of {len(shown)} published", *(f"{n} {detail}" for n, detail in besides if n)])


def because(
    state: PublicationState,
    needs: Needs | None,
    account_state: str,
    account_name: str,
    *,
    pauses: Sequence[Pause],
    zone: str,
    error: str,
    link_known: bool,
    waits: bool = False,
    held: bool = False,
    risk: str = "",
    not_shown: str = "",
    unproven: bool = False,
) -> str:
    """The sentence beside a state: why it is so and what a person can do; empty where the word says all.

    `error` is the network's last no with the way to mend it, where there was one; `waits`: it was no no, the network
    only works on a part of it still; `held`: nothing may be sent there now, so this is the reason alone. `risk`: what a
    look ahead of its slot found against it; `not_shown`: why nobody sees what was published. `pauses` are those over
    it, said with their time in `zone`. `unproven`: of an earlier try only a person says that it isn't live.
    """
    if words(state, needs, account_state, bool(pauses)).word is Word.HELD:
        return _held_because(account_state, account_name, pauses, zone)
    if needs is Needs.LATE and unproven:
        return f"Its time to be sent again passed. {MAY_BE_LIVE} Cancel this one."
    if needs is not None:
        return _NEEDS_WORDS[needs]
    if state is PublicationState.PUBLISHED:
        return not_shown or ("" if link_known else "It is live; its link isn't found yet.")
    if state is PublicationState.UNKNOWN:
        return "The network gave no clear answer. We are looking whether it is live; nothing is sent again meanwhile."
    if state is PublicationState.FAILED:
        return error or "The network refused it."
    if state is PublicationState.SCHEDULED and risk and not held:
        return risk
    if state is PublicationState.SCHEDULED and error:
        if held:
            return error
        return f"{error} It goes out when that is done." if waits else f"It will be tried again by itself. {error}"
    return ""


def from_backup(state: PublicationState, needs: Needs | None) -> str:
    """What is said of a publication that a restored backup knows as it was; empty where no press would send it."""
    return FROM_BACKUP if state in _BEFORE_A_PRESS or needs in (Needs.LATE, Needs.APPROVAL) else ""


def paused_words(pause: Pause, zone: str) -> str:
    """What is paused, by whom, since when and why: "Acme is paused by Ana since ...: a recall."."""
    what = {
        PauseScope.ORGANIZATION: "Publishing is paused for the whole organization",
        PauseScope.PROVIDER: f"Publishing to {pause.name} is paused here",
        PauseScope.ACCOUNT: f"{pause.name} is paused",
    }[pause.scope]
    end = "" if pause.reason.endswith((".", "!", "?", "…")) else "."
    return f"{what} by {pause.by} since {slots.said(pause.since, zone)}: {pause.reason}{end}"


def who_resumes(pauses: Iterable[Pause]) -> str:
    """Whose button lets it go again."""
    alone = all(each.scope is PauseScope.ACCOUNT for each in pauses)
    return f"{'An approver' if alone else 'An admin'} can resume it on Accounts."


def _held_because(account_state: str, account_name: str, pauses: Sequence[Pause], zone: str) -> str:
    """Why a scheduled publication is Held, and what lets it go."""
    said = [paused_words(each, zone) for each in pauses]
    if account_state == ACCOUNT_SENDS:
        return " ".join([*said, who_resumes(pauses)])
    broken = {
        "auth_broken": f"{account_name} must be connected again on Accounts before anything goes out.",
        "disabled": f"{account_name} is disconnected. Connect it again on Accounts, or cancel this post.",
    }.get(account_state, f"{account_name} can't send now.")
    return " ".join([broken, *said])


_BEFORE_A_PRESS: Final = frozenset({_S.DRAFT, _S.IN_REVIEW, _S.CHANGES_REQUESTED, _S.APPROVED, _S.FAILED})
# After a person alone said of a try that it isn't live, or a backup was restored, a press may make a second post.
MAY_BE_LIVE: Final = (
    "Nothing proves that an earlier try isn't live. Look at the account; if it isn't there, duplicate the post and"
    " have it approved."
)
FROM_BACKUP: Final = "This comes from a backup: it may have been sent since. Look at the account first."

_NEEDS_WORDS: Final = MappingProxyType(
    {
        Needs.OUTCOME: "We can't tell whether this is live. Look at the account, then say what you found.",
        Needs.LATE: "Its time passed before it could be sent. Reschedule it or cancel it.",
        Needs.APPROVAL: "Not approved in time. Choose a new time and ask again.",
    }
)


def why_fixed(state: PublicationState, needs: Needs | None, account_name: str) -> str | None:
    """Why the text of a post can't change any more because of this publication; None while it can."""
    if state in BEING_SENT:
        return f"It is being sent to {account_name} now, that can't be stopped. Duplicate the post to change it."
    if state is PublicationState.UNKNOWN or needs is Needs.OUTCOME:
        return f"It may already be live on {account_name}. Duplicate the post to change it."
    if state is PublicationState.PUBLISHED:
        return f"It is already published on {account_name}. Duplicate the post to change it."
    return None


def can_be_asked(state: PublicationState, needs: Needs | None, *, approval_holds: bool) -> bool:
    """Whether submit takes this publication along: what was never approved, or not in time, or too long ago."""
    if state in {_S.APPROVED, _S.SCHEDULED}:
        return not approval_holds
    return state in {_S.DRAFT, _S.CHANGES_REQUESTED} or needs is Needs.APPROVAL


def loses(state: PublicationState) -> str | None:
    """What an edit of its bytes costs a publication, in words; None when nothing is lost."""
    return {
        _S.IN_REVIEW: "leaves the review",
        _S.APPROVED: "loses its approval",
        _S.SCHEDULED: "loses its approval and leaves the schedule",
        _S.NEEDS_HUMAN: "goes back to draft",
        _S.CHANGES_REQUESTED: None,
        _S.DRAFT: None,
    }.get(state)
