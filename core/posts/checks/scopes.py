"""Were all permissions given that it needs?"""

from __future__ import annotations

from collections.abc import Iterator

from core.accounts.rules import AccountState
from core.posts.candidates import Subject
from core.posts.views import AccountProblem

_AGAIN = "An admin can ask for it again on Accounts."


def check(subject: Subject) -> Iterator[AccountProblem]:
    """What a grant lacks, with what it breaks; an account that is held for it anyway says so itself.

    Nobody needs a permission to comment for a post without a first comment.
    """
    standing = subject.standing
    if standing is None or subject.account.state in (AccountState.AUTH_BROKEN, AccountState.DISABLED):
        return
    for each in standing.missing:
        words = f"{each.breaks} ({each.scope} was not given)"
        if each.required:
            yield subject.problem("error", words, _AGAIN, mend="connect")
        elif each.deed == "comment" and each.network == subject.account.network and subject.payload.comment:
            fix = f"{_AGAIN} Or remove the first comment."
            yield subject.problem("error", words, fix, place="comment", mend="connect")
