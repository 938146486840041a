"""What an answer of the network means, how long to wait, and when a read settles a question. Pure.

    Published                -> attempt accepted,  publication published
    NotSent                  -> attempt not_sent,  back to scheduled after a wait
    NotReady                 -> attempt rejected,  back to scheduled after the network's own wait, which is no try
    RetryLater               -> attempt rejected,  back to scheduled after the network's own wait
    Throttled                -> attempt not_sent,  back to scheduled until calls are welcome again, which is no try
    ReconnectNeeded          -> attempt rejected,  back to scheduled, the account held until somebody reconnects
    Unreadable               -> attempt not_sent,  back to scheduled after a wait: its key may be set again
    Rejected                 -> attempt rejected,  failed, with the words and the fix
    anything else            -> attempt unknown,   unknown: read back, never resent by itself (RELIABILITY 9.1)

`anything else` includes exceptions nobody thought of: only what a provider's table proves to have been refused before
it was done may be sent again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from core.posts.rules import PublicationState
from core.provider_kit.errors import (
    NotReady,
    NotSent,
    NotShown,
    OutcomeUnknown,
    ProviderFailure,
    ReconnectNeeded,
    Rejected,
    RetryLater,
    Throttled,
    Trace,
    Unreadable,
)
from core.provider_kit.naming import words_of
from core.provider_kit.types import LivePost, Payload, Published, ReadBack, canonical_sha256

# What waits longer though nothing holds it back is an alarm: what is due starts within 5 s, and within 60 s after any
# restart.
UNATTENDED_AFTER_S: Final = 60.0
CHECKER: Final = "program:checker"  # how attempts and events name who reads back
PUBLISH_NOW_PER_MINUTE: Final = 30
# A read-back looks a little further back than the attempt: the network's clock and ours may differ (RELIABILITY 9.1).
LOOK_BACK: Final = timedelta(minutes=2)
# A send that hasn't begun this long after its last check is checked again: Disconnect and Pause hold within a second.
CHECK_HOLDS_S: Final = 1.0
LONGEST_WORDS: Final = 500
# How much further ahead or behind the network's clock may be: posts outside of it were not made by this try.
CLOCK_SKEW: Final = LOOK_BACK
# However short or long a provider wants to wait for a step: not in a tight loop, and not past all windows (seconds).
SHORTEST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 3600.0
_UNTIL_A_NEWER_SENDER_S: Final = 60.0
LINK_TRIES_AFTER_S: Final = (5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0)

# How often a call that had no effect goes out again by itself; more of them is a person's to judge.
MOST_REPEATS: Final = 3

RESEND_RISK: Final = (
    "If the first try shows up on the network after all, the post will be live twice."
    " Look at the account once more before you send it again."
)
# How long "send again" is good for. It is the word of somebody who has just looked: after the shortest window that an
# account may have, what they saw is old, and it is with a person again.
RESEND_WITHIN: Final = timedelta(minutes=5)
# What becomes of what a person sends now or again; where something is paused over it, of what is held.
SENT_AGAIN: Final = "It will be sent again now."
HELD_BY_PAUSE: Final = "held, because it is paused there: resuming asks about it"
WAITS_UNREAD: Final = "It would wait meanwhile, and the account would not be read."
# What keeping a step means to people, by the names that providers keep them under; {network} is the network's title.
# Under other names providers keep what only they need to know; that isn't shown.
STEP_WORDS: Final = MappingProxyType(
    {
        "container": "handed its files to {network}",
        "photo": "handed the image to {network}",
        "image": "handed the image to {network}",
        "document": "handed the document to {network}",
        "video_whole": "handed the video to {network}",
    }
)
NO_EFFECT: Final = "The network says that this try had no effect."
REPEATED: Final = f"{NO_EFFECT} The same call goes out again, which can't make a second post."
REPEATED_ENOUGH: Final = (
    "Each try ended without a clear answer, and the network says that none had an effect. Look at the account, then say"
    " whether it should be sent again."
)
GONE: Final = (
    "What was prepared for it is gone after a try whose answer was lost. The network said that it had no effect."
)
LOOK_FIRST: Final = "Look at the account, then press Try again, which prepares it anew."
PREPARED: Final = "{network} has its files now. At its time nothing but the post itself is left to send."
TOO_LATE: Final = "It is being sent now, that can't be stopped."


class AttemptState(StrEnum):
    """What is known of one try. The first two mean: it may be live."""

    OPEN = "open"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    PROVEN_ABSENT = "proven_absent"
    SUPERSEDED = "superseded"


# The steps of which one makes a post visible; the others make nothing that anybody sees.
VISIBLE_STEPS: Final = ("post", "publish")
UNRESOLVED: Final = frozenset({AttemptState.OPEN, AttemptState.UNKNOWN})

ATTEMPT_WORDS: Final = MappingProxyType(
    {
        AttemptState.OPEN: "is under way",
        AttemptState.UNKNOWN: "ended without a clear answer",
        AttemptState.ACCEPTED: "was accepted",
        AttemptState.REJECTED: "was refused",
        AttemptState.NOT_SENT: "did not reach the network",
        AttemptState.PROVEN_ABSENT: "was found not to be live",
        AttemptState.SUPERSEDED: "was replaced",
    }
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one try comes to. `wait_s`: the network's own wish; None leaves it to our steps.

    `waits`: nothing went wrong and nothing was tried, so nothing is used up; `wait_s` is exact then. `limited`: a
    budget at the network is used up. `held`: why nothing is sent before its wait is over (`throttle.rules.Why`).
    `told`: it is the network, or the way to it, that failed.
    """

    attempt: AttemptState
    state: PublicationState
    words: str = ""
    fix: str = ""
    trace: Trace = field(default_factory=Trace)
    wait_s: float | None = None
    reconnect: bool = False
    waits: bool = False
    limited: bool = False
    held: str = ""
    told: bool = False
    published: Published | None = None

    def as_error(self) -> dict[str, Any] | None:
        """The form kept in `publication.last_error`; None when all went well."""
        if self.published:
            return None
        said = {
            "reason": self.words,
            "how_to_fix": self.fix,
            "status": self.trace.http_status,
            "code": self.trace.code,
            "trace_id": self.trace.trace_id,
            "waits": self.waits or None,
            "held": self.held,
        }
        return {name: value for name, value in said.items() if value not in (None, "")}

    def as_trouble(self) -> dict[str, Any] | None:
        """What the network said, as events keep it; None where nothing of its own went wrong."""
        return None if self.waits or not self.told else facts_of(self.trace)


def late_yes(where: str) -> dict[str, Any]:
    """What an event says of a yes to an attempt that somebody had closed. `where`: the link, or the id."""
    return {"late_yes": True, "because": f"The network's yes came after this attempt had been closed: {where}"}


def yes_to_lost(where: str) -> dict[str, Any]:
    """What an event says of a yes to an attempt that the database has lost. `where`: the link, or the id."""
    return {"late_yes": True, "because": f"The network said yes to a try that the database had lost: {where}"}


def not_shown(failure: NotShown) -> dict[str, Any]:
    """What is kept of a post that its network accepted and couldn't show."""
    words = f"{failure.reason} {failure.how_to_fix}".strip()[: 2 * LONGEST_WORDS]
    return {"not_shown": True, "because": words}


def facts_of(trace: Trace) -> dict[str, Any]:
    """Status, code and trace id of an answer as events and reads keep them; empty where there was no answer."""
    said = {"status": trace.http_status, "code": trace.named, "trace_id": trace.trace_id}
    return {name: value for name, value in said.items() if value is not None}


def outcome_of(result: Published | BaseException) -> Outcome:
    """What a call's result proves, and where the publication goes."""
    if isinstance(result, Published):
        if not result.provider_post_id:
            return _unknown("The network said yes but named no post.", Trace(http_status=result.http_status))
        return Outcome(
            AttemptState.ACCEPTED,
            PublicationState.PUBLISHED,
            trace=Trace(http_status=result.http_status, trace_id=result.trace_id),
            published=result,
        )
    match result:
        case Throttled():
            return _from(result, AttemptState.NOT_SENT, PublicationState.SCHEDULED, wait_s=SHORTEST_WAIT_S, waits=True)
        case NotSent():
            return _from(result, AttemptState.NOT_SENT, PublicationState.SCHEDULED)
        case NotReady():
            wait = min(max(SHORTEST_WAIT_S, result.after_s), LONGEST_WAIT_S)
            return _from(result, AttemptState.REJECTED, PublicationState.SCHEDULED, wait_s=wait, waits=True)
        case RetryLater():
            return _from(result, AttemptState.REJECTED, PublicationState.SCHEDULED, wait_s=result.after_s)
        case Unreadable():
            return _from(result, AttemptState.NOT_SENT, PublicationState.SCHEDULED)
        case ReconnectNeeded():
            return _from(result, AttemptState.REJECTED, PublicationState.SCHEDULED, reconnect=True)
        case Rejected():
            return _from(result, AttemptState.REJECTED, PublicationState.FAILED)
        case OutcomeUnknown():
            return _from(result, AttemptState.UNKNOWN, PublicationState.UNKNOWN)
        case _:
            return _unknown(f"The program met an error of its own while sending ({type(result).__name__}).", Trace())


def before_sending(result: BaseException) -> Outcome:
    """As `outcome_of`, for a failure before the attempt: whatever it was, nothing visible was asked for."""
    outcome = outcome_of(result)
    if outcome.state in (PublicationState.FAILED, PublicationState.SCHEDULED):
        return outcome
    return Outcome(
        AttemptState.NOT_SENT,
        PublicationState.SCHEDULED,
        words=outcome.words,
        fix=outcome.fix,
        trace=outcome.trace,
        told=outcome.told,
    )


def refused(words: str, fix: str) -> Outcome:
    """Our own no, before anything was sent: the publication fails."""
    return Outcome(AttemptState.NOT_SENT, PublicationState.FAILED, words=words, fix=fix)


def held(words: str) -> Outcome:
    """Not now, before anything was sent: the publication waits."""
    return Outcome(AttemptState.NOT_SENT, PublicationState.SCHEDULED, words=words)


def paused() -> Outcome:
    """Somebody paused it since it was claimed. That is no try; why it is held is in the pause itself."""
    return Outcome(
        AttemptState.NOT_SENT, PublicationState.SCHEDULED, words="It was paused before it was sent.", waits=True
    )


def held_back(outcome: Outcome | None, words: str, why: str, wait_s: float) -> Outcome:
    """Nothing may be sent to the network for so many seconds. `outcome`: how a try ended that has shown it."""
    if outcome is None:
        outcome = Outcome(AttemptState.NOT_SENT, PublicationState.SCHEDULED, waits=True)
    return replace(outcome, words=words, fix="", held=why, wait_s=wait_s)


def for_a_newer_sender() -> Outcome:
    """A newer version than this sender's approved it. That is no try: a sender of that version will take it."""
    return Outcome(
        AttemptState.NOT_SENT,
        PublicationState.SCHEDULED,
        words="It was approved with a newer version of Masthead than the one that was to send it.",
        fix="Ask your operator to update every machine.",
        wait_s=_UNTIL_A_NEWER_SENDER_S,
        waits=True,
    )


def stopped() -> Outcome:
    """The program was told to end before it was sent: somebody else sends it at once."""
    words = "The program that held it was stopped before sending."
    return Outcome(AttemptState.NOT_SENT, PublicationState.SCHEDULED, words=words, wait_s=0.0, waits=True)


def _from(failure: ProviderFailure, attempt: AttemptState, state: PublicationState, **more: Any) -> Outcome:
    return Outcome(
        attempt,
        state,
        failure.reason[:LONGEST_WORDS],
        failure.how_to_fix[:LONGEST_WORDS],
        failure.trace,
        limited=failure.limit is not None,
        told=True,
        **more,
    )


def _unknown(words: str, trace: Trace) -> Outcome:
    return Outcome(AttemptState.UNKNOWN, PublicationState.UNKNOWN, words=words, trace=trace)


def wait_s(outcome: Outcome, tries: int, steps: Sequence[float], random: float) -> float:
    """Seconds until the next try. `tries` counts from 1, `random` is in [0, 1): at most a quarter on top of the step.

    What the network asked for is the least; a tenth on top keeps a crowd from coming back in the same second.
    """
    if outcome.waits:
        return outcome.wait_s or 0.0
    step = steps[min(max(tries, 1), len(steps)) - 1] * (1 + random / 4)
    return step if outcome.wait_s is None else max(step, outcome.wait_s * (1 + random / 10))


@dataclass(frozen=True, slots=True)
class Checked:
    """What a sender sees when it asks everything again, right before the attempt."""

    approved: bool  # the approval has not lapsed
    in_window: bool
    account_state: str
    account_id_at_network: str
    network: str
    paused: bool  # something is paused over it


def payload_to_send(
    stored: dict[str, Any], approved: dict[str, Any] | None, stored_sha256: bytes, approved_sha256: bytes | None
) -> Payload | None:
    """The approved payload, if every copy and hash of it agree; None if not: then nothing may be sent (P5)."""
    if approved is None or approved_sha256 is None:
        return None
    try:
        payload = Payload.from_json(approved)
        hashes = {payload.sha256(), Payload.from_json(stored).sha256(), stored_sha256, approved_sha256}
    except (KeyError, TypeError, ValueError):
        return None
    return payload if len(hashes) == 1 else None


def is_of_a_newer_version(
    stored: dict[str, Any], approved: dict[str, Any] | None, stored_sha256: bytes, approved_sha256: bytes | None
) -> bool:
    """Whether what `payload_to_send` didn't take is what was approved, in a form that this version can't read."""
    if approved is None or approved_sha256 is None:
        return False
    return {canonical_sha256(stored), canonical_sha256(approved), stored_sha256} == {approved_sha256}


def obstacle(seen: Checked, payload: Payload) -> Outcome | None:
    """Why this publication isn't sent now; None if nothing stands in the way."""
    if (payload.network, payload.provider_account_id) != (seen.network, seen.account_id_at_network):
        return refused(
            "It was approved for another account than the one it would go to; nothing was sent.",
            "Duplicate the post and have it approved again.",
        )
    if seen.paused:
        return paused()
    if seen.account_state != "active":
        return held("The account can't send now.")
    if not seen.in_window:
        return held("Its window has closed.")
    if not seen.approved:
        return held("Its approval has lapsed.")
    return None


class Verdict(StrEnum):
    """What a read-back settles."""

    LIVE = "live"
    REPEAT = "repeat"
    ASK = "ask"
    AGAIN = "again"


def verdict(
    read: ReadBack | None, taken: Collection[str], *, has_unresolved_twin: bool, reads_left: bool, repeats: int = 0
) -> tuple[Verdict, LivePost | None]:
    """What one read says of an unclear outcome. `read` None: it failed. `taken`: posts that other publications own.

    The network's own proof settles it, whichever post it is. So does a complete read with exactly one unowned match
    (`the_post`). That the call had no effect and can't have two is the network's word as well: the same call goes out
    again, unless that has been done `MOST_REPEATS` times.

    Absence is never proof. It is read again while reads are left, for indexes lag, and goes to a person then
    (RELIABILITY 9.1). At once goes there what no further read can tell: whose one of several equal posts is, and what
    became of a post on an account that can never be read.
    """
    if read is None:
        return (Verdict.AGAIN if reads_left else Verdict.ASK), None
    post = the_post(read, taken, has_unresolved_twin=has_unresolved_twin)
    if post is not None or read.proof is not None:
        return Verdict.LIVE, post
    if read.may_repeat:
        return (Verdict.REPEAT if repeats < MOST_REPEATS else Verdict.ASK), None
    undecidable = read.complete and any(post.provider_post_id not in taken for post in read.matches)
    if reads_left and not undecidable and not (read.unreadable and not read.complete):
        return Verdict.AGAIN, None
    return Verdict.ASK, None


def saw_too_little(read: ReadBack) -> str:
    """Why nothing is sent again on this read of the account, which doesn't show the post; empty where it may be.

    What is still being worked on, or wasn't looked through to the end, may be live in a moment. Two reads are enough
    though they aren't complete, for no other would ever tell more: of an account that nobody can read, where the
    person's look counts, and of a list read to its end beside something that the network has forgotten.
    """
    if read.complete or read.listed or read.unreadable:
        return ""
    return read.note[:LONGEST_WORDS] or "The read did not cover the whole time since it was sent."


def why_ask(read: ReadBack | None, taken: Collection[str], reads: int) -> str:
    """Why a person is asked what became of it, after so many reads."""
    if read is not None and read.unreadable and not read.complete:
        return read.unreadable[:LONGEST_WORDS]
    if read is not None and read.may_repeat:
        return REPEATED_ENOUGH
    if read is None or not read.complete:
        return f"The account could not be read completely in {reads} reads."
    if any(post.provider_post_id not in taken for post in read.matches):
        return "The account shows this text more than once, or another publication of it is unclear too."
    times = "once" if reads == 1 else f"{reads} times"
    return (
        f"The account was read {times} and doesn't show it, which is no proof that it isn't live. {read.note}".strip()
    )


def within(read: ReadBack, since: datetime, until: datetime) -> ReadBack:
    """The read with only those matches that can have come from a try between these two instants.

    Equal posts from outside become look-alikes: somebody may have posted it by hand since.
    """
    strong = tuple(post for post in read.matches if since <= post.created_at <= until)
    weak = tuple(post for post in read.matches if post not in strong)
    return replace(read, matches=strong, look_alikes=(*weak, *read.look_alikes))


def late_read_after_s(age_s: float, least_s: float, last_s: float) -> float | None:
    """Seconds until what a person was asked about is read again by itself; None once it has been for long enough.

    `age_s` is how long ago it was sent: each wait is as long as all the time before it.
    """
    return None if age_s >= last_s else max(least_s, age_s)


def the_post(read: ReadBack, taken: Collection[str], *, has_unresolved_twin: bool) -> LivePost | None:
    """The one post that can only be this publication's; None if that can't be told.

    One live post closes one publication: with an equal publication of the account in doubt too, it could be either's
    (PRODUCT 7 f).
    """
    unowned = [post for post in read.matches if post.provider_post_id not in taken]
    return unowned[0] if read.complete and len(unowned) == 1 and not has_unresolved_twin else None


def named_post(wanted: str, candidates: Collection[LivePost]) -> LivePost | None:
    """The one of these posts that a person means by an id or an address; None if none or several."""
    wanted = wanted.strip()
    found = {post.provider_post_id: post for post in candidates if _means(wanted, post)}
    return next(iter(found.values())) if len(found) == 1 else None


def _means(wanted: str, post: LivePost) -> bool:
    if wanted == post.provider_post_id or (post.permalink and _address(wanted) == _address(post.permalink)):
        return True
    parts = set(words_of(wanted))
    own = post.provider_post_id
    return own in parts or ("_" in own and set(own.split("_")) <= parts)


def _address(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:  # a bracket where a host belongs
        return "", url, ""
    return host, unquote(parts.path).rstrip("/"), parts.query


def resend_after(send_deadline: datetime, lease_sending_s: float) -> datetime:
    """From when "not live" may be said: no program can still be sending then (RELIABILITY 9.1, 6)."""
    return send_deadline + timedelta(seconds=2 * lease_sending_s)


def made_until(send_deadline: datetime, lease_sending_s: float) -> datetime:
    """The latest time that a network can give a post of this try."""
    return resend_after(send_deadline, lease_sending_s) + CLOCK_SKEW
