"""Does the network still serve the version of its interface that Masthead speaks?"""

from __future__ import annotations

from collections.abc import Iterator

from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """The date is a setting of the provider: networks tell it in no answer."""
    provider = subject.standing.provider if subject.standing else None
    if provider is None or provider.api is None or provider.api.ends_on > subject.at.date():
        return
    title = subject.network.title if subject.network else provider.title
    words = f"{title} ends version {provider.api.version} of its interface on {provider.api.ends_on.isoformat()}."
    fix = f"Your operator has to set {provider.api.setting} to a newer one before that."
    yield subject.problem("warning", words, fix, mend="operator", threatens=True)
