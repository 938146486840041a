"""Will its approval still hold?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from core.posts.candidates import Ask, Subject
from core.posts.views import AccountProblem

_FIX = "It will have to be approved again before it goes out."


def check(subject: Subject) -> Iterator[AccountProblem]:
    """One that was given lapses at its date; one that is still to be given lasts as long as the organization says."""
    due_at, until = subject.candidate.due_at, subject.candidate.approved_until
    if subject.ask is Ask.PUBLISH_NOW or due_at is None:
        return
    if until is not None:
        if until <= due_at:
            yield subject.problem(
                "warning", "Its approval lapses before its time.", _FIX, mend="approve", threatens=True
            )
        return
    days = subject.situation.organization.approval_days
    if due_at > subject.situation.moment + timedelta(days=days):
        words = f"Its time is more than {days} days away, and approvals last no longer."
        yield subject.problem("warning", words, _FIX, mend="approve")
