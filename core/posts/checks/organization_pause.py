"""Is the organization paused?"""

from __future__ import annotations

from collections.abc import Iterator

from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """While it is, nothing goes out anywhere."""
    if subject.situation.organization.publish_paused:
        words = "Publishing is paused for the whole organization: this will be held."
        yield subject.problem("warning", words, "An admin can resume it.", mend="resume", threatens=True)
