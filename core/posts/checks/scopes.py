"""Were all permissions given that it needs?"""

from __future__ import annotations

from collections.abc import Iterator

from core.accounts.rules import AccountState
from core.posts.candidates import Subject
from core.posts.views import AccountProblem


def check(subject: Subject) -> Iterator[AccountProblem]:
    """What a grant lacks, with what it breaks; an account that is held for it anyway says so itself."""
    standing = subject.standing
    if standing is None or subject.account.state in (AccountState.AUTH_BROKEN, AccountState.DISABLED):
        return
    for each in standing.missing:
        if each.required:
            words = f"{each.breaks} ({each.scope} was not given)"
            yield subject.problem("error", words, "An admin can ask for it again on Accounts.", mend="connect")
