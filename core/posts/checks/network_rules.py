"""What would the network refuse of these bytes?"""

from __future__ import annotations

from collections.abc import Iterator

from core import providers
from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """By the rules that the network's folder declares."""
    network = subject.account.network
    try:
        rules = providers.publisher(network)
    except (KeyError, StopIteration):
        yield subject.problem("error", f"Masthead can't publish to {network}.", "Ask your operator.", mend="operator")
        return
    for each in rules.problems(subject.payload):
        yield subject.problem(each.severity, each.words, each.fix, place=each.place, at=each.at)
