"""Is the image still there?"""

from __future__ import annotations

from collections.abc import Iterator

from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """What is approved are bytes, so a file that is gone can't be made good by another one."""
    if any(each.sha256 in subject.lost for each in subject.payload.media):
        words = "The image of this post is gone from Masthead's storage."
        yield subject.problem("error", words, "Upload the image again.", place="image")
