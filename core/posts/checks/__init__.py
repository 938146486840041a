"""Will it publish? Each module here asks one question of a publication; being here is what registers it.

A module has `check(subject)`, which yields what it finds. It is pure: what it wants to know is in `Subject`, so that
the same question has the same answer at every moment it is asked: at each save, at submit and approval, and again by
itself a day and an hour before the slot (`core.posts.preflight`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from core.posts.candidates import Subject
from core.posts.views import AccountProblem

Check = Callable[[Subject], Iterable[AccountProblem]]


@cache
def checks() -> dict[str, Check]:
    """Every check by the name of its module."""
    names = sorted(module.name for module in iter_modules(__path__))
    return {name: import_module(f"{__name__}.{name}").check for name in names}
