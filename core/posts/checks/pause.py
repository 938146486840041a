"""Is something paused over it?"""

from __future__ import annotations

from collections.abc import Iterator

from core.posts import rules
from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """While it is, nothing goes out there; what comes due meanwhile is asked about when it is resumed."""
    zone = subject.situation.organization.timezone
    for each in subject.account.pauses:
        words = f"This will be held: {rules.paused_words(each, zone)}"
        yield subject.problem("warning", words, rules.who_resumes([each]), mend="resume", threatens=True)
