"""Will the network let us call it by then?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from core.posts import slots
from core.posts.candidates import Ask, Subject
from core.posts.views import AccountProblem
from core.throttle.rules import Why, words

# A breaker that is open is tried again within minutes and then, if need be, left alone for twice as long.
_TROUBLE_LASTS: Final = timedelta(hours=1)


def check(subject: Subject) -> Iterator[AccountProblem]:
    """A budget that is used up until after the slot, or a network that failed lately and is close to it.

    Without a slot there is nothing to be late for. Only what its window outlasts goes out by itself.
    """
    if subject.held is None or (subject.candidate.due_at is None and subject.ask is not Ask.PUBLISH_NOW):
        return
    why, until = subject.held
    title = subject.network.title if subject.network else subject.account.network
    if until + (_TROUBLE_LASTS if why is Why.TROUBLE else timedelta(0)) > subject.at:
        when = slots.said(until, subject.situation.organization.timezone)
        said = f"{words(why, title)} until {when}."
        if until < subject.at + timedelta(seconds=subject.account.window_s):
            fix = "It goes out by itself afterwards, within its window."
            yield subject.problem("warning", said, fix, mend="wait", threatens=True)
        else:
            fix = "By then it is late, and nothing is sent by itself. Choose a later time."
            yield subject.problem("warning", said, fix, mend="reschedule", threatens=True)
