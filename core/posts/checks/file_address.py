"""Can the network fetch the files from here?"""

from __future__ import annotations

from collections.abc import Iterator

from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """Where the network fetches files itself, our public address must be one that the internet reaches."""
    media = subject.payload.media
    if media and not subject.reachable and subject.network and subject.network.fetches_media:
        what = f"the {media[0].kind}" if len(media) == 1 else "the files"
        words = f"{subject.network.title} can't fetch {what}: {subject.public_url} can't be reached from outside."
        fix = "Your operator has to set MASTHEAD_PUBLIC_URL."
        yield subject.problem("error", words, fix, mend="operator")
