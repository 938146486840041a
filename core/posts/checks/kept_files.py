"""Are its files still there?"""

from __future__ import annotations

from collections.abc import Iterator

from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """What is approved are bytes, so a file that is gone can't be made good by another one."""
    media = subject.payload.media
    for number, each in enumerate(media):
        if each.sha256 in subject.lost:
            called = f"The {each.kind} of this post" if len(media) == 1 else f"{each.kind.capitalize()} {number + 1}"
            words = f"{called} is gone from Masthead's storage."
            yield subject.problem("error", words, f"Upload the {each.kind} again.", place="image", at=number)
    cover = subject.payload.cover
    if cover is not None and cover.sha256 in subject.lost:
        yield subject.problem("error", "The cover is gone from Masthead's storage.", "Upload it again.", place="image")
