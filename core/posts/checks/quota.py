"""Does the network take one more post by then?"""

from __future__ import annotations

from collections.abc import Iterator

from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """Counts our own posts, gone out or planned, in the 24 hours before; what others post there isn't seen here."""
    most = subject.network.daily_posts if subject.network else None
    if most is not None and subject.planned >= most:
        title = subject.network.title if subject.network else ""
        words = f"{subject.planned} other posts go to this account in the 24 hours before; {title} takes {most}."
        yield subject.problem("warning", words, "Choose another time.", mend="reschedule", threatens=True)
