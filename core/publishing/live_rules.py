"""What is done to a post once it is live, what an answer of the network means to it, and its words. Pure.

    comment  the first comment, written once: what may have been written is looked for before it is written again
    edit     another text; the same text twice changes nothing more, so what may have been done is done again
    delete   taking it away; what is gone counts as taken away, so this too is done again

    a yes                     -> done
    NotSent, RetryLater, ...  -> waiting, for our steps or as long as the network says, at most a day in all
    Throttled                 -> waiting until calls are welcome again, which is no try
    ReconnectNeeded, Rejected -> failed: nothing was done, and a person may try again
    anything else             -> a comment is checking; a change is waiting, a few times, and failed then

A comment that is checking is read as often as an unclear post. Found, it is done. If every read was complete and none
showed it, it is written once more; after that, and where a read couldn't see all there is, a person is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from core.posts.rules import PublicationState
from core.provider_kit.errors import Trace
from core.provider_kit.types import Deed, Network
from core.publishing import rules
from core.publishing.rules import AttemptState

PROGRAM: Final = "program:live"
LONGEST_WAIT: Final = timedelta(days=1)
# How often a change of which nobody knows whether it was made is made again by itself.
MOST_UNCLEAR: Final = 4
# How often a comment that certainly isn't there is written again by itself.
MOST_RESENT: Final = 1
# How long until what is held by a pause, a disconnected account or a post without an id is looked at again, in seconds.
HELD_S: Final = 15.0


class Kind(StrEnum):
    """What is done."""

    COMMENT = "comment"
    EDIT = "edit"
    DELETE = "delete"


class LiveState(StrEnum):
    """How a piece of work stands. Up to `checking` it goes on by itself."""

    WAITING = "waiting"
    SENDING = "sending"
    CHECKING = "checking"
    NEEDS_HUMAN = "needs_human"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"


OPEN: Final = frozenset({LiveState.WAITING, LiveState.SENDING, LiveState.CHECKING})
IN_TROUBLE: Final = frozenset({LiveState.NEEDS_HUMAN, LiveState.FAILED})

_THING: Final = MappingProxyType({Kind.COMMENT: "first comment", Kind.EDIT: "new text", Kind.DELETE: "deletion"})
NO_POST: Final = "Masthead doesn't know which post on the account it is, so it can't do anything to it."
FIND_IT: Final = "Do it on the account itself."
AWAY: Final = "The program that was doing it went away."
NO_TIME: Final = "There was no time left to begin the call."
GONE: Final = "The post was deleted."
TOO_LONG: Final = "It waited for more than a day."
PRESS_AGAIN: Final = "Press Try again when that is mended."
CONNECT_AGAIN: Final = "An admin can connect the account again on Accounts; then press Try again."
AS_IT_WAS: Final = "The live post is as it was. Try other words, or delete it and post it anew."
UNCLEAR_CHANGE: Final = "The network gave no clear answer, several times."
HARMLESS: Final = "Look at the post. Trying again does no harm."
ABSENT: Final = "Every look found all comments and not this one, so it is written again."
NOT_THERE: Final = "It was written more than once without a clear answer, and no look at the post showed it."
UNREAD: Final = "The network gave no clear answer, and the comments could not all be read."


@dataclass(frozen=True, slots=True)
class Next:
    """Where a piece of work goes. `wait_s`: until somebody looks at it again, None where nobody does by itself.

    `waits`: nothing went wrong and nothing was tried. `comment_id`: the network's, of a comment that is there.
    """

    state: LiveState
    words: str = ""
    fix: str = ""
    wait_s: float | None = None
    waits: bool = False
    comment_id: str | None = None
    trace: Trace = field(default_factory=Trace)

    @property
    def error(self) -> dict[str, Any] | None:
        """The form kept in `live_work.last_error`."""
        said: dict[str, Any] = {
            "reason": self.words,
            "how_to_fix": self.fix,
            "status": self.trace.http_status,
            "code": self.trace.code,
            "trace_id": self.trace.trace_id,
        }
        kept = {name: value for name, value in said.items() if value not in (None, "")}
        return kept if self.state is not LiveState.DONE and kept else None


def held(words: str, wait_s: float = HELD_S) -> Next:
    """Not now; nothing was tried."""
    return Next(LiveState.WAITING, words, wait_s=wait_s, waits=True)


def failed(words: str, fix: str = PRESS_AGAIN) -> Next:
    """Nothing was done, and nothing is by itself."""
    return Next(LiveState.FAILED, words, fix)


def done(comment_id: str | None = None) -> Next:
    """The network said yes, or shows it."""
    return Next(LiveState.DONE, comment_id=comment_id)


def after_failure(
    kind: Kind,
    failure: BaseException,
    *,
    tries: int,
    waited: timedelta,
    steps: Sequence[float],
    first_read_s: float,
    random: float,
) -> Next:
    """What a call that gave no yes comes to. `tries` counts this one; `random` as in `rules.wait_s`."""
    outcome = rules.outcome_of(failure)
    if outcome.attempt is AttemptState.UNKNOWN:
        if kind is Kind.COMMENT:
            return Next(LiveState.CHECKING, outcome.words, wait_s=first_read_s, trace=outcome.trace)
        if tries < MOST_UNCLEAR:
            return Next(LiveState.WAITING, outcome.words, wait_s=first_read_s, trace=outcome.trace)
        return Next(LiveState.FAILED, f"{UNCLEAR_CHANGE} {outcome.words}", HARMLESS, trace=outcome.trace)
    if outcome.reconnect or outcome.state is PublicationState.FAILED:
        # What mends a post that was refused is no help here: nothing of a live one goes out anew.
        refused = AS_IT_WAS if kind is Kind.EDIT else outcome.fix or PRESS_AGAIN
        fix = CONNECT_AGAIN if outcome.reconnect else refused
        return Next(LiveState.FAILED, outcome.words, fix, trace=outcome.trace)
    if waited >= LONGEST_WAIT:
        return Next(LiveState.FAILED, f"{TOO_LONG} {outcome.words}", outcome.fix or PRESS_AGAIN, trace=outcome.trace)
    wait_s = max(rules.wait_s(outcome, tries, steps, random), rules.SHORTEST_WAIT_S if outcome.waits else 0.0)
    return Next(LiveState.WAITING, outcome.words, outcome.fix, wait_s, outcome.waits, trace=outcome.trace)


@dataclass(frozen=True, slots=True)
class Look:
    """One look for a comment. `found`: its id. `complete` and not found: it isn't among all there are."""

    complete: bool
    found: str | None = None
    words: str = ""


def after_look(look: Look, *, reads: int, absent: int, resent: int, spacing: Sequence[float]) -> Next:
    """What a look for a comment settles; `reads` counts this one, `absent` those complete ones that didn't show it."""
    if look.found is not None:
        return done(look.found)
    if reads <= len(spacing):
        return Next(LiveState.CHECKING, look.words, wait_s=spacing[reads - 1])
    if absent < reads:
        return Next(LiveState.NEEDS_HUMAN, UNREAD)
    if resent < MOST_RESENT:
        return Next(LiveState.WAITING, ABSENT, wait_s=0.0)
    return Next(LiveState.NEEDS_HUMAN, NOT_THERE)


def said(kind: Kind, state: LiveState, error: str, held_by: str = "", *, deleted: bool = False) -> str:
    """How a piece of work stands, in a sentence or two. `error`: the last no; `held_by`: what holds it back now.

    `deleted`: the post was taken away since, and what stood under it with it.
    """
    thing = _THING[kind]
    match state:
        case LiveState.WAITING:
            return " ".join(filter(None, (f"The {thing} waits.", held_by or error)))
        case LiveState.SENDING:
            return f"The {thing} is on its way."
        case LiveState.CHECKING:
            return "The network gave no clear answer about the first comment. We are looking whether it is there."
        case LiveState.NEEDS_HUMAN:
            return f"We can't tell whether the {thing} is there. {error}".strip()
        case LiveState.FAILED:
            return f"The {thing} didn't go through. {error}".strip()
        case LiveState.DROPPED:
            return " ".join(filter(None, (f"The {thing} was let be.", error)))
        case LiveState.DONE if deleted and kind is Kind.COMMENT:
            return "The first comment was deleted with its post."
        case LiveState.DONE:
            return _DONE[kind]


_DONE: Final = MappingProxyType(
    {
        Kind.COMMENT: "The first comment is there.",
        Kind.EDIT: "The text was changed.",
        Kind.DELETE: "The post was deleted.",
    }
)


def why_not(
    deed: Deed, network: Network | None, form_key: str, *, published: bool, deleted: bool, named: bool
) -> str | None:
    """Why a person can't ask for this of a publication; None if they can. `named`: its post at the network is known."""
    if not published:
        return "Only what is published can be changed at its network."
    if deleted:
        return "It was deleted already."
    if network is None:
        return "This installation doesn't know the network any more."
    form = network.form(form_key)
    if deed == "edit" and not network.edits:
        return f"{network.title} can't change the text of a live post. Delete it and post it again."
    if deed == "edit" and form is not None and not form.takes_text:
        return f"{network.title}'s {form.title.lower()} has no text."
    if deed == "delete" and not network.deletes:
        return f"Posts on {network.title} can't be deleted from here. Delete it on the account itself."
    if not named:
        return "Masthead doesn't know yet which post on the account it is. Do it on the account itself, or wait."
    return None
