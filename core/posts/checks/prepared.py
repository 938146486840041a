"""Did its network take its files ahead of its time?"""

from __future__ import annotations

from collections.abc import Iterator

from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """What was refused for good when it was prepared. It is asked once more at its time, so this holds nothing back."""
    if subject.candidate.refused is not None:
        words, fix = subject.candidate.refused
        yield subject.problem("warning", words, fix, threatens=True)
