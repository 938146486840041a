"""Can the account send at all?"""

from __future__ import annotations

from collections.abc import Iterator

from core.accounts.rules import AccountState
from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """Refused by the network, or disconnected."""
    match AccountState(subject.account.state):
        case AccountState.AUTH_BROKEN:
            words = "The account must be connected again."
            yield subject.problem("error", words, "An admin can do that on Accounts.", mend="connect")
        case AccountState.DISABLED:
            fix = "Connect it again on Accounts, or unchoose it."
            yield subject.problem("error", "The account is disconnected.", fix, mend="connect")
