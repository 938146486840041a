"""What was written and doesn't go there?"""

from __future__ import annotations

from collections.abc import Iterator

from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """A link or the description of an image that the network takes none of."""
    content, payload = subject.candidate.content, subject.payload
    if content is None:
        return
    if content.link is not None and payload.link is None:
        words = "The link is left out: this network takes none."
        fix = "Put the address into the text if people should see it."
        yield subject.problem("warning", words, fix, place="link")
    if content.alt.strip() and payload.media and not payload.media[0].alt:
        words = "The description of the image is left out: this network takes none."
        yield subject.problem("warning", words, place="image")
