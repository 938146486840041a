"""Does the same text go there twice within a day?"""

from __future__ import annotations

from collections.abc import Iterator

from core.posts import slots
from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """The network may refuse it, and a read-back couldn't tell the two apart (PRODUCT 5)."""
    if subject.twin is not None:
        when = slots.said(subject.twin.at, subject.situation.organization.timezone)
        words = f"The same text goes here within 24 hours of another post ({when})."
        yield subject.problem("warning", words, "The network may refuse it; change some words.")
