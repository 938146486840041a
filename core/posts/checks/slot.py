"""Does its time still come?"""

from __future__ import annotations

from collections.abc import Iterator

from core.posts import slots
from core.posts.candidates import Ask, Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """A slot that has passed can't be kept; what is sent now needs none."""
    due_at = subject.candidate.due_at
    if subject.ask is not Ask.PUBLISH_NOW and due_at is not None and due_at <= subject.situation.moment:
        when = slots.said(due_at, subject.situation.organization.timezone)
        yield subject.problem("error", f"Its time has passed ({when}).", "Choose a later one.", mend="reschedule")
