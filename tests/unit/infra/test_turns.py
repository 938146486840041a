"""Turns: so many in all and for each organization, given back whatever happens."""

from __future__ import annotations

from contextlib import ExitStack
from uuid import uuid4

import pytest

from core.infra.errors import Refused
from core.infra.turns import Turns


class Full(Refused):
    """No turn."""


def test_one_organization_leaves_turns_to_others_and_all_together_take_no_more_than_there_are() -> None:
    turns = Turns(in_all=3, for_one=2, refusal=Full)
    greedy, second, third = uuid4(), uuid4(), uuid4()
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(turns.one(greedy))
        with pytest.raises(Full), turns.one(greedy):
            pass
        held.enter_context(turns.one(second))
        with pytest.raises(Full), turns.one(third):
            pass
    with turns.one(third):
        pass


def test_a_turn_is_given_back_when_the_work_fails() -> None:
    turns, own = Turns(in_all=1, for_one=1, refusal=Full), uuid4()
    for _ in range(2):
        with pytest.raises(LookupError), turns.one(own):
            raise LookupError
